# SPDX-License-Identifier: GPL-2.0-or-later
"""RP2040's second stage: the check the boot ROM makes.

Spec: [RP2040] 2.8.1.3.1.
"""

from __future__ import annotations

BOOT2_BYTES = 256
BOOT2_RAM_ADDRESS = 0x2004_1F00
POLYNOMIAL = 0x04C1_1DB7


def crc32(data: bytes) -> int:
    """CRC-32 without reflection or final inversion, initial value FFFFFFFF."""
    value = 0xFFFF_FFFF
    for byte in data:
        value ^= byte << 24
        for _ in range(8):
            value = value << 1 ^ (POLYNOMIAL if value & 1 << 31 else 0)
        value &= 0xFFFF_FFFF
    return value


def valid(stage: bytes) -> bool:
    """True if the last word of the 256 bytes is the CRC of the others."""
    return crc32(stage[:-4]) == int.from_bytes(stage[-4:], "little")
