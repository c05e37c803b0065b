# SPDX-License-Identifier: GPL-2.0-or-later
"""What the image does, seen from outside: instructions, accesses, lines."""
