# SPDX-License-Identifier: GPL-2.0-or-later
"""DECIPHER: RSA decryption, and key agreement on curves.

Spec: [SCHSM] 17. Hosts ask for the raw operation (21) mostly and unpad themselves; 22 and 23 tell
that a padding was wrong, never what was. The counter goes down after the computation and before the
answer.
"""

from hsm_crypto import HASH_SHA256, curve_parameters

from hsm.apdu.status_word import SW_EXECUTION_ERROR, SW_WRONG_LENGTH, CommandError
from hsm.keys import algorithms
from hsm.keys.algorithms import DECIPHER, ECDH, RSA_DECIPHER_OAEP, RSA_DECIPHER_PKCS1, XKEK

_UNCOMPRESSED = b"\x04"


def decipher(card, command, response):
    """62: P1 key id, P2 algorithm; data is a cryptogram of the modulus' length, or a point.

    Agreement on a DKEK (84) is in exchange_key.py.
    """
    algorithm = command.p2
    if algorithm == XKEK:
        from hsm.commands.exchange_key import exchange_key

        exchange_key(card, command)
        return
    kinds, _, _ = algorithms.find(DECIPHER, algorithm)
    with card.keys.open_for_use(command.p1, kinds, algorithm) as key:
        uses = card.keys.uses_now(command.p1)
        if algorithm == ECDH:
            _agree(key, command.data, response)
        else:
            _decrypt(key, algorithm, command.data, response)
    card.keys.count_use(command.p1)
    card.keys.check_counted(command.p1, uses)


def _decrypt(key, algorithm, cryptogram, response):
    # A short cryptogram is refused: padding it on either side would decipher another one.
    if len(cryptogram) != key.bits // 8:
        raise CommandError(SW_WRONG_LENGTH)
    if bytes(cryptogram) >= key.modulus():
        raise CommandError(SW_EXECUTION_ERROR)
    room = response.room()
    if algorithm == RSA_DECIPHER_PKCS1:
        length = key.decrypt_pkcs1_into(cryptogram, room)
    elif algorithm == RSA_DECIPHER_OAEP:
        length = key.decrypt_oaep_into(HASH_SHA256, cryptogram, room)
    else:
        length = key.raw_into(cryptogram, room)
    response.extend(length)


def _agree(key, point, response):
    generator = curve_parameters(key.curve)[3]
    if len(point) != len(generator):
        raise CommandError(SW_WRONG_LENGTH)
    # Hosts drop the first byte, of Montgomery curves, too ([SCHSM] 17.2).
    response.append(_UNCOMPRESSED)
    response.extend(key.ecdh_into(point, response.room()))
