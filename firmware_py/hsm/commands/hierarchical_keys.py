# SPDX-License-Identifier: GPL-2.0-or-later
"""HIERARCHICAL KEYS: trees of keys by BIP32, SLIP-0010 and SLIP-0021.

Spec: [SCHSM] 22. What SIGN and CIPHER do with a selected node is here, too: the one computes an
ECDSA signature, the other the cipher of [SLIP-0011] whose labels hosts make.
"""

from hsm_crypto import HD_SECP256K1, HD_SECP256R1, HD_SYMMETRIC
from micropython import const

from hsm import limits
from hsm.apdu.status_word import (
    SW_EXECUTION_ERROR,
    SW_INCORRECT_PARAMETERS_P1_P2,
    SW_WRONG_LENGTH,
    CommandError,
)
from hsm.security.access_rules import AccessDenied

_PUBLIC = const(0x0A)
_SELECT = const(0x10)
_SCHEMES = {1: HD_SECP256K1, 2: HD_SECP256R1, 3: HD_SYMMETRIC}

_HASH_BYTES = const(32)
_BLOCK_BYTES = const(16)


def hierarchical_keys(card, command, response):
    """4A: P1 01 to 03 makes a master node, 0A answers public data, 10 selects a node."""
    scheme = _SCHEMES.get(command.p1)
    if scheme is not None:
        _put_seed(card, command.p2, scheme, command.data)
        return
    if command.p1 not in (_PUBLIC, _SELECT):
        raise CommandError(SW_INCORRECT_PARAMETERS_P1_P2)
    # The path begins with the seed's number: P2 has nothing to say.
    if not command.data:
        raise CommandError(SW_WRONG_LENGTH)
    if command.p1 == _SELECT:
        card.hd_wallet.select(command.data)
        return
    try:
        response.append(card.hd_wallet.public(command.data))
    except AccessDenied:
        # As for an absent seed: who is not logged in learns not even which seeds there are.
        raise CommandError(SW_EXECUTION_ERROR)


def _put_seed(card, number, scheme, seed):
    if number >= limits.MASTER_NODES_MAX:
        raise CommandError(SW_INCORRECT_PARAMETERS_P1_P2)
    if len(seed) > limits.SEED_BYTES_MAX:
        raise CommandError(SW_WRONG_LENGTH)
    card.hd_wallet.put_seed(number, scheme, seed)


def sign(card, command, response):
    """SIGN, P2 A0: the ECDSA signature of a hash by the selected node, DER."""
    if command.p1:
        raise CommandError(SW_INCORRECT_PARAMETERS_P1_P2)
    if len(command.data) != _HASH_BYTES:
        raise CommandError(SW_WRONG_LENGTH)
    with card.hd_wallet.take_selected((HD_SECP256K1, HD_SECP256R1)) as node, node.key() as key:
        response.append(key.sign(command.data, True))


def cipher(card, encrypt, data, iv, label, response):
    """CIPHER by the selected node: AES-256-CBC of whole blocks; `iv` empty: that of the label."""
    if not data or len(data) % _BLOCK_BYTES or len(iv) not in (0, _BLOCK_BYTES):
        raise CommandError(SW_WRONG_LENGTH)
    with card.hd_wallet.take_selected((HD_SYMMETRIC,)) as node:
        crypt = node.encrypt_into if encrypt else node.decrypt_into
        response.extend(crypt(label, data, response.room(), iv))
