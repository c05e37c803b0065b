# SPDX-License-Identifier: GPL-2.0-or-later
"""The real image in the chip models, over its USB interface."""
