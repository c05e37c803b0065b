# SPDX-License-Identifier: GPL-2.0-or-later
"""SIGN, DECIPHER, CIPHER, WRAP KEY, UNWRAP KEY ([SCHSM] 12, 16, 17, 19)."""

from __future__ import annotations

from collections.abc import Callable

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.cmac import CMAC
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from fuzz.model import blob, curve
from fuzz.model.apdu import Command
from fuzz.model.expectation import Check, Effect, Expectation, exactly, expect, refused
from fuzz.model.generation import put
from fuzz.model.state import CERTIFICATE, WRAPPED_KEY, Domain, Key, State, Store

ECDSA = range(0x70, 0x76)
RSA_SIGN = (0x20, 0x30, *range(0x31, 0x36), 0x40, *range(0x41, 0x46))
HD_SIGN = 0xA0
RSA_DECIPHER = (0x21, 0x22, 0x23)
ECDH, XKEK = 0x80, 0x84
ENCRYPT, DECRYPT, MAC, DERIVE = 0x10, 0x11, 0x18, 0x99
EXTENDED = (0x51, 0x52)
WRAP, UNWRAP = 0x92, 0x93
AES_BITS = (128, 192, 256)
BLOCK_BYTES = 16


def _permission(state: State, key_id: int, algorithm: int) -> tuple[set[int], Key | None]:
    """What stands against the use of a key, whatever the data ([SCHSM] 13.4, 16)."""
    words = set() if state.user else {0x6982}
    key = state.store.keys.get(key_id) if state.store else None
    if key is None:
        return words | {0x6A82}, None
    if not key.allows(algorithm):
        words.add(0x6985)
    if key.counter == 0:
        words.add(0x6A84)
    return words, key


def _count(key_id: int) -> Effect:
    """A use is spent, if the key counts them."""

    def effect(state: State, data: bytes | None) -> None:
        assert state.store
        key = state.store.keys[key_id]
        if key.counter is not None:
            key.counter -= 1

    return effect


def _result(
    command: Command, words: set[int], check: Check, effect: Effect | None = None
) -> Expectation:
    return expect(words, check, effect or _count(command.p1))


# --- 68, 62 ---------------------------------------------------------------------------------------


def sign(state: State, command: Command) -> Expectation | None:
    """SIGN."""
    words, key = _permission(state, command.p1, command.p2)
    if command.p2 == HD_SIGN:
        return None
    if command.p2 not in (*ECDSA, *RSA_SIGN):
        return refused(words | {0x6A86})
    if key is None:
        return refused(words | ({0x6700} if not command.data else set()))
    if key.kind != "ec" or command.p2 in RSA_SIGN:
        # The wrong kind of key; the data are those of another algorithm, too.
        return refused(words | {0x6400} | ({0x6700} if not command.data else set()))
    if command.p2 == 0x70 and not command.data:
        # An empty message has a hash, but is none.
        return refused(words | {0x6700})
    number = curve.leftmost(command.p2, command.data)
    point = key.public
    if command.p2 == 0x70 and not any(number):
        # Whether zero is signed is not written down.
        return refused(words) if words else None

    def check(data: bytes) -> str:
        if point is None or curve.verifies(point, data, number):
            return ""
        return f"{data.hex()} does not verify"

    return _result(command, words, check)


def decipher(state: State, command: Command) -> Expectation | None:
    """DECIPHER, and ECDH."""
    words, key = _permission(state, command.p1, command.p2)
    if command.p2 == XKEK:
        return refused(words) if words == {0x6A82} else None
    if command.p2 not in (ECDH, *RSA_DECIPHER):
        return refused(words | {0x6A86})
    if len(command.data) != curve.POINT_BYTES:
        words.add(0x6700)
    elif not curve.is_point(command.data):
        words.add(0x6984)
    if key is None or key.kind != "ec" or command.p2 in RSA_DECIPHER:
        return refused(words | ({0x6400} if key else set()))
    if words:
        return refused(words)
    if key.secret is None:
        return _result(command, words, _begins(b"\4", 1 + curve.FIELD_BYTES))
    return _result(command, words, exactly(b"\4" + curve.agree(key.secret, command.data)))


def _begins(head: bytes, length: int) -> Check:
    def check(data: bytes) -> str:
        right = len(data) == length and data.startswith(head)
        return "" if right else f"{data.hex()} has not {length} bytes from {head.hex()} on"

    return check


# --- 78 -------------------------------------------------------------------------------------------


