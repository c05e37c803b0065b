# SPDX-License-Identifier: GPL-2.0-or-later
"""The bus of the chip models: peripheral base class, registers, address map."""
