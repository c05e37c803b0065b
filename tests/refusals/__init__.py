# SPDX-License-Identifier: GPL-2.0-or-later
"""Bad input to every command, as a table: what the card refuses, and how.

Pure data, for the firmware on the desktop and for the image in the chip models. Status words are
those of [SCHSM] 4; what else a section of it says stands beside the row.
"""
