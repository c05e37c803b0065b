# SPDX-License-Identifier: GPL-2.0-or-later
"""Algorithm bytes (P2 of the key commands), and what each needs.

Spec: [SCHSM] 13.4, 16, 17.
"""

from hsm_crypto import HASH_SHA1, HASH_SHA224, HASH_SHA256, HASH_SHA384, HASH_SHA512
from micropython import const

KEY_EC = const(1)
KEY_RSA = const(2)

RSA_RAW = const(0x20)
RSA_DECIPHER_RAW = const(0x21)
RSA_PKCS1 = const(0x30)
RSA_PSS = const(0x40)
ECDSA = const(0x70)
XKEK = const(0x84)

_HASHES = (None, HASH_SHA1, HASH_SHA224, HASH_SHA256, HASH_SHA384, HASH_SHA512)
_HASH_BYTES = {
    20: HASH_SHA1,
    28: HASH_SHA224,
    32: HASH_SHA256,
    48: HASH_SHA384,
    64: HASH_SHA512,
}


class UnknownAlgorithm(Exception):
    """No algorithm of the command has this number."""


def signature(algorithm):
    """(kind of key, family, hash or None) of a SIGN algorithm. UnknownAlgorithm."""
    family, index = algorithm & 0xF0, algorithm & 0x0F
    if algorithm == RSA_RAW:
        return KEY_RSA, RSA_RAW, None
    if family not in (RSA_PKCS1, RSA_PSS, ECDSA) or index >= len(_HASHES):
        raise UnknownAlgorithm
    return (KEY_EC if family == ECDSA else KEY_RSA), family, _HASHES[index]


def decipherment(algorithm):
    """The number of a DECIPHER algorithm, if there is one. UnknownAlgorithm."""
    if algorithm != RSA_DECIPHER_RAW:
        raise UnknownAlgorithm
    return algorithm


def hash_of_length(length):
    """The hash with results of `length` bytes, or None."""
    return _HASH_BYTES.get(length)
