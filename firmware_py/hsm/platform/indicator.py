# SPDX-License-Identifier: GPL-2.0-or-later
"""The board's LED."""

from hsm_port import LED_BUSY, LED_CONFIRM, LED_ERASE, LED_READY, led

__all__ = ("LED_BUSY", "LED_CONFIRM", "LED_ERASE", "LED_READY", "led")
