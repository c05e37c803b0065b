# SPDX-License-Identifier: GPL-2.0-or-later
"""OTP and its read windows.

Spec: [RP2350] 13.9. Reads only: programming (SBPI) is not modelled.
"""

from __future__ import annotations

from sim.bus.peripheral import MachinePort, Peripheral
from sim.bus.register import Register, array, read_only
from sim.bus.unmodelled import UnmodelledAccess
from sim.otp import ecc
from sim.otp.otp_array import ROWS, OtpArray

DCTRL = 1
# Windows; the one at 0 reads with correction, unguarded.
RAW, ECC_GUARDED, RAW_GUARDED = 0x4000, 0x8000, 0xC000


class Otp(Peripheral):
    """Registers.

    Locks are stored and only increase; they do not restrict Secure code's reads here.
    """

    NAME = "OTP"
    REGISTERS = (
        *array("SW_LOCK{}", 0x000, 64, writable=0xF),
        Register("USR", 0x128, DCTRL, writable=0x11),
        Register("DBG", 0x12C, writable=0),
        read_only("CRITICAL", 0x148),
        read_only("KEY_VALID", 0x14C),
        Register("BOOTDIS", 0x160, writable=2),
    )

    def write(self, offset: int, value: int) -> None:
        if offset < 0x100:
            value |= self.values[f"SW_LOCK{offset // 4}"]
        super().write(offset, value)


class OtpData(Peripheral):
    """The four windows; they answer while USR.DCTRL is set."""

    NAME = "OTP_DATA"
    SIZE = 0x1_0000
    ATOMIC_ALIASES = False

    def __init__(self, machine: MachinePort, name: str | None = None) -> None:
        self.array: OtpArray = machine.otp
        super().__init__(machine, name)

    def read(self, offset: int) -> int:
        if not self.machine.block("OTP").values["USR"] & DCTRL:
            raise UnmodelledAccess(self.name, offset, "read without DCTRL")
        window, position = offset & 0xC000, offset & 0x3FFF
        if window in (RAW, RAW_GUARDED):
            return self.array.read_raw(position // 4)
        row = position // 2
        if row + 1 >= ROWS:
            raise UnmodelledAccess(self.name, offset, "read")
        pair = (self.array.read_raw(row), self.array.read_raw(row + 1))
        if window == ECC_GUARDED and not all(ecc.valid(raw) for raw in pair):
            raise UnmodelledAccess(self.name, offset, "guarded read of a damaged row pair")
        return self.array.read_ecc(row) | self.array.read_ecc(row + 1) << 16
