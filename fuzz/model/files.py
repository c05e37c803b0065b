# SPDX-License-Identifier: GPL-2.0-or-later
"""SELECT, READ and UPDATE BINARY, DELETE FILE, LIST: EFs ([SCHSM] 3, 5, 8)."""

from __future__ import annotations

from fuzz.model.apdu import Command, objects, once, tlv
from fuzz.model.expectation import (
    SUCCESS,
    Check,
    Expectation,
    Outcome,
    exactly,
    expect,
    refused,
)
from fuzz.model.state import (
    CERTIFICATE,
    DESCRIPTION,
    DEVICE_CERTIFICATE,
    EF_ATR,
    EF_DIR,
    KEY,
    TOKEN_INFO,
    WRAPPED_KEY,
    State,
)

APPLICATION = bytes.fromhex("E82B0601040181C31F0201")
RESCUE = bytes.fromhex("A0583FC19B7E4F21")
MASTER_FILE = 0x3F00
LENGTH_MAX = {TOKEN_INFO: 255, WRAPPED_KEY: 2048}
# The user may write them; what is under another prefix is the card's own.
WRITABLE_PREFIXES = (0xC4, 0xC8, 0xC9, 0xCA, 0xCD, 0xCE, 0xCF)
# Files whose contents change what the card trusts, or what it calls itself: not predicted here.
NOT_PREDICTED = (DEVICE_CERTIFICATE, DESCRIPTION, CERTIFICATE)


def is_file(fid: int) -> bool:
    """True for an identifier under which the user may write."""
    return fid >> 8 in WRITABLE_PREFIXES or fid in (TOKEN_INFO, WRAPPED_KEY, DEVICE_CERTIFICATE)


def _resolve(state: State, fid: int) -> int | None:
    return fid or state.session.current


# --- SELECT ---------------------------------------------------------------------------------------


def select(state: State, command: Command) -> Expectation | None:
    """A4 ([SCHSM] 3, 5.3)."""
    if command.p2 & 0xFC not in (0, 4) or command.p1 not in (0, 4, 8):
        return refused([0x6A86])
    if command.p1 == 4:
        return _select_application(command.data)
    if not command.data:
        return expect([], _control(0x38, MASTER_FILE, 0), _select_file(None))
    fid = int.from_bytes(command.data)
    if len(command.data) != 2 or not _exists(state, fid):
        return refused([0x6A82])
    return expect([], _parameters(state, fid), _select_file(fid))


def _select_application(name: bytes) -> Expectation | None:
    if name.startswith(RESCUE):
        return None
    if not name.startswith(APPLICATION):
        return refused([0x6A82])

    def check(data: bytes) -> str:
        head = bytes.fromhex("62228102000082010183020000840B") + APPLICATION
        right = len(data) == 0x24 and data.startswith(head + bytes.fromhex("8A01058505"))
        return "" if right else f"{data.hex()} is no FCP of the application"

    return expect([], check, lambda state, _: state.end_session())


def _select_file(fid: int | None):
    def effect(state: State, data: bytes | None) -> None:
        state.session.current = fid

    return effect


def _exists(state: State, fid: int) -> bool:
    if state.store is None:
        # [SCHSM] 14.1: a card that was never initialised may have an empty certificate of its own.
        return fid in (EF_DIR, EF_ATR, TOKEN_INFO, DEVICE_CERTIFICATE)
    if fid >> 8 == KEY >> 8:
        return fid == KEY or fid & 0xFF in state.store.keys
    return fid in state.store.files or fid == EF_ATR


def _parameters(state: State, fid: int) -> Check:
    store = state.store
    if store is None or fid in (EF_DIR, EF_ATR):
        return lambda data: _shape(data, fid)
    kind = 0x08 if fid & 0xFF == 0 and fid in (KEY, DESCRIPTION, CERTIFICATE) else 0x01
    if fid >> 8 == KEY >> 8:
        metadata = {} if fid == KEY else store.keys[fid & 0xFF].metadata
        return lambda data: _key_control(data, fid, kind, metadata)
    contents = store.files[fid]
    if contents is None:
        return lambda data: _shape(data, fid)
    return _control(kind, fid, len(contents))


