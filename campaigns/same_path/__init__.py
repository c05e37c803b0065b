# SPDX-License-Identifier: GPL-2.0-or-later
"""Whether secrets decide what is executed and where memory is accessed."""
