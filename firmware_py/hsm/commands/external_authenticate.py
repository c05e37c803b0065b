# SPDX-License-Identifier: GPL-2.0-or-later
"""EXTERNAL AUTHENTICATE: the holder of a registered key signs a challenge.

Spec: [7816-4] 11.5.4, [SCHSM] 20.5. Signed is the device's name and the challenge behind it: no
other card has use for the signature.
"""

from hsm.apdu.status_word import (
    SW_CONDITIONS_OF_USE_NOT_SATISFIED,
    SW_INCORRECT_PARAMETERS_P1_P2,
    SW_REFERENCED_DATA_NOT_FOUND,
    CommandError,
)


def external_authenticate(card, command, response):
    """82: the signature. 6985: wrong, or no challenge; 6A88: no key selected."""
    if command.p1 or command.p2:
        raise CommandError(SW_INCORRECT_PARAMETERS_P1_P2)
    slot = card.environment.authentication_slot
    if slot is None:
        raise CommandError(SW_REFERENCED_DATA_NOT_FOUND)
    public_keys = card.status.public_keys
    if public_keys.challenge is None:
        raise CommandError(SW_CONDITIONS_OF_USE_NOT_SATISFIED)
    key = public_keys.key(slot)
    key.check_signature(command.data, card.device_name, public_keys.challenge)
    card.environment.authentication_slot = None
    public_keys.authenticate(slot)
