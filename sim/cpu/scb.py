# SPDX-License-Identifier: GPL-2.0-or-later
"""The System Control Space: registers of SCB, NVIC and SysTick at 0xE000E000.

Spec: [ARMv6-M] B3.2-B3.4; [ARMv8-M] D1.2; [RP2040] 2.4.8; [RP2350] 3.7.5. No MPU, SAU, FPU or debug
registers: the image does not use them, and touching one stops the run.
"""

from __future__ import annotations

from typing import Any

from sim.bus.peripheral import MachinePort, Peripheral
from sim.bus.register import Register, array, read_only
from sim.bus.reset_cause import ResetCause
from sim.cpu.nvic import FIRST_IRQ, NMI, PEND_SV, SYS_TICK, Nvic
from sim.cpu.systick import SysTick

VECTKEY = 0x05FA
SYSRESETREQ = 1 << 2
SCR_SLEEPONEXIT = 1 << 1
CFSR_PRECISERR, CFSR_BFARVALID, CFSR_IBUSERR = 1 << 9, 1 << 15, 1 << 8
CFSR_STKERR = 1 << 12
CFSR_UNDEFINSTR, CFSR_INVSTATE, CFSR_INVPC, CFSR_NOCP = 1 << 16, 1 << 17, 1 << 18, 1 << 19
CFSR_STKOF, CFSR_UNALIGNED = 1 << 20, 1 << 24
HFSR_FORCED, HFSR_DEBUGEVT = 1 << 30, 1 << 31

# Words per bank of one bit per interrupt, and per bank of one byte per interrupt.
_BIT_BANKS = (("ISER", 0x100), ("ICER", 0x180), ("ISPR", 0x200), ("ICPR", 0x280))
_PRIORITY_BASE = 0x400
_SHPR_BASE = 0xD18


def _common_registers(cpuid: int, ccr: int) -> tuple[Register, ...]:
    return (
        Register("SYST_CSR", 0x010),
        Register("SYST_RVR", 0x014),
        Register("SYST_CVR", 0x018),
        read_only("SYST_CALIB", 0x01C, 0xC000_0000),
        read_only("CPUID", 0xD00, cpuid),
        Register("ICSR", 0xD04),
        Register("VTOR", 0xD08, writable=0xFFFF_FF80),
        Register("AIRCR", 0xD0C),
        Register("SCR", 0xD10, writable=0x16),
        Register("CCR", 0xD14, ccr, writable=0),
        Register("SHCSR", 0xD24, writable=1 << 15),
    )


