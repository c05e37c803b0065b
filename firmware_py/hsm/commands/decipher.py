# SPDX-License-Identifier: GPL-2.0-or-later
"""DECIPHER: RSA private operation on a cryptogram; padding is the host's affair.

Spec: [SCHSM] 17.1. Hosts ask for the raw operation (21) only, whatever the padding, so no padding
oracle can live in the card. The counter goes down after the computation and before the answer.
"""

from hsm.apdu.status_word import SW_EXECUTION_ERROR, SW_WRONG_LENGTH, CommandError
from hsm.keys import algorithms
from hsm.keys.algorithms import KEY_RSA


def decipher(card, command, response):
    """62: P1 key id, P2 algorithm; data is a cryptogram of the modulus' length."""
    algorithm = algorithms.decipherment(command.p2)
    cryptogram = command.data
    with card.keys.open_for_use(command.p1, KEY_RSA, algorithm) as key:
        if len(cryptogram) != key.bits // 8:
            raise CommandError(SW_WRONG_LENGTH)
        if bytes(cryptogram) >= key.modulus():
            raise CommandError(SW_EXECUTION_ERROR)
        response.extend(key.raw_into(cryptogram, response.room()))
    card.keys.count_use(command.p1)
