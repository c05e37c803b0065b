# SPDX-License-Identifier: GPL-2.0-or-later
"""Parameters of the extended ciphers: which function an OID names, what it wants.

Spec: [SCHSM] 19. The data of the command are TLVs: 06 OID, 81 data, 82 IV or salt, 83 associated
data or info. Lengths are checked here, before a key is opened.
"""

from hsm_crypto import (
    CIPHER_AES_CBC,
    CIPHER_AES_CCM,
    CIPHER_AES_CFB,
    CIPHER_AES_CTR,
    CIPHER_AES_ECB,
    CIPHER_AES_GCM,
    CIPHER_AES_OFB,
    CIPHER_AES_XTS,
    CIPHER_CHACHA20_POLY1305,
    HASH_SHA1,
    HASH_SHA224,
    HASH_SHA256,
    HASH_SHA384,
    HASH_SHA512,
)
from micropython import const

from hsm import limits
from hsm.encoding import ber_tlv
from hsm.keys.algorithms import InvalidParameters

BLOCK_BYTES = const(16)
TAG_BYTES = const(16)

# --- Functions -----------------------------------------------------------------------------------
CIPHER = const(1)
HMAC = const(2)
HKDF = const(3)
PBKDF2 = const(4)
PBES2 = const(5)
X963 = const(6)
SELECTED_NODE = const(7)  # of a tree of keys ([SCHSM] 22)

_NEVER = const(0)
_OPTIONAL = const(1)
_ALWAYS = const(2)
# Function: whether there are 81, 82 and 83.
_OBJECTS = {
    CIPHER: (_ALWAYS, _OPTIONAL, _OPTIONAL),
    HMAC: (_ALWAYS, _NEVER, _NEVER),
    HKDF: (_OPTIONAL, _OPTIONAL, _NEVER),
    PBKDF2: (_ALWAYS, _NEVER, _NEVER),
    PBES2: (_ALWAYS, _NEVER, _ALWAYS),
    X963: (_ALWAYS, _NEVER, _OPTIONAL),
    SELECTED_NODE: (_ALWAYS, _OPTIONAL, _OPTIONAL),
}

_TAG_OID = const(0x06)
_TAG_DATA = const(0x81)
_TAG_IV = const(0x82)
_TAG_INFO = const(0x83)
_TAG_INTEGER = const(0x02)
_TAG_OCTET_STRING = const(0x04)
_TAG_NULL = const(0x05)
_TAG_SEQUENCE = const(0x30)

_OID_AES = b"\x60\x86\x48\x01\x65\x03\x04\x01"  # arc of [FIPS197]; one of its OIDs follows
_OID_XTS = b"\x2b\x6f\x02\x8c\x53\x00\x00\x01"  # arc of [SCHSM] 19
_OID_SMIME = b"\x2a\x86\x48\x86\xf7\x0d\x01\x09\x10\x03"  # ChaCha20-Poly1305 and HKDF
_OID_HMAC = b"\x2a\x86\x48\x86\xf7\x0d\x02"
_OID_PKCS5 = b"\x2a\x86\x48\x86\xf7\x0d\x01\x05"
_OID_PBKDF2 = _OID_PKCS5 + b"\x0c"
_OID_X963 = b"\x2b\x81\x05\x10\x86\x48\x3f"
_OID_SELECTED_NODE = b"\x2b\x06\x01\x04\x01\x83\xa8\x78\x05\x8d\x6b"

# Of AES with 128 bits; each larger size has its OIDs 20 further on.
_AES_STEP = const(20)
_AES = {
    1: CIPHER_AES_ECB,
    2: CIPHER_AES_CBC,
    3: CIPHER_AES_OFB,
    4: CIPHER_AES_CFB,
    6: CIPHER_AES_GCM,
    7: CIPHER_AES_CCM,
    9: CIPHER_AES_CTR,
}
_HMACS = {7: HASH_SHA1, 8: HASH_SHA224, 9: HASH_SHA256, 10: HASH_SHA384, 11: HASH_SHA512}
_SMIME = {
    0x12: (CIPHER, CIPHER_CHACHA20_POLY1305, 256),
    0x1D: (HKDF, HASH_SHA256, 0),
    0x1E: (HKDF, HASH_SHA384, 0),
    0x1F: (HKDF, HASH_SHA512, 0),
}
_XTS = {1: (CIPHER, CIPHER_AES_XTS, 256), 2: (CIPHER, CIPHER_AES_XTS, 512)}
_PKCS5 = {0x0C: (PBKDF2, 0, 0), 0x0D: (PBES2, 0, 0)}

# Cipher: shortest and longest IV, and whether zeros stand for one that is missing.
_IV_BYTES = {
    CIPHER_AES_ECB: (0, 0, False),
    CIPHER_AES_GCM: (1, 128, False),
    CIPHER_AES_CCM: (7, 13, False),
    CIPHER_CHACHA20_POLY1305: (12, 12, False),
}
_IV_BYTES_OTHERS = (BLOCK_BYTES, BLOCK_BYTES, True)
_AUTHENTICATED = (CIPHER_AES_GCM, CIPHER_AES_CCM, CIPHER_CHACHA20_POLY1305)


