# SPDX-License-Identifier: GPL-2.0-or-later
"""Chip models of RP2040 and RP2350 that run the unmodified firmware image.

A run is a function of (image, scenario, seed): no wall clock, no threads, no `random` in here.
"""
