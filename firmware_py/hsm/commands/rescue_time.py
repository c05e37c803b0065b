# SPDX-License-Identifier: GPL-2.0-or-later
"""Rescue application: tell and set the time of day.

Spec: [SCHSM] 24. P2 01 is a date: year (2 bytes), month 0 to 11, day, weekday, hour, minute and
second; P2 02 are seconds since 1970 (4 bytes). The clock runs from when it was set until the power
goes.
"""

import struct

from micropython import const

from hsm.apdu.status_word import (
    SW_CONDITIONS_OF_USE_NOT_SATISFIED,
    SW_INCORRECT_PARAMETERS_DATA_FIELD,
    SW_INCORRECT_PARAMETERS_P1_P2,
    SW_WRONG_LENGTH,
    CommandError,
)
from hsm.encoding import calendar

_DATE = const(1)
_SECONDS = const(2)
_FORMATS = {_DATE: ">HBBBBBB", _SECONDS: ">I"}


def read_time(card, command, response):
    """1E 04: the time. 6985: it was never set."""
    form = _format(command)
    if command.data:
        raise CommandError(SW_WRONG_LENGTH)
    now_s = card.clock.now_s()
    if now_s is None:
        raise CommandError(SW_CONDITIONS_OF_USE_NOT_SATISFIED)
    numbers = calendar.date(now_s) if command.p2 == _DATE else (now_s,)
    response.append(struct.pack(form, *numbers))


def set_time(card, command, response):
    """1C 02: set the time. 6A80: there is no such date. The weekday follows from the date."""
    form = _format(command)
    if len(command.data) != struct.calcsize(form):
        raise CommandError(SW_WRONG_LENGTH)
    numbers = struct.unpack(form, command.data)
    if command.p2 == _DATE:
        year, month, day, _, hour, minute, second = numbers
        now_s = calendar.time_s(year, month, day, hour, minute, second)
    else:
        now_s = numbers[0]
    if now_s is None:
        raise CommandError(SW_INCORRECT_PARAMETERS_DATA_FIELD)
    card.clock.set(now_s)


def _format(command):
    form = _FORMATS.get(command.p2)
    if form is None:
        raise CommandError(SW_INCORRECT_PARAMETERS_P1_P2)
    return form
