# SPDX-License-Identifier: GPL-2.0-or-later
"""SSI: the flash controller of RP2040, XIP and serial mode.

Spec: [RP2040] 4.10.

A byte sent is received at once. Without an override of SS, the frame ends when the image looks at
SR with an empty transmit FIFO. XIP works while the controller is enabled in EEPROM-read mode.
"""

from __future__ import annotations

from typing import Any

from sim.bus.peripheral import MachinePort, Peripheral
from sim.bus.register import Register, read_only

TMOD_EEPROM_READ = 3
SR_TFNF, SR_TFE, SR_RFNE = 1 << 1, 1 << 2, 1 << 3
FIFO_DEPTH = 16


class Ssi(Peripheral):
    """No atomic aliases: the block hangs on the XIP's own bus."""

    NAME = "SSI"
    SIZE = 0x1000
    ATOMIC_ALIASES = False
    REGISTERS = (
        Register("CTRLR0", 0x00, 0x7_0000, writable=0x17F_FFFF),
        Register("CTRLR1", 0x04, writable=0xFFFF),
        Register("SSIENR", 0x08, writable=1),
        Register("SER", 0x10, 1, writable=1),
        Register("BAUDR", 0x14, writable=0xFFFF),
        Register("TXFTLR", 0x18, writable=0xFF),
        Register("RXFTLR", 0x1C, writable=0xFF),
        read_only("TXFLR", 0x20),
        read_only("RXFLR", 0x24),
        read_only("SR", 0x28, SR_TFNF | SR_TFE),
        read_only("SSI_VERSION_ID", 0x5C, 0x3430_312A),
        Register("DR0", 0x60),
        Register("RX_SAMPLE_DLY", 0xF0, writable=0xFF),
        Register("SPI_CTRLR0", 0xF4, 0x0300_0000),
    )

    def __init__(self, machine: MachinePort, name: str | None = None) -> None:
        self._received: list[int] = []
        super().__init__(machine, name)

    def load_reset_values(self) -> None:
        super().load_reset_values()
        self._received.clear()

    def _mode(self) -> int:
        return self.values["CTRLR0"] >> 8 & 3

    def write_ssienr(self, value: int) -> None:
        self.store("SSIENR", value)
        bus = self.machine.flash_bus
        if not value & 1:
            self._received.clear()
            bus.end_frame()
        bus.set_xip(bool(value & 1) and self._mode() == TMOD_EEPROM_READ, "controller")

    def enter_serial_mode(self) -> None:
        """What the boot ROM does before serial commands: 8-bit frames, transmit and receive."""
        self._received.clear()
        self.values["CTRLR0"] = 7 << 16
        self.values["SSIENR"] = 1

    def read_sr(self) -> int:
        self.machine.flash_bus.end_frame()
        return SR_TFNF | SR_TFE | (SR_RFNE if self._received else 0)

    def read_rxflr(self) -> int:
        return len(self._received)

    def read_dr0(self) -> int:
        return self._received.pop(0) if self._received else 0

    def write_dr0(self, value: int) -> None:
        # In EEPROM-read mode the words are the address phase of a quad read: only boot2's dummy
        # read
        # does that, and ignores what comes back.
        if self._mode() != TMOD_EEPROM_READ:
            answer = self.machine.flash_bus.exchange(value & 0xFF)
            if len(self._received) < FIFO_DEPTH:
                self._received.append(answer)

    def state(self) -> Any:
        return (super().state(), tuple(self._received))

    def load_state(self, state: Any) -> None:
        values, received = state
        super().load_state(values)
        self._received = list(received)
