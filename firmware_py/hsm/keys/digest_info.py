# SPDX-License-Identifier: GPL-2.0-or-later
"""DigestInfo of PKCS#1 v1.5: which hash, and where its result is.

Spec: [RFC8017] 9.2 note 1; MD5 and RIPEMD160 for hosts that still send them.
"""

from hsm_crypto import HASH_SHA1, HASH_SHA224, HASH_SHA256, HASH_SHA384, HASH_SHA512

# OID -> (hash of the crypto module, 0 if it has none; bytes of its result)
_HASHES = {
    b"\x2b\x0e\x03\x02\x1a": (HASH_SHA1, 20),
    b"\x60\x86\x48\x01\x65\x03\x04\x02\x04": (HASH_SHA224, 28),
    b"\x60\x86\x48\x01\x65\x03\x04\x02\x01": (HASH_SHA256, 32),
    b"\x60\x86\x48\x01\x65\x03\x04\x02\x02": (HASH_SHA384, 48),
    b"\x60\x86\x48\x01\x65\x03\x04\x02\x03": (HASH_SHA512, 64),
    b"\x2a\x86\x48\x86\xf7\x0d\x02\x05": (0, 16),
    b"\x2b\x24\x03\x02\x01": (0, 20),
}


def parse(data):
    """(hash, digest view) of a DigestInfo, or None if `data` is not one of a known hash."""
    for oid in _HASHES:
        hash, length = _HASHES[oid]
        inner = len(oid) + 4
        prefix = bytes((0x30, inner + 4 + length, 0x30, inner, 0x06, len(oid))) + oid
        prefix += bytes((0x05, 0x00, 0x04, length))
        if len(data) == len(prefix) + length and data[: len(prefix)] == prefix:
            return hash, data[len(prefix) :]
    return None
