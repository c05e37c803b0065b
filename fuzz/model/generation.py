# SPDX-License-Identifier: GPL-2.0-or-later
"""GENERATE ASYMMETRIC KEY PAIR, GENERATE SYMMETRIC KEY ([SCHSM] 13)."""

from __future__ import annotations

import hashlib

from fuzz.model import curve
from fuzz.model.apdu import Command, objects, once, tlv
from fuzz.model.expectation import Check, Expectation, expect, refused
from fuzz.model.state import CERTIFICATE, DESCRIPTION, Key, State, Store

METADATA = (0x90, 0x91, 0x92, 0x93)
ALGORITHMS_MAX = 32
XKEK = 0x84
SYMMETRIC_BITS = {0xB0: 128, 0xB1: 192, 0xB2: 256, 0xB3: 512}
HOLDER_BYTES_MAX = 16


def _metadata(store: Store | None, found: dict[int, bytes]) -> set[int]:
    words = set()
    sizes = {0x90: range(4, 5), 0x91: range(1, ALGORITHMS_MAX + 1)}
    for tag in METADATA:
        if tag in found and len(found[tag]) not in sizes.get(tag, range(1, 2)):
            words.add(0x6700)
    domain = found.get(0x92)
    if store and domain is not None and len(domain) == 1:
        if domain[0] >= len(store.domains):
            words.add(0x6A86)
        elif store.domains[domain[0]] is None:
            words.add(0x6A88)
    return words


def _key(kind: str, bits: int, found: dict[int, bytes]) -> Key:
    counter, domain, wrapping = (found.get(tag) for tag in (0x90, 0x92, 0x93))
    return Key(
        kind,
        bits,
        counter=None if counter is None else int.from_bytes(counter),
        algorithms=found.get(0x91, b""),
        domain=domain[0] if domain else None,
        wrapping=wrapping[0] if wrapping else None,
    )


def description(key_id: int, key: Key) -> bytes:
    """The PKCS#15 description that the card makes ([SCHSM] 15.1)."""
    name = tlv(0x30, tlv(0x0C, b""))
    number = tlv(0x04, str(key_id).encode())
    bits = tlv(0x02, key.bits.to_bytes(2))
    if key.kind == "ec":
        usage = tlv(0x03, bytes.fromhex("072080"))
        value = tlv(0xA1, tlv(0x30, tlv(0x30, tlv(0x04, b"")) + bits))
        return tlv(0xA0, name + tlv(0x30, number + usage) + value)
    usage = tlv(0x03, bytes.fromhex("07C010"))
    value = tlv(0xA0, tlv(0x30, bits)) + tlv(0xA1, tlv(0x30, tlv(0x30, tlv(0x04, b""))))
    return tlv(0xA8, name + tlv(0x30, number + usage) + value)


def put(store: Store, key_id: int, key: Key) -> None:
    """A key takes its place: with a description, and without the certificate of another."""
    store.keys[key_id] = key
    store.files[DESCRIPTION | key_id] = description(key_id, key)
    store.files.pop(CERTIFICATE | key_id, None)


# --- 46 -------------------------------------------------------------------------------------------


def pair(state: State, command: Command) -> Expectation | None:
    """GENERATE ASYMMETRIC KEY PAIR for secp256r1."""
    words = set() if state.user else {0x6982}
    if not command.p1 or command.p2:
        words.add(0x6A86)
    found = once(command.data)
    if found is None or 0x7F49 not in found:
        return refused(words | {0x6700})
    if found.keys() - {0x5F29, 0x42, 0x7F49, 0x5F20, *METADATA}:
        # What becomes of objects that nobody has defined is not written down.
        return refused(words | {0x6700} | _metadata(state.store, found)) if words else None
    if found[0x7F49] != curve.TEMPLATE or XKEK in found.get(0x91, b""):
        # Other kinds of keys, and agreements between devices.
        return refused(words) if words else None
    if found.get(0x5F29, b"\0") != b"\0" or not _are_names(found):
        return refused(words) if words else None
    words |= _metadata(state.store, found)
    if state.store is None:
        return refused(words)
    key = _key("ec", curve.BITS, found)
    check = _request_check(found)

    def effect(state: State, data: bytes | None) -> None:
        assert state.store
        put(state.store, command.p1, key)
        key.public = _public(data) if data else None
        state.store.files[CERTIFICATE | command.p1] = data

    return expect(words, check, effect)


def _are_names(found: dict[int, bytes]) -> bool:
    # Holders and authorities have 1 to 16 characters; what else is taken is not written down.
    return all(1 <= len(found.get(tag, b"UT")) <= HOLDER_BYTES_MAX for tag in (0x42, 0x5F20))


def _body(request: bytes) -> tuple[bytes, dict[int, bytes], bytes] | None:
    """Of an authenticated request: the body as a TLV, its objects, the inner signature."""
    outer = once((once(request) or {}).get(0x67, b"")) or {}
    inner = once(outer.get(0x7F21, b"")) or {}
    body = inner.get(0x7F4E)
    if body is None or 0x5F37 not in inner or 0x42 not in outer or 0x5F37 not in outer:
        return None
    return tlv(0x7F4E, body), once(body) or {}, inner[0x5F37]


def _public(request: bytes) -> bytes | None:
    parts = _body(request)
    return (once(parts[1].get(0x7F49, b"")) or {}).get(0x86) if parts else None


def learn_public(key: Key, request: bytes) -> None:
    """The point of a key whose request was lost on its way, from its file."""
    if key.kind == "ec" and key.public is None:
        key.public = _public(request)


def _request_check(asked: dict[int, bytes]) -> Check:
    def check(data: bytes) -> str:
        parts, point = _body(data), _public(data)
        if parts is None or point is None or not curve.is_point(point):
            return f"{data.hex()} is no request for a certificate"
        body, fields, signature = parts
        for tag in (0x42, 0x5F20):
            if tag in asked and fields.get(tag) != asked[tag]:
                return f"another name in {tag:02X}"
        names = objects(fields[0x7F49]) or []
        given = objects(curve.TEMPLATE) or []
        if [one for one in names if one[0] != 0x86] != given:
            return "other parameters than those of the curve"
        number = hashlib.sha256(body).digest()
        right = len(signature) == 64 and curve.verifies(point, curve.der(signature), number)
        return "" if right else "the new key's signature is wrong"

    return check


# --- 48 -------------------------------------------------------------------------------------------


def symmetric(state: State, command: Command) -> Expectation | None:
    """GENERATE SYMMETRIC KEY."""
    words = set() if state.user else {0x6982}
    if not command.p1 or command.p2 not in SYMMETRIC_BITS:
        words.add(0x6A86)
    listed = objects(command.data)
    if listed is None:
        return refused(words | {0x6700})
    found = dict(listed)
    known = [tag for tag, _ in listed if tag in METADATA]
    if len(set(known)) < len(known):
        words.add(0x6700)
    if len(known) < len(listed):
        # As above.
        return refused(words | {0x6700} | _metadata(state.store, found)) if words else None
    if XKEK in found.get(0x91, b""):
        return refused(words) if words else None
    words |= _metadata(state.store, found)
    if words or state.store is None:
        return refused(words or {0x6982})
    key = _key("aes", SYMMETRIC_BITS[command.p2], found)

    def effect(state: State, _: bytes | None) -> None:
        assert state.store
        put(state.store, command.p1, key)

    return expect(words, effect=effect)
