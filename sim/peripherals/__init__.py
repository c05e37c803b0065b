# SPDX-License-Identifier: GPL-2.0-or-later
"""Models of the chips' blocks: one file per datasheet block."""
