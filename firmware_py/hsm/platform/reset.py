# SPDX-License-Identifier: GPL-2.0-or-later
"""The end of every fatal path: a watchdog reset, never a prompt."""

from hsm_port import reset

__all__ = ("reset",)
