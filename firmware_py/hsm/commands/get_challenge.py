# SPDX-License-Identifier: GPL-2.0-or-later
"""GET CHALLENGE: random bytes, which EXTERNAL AUTHENTICATE may have signed.

Spec: [7816-4] 11.5.3; [SCHSM] 8.6, 20.5.
"""

from hsm_crypto import random_into

from hsm import limits
from hsm.apdu.status_word import (
    SW_INCORRECT_PARAMETERS_P1_P2,
    SW_WRONG_LENGTH,
    CommandError,
)


def get_challenge(card, command, response):
    """84: Ne bytes, 1 to 1,024. Until a quorum is reached, whoever signed before signs anew."""
    if command.p1 or command.p2:
        raise CommandError(SW_INCORRECT_PARAMETERS_P1_P2)
    if not 1 <= command.ne <= limits.CHALLENGE_BYTES_MAX or command.data:
        raise CommandError(SW_WRONG_LENGTH)
    challenge = response.room()[: command.ne]
    random_into(challenge)
    response.extend(command.ne)
    _remember(card.status.public_keys, challenge)


def _remember(public_keys, challenge):
    # Hosts fetch random numbers here in the middle of a session: what a quorum opened stays open.
    if public_keys.authenticated() and public_keys.quorum_is_reached():
        return
    public_keys.forget()
    if limits.SIGNED_CHALLENGE_BYTES_MIN <= len(challenge) <= limits.SIGNED_CHALLENGE_BYTES_MAX:
        public_keys.challenge = bytearray(challenge)
