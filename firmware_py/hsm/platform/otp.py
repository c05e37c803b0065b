# SPDX-License-Identifier: GPL-2.0-or-later
"""One-time programmable rows: a seam for what a flash image cannot undo.

No board is provisioned yet: the root comes from chip id and flash salt, the epoch stands at 0.
"""


def root_key():
    """32 secret bytes from OTP, or None while the owner has not provisioned any."""
    return None


def epoch():
    """The count of fuses burnt against old flash images; bound into every commit record."""
    return 0