def _control(kind: int, fid: int, size: int) -> Check:
    inner = tlv(0x81, size.to_bytes(2)) + tlv(0x82, bytes([kind])) + tlv(0x83, fid.to_bytes(2))
    return exactly(tlv(0x62, inner + b"\x8a\1\5"))


def _shape(data: bytes, fid: int) -> str:
    right = len(data) == 16 and data[9:13] == b"\x83\2" + fid.to_bytes(2)
    return "" if right else f"{data.hex()} are no control parameters of {fid:04X}"


def _key_control(data: bytes, fid: int, kind: int, metadata: dict[int, bytes]) -> str:
    control = once((once(data) or {}).get(0x62, b""))
    if not control:
        return f"{data.hex()} are no control parameters"
    # The order of the objects is not written down.
    told = once(control.pop(0xA5, b""))
    right = {0x81: b"\0\0", 0x82: bytes([kind]), 0x83: fid.to_bytes(2), 0x8A: b"\5"}
    if control == right and told == metadata:
        return ""
    wanted = {f"{tag:02X}": value.hex() for tag, value in metadata.items()}
    return f"{data.hex()} does not tell {wanted} of {fid:04X}"


# --- READ BINARY ----------------------------------------------------------------------------------


def read_odd(state: State, command: Command) -> Expectation:
    """B1 ([SCHSM] 8.2)."""
    if command.p1 == 0 and 0 < command.p2 <= 0x1E:
        fid = 0x2F00 | command.p2
    else:
        fid = _resolve(state, command.fid)
    found = objects(command.data)
    words = set()
    if found is None or [tag for tag, _ in found] != [0x54] or len(found[0][1]) > 4:
        words.add(0x6700)
    offset = int.from_bytes(found[0][1]) if found and not words else 0
    return _read(state, fid, offset, command.ne, words)


def read_even(state: State, command: Command) -> Expectation:
    """B0 ([SCHSM] 8.3)."""
    words = {0x6700} if command.data else set()
    if not command.p1 & 0x80:
        return _read(state, state.session.current, command.fid, command.ne, words)
    short = command.p1 & 0x7F
    if short > 0x1E:
        return refused(words | {0x6A86})
    # [7816-4] 7.3: a short identifier of zeros is the selected file.
    fid = 0x2F00 | short if short else state.session.current
    return _read(state, fid, command.p2, command.ne, words)


def _read(
    state: State, fid: int | None, offset: int, ne: int | None, words: set[int]
) -> Expectation:
    # A block shorter than the rest is no reason for 61xx: the host asks for the next one.
    if fid is None:
        return refused(words | {0x6A82})
    if fid >> 8 != 0x2F and not is_file(fid):
        return refused(words | {0x6982, 0x6A82} if not is_closed(fid) else words | {0x6982})
    if not _exists(state, fid):
        return refused(words | {0x6A82} | ({0x6982} if _is_private(fid) else set()))
    if _is_private(fid) and not state.user:
        words.add(0x6982)
    store = state.store
    contents = store.files.get(fid, b"") if store else None
    if store is None and fid == DEVICE_CERTIFICATE:
        contents = b""
    computed = fid in (EF_DIR, EF_ATR, TOKEN_INFO)
    if contents is None:
        # What the card wrote itself is known once it was read from its beginning.
        if words:
            return refused(words)
        if offset:
            # How long it is is not known, either.
            allowed = {word: Outcome() for word in (0x6282, 0x6B00)}
            return Expectation({**allowed, SUCCESS: Outcome(lambda data: "")})
        return expect([], lambda data: "", lambda state, data: _learn(state, fid, data, ne))
    if offset > len(contents):
        words |= {0x6B00, 0x6282} if computed else {0x6282}
    return expect(words, exactly(contents[offset:][:ne]))


def _learn(state: State, fid: int, data: bytes | None, ne: int | None) -> None:
    if state.store and data is not None and (ne is None or len(data) < ne):
        state.store.files[fid] = data


def _is_private(fid: int) -> bool:
    return fid >> 8 == 0xCD


