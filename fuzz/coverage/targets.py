# SPDX-License-Identifier: GPL-2.0-or-later
"""What is fuzzed: commands to the card, or frames to the reader, of one board."""

from __future__ import annotations

import contextlib
import time
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Protocol

from fuzz.coverage import findings, seeds
from fuzz.coverage.bench import Bench
from fuzz.coverage.findings import BudgetError, Finding
from fuzz.coverage.inputs import Input
from sim.apdu import GET_RESPONSE
from sim.cpu.core import EngineError
from sim.device import Device, DeviceStopped
from sim.peripherals.usb import UsbControllerMisuse
from sim.residue.watch import ResidueError
from sim.usb import ccid_messages as ccid
from sim.usb.ccid_reader import CcidCommandFailed, CcidError
from sim.usb.transfer import UsbError, UsbTimeout

# The most that a command without public keys was seen to take is 12 million: a store that makes
# room. A multiple of that is a loop without end.
INSTRUCTIONS_MAX = 60_000_000
# For one that may compute with public keys: RSA on the slower board takes a tenth of it.
PATIENT_INSTRUCTIONS_MAX = 1_000_000_000
# How long a host listens between frames that it does not understand itself.
FRAME_TIMEOUT_US = 2_000
ABORTS_MAX = 2
ANSWERS_MAX = 8
FOREVER = 1 << 62
GET_CHALLENGE = bytes.fromhex("0084000008")
SUCCESS = b"\x90\x00"
# What a run may end with; all but the budget's are judged as the device's fault.
ERRORS = (
    *(BudgetError, DeviceStopped, UsbError, CcidError),
    *(UsbControllerMisuse, EngineError, ResidueError),
)


@dataclass(frozen=True)
class Run:
    """One input: what was new in it, what it cost, what was wrong.

    `cut`: it took too long and was not run to its end. `slow`: it may have computed with public
    keys. `last`: INS of the last command that was sent.
    """

    news: int
    instructions: int
    seconds: float = 0.0
    slow: bool = False
    cut: bool = False
    finding: Finding | None = None
    last: int = -1


class Target(Protocol):
    """Something that runs inputs."""

    name: str

    def seeds(self) -> list[Input]:
        """Good inputs to begin with."""
        ...

    def run(self, one: Input, instructions_max: int = INSTRUCTIONS_MAX) -> Run:
        """Run one from its start, each command for so many instructions at most."""
        ...


class _DeviceTarget(ABC):
    """What both have in common: the run, its bound, its judgement."""

    name: str

    def __init__(self, bench: Bench) -> None:
        self.bench = bench
        self.device: Device = bench.device
        self._end = FOREVER
        self._instructions_max = INSTRUCTIONS_MAX

    def _begin_command(self) -> None:
        self._end = self.device.instructions + self._instructions_max

    def _check_budget(self) -> None:
        if self.device.instructions > self._end:
            raise BudgetError(f"more than {self._instructions_max:,} instructions")

    def run(self, one: Input, instructions_max: int = INSTRUCTIONS_MAX) -> Run:
        """Run one from its start; whatever comes of it is in the result."""
        begun_s = time.perf_counter()
        bench, device = self.bench, self.device
        bench.begin(one.start)
        # Targets share the device.
        device.host.on_slice = self._check_budget
        before = device.instructions
        self._instructions_max = instructions_max
        self._begin_command()
        apdus: list[bytes] = []
        answers: list[bytes] = []
        error: Exception | None = None
        try:
            self.send(one, apdus, answers)
        except ERRORS as caught:
            error = caught
        self._end = FOREVER
        instructions = device.instructions - before
        patient = instructions_max >= PATIENT_INSTRUCTIONS_MAX
        finding = findings.judge(bench, apdus, answers, error, patient=patient)
        news = bench.edges.news()
        return Run(
            news,
            instructions,
            time.perf_counter() - begun_s,
            findings.is_slow(apdus),
            isinstance(error, BudgetError),
            finding,
            findings.instruction_of(apdus[-1]) if apdus else -1,
        )

    @abstractmethod
    def send(self, one: Input, apdus: list[bytes], answers: list[bytes]) -> None:
        """Send it all; commands that went out and what came back are added to the lists."""


class ApduTarget(_DeviceTarget):
    """Sequences of commands, as a host sends them."""

    name = "apdu"

    def seeds(self) -> list[Input]:
        """Good commands, by start."""
        return seeds.commands(self.device, self.bench.starts)

    def send(self, one: Input, apdus: list[bytes], answers: list[bytes]) -> None:
        """Commands in turn, and GET RESPONSE once if the last answer has more."""
        for apdu in one.messages:
            apdus.append(apdu)
            self._begin_command()
            try:
                answers.append(self.device.transmit(apdu))
            except CcidCommandFailed:
                return  # the reader did not take it for a command
        last = answers[-1]
        if last[-2] == 0x61:
            answers.append(self.device.transmit(GET_RESPONSE + last[-1:]))


class CcidTarget(_DeviceTarget):
    """Transfers on bulk OUT; after them a host gets the reader back by its own means."""

    name = "ccid"

    def seeds(self) -> list[Input]:
        """Good frames."""
        return seeds.frames()

    def send(self, one: Input, apdus: list[bytes], answers: list[bytes]) -> None:
        """Frames in turn, whatever comes back; then the reader must work for a good host."""
        for frame in one.messages:
            if frame[:1] == bytes((ccid.XFR_BLOCK,)):
                apdus.append(frame[ccid.HEADER_BYTES :])
            # What is longer than it says waits in the reader until its answer is taken.
            with contextlib.suppress(UsbTimeout):
                self.device.reader.send_raw(frame, FRAME_TIMEOUT_US)
            self._drain(answers)
        apdus.append(GET_CHALLENGE)
        self._recover()
        answer = self.device.transmit(GET_CHALLENGE)
        if answer[-2:] != SUCCESS:
            raise CcidError(f"afterwards GET CHALLENGE answers {answer[-2:].hex().upper()}")

    def _recover(self) -> None:
        """What a host does with a reader it no longer understands: ABORT, else a bus reset.

        A frame that was cut off behind a full packet is still awaited: it takes the first ABORT.
        """
        for _ in range(ABORTS_MAX):
            with contextlib.suppress(UsbTimeout, CcidError):
                self.device.reader.abort()
                self.device.reader.icc_power_on()
                return
        self.device.bus_reset()
        self.device.icc_power_on()

    def _drain(self, answers: list[bytes]) -> None:
        for _ in range(ANSWERS_MAX):
            try:
                message = self.device.reader.read_raw(FRAME_TIMEOUT_US)
            except UsbTimeout:
                return
            try:
                answer = ccid.Answer.parse(message)
            except ValueError as error:
                raise CcidError(str(error)) from None
            if answer.length != len(answer.data) or answer.kind not in ccid.ANSWER_TYPES.values():
                raise CcidError(f"an answer of type {answer.kind:02x} with a wrong length")
            answers.append(answer.data)
        raise CcidError(f"more than {ANSWERS_MAX} answers to a frame")


TARGETS: dict[str, type[ApduTarget] | type[CcidTarget]] = {
    target.name: target for target in (ApduTarget, CcidTarget)
}
