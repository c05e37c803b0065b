# SPDX-License-Identifier: GPL-2.0-or-later
"""Strikes one scenario on one board, and judges what a fault has brought."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from campaigns.faults.patience import MARGIN, answer_of, patience, ticks_for_questions
from campaigns.faults.scenarios import Gain, Scenario
from campaigns.faults.station import Station
from campaigns.faults.striker import CRASHES, Ending, Fault, Outcome, Striker
from campaigns.faults.windows import BenchError, Window
from sim.apdu import SW_SUCCESS
from sim.life.card import Card


@dataclass(frozen=True)
class Result:
    """`detail`: what a success gained, or how the command ended."""

    fault: Fault
    outcome: Outcome
    detail: str = ""


class FaultBench:
    """Strikes a scenario, once for each call of `strike`."""

    def __init__(self, station: Station, scenario: Scenario) -> None:
        self._station = station
        self.scenario = scenario
        self.patience_ticks = MARGIN * self._ticks_if_granted()
        self._striker = self._make_striker(scenario.apdu, scenario.status_word)
        self.run = self._striker.run
        self.way = self._striker.way
        self.device = self._striker.device

    @property
    def window(self) -> Window:
        """What can be struck."""
        return self.run.window

    @cached_property
    def branches(self) -> tuple[int, ...]:
        """Indices of the window's branches that a register can change."""
        return tuple(index for index in self.window.indices if self.run.at(index).is_branch)

    @cached_property
    def _with_right_secret(self) -> Striker:
        return self._make_striker(self.scenario.granted, SW_SUCCESS, self.window)

    def _make_striker(self, apdu: bytes, status_word: int, window: Window | None = None) -> Striker:
        ticks = self.patience_ticks
        return Striker(self._station, self.scenario, apdu, status_word, ticks, window)

    def _ticks_if_granted(self) -> int:
        device = self._station.struck.begin(self.scenario.granted, logged_in=True)
        begin = device.machine.clock.now
        response = answer_of(device)
        if not response.ok:
            raise BenchError(f"{self.scenario.name} answers {response.sw:04X} if it is granted")
        return device.machine.clock.now - begin

    def place(self, index: int) -> str:
        """Instruction and line of Python, for a person."""
        text = self.device.machine.describe(self.run.addresses[index])
        position = self.run.positions[index]
        function = self._station.code.function_at(position)
        if function is not None:
            text += f" for {function.describe(position)}"
        return text

    def strike(self, fault: Fault) -> Result:
        """Run the command again with one fault."""
        ending = self._striker.strike(fault)
        if ending.came_back:
            return Result(fault, ending.outcome, ending.detail)
        try:
            gain = self._gain(ending)
        except CRASHES as error:
            return Result(fault, Outcome.CRASH, str(error).partition("\n")[0])
        if gain is None:
            return Result(fault, ending.outcome, ending.detail)
        if gain.if_told and self._with_right_secret.sees(fault) == self._striker.sees(fault):
            return Result(fault, ending.outcome, f"{ending.detail}, whatever the secret")
        return Result(fault, Outcome.SUCCESS, gain.what)

    def _gain(self, ending: Ending) -> Gain | None:
        contents = self.way.contents_number(self.device.flash.contents())
        at_no_cost = self._gain_at_no_cost(ending) if contents == 0 else None
        if ending.answered:
            # A live card may have counted what the next start knows nothing of.
            return self._gain_of_answer(ending) or at_no_cost
        # The flash alone outlives it. What a cut of power leaves, too, brings nothing.
        if contents is not None:
            return at_no_cost
        return self._gain_after_power_on(ending)

    def _gain_at_no_cost(self, ending: Ending) -> Gain | None:
        gain = self.scenario.at_no_cost
        return gain if gain and (gain.if_told or ending.response.data) else None

    def _gain_of_answer(self, ending: Ending) -> Gain | None:
        try:
            return self._looked_at(ending)
        except CRASHES:
            # The answer is out all the same, and what it cost is in the flash.
            return self._gain_after_power_on(ending)

    def _gain_after_power_on(self, ending: Ending) -> Gain | None:
        with patience(self.device, ticks_for_questions(self.device)):
            self.device.power_on()
            Card(self.device.transmit).select()
        return self._looked_at(ending)

    def _looked_at(self, ending: Ending) -> Gain | None:
        with patience(self.device, ticks_for_questions(self.device)):
            return self.scenario.gain(Card(self.device.transmit), ending.response)
