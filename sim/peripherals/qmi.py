# SPDX-License-Identifier: GPL-2.0-or-later
"""QMI: the flash controller of RP2350, direct mode and address translation.

Spec: [RP2350] 12.14.

Timing and formats of the XIP windows are stored: every read format gives the same bytes. Window 1
is empty. While direct mode is on, the XIP window does not answer.
"""

from __future__ import annotations

from typing import Any

from sim.bus.peripheral import MachinePort, Peripheral
from sim.bus.register import Register, array, read_only
from sim.bus.unmodelled import UnmodelledAccess

EN, ASSERT_CS0N, ASSERT_CS1N, AUTO_CS0N = 1, 1 << 2, 1 << 3, 1 << 6
TXEMPTY, RXEMPTY, RXFULL = 1 << 11, 1 << 16, 1 << 17
TX_NOPUSH, TX_DWIDTH_16, TX_WIDTH_MASK = 1 << 20, 1 << 18, 3 << 16
FIFO_DEPTH = 4


class Qmi(Peripheral):
    """A byte sent in direct mode is received at once."""

    NAME = "QMI"
    REGISTERS = (
        Register("DIRECT_CSR", 0x00, 0x0180_0000, writable=0xFFC0_00CD),
        Register("DIRECT_TX", 0x04),
        read_only("DIRECT_RX", 0x08),
        Register("M0_TIMING", 0x0C, 0x4000_0004),
        Register("M0_RFMT", 0x10, 0x1000),
        Register("M0_RCMD", 0x14, 0xA003),
        Register("M0_WFMT", 0x18, 0x1000),
        Register("M0_WCMD", 0x1C, 0xA002),
        Register("M1_TIMING", 0x20, 0x4000_0004),
        Register("M1_RFMT", 0x24, 0x1000),
        Register("M1_RCMD", 0x28, 0xA003),
        Register("M1_WFMT", 0x2C, 0x1000),
        Register("M1_WCMD", 0x30, 0xA002),
        *array("ATRANS{}", 0x34, 8),
    )

    def __init__(self, machine: MachinePort, name: str | None = None) -> None:
        self._received: list[int] = []
        super().__init__(machine, name)

    def load_reset_values(self) -> None:
        super().load_reset_values()
        for index in range(8):
            self.values[f"ATRANS{index}"] = 0x400 << 16 | 0x400 * (index % 4)

    def read_direct_csr(self) -> int:
        value = self.values["DIRECT_CSR"] | TXEMPTY
        if not self._received:
            value |= RXEMPTY
        if len(self._received) == FIFO_DEPTH:
            value |= RXFULL
        return value | len(self._received) << 18

    def write_direct_csr(self, value: int) -> None:
        if value & ASSERT_CS1N:
            raise UnmodelledAccess(self.name, 0, "chip select 1")
        self.store("DIRECT_CSR", value)
        bus = self.machine.flash_bus
        bus.force_select(bool(value & ASSERT_CS0N) if value & (EN | ASSERT_CS0N) else None)
        bus.set_xip(not value & EN, "QMI")

    def write_m0_rcmd(self, value: int) -> None:
        """The image sets up its own read command: the window is back after an exit from XIP."""
        self.store("M0_RCMD", value)
        self.machine.flash_bus.set_xip(True, "controller")

    def write_direct_tx(self, value: int) -> None:
        if value & (TX_DWIDTH_16 | TX_WIDTH_MASK):
            raise UnmodelledAccess(self.name, 4, "dual, quad or 16-bit direct transfer")
        bus = self.machine.flash_bus
        if self.values["DIRECT_CSR"] & AUTO_CS0N:
            bus.force_select(True)
            answer = bus.exchange(value & 0xFF)
            bus.force_select(False)
        else:
            answer = bus.exchange(value & 0xFF)
        if not value & TX_NOPUSH and len(self._received) < FIFO_DEPTH:
            self._received.append(answer)

    def read_direct_rx(self) -> int:
        return self._received.pop(0) if self._received else 0

    def _write_translation(self, index: int, value: int) -> None:
        identity = 0x400 << 16 | 0x400 * (index % 4)
        if value & 0x07FF_0FFF != identity:
            raise UnmodelledAccess(self.name, 0x34 + 4 * index, "address translation")

    def write(self, offset: int, value: int) -> None:
        if 0x34 <= offset < 0x54:
            self._write_translation((offset - 0x34) // 4, value)
        else:
            super().write(offset, value)

    def state(self) -> Any:
        return (super().state(), tuple(self._received))

    def load_state(self, state: Any) -> None:
        values, received = state
        super().load_state(values)
        self._received = list(received)
