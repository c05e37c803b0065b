# SPDX-License-Identifier: GPL-2.0-or-later
"""Dates of the Gregorian calendar, from 1970 to the end of 32 bits of seconds.

A date is (year, month, day, weekday, hour, minute, second): months 0 to 11 as hosts count them
([SCHSM] 23), days from 1, weekday 0 is Sunday.
"""

from micropython import const

FIRST_YEAR = const(1970)
LAST_YEAR = const(2105)

_DAY_S = const(86400)
_FIRST_WEEKDAY = const(4)  # 1970 began on a Thursday
_MONTH_DAYS = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


def date(time_s):
    """The date at `time_s` seconds after the beginning of 1970."""
    # No divmod: the interpreter has none for numbers of more than 31 bits.
    days, second = time_s // _DAY_S, time_s % _DAY_S
    weekday = (days + _FIRST_WEEKDAY) % 7
    year = FIRST_YEAR
    while days >= _year_days(year):
        days -= _year_days(year)
        year += 1
    month = 0
    while days >= _month_days(year, month):
        days -= _month_days(year, month)
        month += 1
    return year, month, days + 1, weekday, second // 3600, second // 60 % 60, second % 60


def time_s(year, month, day, hour, minute, second):
    """Seconds since the beginning of 1970, or None if there is no such date."""
    if not FIRST_YEAR <= year <= LAST_YEAR or month > 11:
        return None
    if not 1 <= day <= _month_days(year, month) or hour > 23 or minute > 59 or second > 59:
        return None
    days = day - 1
    for before in range(FIRST_YEAR, year):
        days += _year_days(before)
    for before in range(month):
        days += _month_days(year, before)
    return days * _DAY_S + (hour * 60 + minute) * 60 + second


def _is_leap(year):
    # 2000 is one; 2100 is none.
    return year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)


def _year_days(year):
    return 366 if _is_leap(year) else 365


def _month_days(year, month):
    return 29 if month == 1 and _is_leap(year) else _MONTH_DAYS[month]
