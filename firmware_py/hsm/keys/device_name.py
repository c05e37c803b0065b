# SPDX-License-Identifier: GPL-2.0-or-later
"""The device's name: holder reference of C.DevAut, unique per chip.

Spec: [TR-03110-3] D.2: country (2), mnemonic (at most 9), sequence (5). Hosts show the name without
the sequence as the token's serial number ([SCHSM] 14.1).
"""

from hsm_crypto import HASH_SHA256, digest

from hsm import limits
from hsm.encoding import ber_tlv
from hsm.files.object_ids import EF_DEVICE_CERTIFICATE, FID_DEVICE_KEY

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


def certified_name(store, own_name):
    """The name in the device's certificate: `own_name`, or the one that an external PKI gave it.

    Any other certificate in EF.C_DevAut names somebody else, and the device stays who it is.
    """
    if not store.contains(FID_DEVICE_KEY) or not store.contains(EF_DEVICE_CERTIFICATE):
        return own_name
    # Loaded for the first request of a session: most sessions make none.
    from hsm.keys.cv_certificate_check import CvCertificate
    from hsm.keys.public_key import MalformedCertificate

    contents = bytearray(limits.CV_CERTIFICATE_BYTES_MAX)
    length = store.read_into(EF_DEVICE_CERTIFICATE, 0, len(contents), memoryview(contents))
    try:
        _, start, end = ber_tlv.read(memoryview(contents)[:length], 0)
        certificate = CvCertificate(memoryview(contents)[start:end])
    except (MalformedCertificate, ber_tlv.TlvError):
        return own_name
    if certificate.holder == own_name:
        return own_name
    with store.open_object(FID_DEVICE_KEY) as key:
        is_own = certificate.is_of(key.curve, key.public())
    return certificate.holder if is_own else own_name
