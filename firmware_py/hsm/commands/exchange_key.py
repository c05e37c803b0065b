# SPDX-License-Identifier: GPL-2.0-or-later
"""DECIPHER with 84 (XKEK): agree on a DKEK with another device of the group.

Spec: [SCHSM] 17.3. Both devices have a key for it in a domain with the group's UID, and bring the
other one's request. The shared secret becomes the domain's DKEK, and the use of the key is counted
in the same transaction.
"""

from hsm.apdu.status_word import (
    SW_CONDITIONS_OF_USE_NOT_SATISFIED,
    SW_FUNCTION_NOT_SUPPORTED,
    SW_REFERENCE_DATA_NOT_USABLE,
    CommandError,
)
from hsm.keys.algorithms import ECDH, KEY_EC, XKEK
from hsm.keys.key_store import AlgorithmNotAllowed
from hsm.security import access_rules, key_domains, key_exchange
from hsm.security.key_domains import DKEK_BYTES


def exchange_key(card, command):
    """62 with P2 84: P1 key id; data is the peer's request without 67, or certificate without 7F21.

    6700: it names no group; 6A88: no domain is of this group, or nobody vouches for the peer; 6985:
    the key belongs to another domain, or a signature is wrong.
    """
    access_rules.check_user(card.status)
    peer, uid = key_exchange.peer(command.data, card.trust)
    number = key_domains.of_uid(card.store, uid)
    key_id = command.p1
    with card.keys.open_for_use(key_id, (KEY_EC,), XKEK) as key:
        # Twice: a skipped instruction must not give a domain the DKEK of another group.
        _check_purpose(card, key_id, number)
        _check_purpose(card, key_id, number)
        if peer.curve != key.curve:
            raise CommandError(SW_REFERENCE_DATA_NOT_USABLE)
        with key.agree(peer.material) as dkek:
            if len(dkek) != DKEK_BYTES:
                raise CommandError(SW_FUNCTION_NOT_SUPPORTED)
            with card.store.transaction() as change:
                card.keys.move_use(change, key_id)
                key_domains.put_agreed(change, card.store.seal, number, dkek)
                change.commit()


def _check_purpose(card, key_id, number):
    info = card.keys.info(key_id)
    if info.domain() != number:
        raise CommandError(SW_CONDITIONS_OF_USE_NOT_SATISFIED)
    # With a key that may do plain ECDH, the host could compute the same secret.
    if info.allows(ECDH):
        raise AlgorithmNotAllowed
