# SPDX-License-Identifier: GPL-2.0-or-later
"""GET CHALLENGE: random bytes.

Spec: [7816-4] 11.5.3; [SCHSM] 8.6.
"""

from hsm_crypto import random_into

from hsm import limits
from hsm.apdu.status_word import SW_WRONG_LENGTH, CommandError


def get_challenge(card, command, response):
    """84: Ne bytes, 1 to 1,024."""
    if not 1 <= command.ne <= limits.CHALLENGE_BYTES_MAX or command.data:
        raise CommandError(SW_WRONG_LENGTH)
    random_into(response.room()[: command.ne])
    response.extend(command.ne)
