# SPDX-License-Identifier: GPL-2.0-or-later
"""Command APDUs and BER-TLV objects as [7816-4] 5.1 and 5.2 define them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Command:
    """A well-formed command APDU; `ne` is None without an Le field."""

    cla: int
    ins: int
    p1: int
    p2: int
    data: bytes = b""
    ne: int | None = None

    @property
    def fid(self) -> int:
        """P1 P2 as one number."""
        return self.p1 << 8 | self.p2

    @property
    def header(self) -> tuple[int, int, int, int]:
        """What all parts of a chain have in common: the chaining bit does not count."""
        return self.cla & ~0x10, self.ins, self.p1, self.p2


def parse(apdu: bytes) -> Command | None:
    """The fields of an APDU of case 1 to 4; None if the lengths fit no case."""
    if len(apdu) < 4:
        return None
    header, body = apdu[:4], apdu[4:]
    if not body:
        return _command(header)
    if len(body) == 1:
        return _command(header, ne=body[0] or 256)
    if body[0]:
        return _with_data(header, body, 1, body[0], 1)
    if len(body) == 3:
        return _command(header, ne=int.from_bytes(body[1:3]) or 65536)
    length = int.from_bytes(body[1:3])
    return _with_data(header, body, 3, length, 2) if length else None


def _command(header: bytes, data: bytes = b"", ne: int | None = None) -> Command:
    cla, ins, p1, p2 = header
    return Command(cla, ins, p1, p2, data, ne)


def _with_data(header: bytes, body: bytes, at: int, length: int, le_bytes: int) -> Command | None:
    data, le = body[at : at + length], body[at + length :]
    if len(data) != length:
        return None
    if not le:
        return _command(header, data=data)
    if len(le) != le_bytes:
        return None
    return _command(header, data=data, ne=int.from_bytes(le) or 1 << 8 * le_bytes)


def build(header: str, data: bytes = b"", ne: int | None = None) -> bytes:
    """The APDU of a header in hexadecimal digits; extended where it must be."""
    apdu = bytes.fromhex(header)
    if len(data) > 255 or (ne or 0) > 256:
        lc = b"\0" + len(data).to_bytes(2) if data else b""
        le = b"" if ne is None else (b"" if data else b"\0") + (ne & 0xFFFF).to_bytes(2)
    else:
        lc = bytes([len(data)]) if data else b""
        le = b"" if ne is None else bytes([ne & 0xFF])
    return apdu + lc + data + le


def tlv(tag: int, value: bytes) -> bytes:
    """A BER-TLV object of at most 65,535 bytes."""
    name = tag.to_bytes(2 if tag > 0xFF else 1)
    if len(value) < 0x80:
        return name + bytes([len(value)]) + value
    digits = 1 if len(value) < 0x100 else 2
    return name + bytes([0x80 | digits]) + len(value).to_bytes(digits) + value


def objects(data: bytes) -> list[tuple[int, bytes]] | None:
    """Tags and values one after the other; None if they do not end with the data."""
    found = []
    at = 0
    while at < len(data):
        tag, at = data[at], at + 1
        if tag & 0x1F == 0x1F:
            if at >= len(data) or data[at] & 0x80:
                return None
            tag, at = tag << 8 | data[at], at + 1
        length, at = _length(data, at)
        if length is None or at + length > len(data):
            return None
        found.append((tag, data[at : at + length]))
        at += length
    return found


def _length(data: bytes, at: int) -> tuple[int | None, int]:
    if at >= len(data):
        return None, at
    first, at = data[at], at + 1
    if first < 0x80:
        return first, at
    digits = first & 0x7F
    if not 1 <= digits <= 3 or at + digits > len(data):
        return None, at
    return int.from_bytes(data[at : at + digits]), at + digits


def once(data: bytes) -> dict[int, bytes] | None:
    """Values by tag; None if the data are no objects, or a tag comes twice."""
    found = objects(data)
    if found is None or len(dict(found)) != len(found):
        return None
    return dict(found)
