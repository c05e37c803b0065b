# SPDX-License-Identifier: GPL-2.0-or-later
"""EXTRAS, secure lock: agree on a key, then enable, unlock or disable with a mask.

Spec: [SCHSM] 23. A wrong mask and a wrong tag are both 6700.
"""

from hsm_crypto import REASON_AUTHENTICATION, CryptoError
from micropython import const

from hsm.apdu.status_word import (
    SW_INCORRECT_PARAMETERS_P1_P2,
    SW_WRONG_LENGTH,
    CommandError,
)
from hsm.security import access_rules, key_domains
from hsm.security.secure_lock import POINT_BYTES, SEALED_MASK_BYTES

_AGREE = const(1)
_ENABLE = const(2)
_UNLOCK = const(3)
_DISABLE = const(4)


def secure_lock(card, command, response):
    """P2 01 answers the card's point; 02 enables, 03 unlocks this session, 04 disables.

    6986: no key was agreed on, or the lock is in another state.
    """
    if not _AGREE <= command.p2 <= _DISABLE:
        raise CommandError(SW_INCORRECT_PARAMETERS_P1_P2)
    access_rules.check_lock(card.status)
    data = command.data
    if len(data) != (POINT_BYTES if command.p2 == _AGREE else SEALED_MASK_BYTES):
        raise CommandError(SW_WRONG_LENGTH)
    if command.p2 == _AGREE:
        response.append(card.secure_lock.agree(data))
        return
    card.presence.confirm()
    access_rules.check_lock(card.status)
    try:
        _change(card, command.p2, data)
    except CryptoError as error:
        if error.args[0] == REASON_AUTHENTICATION:
            raise CommandError(SW_WRONG_LENGTH)
        raise


def _change(card, action, sealed_mask):
    lock = card.secure_lock
    if action == _ENABLE:
        lock.enable(sealed_mask)
        # It would open the user class in a session that has not seen the mask.
        card.session_pin.clear()
        return
    if action == _UNLOCK:
        lock.unlock(sealed_mask)
    else:
        lock.disable(sealed_mask)
    # What a login does, which could not while the user class was closed.
    key_domains.protect(card.store)
