# SPDX-License-Identifier: GPL-2.0-or-later
"""The security environment: what commands selected for the next ones.

Spec: [7816-4] 11.5.11, [SCHSM] 20, 21. It lasts as long as the session.
"""


class SecurityEnvironment:
    """`authority`: reference of the key that verifies the next certificate, or None;
    `authentication_slot`: of the key for EXTERNAL AUTHENTICATE, or None;
    `chip_authentication`: GENERAL AUTHENTICATE may follow."""

    def __init__(self):
        self.clear()

    def clear(self):
        """Forget every selection."""
        self.authority = None
        self.authentication_slot = None
        self.chip_authentication = False
