# SPDX-License-Identifier: GPL-2.0-or-later
"""MANAGE PUBLIC KEY AUTHENTICATION: says that none is set up.

Spec: [SCHSM] 20. INITIALIZE refuses tag 93, so that no device ever has it.
"""

from hsm.apdu.status_word import (
    SW_FILE_OR_APPLICATION_NOT_FOUND,
    SW_INCORRECT_PARAMETERS_P1_P2,
    CommandError,
)


def manage_public_key_authentication(card, command, response):
    """54: 6A86 without data, 6A82 with a key to register."""
    if command.data:
        raise CommandError(SW_FILE_OR_APPLICATION_NOT_FOUND)
    raise CommandError(SW_INCORRECT_PARAMETERS_P1_P2)
