# SPDX-License-Identifier: GPL-2.0-or-later
"""The C modules inside MicroPython: arguments, life of handles, errors."""
