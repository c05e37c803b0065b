# SPDX-License-Identifier: GPL-2.0-or-later
"""Resets that a host asked for. Neither returns; SRAM is wiped on the way."""

from hsm_port import reset, reset_to_bootsel

__all__ = ("reset", "reset_to_bootsel")
