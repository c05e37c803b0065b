# SPDX-License-Identifier: GPL-2.0-or-later
"""Recorded sessions of other people's hosts, replayed against the image."""
