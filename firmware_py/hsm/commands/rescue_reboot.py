# SPDX-License-Identifier: GPL-2.0-or-later
"""Rescue application: reset the chip, or leave for the boot ROM's USB loader.

Spec: [SCHSM] 24. The loader reads and writes the flash: only who presses the button gets there.
"""

from micropython import const

from hsm.apdu.status_word import (
    SW_INCORRECT_PARAMETERS_P1_P2,
    SW_WRONG_LENGTH,
    CommandError,
)

_RESTART = const(0)
_BOOTSEL = const(1)


def reboot(card, command, response):
    """1F: P1 00 resets, 01 enters BOOTSEL, once the host has the answer. 6600: nobody pressed."""
    if command.p1 not in (_RESTART, _BOOTSEL) or command.p2:
        raise CommandError(SW_INCORRECT_PARAMETERS_P1_P2)
    if command.data:
        raise CommandError(SW_WRONG_LENGTH)
    to_bootsel = command.p1 == _BOOTSEL
    if to_bootsel:
        card.presence.require()
    card.ask_for_restart(to_bootsel)
