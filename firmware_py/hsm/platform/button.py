# SPDX-License-Identifier: GPL-2.0-or-later
"""The board's button, and the time that a person takes to press it."""

from hsm_port import button_pressed, command_cancelled, sleep_ms, uptime_ms

__all__ = ("button_pressed", "command_cancelled", "sleep_ms", "uptime_ms")
