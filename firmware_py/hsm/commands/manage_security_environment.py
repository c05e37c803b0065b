# SPDX-License-Identifier: GPL-2.0-or-later
"""MANAGE SECURITY ENVIRONMENT: SET, for the commands that authenticate.

Spec: [7816-4] 11.5.11, [TR-03110-3] B.1 and B.11; [SCHSM] 20, 21.
"""

from micropython import const

from hsm.apdu.status_word import (
    SW_CONDITIONS_OF_USE_NOT_SATISFIED,
    SW_INCORRECT_PARAMETERS_P1_P2,
    SW_REFERENCED_DATA_NOT_FOUND,
    SW_WRONG_LENGTH,
    CommandError,
)
from hsm.encoding import ber_tlv

# P1 and P2: what for, and the template.
_AUTHENTICATE_EXTERNALLY = const(0x81A4)
_VERIFY_CERTIFICATE = const(0x81B6)
_AUTHENTICATE_CHIP = const(0x41A4)

_TAG_MECHANISM = const(0x80)
_TAG_REFERENCE = const(0x83)

# id-CA-ECDH-AES-CBC-CMAC-128
OID_CHIP_AUTHENTICATION = b"\x04\x00\x7f\x00\x07\x02\x02\x03\x02\x02"


def manage_security_environment(card, command, response):
    """22: by P1 P2. 6A88: no such key or mechanism; 6985: the key's holder has authenticated."""
    select = _SELECTIONS.get(command.p1 << 8 | command.p2)
    if select is None:
        raise CommandError(SW_INCORRECT_PARAMETERS_P1_P2)
    select(card, command.data)


def _authentication_key(card, data):
    card.environment.authentication_slot = None
    public_keys = card.status.public_keys
    slot = public_keys.slot_of(_only(data, _TAG_REFERENCE))
    if slot is None:
        raise CommandError(SW_REFERENCED_DATA_NOT_FOUND)
    if public_keys.is_authenticated(slot):
        raise CommandError(SW_CONDITIONS_OF_USE_NOT_SATISFIED)
    card.environment.authentication_slot = slot


def _authority(card, data):
    card.environment.authority = None
    reference = _only(data, _TAG_REFERENCE)
    if card.trust.find(reference) is None:
        raise CommandError(SW_REFERENCED_DATA_NOT_FOUND)
    card.environment.authority = reference


def _chip_authentication(card, data):
    card.environment.chip_authentication = False
    if _only(data, _TAG_MECHANISM) != OID_CHIP_AUTHENTICATION:
        raise CommandError(SW_REFERENCED_DATA_NOT_FOUND)
    card.environment.chip_authentication = True


def _only(data, wanted):
    # The value of the one data object there is, as bytes.
    value = ber_tlv.only(data, wanted)
    if not value:
        raise CommandError(SW_WRONG_LENGTH)
    return bytes(value)


_SELECTIONS = {
    _AUTHENTICATE_EXTERNALLY: _authentication_key,
    _VERIFY_CERTIFICATE: _authority,
    _AUTHENTICATE_CHIP: _chip_authentication,
}