class CipherParameters:
    """`function`; `number`: of its cipher or hash; `bits`: of the key it takes, 0 for any.

    `data`, `iv`, `info`: views, empty if they are missing.
    """

    def __init__(self, objects):
        """InvalidParameters, TlvError."""
        found = ber_tlv.unique(objects)
        # What is not understood was meant to change something.
        for tag in found:
            if tag not in (_TAG_OID, _TAG_DATA, _TAG_IV, _TAG_INFO):
                raise InvalidParameters
        if _TAG_OID not in found:
            raise InvalidParameters
        self.function, self.number, self.bits = _function(bytes(found[_TAG_OID]))
        data, iv, info = _OBJECTS[self.function]
        for tag, rule in ((_TAG_DATA, data), (_TAG_IV, iv), (_TAG_INFO, info)):
            if rule != _OPTIONAL and (tag in found) != (rule == _ALWAYS):
                raise InvalidParameters
        self.data = found.get(_TAG_DATA, b"")
        self.iv = found.get(_TAG_IV, b"")
        self.info = found.get(_TAG_INFO, b"")

    def check_cipher(self, encrypts):
        """InvalidParameters unless lengths of data and IV are those of the cipher."""
        shortest, longest, zeros = _IV_BYTES.get(self.number, _IV_BYTES_OTHERS)
        if zeros and not len(self.iv):
            self.iv = bytes(BLOCK_BYTES)
        if not shortest <= len(self.iv) <= longest:
            raise InvalidParameters
        size = len(self.data)
        if self.number in _AUTHENTICATED:
            size += TAG_BYTES if encrypts else -TAG_BYTES
        elif len(self.info):
            raise InvalidParameters
        if not self._takes(len(self.data)) or not 0 <= size <= limits.RESPONSE_DATA_BYTES_MAX:
            raise InvalidParameters

    def _takes(self, size):
        if self.number == CIPHER_AES_ECB:
            return size == BLOCK_BYTES
        if self.number == CIPHER_AES_CBC:
            return size % BLOCK_BYTES == 0
        return self.number != CIPHER_AES_XTS or size >= BLOCK_BYTES


def _function(oid):
    # (function, cipher or hash, bits of the key) of an OID. InvalidParameters.
    arc, last = oid[:-1], oid[-1] if oid else 0
    row = None
    if arc == _OID_AES:
        number = _AES.get((last - 1) % _AES_STEP + 1)
        if number is not None and last <= 3 * _AES_STEP:
            row = (CIPHER, number, 128 + 64 * ((last - 1) // _AES_STEP))
    elif arc == _OID_HMAC and last in _HMACS:
        row = (HMAC, _HMACS[last], 0)
    elif arc == _OID_SMIME:
        row = _SMIME.get(last)
    elif arc == _OID_XTS:
        row = _XTS.get(last)
    elif arc == _OID_PKCS5:
        row = _PKCS5.get(last)
    elif oid == _OID_X963:
        row = (X963, 0, 0)
    elif oid == _OID_SELECTED_NODE:
        row = (SELECTED_NODE, 0, 0)
    if row is None:
        raise InvalidParameters
    return row


def hash_of_hmac(oid):
    """The hash of an HMAC's OID. InvalidParameters."""
    if bytes(oid[:-1]) != _OID_HMAC or oid[-1] not in _HMACS:
        raise InvalidParameters
    return _HMACS[oid[-1]]


class Pbkdf2Parameters:
    """PBKDF2-params ([RFC8018] A.2): `salt`, `iterations`, `length` or 0, `hash`."""

    def __init__(self, contents):
        """From what is inside of the SEQUENCE. InvalidParameters, TlvError."""
        objects = list(ber_tlv.objects(contents))
        self.salt = _take(objects, _TAG_OCTET_STRING)
        self.iterations = _number(_take(objects, _TAG_INTEGER))
        self.length = 0
        if objects and objects[0][0] == _TAG_INTEGER:
            self.length = _number(_take(objects, _TAG_INTEGER))
        self.hash = _pseudorandom_function(_take(objects, _TAG_SEQUENCE)) if objects else HASH_SHA1
        in_range = 1 <= self.iterations <= limits.PBKDF2_ITERATIONS_MAX
        if objects or not in_range or self.length > limits.RESPONSE_DATA_BYTES_MAX:
            raise InvalidParameters


class Pbes2Parameters:
    """PBES2-params ([RFC8018] A.4): `derivation`, `bits` of the AES key, `iv`."""

    def __init__(self, contents):
        """With or without the SEQUENCE around them. InvalidParameters, TlvError."""
        objects = list(ber_tlv.objects(contents))
        if len(objects) == 1:
            objects = list(ber_tlv.objects(_take(objects, _TAG_SEQUENCE)))
        derivation = list(ber_tlv.objects(_take(objects, _TAG_SEQUENCE)))
        scheme = list(ber_tlv.objects(_take(objects, _TAG_SEQUENCE)))
        if objects or bytes(_take(derivation, _TAG_OID)) != _OID_PBKDF2:
            raise InvalidParameters
        self.derivation = Pbkdf2Parameters(_take(derivation, _TAG_SEQUENCE))
        function, cipher, self.bits = _function(bytes(_take(scheme, _TAG_OID)))
        self.iv = _take(scheme, _TAG_OCTET_STRING)
        if derivation or scheme or function != CIPHER or cipher != CIPHER_AES_CBC:
            raise InvalidParameters
        if len(self.iv) != BLOCK_BYTES or self.derivation.length not in (0, self.bits // 8):
            raise InvalidParameters


def _pseudorandom_function(contents):
    # AlgorithmIdentifier: with NULL as parameters, or without any.
    objects = list(ber_tlv.objects(contents))
    hash = hash_of_hmac(_take(objects, _TAG_OID))
    if objects and len(_take(objects, _TAG_NULL)):
        raise InvalidParameters
    if objects:
        raise InvalidParameters
    return hash


def _take(objects, tag):
    # The value of the first object, which has this tag, taken off the list. InvalidParameters.
    if not objects or objects[0][0] != tag:
        raise InvalidParameters
    return objects.pop(0)[1]


def _number(value):
    if not 1 <= len(value) <= 4 or value[0] & 0x80:
        raise InvalidParameters
    return int.from_bytes(value, "big")
