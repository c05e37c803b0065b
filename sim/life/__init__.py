# SPDX-License-Identifier: GPL-2.0-or-later
"""The life of an HSM, told on the emulated chips: what `make sim` runs."""
