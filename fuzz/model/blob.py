# SPDX-License-Identifier: GPL-2.0-or-later
"""Key blobs under a DKEK, made and opened by the host ([SCHSM] 12.3)."""

from __future__ import annotations

import hashlib

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.cmac import CMAC

from fuzz.model import curve
from fuzz.model.state import Key

CHECK_VALUE_BYTES, MAC_BYTES, BLOCK_BYTES = 8, 16, 16
EC, AES = 0x0C, 0x0F
KINDS = (0x05, 0x06, EC, AES)
EC_OID = bytes.fromhex("04007F00070202020203")
AES_OID = bytes.fromhex("6086480165030401")
# Check value, kind, four lengths, a block, the MAC.
BYTES_MIN = CHECK_VALUE_BYTES + 1 + 4 * 2 + BLOCK_BYTES + MAC_BYTES


def check_value(dkek: bytes) -> bytes:
    """What names a DKEK."""
    return hashlib.sha256(dkek).digest()[:CHECK_VALUE_BYTES]


def _counted(value: bytes) -> bytes:
    return len(value).to_bytes(2) + value


def make(dkek: bytes, key: Key) -> bytes:
    """The blob of a key whose secret is known. Its 8 random bytes are zeros."""
    assert key.secret is not None
    if key.kind == "ec":
        scalar = int.from_bytes(key.secret)
        p, a, b, generator, order = curve.PARAMETERS
        fields = [a, b, p, order, generator, key.secret, curve.public_point(scalar)]
        plain = bytes(8) + key.bits.to_bytes(2) + b"".join(map(_counted, fields))
        kind, oid = EC, EC_OID
    else:
        plain = bytes(8) + _counted(key.secret)
        kind, oid = AES, AES_OID
    plain += b"\x80" + bytes(-(len(plain) + 1) % BLOCK_BYTES)
    head = check_value(dkek) + bytes([kind]) + _counted(oid) + _counted(key.algorithms) + bytes(4)
    body = head + _cipher(dkek).encryptor().update(plain)
    return body + _mac(dkek, body)


def open_blob(dkek: bytes, blob: bytes) -> Key | None:
    """The key in a blob that is right in every respect; None for any other."""
    body, mac = blob[:-MAC_BYTES], blob[-MAC_BYTES:]
    if len(blob) < BYTES_MIN or not _is_mac(dkek, body, mac):
        return None
    kind, at = body[CHECK_VALUE_BYTES], CHECK_VALUE_BYTES + 1
    fields = []
    for _ in range(4):
        length = int.from_bytes(body[at : at + 2])
        fields.append(body[at + 2 : at + 2 + length])
        at += 2 + length
    plain = _cipher(dkek).decryptor().update(body[at:])
    if kind == AES:
        length = int.from_bytes(plain[8:10])
        return Key("aes", 8 * length, None, plain[10 : 10 + length], algorithms=fields[1])
    if kind != EC:
        return None
    values, at = [], 10
    for _ in range(7):
        length = int.from_bytes(plain[at : at + 2])
        values.append(plain[at + 2 : at + 2 + length])
        at += 2 + length
    return Key("ec", int.from_bytes(plain[8:10]), values[6], values[5], algorithms=fields[1])


def _cipher(dkek: bytes) -> Cipher:
    key = hashlib.sha256(dkek + b"\0\0\0\1").digest()
    return Cipher(algorithms.AES(key), modes.CBC(bytes(BLOCK_BYTES)))


def _mac(dkek: bytes, body: bytes) -> bytes:
    return _cmac(dkek, body).finalize()


def _is_mac(dkek: bytes, body: bytes, mac: bytes) -> bool:
    try:
        _cmac(dkek, body).verify(mac)
    except InvalidSignature:
        return False
    return True


def _cmac(dkek: bytes, body: bytes) -> CMAC:
    cmac = CMAC(algorithms.AES(hashlib.sha256(dkek + b"\0\0\0\2").digest()))
    cmac.update(body)
    return cmac
