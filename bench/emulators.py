# SPDX-License-Identifier: GPL-2.0-or-later
"""Our RP2040 model beside rp2040py and rp2040js: same image, same work, one run.

Our model and rp2040js count instructions; rp2040py does not, and executes the same code on the same
inputs. Time is processor time spent executing, without the harness around it, the best of some
rounds; sleep of the firmware is jumped over by all three.
"""

from __future__ import annotations

import functools
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sim.cpu.processor import StopReason
from sim.device import Device
from sim.elf import SymbolTable
from sim.life import card as hsm
from sim.life.card import Card
from sim.machine import Machine
from tests.crypto.chip import Chip
from tests.crypto.mailbox import Mailbox
from tests.crypto.selftest import Curve, Operation, SelfTest
from tests.second_opinion.callback_host import CallbackHost
from tests.second_opinion.conftest import BUILD, RP2040JS, UNIQUE_ID
from tests.second_opinion.rp2040js_emulator import Rp2040JsEmulator
from tests.second_opinion.rp2040py_emulator import Rp2040PyEmulator

IMAGE = BUILD / "pico" / "hsm.uf2"
SELFTEST = BUILD / "pico" / "hsm_selftest.uf2"
ROUNDS = 3
MICROPYTHON_COMMANDS = 10
BOOT_US = 50_000


@dataclass
class Speed:
    """One emulator at one kind of work."""

    emulator: str
    work: str
    instructions: int
    cpu_s: float

    @property
    def mips(self) -> float:
        """Million instructions per second."""
        return self.instructions / self.cpu_s / 1e6


class Stopwatch:
    """Processor time that a machine of ours spends running, peripherals included."""

    def __init__(self, machine: Machine) -> None:
        self.cpu_s = 0.0
        self._machine = machine
        self._run = machine.run
        machine.run = self._timed  # type: ignore[method-assign]

    @property
    def instructions(self) -> int:
        """Executed so far."""
        return self._machine.instructions

    def _timed(self, ticks: int | None = None) -> StopReason:
        start_s = time.process_time()
        reason = self._run(ticks)
        self.cpu_s += time.process_time() - start_s
        return reason


def micropython_work(transmit: Callable[[bytes], bytes]) -> None:
    """Commands that are all interpreter: SELECT, ENUMERATE OBJECTS, READ BINARY."""
    card = Card(transmit)
    for _ in range(MICROPYTHON_COMMANDS):
        card.select()
        card.list_objects()
        card.read_file(hsm.DESCRIPTION_PREFIX | 1)


def crypto_work(selftest: SelfTest) -> None:
    """One request that is all public-key arithmetic: an ECDSA signature over P-256."""
    private, digest = bytes(31) + b"\x2a", bytes(range(32))
    selftest.one(Operation.ECDSA_HEDGED, Curve.SECP256R1, private, digest)


def measure(flash: bytes) -> list[Speed]:
    """All three emulators at both kinds of work."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        return [*_micropython(flash, folder), *_crypto(folder)]


def _best(
    name: str, kind: str, emulator: Any, work: Callable[[], None], executed: int = 0
) -> Speed:
    """The fastest of some rounds, of `executed` instructions where the emulator does not count."""
    work()
    speeds = []
    for _ in range(ROUNDS):
        instructions, before_s = emulator.instructions, emulator.cpu_s
        work()
        instructions = emulator.instructions - instructions
        speeds.append(Speed(name, kind, instructions or executed, emulator.cpu_s - before_s))
    return max(speeds, key=lambda speed: speed.mips)


def _micropython(flash: bytes, folder: Path) -> list[Speed]:
    flash_file = folder / "hsm.flash"
    flash_file.write_bytes(flash)
    device = Device.from_uf2("pico", IMAGE, flash_file)
    device.power_on()
    watch = Stopwatch(device.machine)
    speeds = [_best("sim", "micropython", watch, lambda: micropython_work(device.transmit))]
    for name, make in OTHERS.items():
        emulator = make(IMAGE, flash, folder)
        host = CallbackHost(emulator)
        host.enumerate()
        host.power_on()
        executed = speeds[0].instructions
        work = functools.partial(micropython_work, host.transmit)
        speeds.append(_best(name, "micropython", emulator, work, executed))
        emulator.close()
    return speeds


def _crypto(folder: Path) -> list[Speed]:
    chip = Chip("pico", SELFTEST)
    chip.start()
    watch = Stopwatch(chip.machine)
    speeds = [_best("sim", "crypto", watch, lambda: crypto_work(SelfTest(chip)))]
    symbols = SymbolTable.load(SELFTEST.with_suffix(".elf"))
    image = chip.machine.flash.contents()
    for name, make in OTHERS.items():
        emulator = make(SELFTEST, image, folder)
        emulator.pause(BOOT_US)
        work = functools.partial(crypto_work, SelfTest(Mailbox(emulator, symbols)))
        speeds.append(_best(name, "crypto", emulator, work, speeds[0].instructions))
        emulator.close()
    return speeds


def _rp2040py(image: Path, flash: bytes, _folder: Path) -> Any:
    emulator = Rp2040PyEmulator(image, UNIQUE_ID)
    emulator.chip.flash[: len(flash)] = flash
    return emulator


def _rp2040js(_image: Path, flash: bytes, folder: Path) -> Any:
    return Rp2040JsEmulator(RP2040JS, flash, UNIQUE_ID, folder)


OTHERS: dict[str, Callable[[Path, bytes, Path], Any]] = {
    "rp2040py": _rp2040py,
    "rp2040js": _rp2040js,
}