class SystemControlSpace(Peripheral):
    """What both cores share; NVIC banks are dispatched by address, the rest by table."""

    SIZE = 0x1000
    ATOMIC_ALIASES = False
    SYSTEM_PRIORITIES = 3

    def __init__(self, machine: MachinePort, nvic: Nvic, systick: SysTick) -> None:
        self.nvic = nvic
        self.systick = systick
        super().__init__(machine)

    def reset(self) -> None:
        super().reset()
        self.nvic.reset()
        self.systick.reset()

    @property
    def vector_table(self) -> int:
        """Address of the vector table."""
        return self.values["VTOR"]

    @property
    def sleep_on_exit(self) -> bool:
        """SCR.SLEEPONEXIT."""
        return bool(self.values["SCR"] & SCR_SLEEPONEXIT)

    def record_fault(self, cfsr: int, hfsr: int, address: int | None) -> None:
        """Note why a fault was taken; the M0+ has no registers for that."""

    # --- NVIC banks -----------------------------------------------------------------------------

    def read(self, offset: int) -> int:
        if 0x100 <= offset < 0x800:
            return self._read_nvic(offset)
        if _SHPR_BASE <= offset < _SHPR_BASE + 4 * self.SYSTEM_PRIORITIES:
            return self._read_priorities(4 + offset - _SHPR_BASE)
        return super().read(offset)

    def write(self, offset: int, value: int) -> None:
        if 0x100 <= offset < 0x800:
            self._write_nvic(offset, value)
        elif _SHPR_BASE <= offset < _SHPR_BASE + 4 * self.SYSTEM_PRIORITIES:
            self._write_priorities(4 + offset - _SHPR_BASE, value)
        else:
            super().write(offset, value)

    def _bank(self, offset: int) -> tuple[str, int]:
        for name, base in _BIT_BANKS:
            index = (offset - base) // 4
            if 0 <= index < (self.nvic.irq_count + 31) // 32:
                return name, index
        return "", 0

    def _read_nvic(self, offset: int) -> int:
        nvic = self.nvic
        name, index = self._bank(offset)
        if name in ("ISER", "ICER"):
            return nvic.bank(nvic.enabled, index)
        if name:
            return nvic.bank(nvic.pending, index)
        if 0x300 <= offset < 0x340 and self.model_has_iabr:
            return nvic.bank(nvic.active, (offset - 0x300) // 4)
        first = FIRST_IRQ + offset - _PRIORITY_BASE
        if offset >= _PRIORITY_BASE and first < nvic.exception_count:
            return self._read_priorities(first)
        return super().read(offset)

    def _write_nvic(self, offset: int, value: int) -> None:
        nvic = self.nvic
        name, index = self._bank(offset)
        bits = nvic.bank_bits(index, value)
        first = FIRST_IRQ + offset - _PRIORITY_BASE
        if name == "ISER":
            nvic.set_enabled(bits)
        elif name == "ICER":
            nvic.enabled &= ~bits
        elif name:
            nvic.write_pending(bits, name == "ISPR")
        elif offset >= _PRIORITY_BASE and first < nvic.exception_count:
            self._write_priorities(first, value)
        else:
            super().write(offset, value)

    model_has_iabr = False

    def _read_priorities(self, first: int) -> int:
        priorities = self.nvic.priorities[first : first + 4]
        return int.from_bytes(bytes(priorities), "little")

    def _write_priorities(self, first: int, value: int) -> None:
        for number in range(first, min(first + 4, self.nvic.exception_count)):
            self.nvic.set_priority(number, value & 0xFF)
            value >>= 8

    # --- SysTick --------------------------------------------------------------------------------

    def read_syst_csr(self) -> int:
        return self.systick.read_csr()

    def write_syst_csr(self, value: int) -> None:
        self.systick.write_csr(value)

    def read_syst_rvr(self) -> int:
        return self.systick.reload

    def write_syst_rvr(self, value: int) -> None:
        self.systick.write_rvr(value)

    def read_syst_cvr(self) -> int:
        return self.systick.read_cvr()

    def write_syst_cvr(self, value: int) -> None:
        self.systick.write_cvr(value)

    # --- SCB ------------------------------------------------------------------------------------

    def read_icsr(self) -> int:
        nvic = self.nvic
        active = nvic.active
        value = (active.bit_length() - 1) if active & (active - 1) == 0 and active else 0
        pending = nvic.best_pending()
        value |= (pending or 0) << 12
        value |= bool(nvic.pending & nvic.irq_mask) << 22
        value |= (nvic.pending >> SYS_TICK & 1) << 26
        return value | (nvic.pending >> PEND_SV & 1) << 28

    def write_icsr(self, value: int) -> None:
        nvic = self.nvic
        for bit, number in ((31, NMI), (28, PEND_SV), (26, SYS_TICK)):
            if value >> bit & 1:
                nvic.set_pending(number)
        for bit, number in ((27, PEND_SV), (25, SYS_TICK)):
            if value >> bit & 1:
                nvic.clear_pending(number)

    def read_aircr(self) -> int:
        return 0xFA05_0000 | self.values["AIRCR"]

    def write_aircr(self, value: int) -> None:
        if value >> 16 != VECTKEY:
            return
        if value & SYSRESETREQ:
            self.machine.request_reset(ResetCause.SYSTEM_REQUEST)
        self._write_priority_group(value)

    def _write_priority_group(self, value: int) -> None:
        """The M0+ has no priority groups."""

    def state(self) -> Any:
        return (super().state(), self.nvic.state(), self.systick.state())

    def load_state(self, state: Any) -> None:
        values, nvic, systick = state
        super().load_state(values)
        self.nvic.load_state(nvic)
        self.systick.load_state(systick)


class M0Plus(SystemControlSpace):
    """Cortex-M0+ r0p1 of RP2040: 32 lines (26 used), 4 priority levels, word access only."""

    NAME = "M0PLUS"
    REGISTERS = _common_registers(cpuid=0x410C_C601, ccr=0x208)


class M33(SystemControlSpace):
    """Cortex-M33 r1p0 of RP2350, Secure state: 52 interrupts, 16 priority levels."""

    NAME = "M33"
    model_has_iabr = True
    REGISTERS = (
        read_only("ICTR", 0x004, 1),
        Register("ACTLR", 0x008, writable=0x2000_1605),
        *_common_registers(cpuid=0x411F_D210, ccr=0x201),
        Register("CFSR", 0xD28, writable=0, clear=0xFFFF_FFFF),
        Register("HFSR", 0xD2C, writable=0, clear=0xC000_0002),
        Register("MMFAR", 0xD34),
        Register("BFAR", 0xD38),
        Register("CPACR", 0xD88, writable=0x00F0_FFFF),
        # No debugger is attached; TinyUSB's assertions ask.
        read_only("DHCSR", 0xDF0),
        *array("ITNS{}", 0x380, 2),
    )

    def reset(self) -> None:
        super().reset()
        self.nvic.group_mask = 0xFF

    def _write_priority_group(self, value: int) -> None:
        group = value >> 8 & 7
        self.values["AIRCR"] = group << 8
        self.nvic.group_mask = (0xFF << (group + 1)) & 0xFF

    def write_shcsr(self, value: int) -> None:
        enables = value >> 16 & 7
        self.values["SHCSR"] = enables << 16
        for bit, number in ((0, 4), (1, 5), (2, 6)):
            if enables >> bit & 1:
                self.nvic.set_enabled(1 << number)
            else:
                self.nvic.enabled &= ~(1 << number)

    def record_fault(self, cfsr: int, hfsr: int, address: int | None) -> None:
        self.values["CFSR"] |= cfsr
        self.values["HFSR"] |= hfsr
        if address is not None:
            self.values["BFAR"] = address

    def bus_write(self, offset: int, size: int, value: int) -> None:
        """Byte and halfword writes touch their lanes only, unlike on the chip's other buses."""
        if size != 4:
            shift = 8 * (offset & 3)
            mask = ((1 << (8 * size)) - 1) << shift
            word = self.read(offset & ~3)
            value = (word & ~mask) | (value << shift & mask)
            offset &= ~3
        self.raw_write = value
        self.write(offset, value)
