# SPDX-License-Identifier: GPL-2.0-or-later
"""Times to compare with, and where they come from; milliseconds.

Library: single operations of wolfSSL as it is, without the command around them, estimated with the
same cycle model. Aim: what this project wants to reach, hardening included, where it has an aim;
some of them with both cores. Both are known for 133 MHz (RP2040) and 150 MHz (RP2350) and are
rescaled to the clock that the board sets.

Pico HSM: what its author publishes in the README of the C firmware, measured on an RP2040.
"""

from __future__ import annotations

import boards

_REFERENCE_MHZ = {"pico": 133, "pico2": 150}
RSA_GENERATION = "GENERATE RSA-2048"

_LIBRARY = {
    "pico": {
        "SIGN P-256": 46,
        "SIGN P-384": 175,
        "SIGN P-521": 315,
        "SIGN secp256k1": 400,
        "SIGN brainpoolP256r1": 449,
        "SIGN brainpoolP384r1": 1297,
        "SIGN brainpoolP512r1": 2861,
        "SIGN Ed25519": 41,
        "SIGN Ed448": 118,
        "SIGN RSA-1024": 415,
        "SIGN RSA-2048": 1050,
        "SIGN RSA-3072": 3256,
        "SIGN RSA-4096": 7800,
        "DECIPHER RSA-1024": 415,
        "DECIPHER RSA-2048": 1050,
        "DECIPHER RSA-3072": 3256,
        "DECIPHER RSA-4096": 7800,
        "ECDH P-256": 100,
        "ECDH X25519": 127,
        "ECDH X448": 299,
        "CIPHER PBKDF2, 10,000 iterations": 1350,
        RSA_GENERATION: 64_000,
    },
    "pico2": {
        "SIGN P-256": 9.0,
        "SIGN P-384": 35,
        "SIGN P-521": 65,
        "SIGN secp256k1": 141,
        "SIGN brainpoolP256r1": 162,
        "SIGN brainpoolP384r1": 430,
        "SIGN brainpoolP512r1": 936,
        "SIGN Ed25519": 1.8,
        "SIGN Ed448": 16,
        "SIGN RSA-1024": 133,
        "SIGN RSA-2048": 176,
        "SIGN RSA-3072": 589,
        "SIGN RSA-4096": 1280,
        "DECIPHER RSA-1024": 133,
        "DECIPHER RSA-2048": 176,
        "DECIPHER RSA-3072": 589,
        "DECIPHER RSA-4096": 1280,
        "ECDH P-256": 9.6,
        "ECDH X25519": 4.1,
        "ECDH X448": 40,
        "CIPHER PBKDF2, 10,000 iterations": 490,
        RSA_GENERATION: 10_400,
    },
}
_AIM = {
    "pico": {
        "SIGN P-256": 36,
        "SIGN P-384": 145,
        "SIGN P-521": 270,
        "SIGN secp256k1": 100,
        "SIGN Ed25519": 28,
        "SIGN RSA-2048": 550,
        "SIGN RSA-4096": 4000,
        "DECIPHER RSA-2048": 550,
        "DECIPHER RSA-4096": 4000,
        "ECDH X25519": 84,
        "CIPHER PBKDF2, 10,000 iterations": 1350,
        RSA_GENERATION: 20_000,
    },
    "pico2": {
        "SIGN P-256": 9.0,
        "SIGN P-384": 23,
        "SIGN P-521": 42,
        "SIGN secp256k1": 53,
        "SIGN Ed25519": 1.8,
        "SIGN RSA-2048": 95,
        "SIGN RSA-4096": 650,
        "DECIPHER RSA-2048": 95,
        "DECIPHER RSA-4096": 650,
        "ECDH X25519": 4.1,
        "CIPHER PBKDF2, 10,000 iterations": 490,
        RSA_GENERATION: 3300,
    },
}
_PICO_HSM = {
    "pico": {"SIGN RSA-2048": 3000, "SIGN RSA-4096": 15_000, RSA_GENERATION: 124_000},
}
# Instructions outside the crypto library that a command may take.
OUTSIDE_LIBRARY_MAX = {("pico", "SIGN P-256"): 1_500_000, ("pico2", "SIGN P-256"): 600_000}


def library_ms(board: str, name: str) -> float | None:
    """The library alone; None where it was not measured."""
    return _rescaled(board, _LIBRARY[board].get(name))


def aim_ms(board: str, name: str) -> float | None:
    """The project's aim; None where it has none."""
    return _rescaled(board, _AIM[board].get(name))


def pico_hsm_ms(board: str, name: str) -> float | None:
    """Published by others; None where nothing is."""
    return _PICO_HSM.get(board, {}).get(name)


def _rescaled(board: str, reference_ms: float | None) -> float | None:
    if reference_ms is None:
        return None
    return reference_ms * _REFERENCE_MHZ[board] * 1_000_000 / boards.load(board).clock_hz
