# SPDX-License-Identifier: GPL-2.0-or-later
"""Python expressions that MicroPython evaluates inside a chip model.

`crypto.Secret.random(32)` only notes what is to be called; `Remote.run` has it evaluated.
"""

from __future__ import annotations

import struct
from typing import Any

from sim.device import Device
from sim.elf import Symbol

COMMAND_HEADER = bytes.fromhex("8001000000")
SUCCESS = b"\x90\x00"


class RemoteError(Exception):
    """An exception of the firmware: the name of its type, and the number it carries."""

    def __init__(self, kind: str, number: int | None) -> None:
        super().__init__(kind if number is None else f"{kind}({number})")
        self.kind = kind
        self.number = number


def _text(data: bytes) -> bytes:
    return struct.pack(">H", len(data)) + data


class Expression:
    """Something to evaluate; its attributes and calls are expressions again."""

    def __init__(self, code: bytes) -> None:
        self._code = code

    def __getattr__(self, name: str) -> Expression:
        if name.startswith("_"):
            raise AttributeError(name)
        return Expression(b"A" + self._code + _text(name.encode()))

    def __call__(self, *positional: Any, **keywords: Any) -> Expression:
        code = b"C" + self._code + bytes([len(positional)])
        code += b"".join(map(_encode, positional)) + bytes([len(keywords)])
        for name, value in keywords.items():
            code += _text(name.encode()) + _encode(value)
        return Expression(code)


def root(name: str) -> Expression:
    """A module or function that the firmware knows by name."""
    return Expression(b"R" + _text(name.encode()))


def inside(handle: Expression, body: Expression) -> Expression:
    """`with handle: return body`."""
    return Expression(b"W" + _encode(handle) + _encode(body))


crypto = root("hsm_crypto")
port = root("hsm_port")
gc = root("gc")
bytearray_ = root("bytearray")
memoryview_ = root("memoryview")
bool_ = root("bool")
fail = root("fail")
fill = root("fill")
item = root("item")
len_ = root("len")
lose = root("lose")
part = root("part")
put_item = root("put_item")
repeat = root("repeat")
setattr_ = root("setattr")
subclass = root("subclass")
wipe_all = root("wipe_all")


class Remote:
    """The firmware in a device that is ready for APDUs."""

    def __init__(self, device: Device) -> None:
        self.device = device
        self._slots = 0

    def run(self, expression: Expression) -> Any:
        """The value: None, bool, int, bytes, str or a tuple of them; of others the type's name.

        Raises RemoteError for what the firmware raises.
        """
        data = _encode(expression)
        length = struct.pack(">H", len(data))
        answer = self.device.transmit(COMMAND_HEADER + length + data + bytes(2))
        assert answer[-2:] == SUCCESS, answer.hex()
        value, rest = _decode(answer[:-2])
        assert not rest
        if isinstance(value, RemoteError):
            raise value
        return value

    def keep(self, expression: Expression) -> Expression:
        """Evaluate, and leave the value in the firmware under a name."""
        slot = struct.pack(">H", self._slots)
        self._slots += 1
        self.run(Expression(b"K" + slot + _encode(expression)))
        return Expression(b"V" + slot)

    def outcome(self, expression: Expression) -> str:
        """The exception as text, or "no exception"."""
        try:
            self.run(expression)
        except RemoteError as error:
            return str(error)
        return "no exception"

    def drop_all(self) -> None:
        """Forget everything that was kept, and collect it."""
        self.run(Expression(b"D"))
        self._slots = 0
        self.collect()

    def collect(self) -> None:
        """Collect what the firmware no longer holds."""
        self.run(gc.collect())

    def pool_used_bytes(self) -> int:
        """What of the crypto pool is taken, by its own account."""
        return int.from_bytes(self._memory("used_bytes"), "little")

    def pool(self) -> bytes:
        """All of the crypto pool."""
        return self._memory("arena")

    def change_pool(self, found: bytes) -> None:
        """Flip a bit of these bytes, which the pool holds once."""
        pool = self.pool()
        assert pool.count(found) == 1
        address = self._symbol("arena").address + pool.index(found)
        self.device.machine.write_memory(address, bytes([found[0] ^ 1]))

    def _symbol(self, name: str) -> Symbol:
        assert self.device.symbols is not None
        return self.device.symbols[name]

    def _memory(self, name: str) -> bytes:
        symbol = self._symbol(name)
        return self.device.machine.read_memory(symbol.address, symbol.size_bytes)


def _encode(value: Any) -> bytes:
    match value:
        case Expression():
            return value._code
        case None:
            return b"N"
        case bool():
            return b"T" if value else b"F"
        case int():
            return b"I" + struct.pack(">q", value)
        case bytes():
            return b"B" + _text(value)
        case str():
            return b"S" + _text(value.encode())
    raise TypeError(type(value))


def _decode(data: bytes) -> tuple[Any, bytes]:
    """The value that begins the data, and what follows it."""
    tag, data = data[:1], data[1:]
    match tag:
        case b"N":
            return None, data
        case b"T" | b"F":
            return tag == b"T", data
        case b"I":
            return struct.unpack(">q", data[:8])[0], data[8:]
        case b"B" | b"S":
            end = 2 + int.from_bytes(data[:2], "big")
            return (data[2:end] if tag == b"B" else data[2:end].decode()), data[end:]
        case b"L":
            values, rest = [], data[1:]
            for _ in range(data[0]):
                value, rest = _decode(rest)
                values.append(value)
            return tuple(values), rest
        case b"O":
            return _decode(data)
        case b"E":
            kind, rest = _decode(data)
            number, rest = _decode(rest)
            return RemoteError(kind, number if isinstance(number, int) else None), rest
    raise ValueError(f"no value begins with {tag!r}")