def is_closed(fid: int) -> bool:
    """Keys and what is internal ([SCHSM] 5.1, 5.2): nobody reads or writes it."""
    return fid >> 8 in (0xCC, 0xC7, 0x10, 0xD0, 0xD1, 0xD2, 0xE0)


# --- UPDATE BINARY, DELETE FILE -------------------------------------------------------------------


def update(state: State, command: Command) -> Expectation | None:
    """D7 ([SCHSM] 8.4)."""
    fid = _resolve(state, command.fid)
    words = set() if state.user else {0x6982}
    found = objects(command.data)
    if found is None or [tag for tag, _ in found] != [0x54, 0x53] or len(found[0][1]) > 4:
        words.add(0x6700)
    if fid is None:
        return refused(words | {0x6A82})
    if fid in NOT_PREDICTED:
        return refused(words) if words else None
    if not is_file(fid):
        # Under a prefix that [SCHSM] 5 does not name there is nothing.
        closed = is_closed(fid) or fid >> 8 == 0x2F
        return refused(words | ({0x6982} if closed else {0x6982, 0x6A82}))
    if 0x6700 in words or not found:
        return refused(words)
    offset, data = int.from_bytes(found[0][1]), found[1][1]
    if offset + len(data) > LENGTH_MAX.get(fid, 262_144):
        words.add(0x6A84)
    if not state.store:
        return refused(words | {0x6982})
    if fid == TOKEN_INFO and offset:
        # What stands before is computed until the host has written it.
        return refused(words) if words else None
    held = state.store.files.get(fid)
    if fid in state.store.files and held is None and offset:
        return None
    if offset and not held:
        words.add(0x6984)
    elif offset > len(held or b""):
        words.add(0x6581)
    contents = (held or b"")[:offset] + data + (held or b"")[offset + len(data) :]

    def effect(state: State, _: bytes | None) -> None:
        assert state.store
        state.store.files[fid] = contents if offset else data
        # [SCHSM] 8.4 says it of a file that is created only.
        state.session.current = fid

    return expect(words, effect=effect)


def delete(state: State, command: Command) -> Expectation | None:
    """E4 ([SCHSM] 8.5)."""
    words = set() if state.user else {0x6982}
    if len(command.data) not in (0, 2):
        return refused(words | {0x6700})
    fid = int.from_bytes(command.data) if command.data else state.session.current
    if not fid:
        return refused(words | {0x6A82})
    if fid in (EF_DIR, TOKEN_INFO, EF_ATR):
        return refused(words | {0x6986})
    if fid == KEY or is_closed(fid) and fid >> 8 not in (KEY >> 8, 0xC7):
        return refused(words | {0x6982})
    if not _exists(state, fid):
        # Under a prefix that [SCHSM] 5 does not name there is nothing.
        named = is_file(fid) or fid >> 8 in (KEY >> 8, 0x2F)
        return refused(words | ({0x6A82} if named else {0x6982, 0x6A82}))
    if fid in NOT_PREDICTED:
        return refused(words) if words else None

    def effect(state: State, _: bytes | None) -> None:
        assert state.store
        if fid >> 8 == KEY >> 8:
            del state.store.keys[fid & 0xFF]
        else:
            del state.store.files[fid]
        if state.session.current == fid:
            state.session.current = None

    return expect(words, effect=effect)


# --- ENUMERATE OBJECTS ----------------------------------------------------------------------------


def enumerate_objects(state: State, command: Command) -> Expectation:
    """58 ([SCHSM] 8.1)."""
    words = set()
    if command.fid:
        words.add(0x6A86)
    if command.data:
        words.add(0x6700)
    wanted = state.store.listed if state.store else set()

    def check(data: bytes) -> str:
        told = [int.from_bytes(data[at : at + 2]) for at in range(0, len(data), 2)]
        if len(told) == len(wanted) and set(told) == wanted:
            if not told or told[:2] == [DESCRIPTION, KEY]:
                return ""
        names = " ".join(f"{fid:04X}" for fid in sorted(wanted))
        return f"{data.hex()} instead of {names}"

    return expect(words, check)
