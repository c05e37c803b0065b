# SPDX-License-Identifier: GPL-2.0-or-later
"""Keyword libraries, one per subject; they drive one device, the one on the bench."""
