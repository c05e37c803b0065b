# SPDX-License-Identifier: GPL-2.0-or-later
"""A board with the image in it, on a USB host: the one interface for tests.

Everything happens in virtual time. What goes wrong on the bus or in the reader raises UsbError,
DescriptorError or CcidError; what ends the machine's run raises DeviceStopped.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import boards
from boards import Board
from sim import entropy
from sim.cpu.processor import StopReason
from sim.elf import SymbolTable
from sim.flash.journal import Entry
from sim.flash.nor_flash import NorFlash
from sim.machine import Machine, Snapshot
from sim.otp.otp_array import OtpArray
from sim.tracing.trace import Tracer
from sim.uf2 import load_uf2
from sim.usb.ccid_messages import Answer
from sim.usb.ccid_reader import CcidReader
from sim.usb.usb_host import UsbHost

# Long enough for the firmware to see BOOTSEL released, and then pressed.
PRESS_MS = 300
# Runs end there for reasons that are the host's own.
_GOES_ON = (StopReason.DEADLINE, StopReason.REQUESTED, StopReason.IDLE)


class DeviceStopped(Exception):
    """The machine cannot go on: power cut, lock-up, unmodelled access, BOOTSEL."""

    def __init__(self, reason: StopReason, detail: str) -> None:
        super().__init__(detail or reason.value)
        self.reason = reason


@dataclass(frozen=True)
class DeviceSnapshot:
    """A whole device between two exchanges, for `Device.restore` on the device that made it."""

    machine: Snapshot
    host: Any
    reader: Any
    seed: int
    observers: tuple[Any, ...]


class Observer(Protocol):
    """What follows the commands of a device; it may read memory and let time pass."""

    def command_begins(self, apdu: bytes) -> None:
        """Before a command goes out."""

    def command_ended(self, apdu: bytes, response: bytes) -> None:
        """After its answer came."""

    def session_ended(self) -> None:
        """After the ICC got power, or lost it."""

    def state(self) -> Any:
        """What goes into a snapshot of the device."""

    def load_state(self, state: Any) -> None:
        """Back to a snapshot."""


class Probe:
    """Counts executions of a function of the image."""

    def __init__(self, machine: Machine, symbol: str) -> None:
        machine.add_probe(symbol)
        self._machine = machine
        self.symbol = symbol

    @property
    def count(self) -> int:
        """Executions since the device was made, over all power cycles."""
        return self._machine.probe_count(self.symbol)


class Device:
    """One board. Made without power; `flash` and `otp` outlive the power."""

    def __init__(
        self,
        board: Board,
        flash: NorFlash,
        seed: int = 0,
        otp: OtpArray | None = None,
        symbols: SymbolTable | None = None,
        *,
        coverage: bool = False,
        exact: bool = False,
        trace: bool = False,
    ) -> None:
        self.board = board
        self.symbols = symbols
        self.machine = Machine(
            board, flash, seed, otp, coverage=coverage, exact=exact, trace=trace, symbols=symbols
        )
        self.host = UsbHost(self.machine, self.machine.block("USBCTRL"), self._advance)
        self.reader = CcidReader(self.host)
        self.observers: list[Observer] = []
        self._command = b""

    @classmethod
    def from_uf2(
        cls,
        board: str,
        uf2_path: Path,
        flash_file: Path | None = None,
        seed: int = 0,
        *,
        coverage: bool = False,
        exact: bool = False,
        trace: bool = False,
    ) -> Device:
        """A board with the image in its flash, and the rest of the flash from `flash_file`.

        A flash file that does not exist yet stands for an erased flash. Symbols come from the ELF
        file beside the image, if there is one. Raises UnknownBoardError, Uf2Error, FlashFileError.
        """
        description = boards.load(board)
        flash = NorFlash(description.flash.size_bytes)
        if flash_file is not None and flash_file.exists():
            flash.load(flash_file)
        load_uf2(uf2_path, description.chip, flash)
        elf_path = uf2_path.with_suffix(".elf")
        symbols = SymbolTable.load(elf_path) if elf_path.exists() else None
        return cls(
            description, flash, seed, symbols=symbols, coverage=coverage, exact=exact, trace=trace
        )

    # --- what is in it --------------------------------------------------------------------------

    @property
    def flash(self) -> NorFlash:
        """The flash chip."""
        return self.machine.flash

    @property
    def otp(self) -> OtpArray:
        """The OTP memory (RP2350)."""
        return self.machine.otp

    @property
    def journal(self) -> list[Entry]:
        """Every program and erase of the flash, in order."""
        return self.machine.flash.journal

    @property
    def coverage(self) -> dict[int, int]:
        """How often each block of code ran, by address, when made with `coverage`."""
        return self.machine.execution_counts()

    @property
    def virtual_ms(self) -> float:
        """Virtual milliseconds since the device was made."""
        return self.machine.clock.now / (1000 * self.machine.clock.ticks_per_us)

    @property
    def instructions(self) -> int:
        """Instructions executed since the device was made; sleep does not count."""
        return self.machine.instructions

    @property
    def tracer(self) -> Tracer:
        """What follows the run of a device made with `trace`."""
        if self.machine.tracer is None:
            raise LookupError("the device was made without a trace")
        return self.machine.tracer

    def has_symbol(self, name: str) -> bool:
        """True when the image's symbols are known and have this name."""
        return self.symbols is not None and name in self.symbols

    def probe(self, symbol: str) -> Probe:
        """Count a function's executions; only before the first power-on."""
        return Probe(self.machine, symbol)

    def fault_report(self) -> str:
        """What the processor's last fault was, for people; empty without one."""
        if not self.machine.faults:
            return ""
        return self.machine.faults[-1].describe(self.machine.describe)

    # --- power ----------------------------------------------------------------------------------

    def power_on(self, seed: int | None = None, *, attach: bool = True) -> None:
        """Power-on reset; with `attach`, the host enumerates it and powers its ICC.

        A `seed` starts the chip's noise anew with it; without, noise goes on where it was.
        """
        if self.machine.powered:
            self.power_off()
        if seed is not None:
            self.machine.reseed(seed)
        self.machine.power_on()
        dpram = self.machine.block("USBCTRL_DPRAM")
        label = f"usb dpram {self.machine.boot_count}"
        dpram.memory[:] = entropy.noise(self.machine.seed, label, len(dpram.memory))
        if attach:
            self.attach()

    def attach(self) -> None:
        """What a host does with a new device: enumerate it, power its ICC."""
        self.reader.attach()
        self.icc_power_on()

    def power_off(self) -> None:
        """Remove power, whatever is under way."""
        self.machine.block("USBCTRL").reset()
        self.machine.power_off()

    def bus_reset(self) -> None:
        """A USB bus reset, after which the host configures the device again (ICC without power)."""
        self.reader.attach(reset_only=True)

    def icc_power_on(self) -> bytes:
        """IccPowerOn; the ATR."""
        atr = self.reader.icc_power_on()
        for observer in self.observers:
            observer.session_ended()
        return atr

    def icc_power_off(self) -> None:
        """IccPowerOff."""
        self.reader.icc_power_off()
        for observer in self.observers:
            observer.session_ended()

    # --- use ------------------------------------------------------------------------------------

    def transmit(self, apdu: bytes) -> bytes:
        """One command APDU; the response APDU: data and status word. Follows nothing by itself."""
        self.start_transmit(apdu)
        return self.finish_transmit()

    def start_transmit(self, apdu: bytes) -> None:
        """Send a command APDU, and do not wait for the answer."""
        self._command = apdu
        for observer in self.observers:
            observer.command_begins(apdu)
        self.reader.start_transmit(apdu)

    def finish_transmit(self) -> bytes:
        """The response APDU to `start_transmit`."""
        response = self.reader.finish_transmit()
        for observer in self.observers:
            observer.command_ended(self._command, response)
        return response

    def transmit_and_press(self, apdu: bytes) -> bytes:
        """The same as `transmit`, with a press of BOOTSEL while the card waits for it."""
        self.start_transmit(apdu)
        for press in (self.press_button, self.release_button):
            self.run_for_ms(PRESS_MS)
            press()
        return self.finish_transmit()

    def abort(self) -> Answer:
        """Both halves of ABORT (CCID 5.3.1, 6.1.13): command and session end."""
        answer = self.reader.abort()
        for observer in self.observers:
            observer.session_ended()
        return answer

    def press_button(self) -> None:
        """Hold BOOTSEL down."""
        self.machine.set_button(True)

    def release_button(self) -> None:
        """Let BOOTSEL go."""
        self.machine.set_button(False)

    def run_for_ms(self, duration_ms: float) -> None:
        """Let virtual time pass."""
        self.host.run_for(round(duration_ms * 1000))

    def _advance(self, ticks: int) -> None:
        reason = self.machine.run(ticks)
        if reason not in _GOES_ON:
            raise DeviceStopped(reason, self._detail(reason))

    def _detail(self, reason: StopReason) -> str:
        if reason is StopReason.UNMODELLED:
            return str(self.machine.unmodelled)
        if reason is StopReason.FAULT:
            return self.fault_report()
        return reason.value

    # --- snapshots ------------------------------------------------------------------------------

    def snapshot(self) -> DeviceSnapshot:
        """Everything, flash and host included; only between exchanges."""
        return DeviceSnapshot(
            self.machine.snapshot(),
            self.host.state(),
            self.reader.state(),
            self.machine.seed,
            tuple(observer.state() for observer in self.observers),
        )

    def restore(self, snapshot: DeviceSnapshot) -> None:
        """Undo everything since `snapshot`; an exchange under way is forgotten."""
        self.host.load_state(snapshot.host)
        self.reader.load_state(snapshot.reader)
        self.machine.seed = snapshot.seed
        self.machine.restore(snapshot.machine)
        for observer, state in zip(self.observers, snapshot.observers, strict=True):
            observer.load_state(state)
