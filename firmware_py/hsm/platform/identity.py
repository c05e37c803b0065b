# SPDX-License-Identifier: GPL-2.0-or-later
"""Which chip this is. Public facts, no secrets."""

import hsm_port


def is_rp2350():
    """True on RP2350, False on RP2040."""
    return hsm_port.CHIP == "rp2350"


def unique_id():
    """8 bytes: flash unique id on RP2040, chip id of OTP on RP2350."""
    return hsm_port.unique_id()
