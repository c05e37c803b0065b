# SPDX-License-Identifier: GPL-2.0-or-later
"""Times to compare with, and where they come from; milliseconds."""

# Single operations of the library without the command around it, estimated with the same cycle
# model, rescaled from 133 MHz (RP2040) and 150 MHz (RP2350) to the clock that the board sets.
LIBRARY_MS = {
    ("pico", "GENERATE P-256"): 33 * 133 / 200,
    ("pico", "SIGN P-256"): 46 * 133 / 200,
    ("pico", "SIGN RSA-2048"): 1050 * 133 / 200,
    ("pico2", "GENERATE P-256"): 7.5,
    ("pico2", "SIGN P-256"): 9.0,
    ("pico2", "SIGN RSA-2048"): 176,
}

# Published in the README of Pico HSM (C firmware), measured by its author on an RP2040.
PICO_HSM_C_MS = {("pico", "SIGN RSA-2048"): 3000}
