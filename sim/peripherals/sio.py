# SPDX-License-Identifier: GPL-2.0-or-later
"""SIO: core id, GPIO, spinlocks, divider.

Spec: [RP2040] 2.3.1; [RP2350] 3.1.

Core 1 does not exist: starting it (FIFO_WR) stops the run. Interpolators, doorbells and MTIME are
not modelled. Accesses to SIO have no atomic aliases.
"""

from __future__ import annotations

from typing import Any, ClassVar

from sim.bus.peripheral import MachinePort, Peripheral
from sim.bus.register import Register, read_only
from sim.bus.unmodelled import UnmodelledAccess

WORD = 0xFFFF_FFFF
SPINLOCKS = 32
FIFO_READY = 2


class Sio(Peripheral):
    """What both chips share. Pins that nothing drives read as their pull says."""

    NAME = "SIO"
    SIZE = 0x1000
    ATOMIC_ALIASES = False
    SS_PIN: ClassVar[int] = 0

    def __init__(self, machine: MachinePort, name: str | None = None) -> None:
        self.locks = 0
        self.inputs = 0
        super().__init__(machine, name)

    def reset(self) -> None:
        super().reset()
        self.locks = 0

    # --- GPIO -----------------------------------------------------------------------------------

    def pin_output(self, pin: int) -> bool:
        """True while the image drives bank 0 pin `pin` high through SIO."""
        driven = self.values["GPIO_OUT"] & self.values["GPIO_OE"]
        return bool(driven >> pin & 1)

    def read_gpio_in(self) -> int:
        enabled = self.values["GPIO_OE"]
        return (self.values["GPIO_OUT"] & enabled) | (self.inputs & ~enabled)

    def read_gpio_hi_in(self) -> int:
        level = self.machine.block("IO_QSPI").select_level()
        return level << self.SS_PIN

    def write_gpio_out_set(self, value: int) -> None:
        self.values["GPIO_OUT"] |= value & WORD

    def write_gpio_out_clr(self, value: int) -> None:
        self.values["GPIO_OUT"] &= ~value

    def write_gpio_out_xor(self, value: int) -> None:
        self.values["GPIO_OUT"] ^= value & WORD

    def write_gpio_oe_set(self, value: int) -> None:
        self.values["GPIO_OE"] |= value & WORD

    def write_gpio_oe_clr(self, value: int) -> None:
        self.values["GPIO_OE"] &= ~value

    def write_gpio_oe_xor(self, value: int) -> None:
        self.values["GPIO_OE"] ^= value & WORD

    # --- inter-core -----------------------------------------------------------------------------

    def write_fifo_wr(self, _value: int) -> None:
        raise UnmodelledAccess(self.name, 0x54, "start of core 1")

    def read(self, offset: int) -> int:
        if 0x100 <= offset < 0x100 + 4 * SPINLOCKS:
            return self._claim((offset - 0x100) // 4)
        return super().read(offset)

    def write(self, offset: int, value: int) -> None:
        if 0x100 <= offset < 0x100 + 4 * SPINLOCKS:
            self.locks &= ~(1 << (offset - 0x100) // 4)
        else:
            super().write(offset, value)

    def _claim(self, lock: int) -> int:
        bit = 1 << lock
        if self.locks & bit:
            return 0
        self.locks |= bit
        return bit

    def read_spinlock_st(self) -> int:
        return self.locks

    def state(self) -> Any:
        return (super().state(), self.locks, self.inputs)

    def load_state(self, state: Any) -> None:
        values, self.locks, self.inputs = state
        super().load_state(values)


_COMMON = (
    read_only("CPUID", 0x000),
    read_only("GPIO_IN", 0x004),
    read_only("GPIO_HI_IN", 0x008),
    Register("FIFO_ST", 0x050, FIFO_READY, writable=0, clear=0xC),
    Register("FIFO_WR", 0x054),
    read_only("FIFO_RD", 0x058),
    read_only("SPINLOCK_ST", 0x05C),
)


class SioRp2040(Sio):
    """RP2040: 30 GPIOs, the divider (results are there at once: 8 cycles are not waited for)."""

    SS_PIN = 1
    REGISTERS = (
        *_COMMON,
        Register("GPIO_OUT", 0x010, writable=0x3FFF_FFFF),
        Register("GPIO_OUT_SET", 0x014),
        Register("GPIO_OUT_CLR", 0x018),
        Register("GPIO_OUT_XOR", 0x01C),
        Register("GPIO_OE", 0x020, writable=0x3FFF_FFFF),
        Register("GPIO_OE_SET", 0x024),
        Register("GPIO_OE_CLR", 0x028),
        Register("GPIO_OE_XOR", 0x02C),
        Register("DIV_UDIVIDEND", 0x060),
        Register("DIV_UDIVISOR", 0x064),
        Register("DIV_SDIVIDEND", 0x068),
        Register("DIV_SDIVISOR", 0x06C),
        Register("DIV_QUOTIENT", 0x070),
        Register("DIV_REMAINDER", 0x074),
        read_only("DIV_CSR", 0x078, 1),
    )

    def _divide(self, name: str, value: int) -> None:
        kind = name[4]
        operand = name[5:]
        for sign in "US":
            self.values[f"DIV_{sign}{operand}"] = value
        dividend = self.values[f"DIV_{kind}DIVIDEND"]
        divisor = self.values[f"DIV_{kind}DIVISOR"]
        quotient, remainder = divide(dividend, divisor, signed=kind == "S")
        self.values["DIV_QUOTIENT"] = quotient
        self.values["DIV_REMAINDER"] = remainder
        self.values["DIV_CSR"] = 3

    def write_div_udividend(self, value: int) -> None:
        self._divide("DIV_UDIVIDEND", value)

    def write_div_udivisor(self, value: int) -> None:
        self._divide("DIV_UDIVISOR", value)

    def write_div_sdividend(self, value: int) -> None:
        self._divide("DIV_SDIVIDEND", value)

    def write_div_sdivisor(self, value: int) -> None:
        self._divide("DIV_SDIVISOR", value)

    def read_div_quotient(self) -> int:
        self.values["DIV_CSR"] = 1
        return self.values["DIV_QUOTIENT"]

    def write_div_quotient(self, value: int) -> None:
        self.values["DIV_QUOTIENT"] = value
        self.values["DIV_CSR"] = 3

    def write_div_remainder(self, value: int) -> None:
        self.values["DIV_REMAINDER"] = value
        self.values["DIV_CSR"] = 3


def divide(dividend: int, divisor: int, *, signed: bool) -> tuple[int, int]:
    """Quotient and remainder as the hardware gives them, division by zero included (2.3.1.5)."""
    if not signed:
        return (WORD, dividend) if divisor == 0 else divmod(dividend, divisor)
    a = dividend - ((dividend & 1 << 31) << 1)
    b = divisor - ((divisor & 1 << 31) << 1)
    if b == 0:
        return (1 if a < 0 else WORD), dividend
    quotient = abs(a) // abs(b)
    if (a < 0) != (b < 0):
        quotient = -quotient
    return quotient & WORD, (a - quotient * b) & WORD


class SioRp2350(Sio):
    """RP2350: bank 0 pins up to 31 here; the high bank only through GPIO_HI_IN."""

    SS_PIN = 27
    REGISTERS = (
        *_COMMON,
        Register("GPIO_OUT", 0x010),
        Register("GPIO_OUT_SET", 0x018),
        Register("GPIO_OUT_CLR", 0x020),
        Register("GPIO_OUT_XOR", 0x028),
        Register("GPIO_OE", 0x030),
        Register("GPIO_OE_SET", 0x038),
        Register("GPIO_OE_CLR", 0x040),
        Register("GPIO_OE_XOR", 0x048),
    )
