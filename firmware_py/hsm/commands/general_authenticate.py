# SPDX-License-Identifier: GPL-2.0-or-later
"""GENERAL AUTHENTICATE: chip authentication, which opens secure messaging.

Spec: [TR-03110-3] A.2.3.2 and B.12, version 2; [SCHSM] 21. Before login, too: the PIN can travel
through the channel.
"""

from hsm_crypto import random
from micropython import const

from hsm.apdu.status_word import (
    SW_CONDITIONS_OF_USE_NOT_SATISFIED,
    SW_INCORRECT_PARAMETERS_P1_P2,
    CommandError,
)
from hsm.commands.manage_security_environment import OID_CHIP_AUTHENTICATION
from hsm.encoding import ber_tlv

_TAG_DYNAMIC_AUTHENTICATION_DATA = const(0x7C)
_TAG_EPHEMERAL_PUBLIC_KEY = const(0x80)
_TAG_NONCE = const(0x81)
_TAG_TOKEN = const(0x82)
_TAG_PUBLIC_KEY = const(0x7F49)
_TAG_OID = const(0x06)
_TAG_POINT = const(0x86)
_NONCE_BYTES = const(8)


def general_authenticate(card, command, response):
    """86: the host's ephemeral key; answers nonce and token. 6984: no point of the curve."""
    if command.p1 or command.p2:
        raise CommandError(SW_INCORRECT_PARAMETERS_P1_P2)
    if not card.environment.chip_authentication:
        raise CommandError(SW_CONDITIONS_OF_USE_NOT_SATISFIED)
    data = ber_tlv.only(command.data, _TAG_DYNAMIC_AUTHENTICATION_DATA)
    point = ber_tlv.only(data, _TAG_EPHEMERAL_PUBLIC_KEY)
    nonce = random(_NONCE_BYTES)
    with card.keys.open_device_key() as key:
        channel = key.secure_channel(point, nonce)
    signed = ber_tlv.encode(
        _TAG_PUBLIC_KEY,
        ber_tlv.encode(_TAG_OID, OID_CHIP_AUTHENTICATION),
        ber_tlv.encode(_TAG_POINT, point),
    )
    response.append(
        ber_tlv.encode(
            _TAG_DYNAMIC_AUTHENTICATION_DATA,
            ber_tlv.encode(_TAG_NONCE, nonce),
            ber_tlv.encode(_TAG_TOKEN, channel.token(signed)),
        )
    )
    card.open_channel(channel)
