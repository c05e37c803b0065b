# SPDX-License-Identifier: GPL-2.0-or-later
"""A window with a weakness planted is found weak, and the shipped image is not.

A statement is jumped over in the frozen bytecode before the first boot: the second of two checks,
so that one skipped instruction of the first is enough. No such plant opens a key to somebody who
is not logged in, nor accepts a wrong PIN: there, what is missing is the key.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

import pytest

from campaigns.faults.bench import FaultBench, Result
from campaigns.faults.scenarios import KEY_STORE, SCENARIOS, WRAP_KEY
from campaigns.faults.station import Station, station
from campaigns.faults.striker import Fault, Outcome
from sim.device import Device
from sim.tracing.python_code import PythonCode, PythonFunction
from tools.paths import PROJECT

BOARD = "pico"
FIRMWARE = PROJECT / "firmware_py"
REFERENCE_DATA = "hsm/security/reference_data.py"
INITIALIZE = "hsm/commands/initialize_device.py"
# MicroPython's JUMP, its longest short one forward, and what its operand counts from.
JUMP, JUMP_BYTES, JUMP_MAX, JUMP_BASE = 0x42, 2, 0x3F, 0x40
# How a statement that calls a function with up to 3 arguments ends.
CALLS, POP_TOP = (0x34, 0x36), 0x59
CALL_ENDS = [bytes((call, count, POP_TOP)) for call in CALLS for count in range(4)]
# Conditional jumps: where a line of Python decides.
DECISIONS = range(0x43, 0x47)
LOAD_METHOD = range(0x14, 0x15)
FLASH_MASK = 0xFF_FFFF


@dataclass(frozen=True)
class Weakness:
    """What is jumped over, and where one skip is enough then."""

    scenario: str
    gain: str
    removed: tuple[str, str, str]
    """File, function, and what is in the last such line of it; all from the first to `until`."""
    struck: tuple[str, str, str]
    """File, function, and what is in the line whose `opcodes` are struck."""
    until: str = ""
    opcodes: range = DECISIONS

    def results(self, at: Station) -> Iterator[Result]:
        """Of a skip of every instruction that serves those opcodes, or their operands."""
        bench = FaultBench(at, SCENARIOS[self.scenario])
        file, name, text = self.struck
        function = at.code.named(file, name)
        line = function.line_at(_starts(function, text)[0])
        body = bench.device.machine.read_memory(function.address, function.end - function.address)
        struck = {
            at
            for at in range(function.code, function.end)
            if function.line_at(at) == line
            and any(byte in self.opcodes for byte in body[at - function.address - 1 :][:2])
        }
        for index in bench.window.indices:
            if bench.run.positions[index] in struck:
                yield bench.strike(Fault(index))


@lru_cache(maxsize=1)
def _weak_station(removed: tuple[str, str, str], until: str) -> Station:
    def plant(device: Device, code: PythonCode) -> None:
        file, name, text = removed
        function = code.named(file, name)
        if until:
            start, end = _starts(function, text)[0], _starts(function, until)[0]
        else:
            start = _starts(function, text)[-1]
            body = device.machine.read_memory(start, function.end - start)
            ends = [body.find(call_end) for call_end in CALL_ENDS]
            end = start + min(at for at in ends if at >= 0) + len(CALL_ENDS[0])
        distance = end - start - JUMP_BYTES
        assert 0 < distance <= JUMP_MAX
        device.flash.poke(start & FLASH_MASK, bytes((JUMP, JUMP_BASE + distance)))

    return Station(BOARD, plant)


def _starts(function: PythonFunction, text: str) -> list[int]:
    lines = (FIRMWARE / function.file).read_text().splitlines()
    return [address for address, line in function.lines if text in lines[line - 1]]


SECOND_CHECK = (KEY_STORE, "KeyStore_open_for_use", "self._check(")
ALLOWED = (KEY_STORE, "KeyStore__check", "info.allows(")
WEAKNESSES = [
    Weakness("algorithm", "the key was used", SECOND_CHECK, ALLOWED),
    Weakness("export", "the key was exported", SECOND_CHECK, ALLOWED),
    Weakness(
        "domain",
        "the key was wrapped for another domain",
        (WRAP_KEY, "wrap_key", "_check_domain("),
        (WRAP_KEY, "_domain", "_DOMAIN_DEFAULT"),
        until="response.extend",
    ),
    Weakness(
        "count",
        "a use was not counted",
        ("hsm/commands/sign.py", "sign", "check_counted("),
        (KEY_STORE, "KeyStore_count_use", "info.uses =="),
    ),
    Weakness(
        "code",
        "a wrong code initialised the card",
        (INITIALIZE, "initialize_device", "_check_code("),
        (INITIALIZE, "_ask_for_code", "_is_code_due("),
    ),
    Weakness(
        "pin",
        "a wrong PIN cost no try",
        (REFERENCE_DATA, "ReferenceData_verify", "self.tries_left() != before"),
        (REFERENCE_DATA, "ReferenceData_verify", "counters.spend_try("),
        until="secret = self._open(",
        opcodes=LOAD_METHOD,
    ),
]


@pytest.mark.parametrize("weakness", WEAKNESSES, ids=lambda weakness: weakness.scenario)
def test_a_check_made_once_is_found_and_made_twice_holds(weakness: Weakness):
    weak = _weak_station(weakness.removed, weakness.until)
    gained = (result for result in weakness.results(weak) if result.outcome is Outcome.SUCCESS)
    first = next(gained, None)
    assert first is not None and first.detail == weakness.gain
    results = list(weakness.results(station(BOARD)))
    assert len(results) > 10
    assert not [result for result in results if result.outcome is Outcome.SUCCESS]
