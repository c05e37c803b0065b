# SPDX-License-Identifier: GPL-2.0-or-later
"""EXTRAS: device options that can change at any time, and the secure lock.

Spec: [SCHSM] 23. What older cards had here besides (time, PHY, OTP, flash, reboot) answers 6A86: it
is the rescue application's, or nobody's.
"""

from micropython import const

from hsm.apdu.status_word import (
    SW_COMMAND_NOT_ALLOWED,
    SW_FUNCTION_NOT_SUPPORTED,
    SW_INCORRECT_PARAMETERS_P1_P2,
    SW_WRONG_LENGTH,
    CommandError,
)
from hsm.security import access_rules, device_options
from hsm.security.device_options import DYNAMIC, SECURE_LOCK

_OPTIONS = const(0x06)
_SECURE_LOCK = const(0x3A)


def extras(card, command, response):
    """64: P1 06 device options, 3A secure lock."""
    if command.p1 == _SECURE_LOCK:
        from hsm.commands.secure_lock import secure_lock

        secure_lock(card, command, response)
    elif command.p1 == _OPTIONS and not command.p2:
        _options(card, command.data, response)
    else:
        raise CommandError(SW_INCORRECT_PARAMETERS_P1_P2)


def _options(card, data, response):
    # Without data the answer is both bytes; one byte of data is the new high byte.
    access_rules.check_user(card.status)
    before = device_options.get(card.store)
    if not data:
        response.append(before.to_bytes(2, "big"))
        return
    if len(data) != 1:
        raise CommandError(SW_WRONG_LENGTH)
    wanted = data[0] << 8
    if wanted & ~DYNAMIC:
        raise CommandError(SW_FUNCTION_NOT_SUPPORTED)
    if (wanted ^ before) & SECURE_LOCK:
        # That takes the mask.
        raise CommandError(SW_COMMAND_NOT_ALLOWED)
    # Press-to-confirm asks for a last press when it is taken away.
    card.presence.confirm()
    access_rules.check_user(card.status)
    with card.store.transaction() as change:
        device_options.put(change, before & ~DYNAMIC | wanted)
        change.commit()
