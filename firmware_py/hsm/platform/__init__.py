# SPDX-License-Identifier: GPL-2.0-or-later
"""The hardware, one seam per module: the only importers of the port's C module."""
