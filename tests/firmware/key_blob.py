# SPDX-License-Identifier: GPL-2.0-or-later
"""Our tests' own reader and writer of DKEK key blobs, with `cryptography`.

Spec: [SCHSM] 12.3. Independent of the firmware's and the twin's code.
"""

import hashlib
import struct
from dataclasses import dataclass, field

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.cmac import CMAC

RSA, RSA_CRT, EC, AES = 0x05, 0x06, 0x0C, 0x0F
OIDS = {
    RSA: bytes.fromhex("04007F00070202020102"),
    RSA_CRT: bytes.fromhex("04007F00070202020102"),
    EC: bytes.fromhex("04007F00070202020203"),
    AES: bytes.fromhex("6086480165030401"),
}
# d, n, e; dP, dQ, p, qInv, q, n, e; A, B, P, order, G, d, Q.
FIELDS = {RSA: 3, RSA_CRT: 7, EC: 7}
EC_A, EC_B, EC_P, EC_ORDER, EC_G, EC_D, EC_Q = range(7)


@dataclass
class KeyBlob:
    """What is in a blob. `size`: bits; of AES keys bytes. `fields`: one, the key, of AES keys."""

    kind: int
    size: int
    fields: list[bytes]
    algorithms: bytes = b""
    oid: bytes = b""
    random: bytes = field(default=b"8 random")

    def encode(self, dkek: bytes) -> bytes:
        """The blob under `dkek`, as a SmartCard-HSM makes it."""
        plain = self.random + struct.pack(">H", self.size)
        plain += self.fields[0] if self.kind == AES else b"".join(map(_item, self.fields))
        plain += b"\x80"
        plain += bytes(-len(plain) % 16)
        head = check_value(dkek) + bytes([self.kind]) + _item(self.oid or OIDS[self.kind])
        head += _item(self.algorithms) + _item(b"") + _item(b"")
        encryptor = _cipher(dkek).encryptor()
        covered = head + encryptor.update(plain) + encryptor.finalize()
        return covered + mac(dkek, covered)


def decode(blob: bytes, dkek: bytes) -> KeyBlob:
    """Check every rule of the format; AssertionError if one is broken."""
    assert blob[:8] == check_value(dkek)
    assert blob[-16:] == mac(dkek, blob[:-16])
    kind = blob[8]
    oid, allowed, conditions, key_oid, ciphertext = _items(blob[9:-16], 4)
    assert oid == OIDS[kind] and conditions == key_oid == b""
    plain = _cipher(dkek).decryptor().update(ciphertext)
    random, size, rest = plain[:8], int.from_bytes(plain[8:10], "big"), plain[10:]
    if kind == AES:
        fields, padding = [rest[:size]], rest[size:]
    else:
        *fields, padding = _items(rest, FIELDS[kind])
    # There is padding, even of a whole block.
    assert 1 <= len(padding) <= 16 and padding == b"\x80" + bytes(len(padding) - 1)
    return KeyBlob(kind, size, fields, allowed, oid, random)


def check_value(dkek: bytes) -> bytes:
    return hashlib.sha256(dkek).digest()[:8]


def mac(dkek: bytes, covered: bytes) -> bytes:
    """The last 16 bytes of a blob: over all that comes before."""
    state = CMAC(algorithms.AES(hashlib.sha256(dkek + b"\0\0\0\2").digest()))
    state.update(covered)
    return state.finalize()


def _cipher(dkek: bytes) -> Cipher:
    key = hashlib.sha256(dkek + b"\0\0\0\1").digest()
    return Cipher(algorithms.AES(key), modes.CBC(bytes(16)))


def _item(value: bytes) -> bytes:
    return struct.pack(">H", len(value)) + value


def _items(data: bytes, count: int) -> list[bytes]:
    """`count` values with their lengths before them, and what follows."""
    values = []
    for _ in range(count):
        length = int.from_bytes(data[:2], "big")
        assert len(data) >= 2 + length
        values.append(data[2 : 2 + length])
        data = data[2 + length :]
    return [*values, data]
