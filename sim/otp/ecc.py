# SPDX-License-Identifier: GPL-2.0-or-later
"""The error-correcting code of an OTP row: 15:0 data, 21:16 code, 23:22 BRP.

Spec: [RP2350] 13.6. Every codeword has even weight; the minimum distance is 4.
"""

from __future__ import annotations

# Code bit i is the parity of the word built so far under mask i.
MASKS = (0x0_AD5B, 0x0_366D, 0x0_C78E, 0x0_07F0, 0x0_F800, 0x1F_FFFF)
CODEWORD_BITS = 22
POLARITY_INVERTED = 0b11


def encode(data: int) -> int:
    """The 24-bit row for 16 bits of data, polarity not inverted."""
    word = data & 0xFFFF
    for index, mask in enumerate(MASKS):
        word |= ((word & mask).bit_count() & 1) << (16 + index)
    return word


def _syndrome(word: int) -> int:
    return (encode(word) ^ word) >> 16 & 0x3F


_BIT_OF_SYNDROME = {_syndrome(encode(0) ^ 1 << bit): bit for bit in range(CODEWORD_BITS)}


def decode(row: int) -> int:
    """16 bits of data; one wrong bit is corrected, more give the data bits as they are."""
    if row >> CODEWORD_BITS == POLARITY_INVERTED:
        row ^= 0xFF_FFFF
    word = row & ((1 << CODEWORD_BITS) - 1)
    syndrome = _syndrome(word)
    if syndrome and syndrome in _BIT_OF_SYNDROME:
        word ^= 1 << _BIT_OF_SYNDROME[syndrome]
    return word & 0xFFFF


def valid(row: int) -> bool:
    """True if the row is a codeword or one bit away from one (what a guarded read accepts)."""
    if row >> CODEWORD_BITS == POLARITY_INVERTED:
        row ^= 0xFF_FFFF
    syndrome = _syndrome(row & ((1 << CODEWORD_BITS) - 1))
    return syndrome == 0 or syndrome in _BIT_OF_SYNDROME
