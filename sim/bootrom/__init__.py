# SPDX-License-Identifier: GPL-2.0-or-later
"""The boot ROMs, modelled at their documented interface: boot, tables, functions that trap to
Python.
"""
