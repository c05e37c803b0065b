# SPDX-License-Identifier: GPL-2.0-or-later
"""Key metadata: use counter, allowed algorithms, key domain, wrapping key.

Spec: [SCHSM] 13.4.
"""

import struct

from micropython import const

from hsm import limits
from hsm.encoding import ber_tlv

TAG_USE_COUNTER = const(0x90)
TAG_ALGORITHMS = const(0x91)
TAG_KEY_DOMAIN = const(0x92)
TAG_WRAPPING_KEY = const(0x93)

UNLIMITED = const(-1)

# All but the list of algorithms have one length only.
_LENGTHS_MAX = {
    TAG_USE_COUNTER: 4,
    TAG_ALGORITHMS: limits.ALLOWED_ALGORITHMS_MAX,
    TAG_KEY_DOMAIN: 1,
    TAG_WRAPPING_KEY: 1,
}

_FIXED = ">BBHI"
_FIXED_BYTES = const(8)
# In the store this stands for UNLIMITED: no counter begins with it.
_NO_COUNTER = 0xFFFFFFFF

# The counter of a key that asked for none where all keys have one ([SCHSM] 13.4): the highest.
USES_MAX = 0xFFFFFFFE


class InvalidMetadata(Exception):
    """A metadata object has the wrong length, or comes twice."""


class KeyInfo:
    """What is public about a key.

    `kind`: KEY_ of algorithms; `curve`: number of the crypto module, 0 without; `bits`: size of
    field, modulus or secret; `uses`: of its counter when this record was put, or UNLIMITED;
    `objects`: the TLVs 91, 92 and 93 as they came.
    """

    def __init__(self, kind, curve, bits, uses=UNLIMITED, objects=b""):
        self.kind = kind
        self.curve = curve
        self.bits = bits
        self.uses = uses
        self.objects = objects

    @staticmethod
    def decode(contents):
        """The KeyInfo in an object of the store."""
        kind, curve, bits, uses = struct.unpack_from(_FIXED, contents, 0)
        if uses == _NO_COUNTER:
            uses = UNLIMITED
        return KeyInfo(kind, curve, bits, uses, contents[_FIXED_BYTES:])

    def encode(self):
        """The contents for the store."""
        uses = _NO_COUNTER if self.uses == UNLIMITED else max(0, self.uses)
        return struct.pack(_FIXED, self.kind, self.curve, self.bits, uses) + self.objects

    def allows(self, algorithm):
        """True unless there is a list of allowed algorithms without `algorithm`."""
        allowed = self.algorithms()
        return allowed is None or algorithm in allowed

    def algorithms(self):
        """The list of allowed algorithms, or None: all of them."""
        allowed = ber_tlv.find(self.objects, TAG_ALGORITHMS)
        return None if allowed is None else bytes(allowed)

    def domain(self):
        """The key domain that the metadata name, or None."""
        domain = ber_tlv.find(self.objects, TAG_KEY_DOMAIN)
        return None if domain is None else domain[0]

    def control_parameters(self, uses_left):
        """The TLVs for the FCP; `uses_left` or UNLIMITED."""
        if uses_left == UNLIMITED:
            return self.objects
        return ber_tlv.encode(TAG_USE_COUNTER, struct.pack(">I", uses_left)) + self.objects


def from_request(request):
    """(uses or UNLIMITED, TLVs to keep) from the TLVs of a generation request. InvalidMetadata."""
    uses = UNLIMITED
    kept = []
    seen = []
    for tag, value in ber_tlv.objects(request):
        longest = _LENGTHS_MAX.get(tag)
        if longest is None:
            continue
        shortest = 1 if tag == TAG_ALGORITHMS else longest
        # A repeated object would be checked in one place and used in another.
        if tag in seen or not shortest <= len(value) <= longest:
            raise InvalidMetadata
        seen.append(tag)
        if tag == TAG_USE_COUNTER:
            uses = min(int.from_bytes(value, "big"), USES_MAX)
        else:
            kept.append(ber_tlv.encode(tag, value))
    return uses, b"".join(kept)
