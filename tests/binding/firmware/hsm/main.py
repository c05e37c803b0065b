# SPDX-License-Identifier: GPL-2.0-or-later
"""Evaluates what the host sends: the C modules, called as the firmware does.

A command APDU has the extended form; its data is one expression in prefix notation, its answer the
value in the same notation, or the exception. tests/binding/remote.py writes and reads them.
"""

import gc
import struct

import hsm_crypto
import hsm_port

ATR = b"\x3b\x80\x01\x81"
HEADER_BYTES = 7
FILL_MAX = 512
SUCCESS = b"\x90\x00"


def item(container, index):
    """`container[index]`."""
    return container[index]


def put_item(container, index, value):
    """`container[index] = value`."""
    container[index] = value


def part(container, start, stop):
    """`container[start:stop]`."""
    return container[start:stop]


def lose(count, function, argument):
    """Calls a function again and again, and holds no result."""
    for _ in range(count):
        function(argument)


def repeat(count, function, *arguments):
    """Calls a function that returns nothing again and again."""
    for _ in range(count):
        function(*arguments)


def fill(function, argument):
    """The results of as many calls as there is memory for, in a list that ends with None."""
    results = [None] * FILL_MAX
    try:
        for index in range(FILL_MAX):
            results[index] = function(argument)
    except MemoryError:
        return results


def wipe_all(handles):
    """Wipes the handles in a list of `fill`; their number."""
    for index, handle in enumerate(handles):
        if handle is None:
            return index
        handle.wipe()


def subclass(base):
    """A class below `base`."""
    return type("Sub", (base,), {})


def fail():
    """An exception that the modules do not raise."""
    raise KeyError


ROOTS = {
    b"hsm_crypto": hsm_crypto,
    b"hsm_port": hsm_port,
    b"gc": gc,
    b"bool": bool,
    b"bytearray": bytearray,
    b"fail": fail,
    b"fill": fill,
    b"item": item,
    b"len": len,
    b"lose": lose,
    b"memoryview": memoryview,
    b"part": part,
    b"put_item": put_item,
    b"repeat": repeat,
    b"setattr": setattr,
    b"subclass": subclass,
    b"wipe_all": wipe_all,
}


class Evaluator:
    """What survives between two commands are the objects in `kept`."""

    def __init__(self):
        self.kept = {}
        self.data = b""
        self.at = 0

    def run(self, data):
        """The value of the expression, encoded; or the exception."""
        self.data = data
        self.at = 0
        try:
            return encode(self.value())
        except Exception as error:
            number = error.args[0] if error.args else None
            return b"E" + encode(type(error).__name__) + encode(number)

    def byte(self):
        value = self.data[self.at]
        self.at += 1
        return value

    def text(self):
        """A byte string with its length before it."""
        (length,) = struct.unpack_from(">H", self.data, self.at)
        start = self.at + 2
        self.at = start + length
        return bytes(self.data[start : self.at])

    def string(self):
        return str(self.text(), "ascii")

    def slot(self):
        self.at += 2
        return struct.unpack_from(">H", self.data, self.at - 2)[0]

    def value(self):
        """The expression that begins here."""
        tag = chr(self.byte())
        if tag in CONSTANTS:
            return CONSTANTS[tag]
        return READERS[tag](self)

    def integer(self):
        (value,) = struct.unpack_from(">q", self.data, self.at)
        self.at += 8
        return value

    def root(self):
        return ROOTS[self.text()]

    def attribute(self):
        return getattr(self.value(), self.string())

    def call(self):
        """A function, its positional arguments, its keyword arguments."""
        function = self.value()
        positional = [self.value() for _ in range(self.byte())]
        keywords = {}
        for _ in range(self.byte()):
            name = self.string()
            keywords[name] = self.value()
        return function(*positional, **keywords)

    def keep(self):
        """Puts a value into a slot and answers nothing of it."""
        slot = self.slot()
        self.kept[slot] = self.value()

    def take(self):
        return self.kept[self.slot()]

    def drop(self):
        """Forgets all slots."""
        self.kept.clear()

    def inside(self):
        """`with` a value: the second expression."""
        with self.value():
            return self.value()


CONSTANTS = {"N": None, "T": True, "F": False}
READERS = {
    "I": Evaluator.integer,
    "B": Evaluator.text,
    "S": Evaluator.string,
    "R": Evaluator.root,
    "A": Evaluator.attribute,
    "C": Evaluator.call,
    "K": Evaluator.keep,
    "V": Evaluator.take,
    "D": Evaluator.drop,
    "W": Evaluator.inside,
}


def encode(value):
    """A value for the host; of what has no notation the name of its type."""
    if value is None:
        return b"N"
    if isinstance(value, bool):
        return b"T" if value else b"F"
    if isinstance(value, int):
        return b"I" + struct.pack(">q", value)
    if isinstance(value, (bytes, bytearray, memoryview)):
        return b"B" + struct.pack(">H", len(value)) + bytes(value)
    if isinstance(value, str):
        return b"S" + struct.pack(">H", len(value)) + bytes(value, "ascii")
    if isinstance(value, tuple):
        return b"L" + bytes((len(value),)) + b"".join([encode(each) for each in value])
    return b"O" + encode(type(value).__name__)


def run():
    """Serve the host for ever."""
    hsm_port.transport_start(ATR)
    response = hsm_port.response_buffer()
    evaluator = Evaluator()
    while True:
        apdu = hsm_port.transport_wait()
        if apdu is None:
            continue
        answer = evaluator.run(bytes(apdu[HEADER_BYTES:])) + SUCCESS
        response[: len(answer)] = answer
        hsm_port.transport_respond(len(answer))