def cipher(state: State, command: Command) -> Expectation | None:
    """CIPHER with its plain algorithms."""
    words, key = _permission(state, command.p1, command.p2)
    work = CIPHERS.get(command.p2)
    if work is None:
        if command.p2 in EXTENDED:
            return refused(words) if words == {0x6A82} else None
        return refused(words | {0x6A86})
    length = len(command.data)
    if command.p2 in (ENCRYPT, DECRYPT) and length % BLOCK_BYTES:
        words.add(0x6700)
    if key is None:
        return refused(words | ({0x6700} if not length else set()))
    if key.kind != "aes":
        return refused(words | {0x6400} | ({0x6700} if not length else set()))
    if key.bits not in AES_BITS and command.p2 != DERIVE:
        words.add(0x6700)
    if not length and command.p2 != MAC:
        words.add(0x6700)
    if command.p2 == DERIVE and length > 255 * 32:
        # More than HKDF gives.
        words |= {0x6700, 0x6400}
    if words:
        return refused(words)
    if key.secret is None:
        return _result(command, words, _begins(b"", BLOCK_BYTES if command.p2 == MAC else length))
    return _result(command, words, exactly(work(key.secret, command.data)))


def _cbc(key: bytes) -> Cipher:
    return Cipher(algorithms.AES(key), modes.CBC(bytes(BLOCK_BYTES)))


def _mac(key: bytes, data: bytes) -> bytes:
    mac = CMAC(algorithms.AES(key))
    mac.update(data)
    return mac.finalize()


CIPHERS: dict[int, Callable[[bytes, bytes], bytes]] = {
    ENCRYPT: lambda key, data: _cbc(key).encryptor().update(data),
    DECRYPT: lambda key, data: _cbc(key).decryptor().update(data),
    MAC: _mac,
    DERIVE: lambda key, data: HKDF(hashes.SHA256(), len(data), None, data).derive(key),
}


# --- 72, 74 ---------------------------------------------------------------------------------------


def wrap(state: State, command: Command) -> Expectation:
    """WRAP KEY."""
    words, key = _permission(state, command.p1, WRAP)
    if command.p2 != WRAP:
        words.add(0x6B00)
    if command.data:
        words.add(0x6700)
    if key is None or state.store is None:
        return refused(words)
    domain = state.store.domain_of(key)
    if domain is None or not domain.complete:
        return refused(words | {0x6A88})
    dkek, expected = domain.dkek, key

    def check(data: bytes) -> str:
        found = blob.open_blob(dkek, data)
        if not data.startswith(domain.check_value) or found is None:
            return f"{data.hex()} is no blob of the key domain"
        return _difference(found, expected)

    def effect(state: State, data: bytes | None) -> None:
        assert state.store
        found = blob.open_blob(dkek, data) if data else None
        if found:
            state.store.keys[command.p1].secret = found.secret

    # A blob has no place for a use counter, and takes no use.
    return expect(words, check, effect)


def _difference(found: Key, expected: Key) -> str:
    if (found.kind, found.bits, found.algorithms) != (
        expected.kind,
        expected.bits,
        expected.algorithms,
    ):
        return f"a blob of a key {found.kind} {found.bits} {found.algorithms.hex()}"
    if expected.secret is not None and int.from_bytes(found.secret or b"") != int.from_bytes(
        expected.secret
    ):
        return "a blob of another key"
    if found.kind == "ec":
        point = curve.public_point(int.from_bytes(found.secret or b""))
        if found.public != point or expected.public not in (None, point):
            return "a blob whose points do not belong to its key"
    return ""


def unwrap(state: State, command: Command) -> Expectation:
    """UNWRAP KEY, from the command or from EF 2F10."""
    words = set() if state.user else {0x6982}
    if command.p2 != UNWRAP:
        words.add(0x6B00)
    if not command.p1:
        words.add(0x6A86)
    given = command.data or (state.store.files.get(WRAPPED_KEY) if state.store else None)
    if state.store is None or given is None:
        return refused(words | {0x6A82})
    words |= _defects(state.store, given)
    number, key = _opened(state.store, given)
    if words or key is None:
        return refused(words)

    def effect(state: State, _: bytes | None) -> None:
        assert state.store
        put(state.store, command.p1, key)
        key.domain = number
        if key.kind == "ec":
            # A request, whose signature cannot be predicted.
            state.store.files[CERTIFICATE | command.p1] = None
        if not command.data:
            del state.store.files[WRAPPED_KEY]

    return expect(words, effect=effect)


def _complete(store: Store) -> list[tuple[int, Domain]]:
    return [
        (number, domain)
        for number, domain in enumerate(store.domains)
        if domain and domain.complete
    ]


def _opened(store: Store, given: bytes) -> tuple[int, Key | None]:
    """The first domain with the blob's check value, and the key in it."""
    for number, domain in _complete(store):
        if given.startswith(domain.check_value):
            return number, blob.open_blob(domain.dkek, given)
    return 0, None


def _defects(store: Store, given: bytes) -> set[int]:
    # [SCHSM] 12.2: a short blob or an unknown type is 6984; all that keys must tell is 6A80.
    if _opened(store, given)[1] is not None:
        return set()
    if len(given) < blob.BYTES_MIN:
        return {0x6984, 0x6A80}
    return {0x6984} if given[blob.CHECK_VALUE_BYTES] not in blob.KINDS else {0x6A80}
