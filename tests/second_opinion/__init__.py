# SPDX-License-Identifier: GPL-2.0-or-later
"""The image in other people's emulators: tests of honesty for our models."""
