# SPDX-License-Identifier: GPL-2.0-or-later
"""BER-TLV: a strict reader on memoryviews, and a writer.

Spec: [7816-4] 5.2.2, [X.690] 8.1. Tags of one or two bytes, definite lengths of one to three bytes
in their shortest form. Whatever else arrives raises TlvError.
"""


class TlvError(Exception):
    """The bytes are not BER-TLV data objects as this reader wants them."""


def read(data, offset):
    """The data object at `offset`: (tag, start of its value, end of its value)."""
    size = len(data)
    if offset >= size:
        raise TlvError
    tag = data[offset]
    offset += 1
    if tag & 0x1F == 0x1F:
        if offset >= size or data[offset] < 0x1F or data[offset] & 0x80:
            raise TlvError
        tag = tag << 8 | data[offset]
        offset += 1
    if offset >= size:
        raise TlvError
    length = data[offset]
    offset += 1
    if length & 0x80:
        count = length & 0x7F
        if not 1 <= count <= 2 or offset + count > size:
            raise TlvError
        length = data[offset]
        if count == 2:
            length = length << 8 | data[offset + 1]
        if length < (0x80 if count == 1 else 0x100):
            raise TlvError
        offset += count
    if offset + length > size:
        raise TlvError
    return tag, offset, offset + length


def objects(data):
    """Generate (tag, value view) for the data objects that fill `data` exactly."""
    offset = 0
    while offset < len(data):
        tag, start, offset = read(data, offset)
        yield tag, data[start:offset]


def unique(data):
    """Values by tag of the data objects that fill `data` exactly. TlvError: a tag comes twice.

    An object that is there twice would be checked in one place and used in another.
    """
    found = {}
    for tag, value in objects(data):
        if tag in found:
            raise TlvError
        found[tag] = value
    return found


def find(data, wanted):
    """The value of the first data object with tag `wanted`, or None; all of `data` must parse."""
    found = None
    for tag, value in objects(data):
        if tag == wanted and found is None:
            found = value
    return found


def only(data, wanted):
    """The value of the one data object in `data`. TlvError: another tag, or more than one."""
    tag, start, end = read(data, 0)
    if tag != wanted or end != len(data):
        raise TlvError
    return data[start:end]


def header(tag, length):
    """Tag and length field of a data object with `length` bytes of value, at most 65,535."""
    if tag > 0xFF:
        start = bytes((tag >> 8, tag & 0xFF))
    else:
        start = bytes((tag,))
    if length < 0x80:
        return start + bytes((length,))
    if length < 0x100:
        return start + bytes((0x81, length))
    return start + bytes((0x82, length >> 8, length & 0xFF))


def encode(tag, *values):
    """A whole data object; `values` are concatenated."""
    # MicroPython's join takes bytes only, not views.
    value = b"".join([bytes(part) for part in values])
    return header(tag, len(value)) + value
