# SPDX-License-Identifier: GPL-2.0-or-later
"""The device's name: holder reference of C.DevAut, unique per chip.

Spec: [TR-03110-3] D.2: country (2), mnemonic (at most 9), sequence (5). Hosts show the name without
the sequence as the token's serial number ([SCHSM] 14.1).
"""

from hsm_crypto import HASH_SHA256, digest

_COUNTRY = b"UT"
_MNEMONIC = b"PH"
_SEQUENCE = b"00001"
# No I, L, O, U: nothing that is read as something else ([Crockford]).
_ALPHABET = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def device_name(unique_id):
    """16 bytes of ASCII, 35 bits of them from a hash of the chip's unique id."""
    hash = digest(HASH_SHA256, b"device name", unique_id)
    unique = bytes([_ALPHABET[byte & 0x1F] for byte in hash[:7]])
    return _COUNTRY + _MNEMONIC + unique + _SEQUENCE
