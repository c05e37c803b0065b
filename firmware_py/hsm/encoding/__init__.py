# SPDX-License-Identifier: GPL-2.0-or-later
"""Encodings that every floor may use; imports nothing of the firmware but limits."""
