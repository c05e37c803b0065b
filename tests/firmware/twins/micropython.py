# SPDX-License-Identifier: GPL-2.0-or-later
"""CPython twin of the module `micropython`: the part that the firmware uses."""


def const(value: int) -> int:
    """A compile-time constant in MicroPython; here just the value."""
    return value
