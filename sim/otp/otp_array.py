# SPDX-License-Identifier: GPL-2.0-or-later
"""OTP rows of RP2350: 4096 rows of 24 bits, bits only go 0 -> 1.

Spec: [RP2350] 13.

A fresh array holds what the factory programs and the image reads: the chip id and random id of page
0.
"""

from __future__ import annotations

from sim.entropy import Entropy
from sim.otp import ecc

ROWS = 4096
CHIPID_ROW, RANDID_ROW = 0x000, 0x004


class OtpArray:
    """Raw rows; `read_ecc` corrects one wrong bit as the hardware does."""

    def __init__(self, chip: int = 0) -> None:
        """`chip` numbers the specimen: what the factory wrote differs from chip to chip."""
        self.rows = [0] * ROWS
        entropy = Entropy(chip, "otp")
        for row in range(CHIPID_ROW, CHIPID_ROW + 4):
            self.rows[row] = ecc.encode(entropy.bits(16))
        for row in range(RANDID_ROW, RANDID_ROW + 8):
            self.rows[row] = ecc.encode(entropy.bits(16))

    def read_raw(self, row: int) -> int:
        """The 24 bits of a row."""
        return self.rows[row]

    def read_ecc(self, row: int) -> int:
        """16 bits of a row after correction."""
        return ecc.decode(self.rows[row])

    @property
    def chip_id(self) -> bytes:
        """8 bytes, as get_sys_info reports them."""
        words = (self.read_ecc(row) for row in range(CHIPID_ROW, CHIPID_ROW + 4))
        return b"".join(word.to_bytes(2, "little") for word in words)
