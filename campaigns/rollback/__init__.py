# SPDX-License-Identifier: GPL-2.0-or-later
"""Can old state come back? Old flash contents go into a card, and it is booted.

A life is recorded on the chip model, with the flash after each step. Then old contents go into the
flash of the card as it is at the end: the whole region, one sector, sectors that changed together.
Each is booted on the image, and what the host sees is held against `expected.toml`, in which every
row has its reason. Neither a better nor a worse outcome than the table's passes.
"""
