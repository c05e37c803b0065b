# SPDX-License-Identifier: GPL-2.0-or-later
"""Algorithm bytes: P2 of the key commands, and the keys that each is for.

Spec: [SCHSM] 12.1, 13.4, 16 to 19.
"""

from hsm_crypto import HASH_SHA1, HASH_SHA224, HASH_SHA256, HASH_SHA384, HASH_SHA512
from micropython import const

# --- Kinds of keys: stored, never to be renumbered -----------------------------------------------
KEY_EC = const(1)  # short Weierstrass curves
KEY_RSA = const(2)
KEY_AES = const(3)
KEY_EDWARDS = const(4)
KEY_MONTGOMERY = const(5)

ALL_KINDS = (KEY_EC, KEY_RSA, KEY_AES, KEY_EDWARDS, KEY_MONTGOMERY)

# --- Algorithms ----------------------------------------------------------------------------------
CBC_ENCRYPT = const(0x10)
CBC_DECRYPT = const(0x11)
CMAC = const(0x18)
RSA_RAW = const(0x20)
RSA_DECIPHER_RAW = const(0x21)
RSA_DECIPHER_PKCS1 = const(0x22)
RSA_DECIPHER_OAEP = const(0x23)
RSA_PKCS1 = const(0x30)
RSA_PSS = const(0x40)
EXTENDED_ENCRYPT = const(0x51)
EXTENDED_DECRYPT = const(0x52)
ECDSA = const(0x70)
ECDH = const(0x80)
XKEK = const(0x84)
WRAP = const(0x92)
EC_DERIVE = const(0x98)
DERIVE = const(0x99)
SELECTED_NODE = const(0xA0)

# --- Commands that take an algorithm byte --------------------------------------------------------
SIGN = const(1)
DECIPHER = const(2)
CIPHER = const(3)

# (first, last, command, kinds of key): up to `last` the low digit names the hash of a message.
_ALGORITHMS = (
    (CBC_ENCRYPT, CBC_ENCRYPT, CIPHER, (KEY_AES,)),
    (CBC_DECRYPT, CBC_DECRYPT, CIPHER, (KEY_AES,)),
    (CMAC, CMAC, CIPHER, (KEY_AES,)),
    (RSA_RAW, RSA_RAW, SIGN, (KEY_RSA,)),
    (RSA_DECIPHER_RAW, RSA_DECIPHER_RAW, DECIPHER, (KEY_RSA,)),
    (RSA_DECIPHER_PKCS1, RSA_DECIPHER_PKCS1, DECIPHER, (KEY_RSA,)),
    (RSA_DECIPHER_OAEP, RSA_DECIPHER_OAEP, DECIPHER, (KEY_RSA,)),
    (RSA_PKCS1, RSA_PKCS1, SIGN, (KEY_RSA,)),
    (0x31, 0x35, SIGN, (KEY_RSA,)),
    (RSA_PSS, RSA_PSS, SIGN, (KEY_RSA,)),
    (0x41, 0x45, SIGN, (KEY_RSA,)),
    (EXTENDED_ENCRYPT, EXTENDED_ENCRYPT, CIPHER, (KEY_AES,)),
    (EXTENDED_DECRYPT, EXTENDED_DECRYPT, CIPHER, (KEY_AES,)),
    (ECDSA, ECDSA, SIGN, (KEY_EC, KEY_EDWARDS)),
    (0x71, 0x75, SIGN, (KEY_EC,)),
    (ECDH, ECDH, DECIPHER, (KEY_EC, KEY_MONTGOMERY)),
    (DERIVE, DERIVE, CIPHER, (KEY_AES,)),
)

_HASHES = (None, HASH_SHA1, HASH_SHA224, HASH_SHA256, HASH_SHA384, HASH_SHA512)
_HASH_BYTES = (None, 20, 28, 32, 48, 64)


class UnknownAlgorithm(Exception):
    """No algorithm of the command has this number."""


class InvalidParameters(Exception):
    """Parameters of an algorithm are missing, come twice, or do not fit it."""


def find(command, algorithm):
    """(kinds of key, family, hash or None) of an algorithm of SIGN, DECIPHER or CIPHER.

    The family is the algorithm itself, without the hash of a message. UnknownAlgorithm.
    """
    for first, last, its_command, kinds in _ALGORITHMS:
        if first <= algorithm <= last and its_command == command:
            if first == last:
                return kinds, algorithm, None
            return kinds, algorithm & 0xF0, _HASHES[algorithm & 0x0F]
    raise UnknownAlgorithm


def hash_of_length(length):
    """The hash with results of `length` bytes, or None."""
    return _HASHES[_HASH_BYTES.index(length)] if length in _HASH_BYTES else None


def hash_bytes(hash):
    """Length of a hash's results."""
    return _HASH_BYTES[_HASHES.index(hash)]
