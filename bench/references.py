# SPDX-License-Identifier: GPL-2.0-or-later
"""Times to compare with, and where they come from; milliseconds."""

# Single operations of the library without the command around it, estimated with the same cycle
# model, rescaled from 133 MHz (RP2040) and 150 MHz (RP2350) to the clock that the board sets.
_RP2040_SCALE = 133 / 200
_RP2040_MS = {
    "GENERATE P-256": 33,
    "SIGN P-256": 46,
    "SIGN P-384": 175,
    "SIGN P-521": 315,
    "SIGN secp256k1": 400,
    "SIGN Ed25519": 41,
    "SIGN RSA-2048": 1050,
    "DECIPHER RSA-2048": 1050,
    "ECDH X25519": 127,
}
_RP2350_MS = {
    "GENERATE P-256": 7.5,
    "SIGN P-256": 9.0,
    "SIGN P-384": 35,
    "SIGN P-521": 65,
    "SIGN secp256k1": 141,
    "SIGN Ed25519": 1.8,
    "SIGN RSA-2048": 176,
    "DECIPHER RSA-2048": 176,
    "ECDH X25519": 4.1,
}
LIBRARY_MS = {("pico", name): value * _RP2040_SCALE for name, value in _RP2040_MS.items()}
LIBRARY_MS |= {("pico2", name): value for name, value in _RP2350_MS.items()}

# Published in the README of Pico HSM (C firmware), measured by its author on an RP2040.
PICO_HSM_C_MS = {("pico", "SIGN RSA-2048"): 3000, ("pico", "DECIPHER RSA-2048"): 3000}
PICO_HSM_C_RSA_2048_GENERATION_MS = {"pico": 124_000}
