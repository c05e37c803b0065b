# SPDX-License-Identifier: GPL-2.0-or-later
"""SIGN: RSA, ECDSA and EdDSA signatures with a private key.

Spec: [SCHSM] 16. The key's counter goes down after the computation and before the answer.
"""

from hsm_crypto import EdwardsKey, digest

from hsm.apdu.status_word import SW_EXECUTION_ERROR, SW_WRONG_LENGTH, CommandError
from hsm.keys import algorithms, digest_info
from hsm.keys.algorithms import ECDSA, RSA_PKCS1, RSA_PSS, RSA_RAW, SELECTED_NODE, SIGN

# Longer input cannot matter: 66 bytes hold the leftmost bits of every order.
_ECDSA_INPUT_BYTES_MAX = 66
# Besides hash and salt, which are of the same length ([RFC8017] 9.1.1).
_PSS_FRAMING_BYTES = 2


def sign(card, command, response):
    """68: P1 key id, P2 algorithm; data is a block, a hash, a DigestInfo or a message."""
    algorithm, data = command.p2, command.data
    if algorithm == SELECTED_NODE:
        from hsm.commands import hierarchical_keys

        hierarchical_keys.sign(card, command, response)
        return
    kinds, family, hash = algorithms.find(SIGN, algorithm)
    with card.keys.open_for_use(command.p1, kinds, algorithm) as key:
        uses = card.keys.uses_now(command.p1)
        if isinstance(key, EdwardsKey):
            response.append(key.sign(data))
        elif family == ECDSA:
            _ecdsa(key, hash, data, response)
        elif family == RSA_RAW:
            _rsa_raw(key, data, response)
        elif family == RSA_PKCS1:
            _rsa_pkcs1(key, hash, data, response)
        elif family == RSA_PSS:
            _rsa_pss(key, hash, data, response)
    card.keys.count_use(command.p1)
    card.keys.check_counted(command.p1, uses)


def _ecdsa(key, hash, data, response):
    if hash is not None:
        data = digest(hash, data)
    elif not data:
        raise CommandError(SW_WRONG_LENGTH)
    response.append(key.sign(data[:_ECDSA_INPUT_BYTES_MAX], True))


def _rsa_raw(key, block, response):
    # A short block is refused: padding it on either side would sign what nobody asked for.
    if len(block) != key.bits // 8:
        raise CommandError(SW_WRONG_LENGTH)
    if bytes(block) >= key.modulus():
        raise CommandError(SW_EXECUTION_ERROR)
    response.extend(key.raw_into(block, response.room()))


def _rsa_pkcs1(key, hash, data, response):
    if hash is not None:
        response.append(key.sign_pkcs1(hash, digest(hash, data)))
    elif digest_info.parse(data) is None:
        raise CommandError(SW_EXECUTION_ERROR)
    else:
        response.append(key.sign_pkcs1(0, data))


def _rsa_pss(key, hash, data, response):
    if hash is not None:
        data = digest(hash, data)
    else:
        hash = algorithms.hash_of_length(len(data))
        if hash is None:
            found = digest_info.parse(data)
            if found is None or not found[0]:
                raise CommandError(SW_EXECUTION_ERROR)
            hash, data = found
    if key.bits // 8 < 2 * len(data) + _PSS_FRAMING_BYTES:
        raise CommandError(SW_EXECUTION_ERROR)
    response.append(key.sign_pss(hash, data))
