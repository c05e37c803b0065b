# SPDX-License-Identifier: GPL-2.0-or-later
"""The OTP memory of RP2350."""
