# SPDX-License-Identifier: GPL-2.0-or-later
"""Makes inputs of inputs: bytes, fields, TLV objects, sequences."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from fuzz.coverage import cards
from fuzz.coverage.inputs import MESSAGES_MAX, Input
from sim.apdu import command
from sim.life import card as hsm
from sim.life.card import tlv
from sim.usb import ccid_messages as ccid

BYTES_MAX = 4200
INTERESTING = (0x00, 0x01, 0x0F, 0x10, 0x7F, 0x80, 0x81, 0x82, 0xFE, 0xFF)
CLASSES = (0x00, 0x80, 0x10, 0x90, 0x0C, 0x8C, 0x84, 0x01)
# With those of the rescue application and of the transport.
INSTRUCTIONS = (*cards.INSTRUCTIONS, 0x10, 0x1C, 0x1E, 0x1F, 0xC0, 0xD6)
# Half of all new INS come from here: they cost little, so that there are many of them.
QUICK = (0x1E, 0x48, 0x52, 0x58, 0x64, 0x78, 0x84, 0xA4, 0xB0, 0xB1, 0xC0, 0xD7, 0xE4)
FILES = (0xCC01, 0xCC02, 0xCC03, 0xC401, 0xC902, 0xCA01, 0xCD01, 0xCE01, 0x2F02, 0x2F10, 0x3F00)
ALGORITHMS = (0x10, 0x11, 0x18, 0x21, 0x33, 0x43, 0x51, 0x70, 0x73, 0x74, 0x80, 0x92, 0x93, 0x98)
TAGS = (
    *(0x06, 0x42, 0x53, 0x54, 0x67, 0x7C, *range(0x80, 0x88), *range(0x90, 0x9F), 0x30, 0x04),
    *(0x5F20, 0x5F24, 0x5F25, 0x5F29, 0x5F37, 0x7F21, 0x7F49, 0x7F4C, 0x7F4E),
)
TOKENS = (
    hsm.APPLET_AID,
    hsm.RESCUE_AID,
    cards.PIN,
    cards.SO_PIN,
    cards.SHARE,
    cards.ROOT.name,
    b"\x54\x02\x00\x00",
    b"\x54\x04\x00\x00\x00\x00",
    *(file_id.to_bytes(2, "big") for file_id in FILES),
)


class Mutator:
    """All choices come from `random`; `target` tells whether messages are APDUs or frames."""

    def __init__(self, random: Random, target: str) -> None:
        self._random = random
        change = self._change_apdu if target == "apdu" else self._change_frame
        # Structure first: most bytes of a command have a meaning.
        self._kinds: tuple[Callable[[bytes], bytes], ...] = (change, change, change, self._havoc)

    def mutate(self, one: Input, other: Input) -> Input:
        """Something like `one`, perhaps with messages of `other`."""
        messages = list(one.messages)
        if self._random.random() < 0.3:
            self._change_sequence(messages, other)
        if self._random.random() < 0.9 or tuple(messages) == one.messages:
            for _ in range(1 << self._random.randrange(3)):
                at = self._random.randrange(len(messages))
                messages[at] = self._random.choice(self._kinds)(messages[at])
        start = self._random.choice(cards.STARTS) if self._random.random() < 0.05 else one.start
        return Input(start, tuple(messages))

    def _change_sequence(self, messages: list[bytes], other: Input) -> None:
        random, at = self._random, self._random.randrange(len(messages))
        kind = random.randrange(4)
        if kind == 0 and len(messages) > 1:
            del messages[at]
        elif kind == 1:
            messages.insert(at, messages[at])
        elif kind == 2:
            messages.reverse()
        else:
            messages[at:at] = other.messages[: random.randint(1, len(other.messages))]
        del messages[MESSAGES_MAX:]

    # --- Bytes ----------------------------------------------------------------------------------

    def _havoc(self, message: bytes) -> bytes:
        random, data = self._random, bytearray(message)
        for _ in range(1 << random.randrange(4)):
            at = random.randrange(len(data)) if data else 0
            kind = random.randrange(8)
            if kind == 0 and data:
                data[at] ^= 1 << random.randrange(8)
            elif kind == 1 and data:
                data[at] = random.choice(INTERESTING)
            elif kind == 2 and data:
                data[at] = (data[at] + random.randint(-8, 8)) & 0xFF
            elif kind == 3:
                del data[at : at + random.randint(1, 16)]
            elif kind == 4:
                data[at:at] = data[at : at + random.randint(1, 64)]
            elif kind == 5:
                data[at:at] = random.randbytes(random.randint(1, 16))
            elif kind == 6:
                token = random.choice(TOKENS)
                data[at : at + random.choice((0, len(token)))] = token
            else:
                del data[at:]
        return bytes(data[:BYTES_MAX]) or b"\0"

    # --- APDUs ----------------------------------------------------------------------------------

    def _change_apdu(self, apdu: bytes) -> bytes:
        random = self._random
        if len(apdu) < 4:
            return self._havoc(apdu)
        header, data, ne = _split(apdu)
        kind = random.randrange(8)
        if kind == 0:
            header[random.randrange(4)] = random.choice(INTERESTING)
        elif kind == 1:
            self._change_header(header)
        elif kind == 2:
            header[2:4] = random.choice(FILES).to_bytes(2, "big")
        elif kind == 3:
            ne = random.choice((None, 1, 8, 255, 256, 1024, 4096, 65536))
        elif kind == 4:
            data = self._havoc(data)
        else:
            data = self._change_objects(data)
        extended = True if random.random() < 0.2 else None
        apdu = command(header[0], header[1], header[2], header[3], data, ne, extended=extended)
        if random.random() < 0.1 and len(apdu) > 4:
            # Lc and what is there need not agree.
            apdu = apdu[:4] + bytes((random.choice(INTERESTING),)) + apdu[5:]
        return apdu[:BYTES_MAX]

    def _change_header(self, header: bytearray) -> None:
        random = self._random
        kind = random.randrange(4)
        if kind == 0:
            header[0] = random.choice(CLASSES)
        elif kind == 1:
            header[1] = random.choice(random.choice((QUICK, INSTRUCTIONS)))
        elif kind == 2:
            header[2] = random.randrange(16)
        else:
            header[3] = random.choice((*ALGORITHMS, *range(8)))

    def _change_objects(self, data: bytes) -> bytes:
        """Change one TLV object, somewhere inside, with right lengths all the way up."""
        random, objects = self._random, _objects(data)
        if not objects:
            if random.random() < 0.3:
                return tlv(random.choice(TAGS), data)
            return self._havoc(data) if data else random.choice(TOKENS)
        at = random.randrange(len(objects))
        tag, value = objects[at]
        kind = random.randrange(7)
        if kind == 0:
            del objects[at]
        elif kind == 1:
            objects.insert(random.randrange(len(objects) + 1), (tag, value))
        elif kind == 2:
            objects[at] = (random.choice(TAGS), value)
        elif kind == 3:
            objects[at] = (tag, bytes(random.choice((0, 1, 2, 31, 32, 33, 127, 128, 255, 300))))
        elif kind == 4:
            objects.insert(at, (random.choice(TAGS), random.choice(TOKENS)))
        elif _objects(value):
            objects[at] = (tag, self._change_objects(value))
        else:
            objects[at] = (tag, self._havoc(value))
        return b"".join(tlv(tag, value) for tag, value in objects)[:BYTES_MAX]

    # --- Frames ---------------------------------------------------------------------------------

    def _change_frame(self, frame: bytes) -> bytes:
        random = self._random
        if len(frame) < ccid.HEADER_BYTES:
            return self._havoc(frame)
        header, data = bytearray(frame[: ccid.HEADER_BYTES]), frame[ccid.HEADER_BYTES :]
        kind = random.randrange(7)
        if kind == 0:
            header[0] = random.choice((*ccid.ANSWER_TYPES, random.randrange(256)))
        elif kind == 1:
            header[5] = random.choice((0, 1, 0xFF))
        elif kind == 2:
            header[6] = random.randrange(256)
        elif kind == 3:
            header[7:10] = bytes(random.choice((0, 1, 2, 3, 0x10, 0xFF)) for _ in range(3))
        elif kind == 4:
            data = self._havoc(data)
        elif kind == 5:
            size = random.choice((0, 1, 53, 54, 55, 64, 118, 1024, BYTES_MAX - ccid.HEADER_BYTES))
            data = (data + bytes(size))[:size]
        header[1:5] = len(data).to_bytes(4, "little")
        if kind == 6:
            length = random.choice((0, len(data) - 1, len(data) + 1, 255, 65536, 0xFFFF_FFFF))
            header[1:5] = (length & 0xFFFF_FFFF).to_bytes(4, "little")
        return bytes(header) + data


def _split(apdu: bytes) -> tuple[bytearray, bytes, int | None]:
    """Header, data, Ne of a command that may be malformed."""
    header, body = bytearray(apdu[:4]), apdu[4:]
    if not body:
        return header, b"", None
    if len(body) == 1:
        return header, b"", body[0] or 256
    size, first = body[0], 1
    if not size and len(body) > 2:
        size, first = int.from_bytes(body[1:3], "big"), 3
    data = body[first : first + size]
    return header, data, 256 if len(body) > first + size else None


def _objects(data: bytes) -> list[tuple[int, bytes]]:
    """The TLV objects of `data`; none if it is no sequence of them."""
    found, at = [], 0
    while at + 2 <= len(data):
        size = 2 if data[at] & 0x1F == 0x1F else 1
        tag, at = int.from_bytes(data[at : at + size], "big"), at + size
        length, at = (data[at] if at < len(data) else len(data)), at + 1
        if length & 0x80:
            size = length & 0x7F
            length, at = int.from_bytes(data[at : at + size], "big"), at + size
        if at + length > len(data):
            return []
        found.append((tag, data[at : at + length]))
        at += length
    return found if at == len(data) else []
