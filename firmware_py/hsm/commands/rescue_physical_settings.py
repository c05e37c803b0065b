# SPDX-License-Identifier: GPL-2.0-or-later
"""Rescue application: read and write the physical settings of the board.

Spec: [SCHSM] 24. Without a login: who cannot log in yet chooses how the host finds the device. Who
writes presses the button. They take effect at the next start.
"""

from hsm.apdu.status_word import (
    SW_INCORRECT_PARAMETERS_P1_P2,
    SW_WRONG_LENGTH,
    CommandError,
)
from hsm.files import physical_settings
from hsm.files.physical_settings import PhysicalSettings
from hsm.security import root
from hsm.store import BLANK, READY, StoreDamaged


def read_settings(card, command, response):
    """1E 01: the settings as they were written; nothing if they never were."""
    _check(card, command)
    if command.data:
        raise CommandError(SW_WRONG_LENGTH)
    response.append(physical_settings.read(card.store))


def write_settings(card, command, response):
    """1C 01: the data replace all settings. 6700, 6A80: they are wrong; 6600: nobody pressed."""
    _check(card, command)
    contents = bytes(command.data)
    PhysicalSettings(contents)
    card.presence.require()
    if card.store.state == BLANK:
        card.store.format(root.new_root_record())
    with card.store.transaction() as change:
        physical_settings.put(change, contents)
        change.commit()


def _check(card, command):
    if command.p2:
        raise CommandError(SW_INCORRECT_PARAMETERS_P1_P2)
    if card.store.state not in (BLANK, READY):
        raise StoreDamaged
