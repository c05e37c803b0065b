# SPDX-License-Identifier: GPL-2.0-or-later
"""What must not happen, whatever is sent."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from fuzz.coverage.bench import Bench
from sim.cpu.core import EngineError
from sim.cpu.processor import StopReason
from sim.device import DeviceStopped
from sim.life.card import RESCUE_AID
from sim.peripherals.usb import UsbControllerMisuse
from sim.residue.watch import ResidueError
from sim.usb.ccid_reader import CcidError
from sim.usb.transfer import UsbError

RESIDUE = "residue"
KINDS = (
    "fault",
    "stopped",
    "unmodelled",
    "reset",
    "link",
    "exhausted",
    "hang",
    "6F00",
    "leak",
    RESIDUE,
)
INTERNAL_ERROR = b"\x6f\x00"
REBOOT = 0x1F
# Commands that bring the host's secrets to the card: an answer must not bring them back. What a
# file was given, it may tell.
BRINGS_SECRETS = frozenset((0x20, 0x24, 0x2C, 0x4A, 0x50, 0x52))
# Commands that generate RSA keys, or stretch a PIN as often as a host asked for: no bound on the
# instructions tells whether they hang.
UNBOUNDED = frozenset((0x20, 0x24, 0x2C, 0x46, 0x50))
# Commands that may compute with public keys, or wait for a button.
SLOW = UNBOUNDED | frozenset(
    (0x10, 0x1C, 0x1F, 0x22, 0x2A, 0x4A, 0x54, 0x5A, 0x62, 0x64)
    + (0x68, 0x72, 0x74, 0x76, 0x78, 0x82, 0x86)
)


class BudgetError(Exception):
    """An input took more instructions than it may."""


@dataclass(frozen=True)
class Finding:
    """`kind` is one of KINDS; findings with the same `place` are one."""

    kind: str
    place: str
    text: str


def instruction_of(apdu: bytes) -> int:
    """INS; -1 for what is too short to have one."""
    return apdu[1] if len(apdu) > 1 else -1


def is_slow(apdus: Sequence[bytes]) -> bool:
    """True if one of the commands is SLOW."""
    return any(instruction_of(apdu) in SLOW for apdu in apdus)


def judge(
    bench: Bench,
    apdus: Sequence[bytes],
    answers: Sequence[bytes],
    error: Exception | None,
    *,
    patient: bool = False,
) -> Finding | None:
    """What a run that ended so has to answer for. `answers` belong to the first of `apdus`.

    `patient`: its bound was one for commands that compute with public keys.
    """
    return (
        _of_machine(bench, apdus, error)
        or _of_error(apdus, error, UNBOUNDED if patient else SLOW)
        or _of_memory(bench)
        or _of_answers(apdus, answers)
        or _of_secrets(bench, apdus, answers)
    )


def _asks_for_reset(apdus: Sequence[bytes]) -> bool:
    # Chained or not: the rescue application was named, and a command with its INS came.
    named = any(RESCUE_AID in apdu for apdu in apdus)
    return named and any(instruction_of(apdu) == REBOOT for apdu in apdus)


def _of_machine(bench: Bench, apdus: Sequence[bytes], error: Exception | None) -> Finding | None:
    machine = bench.device.machine
    if machine.faults:
        fault = machine.faults[0]
        place = machine.describe(fault.pc)
        return Finding("fault", place, f"{fault.what} at {place}")
    if isinstance(error, DeviceStopped):
        if error.reason is StopReason.BOOTSEL and _asks_for_reset(apdus):
            return None
        kind = "unmodelled" if error.reason is StopReason.UNMODELLED else "stopped"
        text = str(error).splitlines()[0]
        return Finding(kind, text, text)
    if machine.block("WATCHDOG").values["REASON"] and not _asks_for_reset(apdus):
        return Finding("reset", _last(apdus), f"the watchdog reset the chip in {_last(apdus)}")
    return None


def _of_error(
    apdus: Sequence[bytes], error: Exception | None, may_take_long: frozenset[int]
) -> Finding | None:
    lasts = bool(apdus) and instruction_of(apdus[-1]) in may_take_long
    if isinstance(error, BudgetError) and not lasts:
        return Finding("hang", _last(apdus), f"{error} in {_last(apdus)}")
    if isinstance(error, ResidueError):
        is_told = any(error.value in apdu or error.value[::-1] in apdu for apdu in _tell(apdus))
        return None if is_told else Finding(RESIDUE, error.place, str(error))
    if isinstance(error, UsbControllerMisuse | EngineError):
        return Finding("stopped", str(error), str(error))
    if isinstance(error, UsbError | CcidError) and not _asks_for_reset(apdus):
        return Finding("link", f"{_last(apdus)}: {error}", str(error))
    return None


def _of_memory(bench: Bench) -> Finding | None:
    exhausted = bench.exhausted()
    if exhausted:
        return Finding("exhausted", exhausted[0], f"{', '.join(exhausted)}: memory ran out")
    return None


def _of_answers(apdus: Sequence[bytes], answers: Sequence[bytes]) -> Finding | None:
    for number, answer in enumerate(answers):
        if answer[-2:] == INTERNAL_ERROR:
            name = _last(apdus[: number + 1])
            return Finding("6F00", name, f"{name} answers 6F00")
    return None


def _of_secrets(bench: Bench, apdus: Sequence[bytes], answers: Sequence[bytes]) -> Finding | None:
    told = b"".join(_tell(apdus))
    for name, secret in bench.secrets.items():
        for form in (secret, secret[::-1]):
            if any(form in answer for answer in answers) and form not in told:
                return Finding("leak", name, f"an answer holds the {name}")
    return None


def _tell(apdus: Sequence[bytes]) -> list[bytes]:
    # What a host sent where no secret belongs is none.
    return [apdu for apdu in apdus if instruction_of(apdu) not in BRINGS_SECRETS]


def _last(apdus: Sequence[bytes]) -> str:
    return f"INS {instruction_of(apdus[-1]):02X}" if apdus and len(apdus[-1]) > 1 else "nothing"
