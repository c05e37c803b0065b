# SPDX-License-Identifier: GPL-2.0-or-later
"""Commands mostly right for the state of the card, and ways to spoil them."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from typing import Protocol, TypeVar

from fuzz.machine.questions import read
from fuzz.model import blob, curve
from fuzz.model.apdu import build, parse, tlv
from fuzz.model.files import APPLICATION
from fuzz.model.state import KEY, WRAPPED_KEY, Key, State

PIN, SO_PIN = b"648219", b"57621880"
PINS = (PIN, b"123456", b"0123456789abcdef")
SO_PINS = (SO_PIN, b"00000001")
WRONG_PIN, WRONG_SO_PIN = b"000000", b"99999999"
# Secrets look like nothing else: what is left of one must not be taken for a file's contents.
KNOWN_KEY = hashlib.sha256(b"a key that the host knows").digest()
PEER_POINT = curve.public_point(0x123456789)
KEY_IDS = range(1, 6)
FILES = (0xCF01, 0xCD01, 0xC401, 0xCE01, 0xCA01, 0xC801, 0xC901, 0x2F03, WRAPPED_KEY)
LENGTHS = (0, 1, 5, 16, 200, 255, 256, 300)
SHARES = tuple(hashlib.sha256(b"a share %d" % number).digest() for number in range(2))

Item = TypeVar("Item")


class Draw(Protocol):
    """Choices; small ones are the simple ones."""

    def below(self, limit: int) -> int:
        """A number from 0 to `limit` - 1."""
        ...

    def among(self, items: Sequence[Item]) -> Item:
        """One of `items`."""
        ...


Maker = Callable[[State, Draw], bytes]


def _pin(state: State, draw: Draw) -> bytes:
    """Mostly the right one."""
    right = state.store.pin.value if state.store else PIN
    return right if draw.below(4) else WRONG_PIN


def _code(state: State, draw: Draw) -> bytes:
    right = state.store.so_pin.value if state.store else SO_PIN
    return right if draw.below(6) else WRONG_SO_PIN


def _bytes(draw: Draw, length: int) -> bytes:
    value = draw.below(256)
    return bytes((value + at) & 0xFF for at in range(length))


# --- PINs -----------------------------------------------------------------------------------------


def verify(state: State, draw: Draw) -> bytes:
    """VERIFY, or its question."""
    if draw.below(3) == 2:
        return build("00200088", _code(state, draw))
    return build("00200081", _pin(state, draw))


def change(state: State, draw: Draw) -> bytes:
    """CHANGE REFERENCE DATA."""
    if draw.below(3) == 2:
        return build("00240088", _code(state, draw) + draw.among(SO_PINS))
    return build("00240081", _pin(state, draw) + draw.among(PINS))


def reset(state: State, draw: Draw) -> bytes:
    """RESET RETRY COUNTER."""
    p1 = draw.below(4)
    data = _code(state, draw) if p1 < 2 else b""
    return build(f"002C{p1:02X}81", data + (draw.among(PINS) if p1 in (0, 2) else b""))


def initialize(state: State, draw: Draw) -> bytes:
    """INITIALIZE DEVICE, or its query."""
    if not draw.below(4):
        return build("80500000", ne=256)
    options = draw.among((b"\0\1", b"\0\0", b"\0\x21"))
    found = [(0x80, options), (0x81, draw.among(PINS)), (0x82, _code(state, draw))]
    found.append((0x91, bytes([1 + draw.below(10)])))
    found.append(draw.among(((0x97, b"\2"), (0x92, b"\1"), (0x92, b"\2"), (0x97, b"\x10"))))
    found.append((0x9E, b"\0\0\0\x10"))
    return build("80500000", b"".join(tlv(tag, value) for tag, value in found))


# --- Files ----------------------------------------------------------------------------------------


def _fid(state: State, draw: Draw) -> int:
    there = sorted(state.store.files) if state.store else []
    return draw.among(there or FILES) if draw.below(2) else draw.among(FILES)


def select(state: State, draw: Draw) -> bytes:
    """SELECT of a file, a key, seldom of the application."""
    choice = draw.below(8)
    if choice == 7:
        return build(f"00A404{draw.among((0, 4)):02X}", APPLICATION, 256)
    fid = KEY | draw.among(KEY_IDS) if choice > 4 else _fid(state, draw)
    return build(f"00A4{draw.among((0, 8)):02X}00", fid.to_bytes(2), 256)


def read_file(state: State, draw: Draw) -> bytes:
    """READ BINARY in all its forms."""
    choice = draw.below(4)
    if choice == 0:
        return read(_fid(state, draw))
    ne = draw.among((256, 1, 7, 65536, None))
    if choice == 1:
        return build(f"00B0{draw.below(20):04X}", ne=ne)
    fid = 0 if choice == 2 else _fid(state, draw)
    offset = draw.below(400).to_bytes(2 + draw.below(2))
    return build(f"00B1{fid:04X}", tlv(0x54, offset), ne)


def write(state: State, draw: Draw) -> bytes:
    """UPDATE BINARY at the beginning, in the middle, behind the end."""
    fid = _fid(state, draw) if draw.below(6) else 0
    held = (state.store.files.get(fid) if state.store else b"") or b""
    offset = draw.among((0, 0, len(held), len(held) // 2, len(held) + 1))
    data = tlv(0x53, _bytes(draw, draw.among(LENGTHS)))
    return build(f"00D7{fid:04X}", tlv(0x54, offset.to_bytes(2)) + data)


def delete(state: State, draw: Draw) -> bytes:
    """DELETE FILE of a file or a key."""
    if not draw.below(6):
        return build("00E40200")
    fid = _fid(state, draw) if draw.below(2) else KEY | draw.among(KEY_IDS)
    return build("00E40200", fid.to_bytes(2))


def look(state: State, draw: Draw) -> bytes:
    """ENUMERATE OBJECTS, GET CHALLENGE, EXTRAS, GET RESPONSE."""
    del state
    return draw.among(
        (
            build("80580000", ne=65536),
            build("80580000", ne=4),
            build("80580000"),
            build("00840000", ne=8),
            build("00840000", ne=1024),
            build("80640600", ne=256),
            build("00C00000", ne=256),
            build("00200085"),
        )
    )


# --- Keys -----------------------------------------------------------------------------------------


def _metadata(draw: Draw, algorithms: Sequence[bytes]) -> bytes:
    found = b""
    if not draw.below(3):
        found += tlv(0x90, (1 + draw.below(3)).to_bytes(4))
    if not draw.below(3):
        found += tlv(0x91, draw.among(algorithms))
    if not draw.below(3):
        found += tlv(0x92, bytes([draw.below(3)]))
    return found


def generate_pair(state: State, draw: Draw) -> bytes:
    """GENERATE ASYMMETRIC KEY PAIR."""
    del state
    data = tlv(0x5F29, b"\0") + tlv(0x42, b"UTCA00001") + tlv(0x7F49, curve.TEMPLATE)
    data += tlv(0x5F20, b"UTDUMMY00001") + _metadata(draw, (b"\x70", b"\x73\x92", b"\x80"))
    return build(f"0046{draw.among(KEY_IDS):02X}00", data, 65536)


def generate_symmetric(state: State, draw: Draw) -> bytes:
    """GENERATE SYMMETRIC KEY."""
    del state
    p2 = 0xB0 + draw.below(4)
    metadata = _metadata(draw, (b"\x10\x11", b"\x18", b"\x99\x92"))
    return build(f"0048{draw.among(KEY_IDS):02X}{p2:02X}", metadata)


def _key_id(state: State, draw: Draw, kind: str) -> int:
    """Mostly a key of that kind."""
    keys = state.store.keys if state.store else {}
    right = sorted(number for number, key in keys.items() if key.kind == kind)
    return draw.among(right) if right and draw.below(5) else draw.among(KEY_IDS)


def sign(state: State, draw: Draw) -> bytes:
    """SIGN with ECDSA."""
    p2 = draw.among((0x70, 0x73, 0x71, 0x72, 0x74, 0x75, 0x33))
    data = _bytes(draw, draw.among((32, 20, 1, 64, 300)))
    return build(f"8068{_key_id(state, draw, 'ec'):02X}{p2:02X}", data, 512)


def agree(state: State, draw: Draw) -> bytes:
    """ECDH."""
    point = PEER_POINT if draw.below(4) else b"\4" + bytes(64)
    return build(f"8062{_key_id(state, draw, 'ec'):02X}80", point, 256)


def encrypt(state: State, draw: Draw) -> bytes:
    """CIPHER."""
    p2 = draw.among((0x10, 0x11, 0x18, 0x99))
    data = _bytes(draw, draw.among((16, 64, 15, 240)))
    return build(f"8078{_key_id(state, draw, 'aes'):02X}{p2:02X}", data, 256)


def wrap(state: State, draw: Draw) -> bytes:
    """WRAP KEY."""
    kind = draw.among(("ec", "aes"))
    return build(f"8072{_key_id(state, draw, kind):02X}92", ne=65536)


def _blob(state: State, draw: Draw) -> bytes:
    domains = [one.dkek for one in state.store.domains if one] if state.store else []
    dkek = draw.among(domains) if domains and draw.below(5) else SHARES[1]
    allowed = draw.among((b"", b"\x92\x73", b"\x10\x92"))
    if draw.below(2):
        return blob.make(dkek, Key("aes", 256, secret=KNOWN_KEY, algorithms=allowed))
    return blob.make(dkek, Key("ec", curve.BITS, secret=KNOWN_KEY, algorithms=allowed))


def unwrap(state: State, draw: Draw) -> bytes:
    """UNWRAP KEY, or the file that it takes the blob from."""
    choice = draw.below(4)
    if choice == 3:
        data = tlv(0x54, b"\0\0") + tlv(0x53, _blob(state, draw))
        return build(f"00D7{WRAPPED_KEY:04X}", data)
    data = b"" if choice == 2 else _blob(state, draw)
    return build(f"8074{draw.among(KEY_IDS):02X}93", data)


# --- Key domains ----------------------------------------------------------------------------------


def manage_domain(state: State, draw: Draw) -> bytes:
    """MANAGE KEY DOMAIN."""
    del state
    header = f"8052{{:02X}}{draw.below(3):02X}"
    choice = draw.below(6)
    if choice < 2:
        return build(header.format(0), draw.among(SHARES) if choice else b"", 256)
    if choice == 2:
        return build(header.format(1), bytes([1 + draw.below(2)]), 256)
    return build(header.format(choice if choice < 5 else 1), b"\1" if choice == 5 else b"", 256)


# --- Groups and mutations -------------------------------------------------------------------------

PIN_COMMANDS: tuple[Maker, ...] = (verify, change, reset, initialize)
FILE_COMMANDS: tuple[Maker, ...] = (read_file, write, select, delete, look)
KEY_USES: tuple[Maker, ...] = (sign, encrypt, agree, wrap)
KEY_MAKERS: tuple[Maker, ...] = (generate_symmetric, unwrap, generate_pair)
DOMAIN_COMMANDS: tuple[Maker, ...] = (manage_domain,)
ALL: tuple[Maker, ...] = (
    *(*PIN_COMMANDS, *FILE_COMMANDS, *KEY_USES),
    *(*KEY_MAKERS, *DOMAIN_COMMANDS),
)
# What interrupting is worth while: they write.
CHANGING: tuple[Maker, ...] = (
    *(verify, write, delete, change, reset, generate_symmetric, manage_domain, unwrap),
    *(sign, generate_pair, initialize),
)


def command(makers: Sequence[Maker], state: State, draw: Draw) -> bytes:
    """One of these; if it needs the user, he mostly logs in first."""
    maker = draw.among(makers)
    needs_user = maker not in (*PIN_COMMANDS, look, read_file, select)
    if needs_user and state.store and not state.user and draw.below(4):
        return build("00200081", _pin(state, draw))
    return maker(state, draw)


def mutated(apdu: bytes, draw: Draw) -> bytes:
    """The APDU with one thing changed."""
    return draw.among(MUTATIONS)(apdu, draw)


def _header(apdu: bytes, draw: Draw) -> bytes:
    at = draw.below(4)
    value = draw.among((0, 1, 0x80, 0xFF, 0x10, 0x0C, draw.below(256)))
    return apdu[:at] + bytes([value]) + apdu[at + 1 :]


def _flip(apdu: bytes, draw: Draw) -> bytes:
    bit = draw.below(8 * len(apdu))
    value = apdu[bit >> 3] ^ 1 << (bit & 7)
    return apdu[: bit >> 3] + bytes([value]) + apdu[(bit >> 3) + 1 :]


def _truncate(apdu: bytes, draw: Draw) -> bytes:
    return apdu[: 1 + draw.below(len(apdu))]


def _append(apdu: bytes, draw: Draw) -> bytes:
    return apdu + _bytes(draw, 1 + draw.below(4))


def _chain(apdu: bytes, draw: Draw) -> bytes:
    del draw
    return bytes([apdu[0] | 0x10]) + apdu[1:]


def _data(apdu: bytes, draw: Draw) -> bytes:
    fields = parse(apdu)
    assert fields
    length = draw.among((0, 1, len(fields.data) + 1, max(0, len(fields.data) - 1), 255, 256))
    data = (fields.data + bytes(length))[:length]
    return build(apdu[:4].hex(), data, fields.ne)


def _le(apdu: bytes, draw: Draw) -> bytes:
    fields = parse(apdu)
    assert fields
    return build(apdu[:4].hex(), fields.data, draw.among((None, 1, 256, 257, 65536)))


MUTATIONS: tuple[Callable[[bytes, Draw], bytes], ...] = (
    *(_header, _flip, _truncate, _append, _chain, _data, _le),
)


def chained(apdu: bytes, parts: int) -> list[bytes]:
    """The same command in so many parts, if it has data for them."""
    fields = parse(apdu)
    assert fields
    if len(fields.data) < parts:
        return [apdu]
    step = -(-len(fields.data) // parts)
    pieces = [fields.data[at : at + step] for at in range(0, len(fields.data), step)]
    first = bytes([apdu[0] | 0x10]).hex() + apdu[1:4].hex()
    return [
        *(build(first, piece) for piece in pieces[:-1]),
        build(apdu[:4].hex(), pieces[-1], fields.ne),
    ]
