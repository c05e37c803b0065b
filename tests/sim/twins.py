# SPDX-License-Identifier: GPL-2.0-or-later
"""Twins of machine parts for tests of single blocks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sim.bus.reset_cause import ResetCause
from sim.clock import Clock
from sim.flash.flash_bus import FlashBus
from sim.flash.nor_flash import NorFlash
from sim.flash.serial_flash import SerialFlash
from sim.otp.otp_array import OtpArray


class Counter:
    """Ticks that the test moves by hand."""

    def __init__(self) -> None:
        self.ticks = 0


class Lines:
    """Interrupt lines as last driven."""

    def __init__(self) -> None:
        self.levels: dict[int, bool] = {}

    def set_level(self, number: int, level: bool) -> None:
        """Remember."""
        self.levels[number] = level


class PsmTwin:
    """A watchdog reset reaches the processor."""

    watchdog_resets_processor = True


class MachineTwin:
    """What a peripheral sees of the machine, without a core."""

    def __init__(self, flash: NorFlash | None = None) -> None:
        self.counter = Counter()
        self.clock = Clock(self.counter, 100_000_000)
        self.irq = Lines()
        self.seed = 1
        self.flash = flash or NorFlash(1 << 16)
        self.flash_bus = FlashBus(SerialFlash(self.flash, lambda: self.clock.now_us))
        self.otp = OtpArray(1)
        self.blocks: dict[str, Any] = {"PSM": PsmTwin()}
        self.resets: list[Any] = []
        self.held: dict[str, bool] = {}

    def block(self, name: str) -> Any:
        """A block that the test has put there."""
        return self.blocks[name]

    def hold_block(self, name: str, held: bool) -> None:
        """Remember."""
        self.held[name] = held

    def block_held(self, name: str, held: bool) -> None:
        """Remember."""
        self.held[name] = held

    def request_reset(self, cause: ResetCause) -> None:
        """Remember."""
        self.resets.append(cause)

    def request_stop(self) -> None:
        """Nothing runs."""

    def read_memory(self, address: int, length: int) -> bytes:
        """There is none."""
        raise LookupError(hex(address))

    def write_memory(self, address: int, data: bytes) -> None:
        """There is none."""
        raise LookupError(hex(address))

    def pass_us(self, duration_us: int) -> None:
        """Let virtual time pass, with all events on the way."""
        end = self.counter.ticks + duration_us * self.clock.ticks_per_us
        while (tick := self.clock.next_tick()) is not None and tick <= end:
            self.clock.jump_to(tick)
            self.clock.run_due()
        self.clock.jump_to(end)


def repeat(function: Callable[[], int], count: int) -> list[int]:
    """Results of several calls."""
    return [function() for _ in range(count)]
