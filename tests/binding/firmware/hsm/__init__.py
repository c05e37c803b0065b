# SPDX-License-Identifier: GPL-2.0-or-later
"""Stands in for the firmware in the image for tests of the bindings."""
