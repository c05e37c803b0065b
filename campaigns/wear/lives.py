# SPDX-License-Identifier: GPL-2.0-or-later
"""Lives run to the end: on flash that endures few erases, with power cuts."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import dataclass

from campaigns.wear.levelling import without_levelling
from campaigns.wear.owner import (
    REFUSALS,
    SW_BLOCKED,
    Habits,
    Owner,
    Violation,
    require,
)
from campaigns.wear.subject import EFFECTS, ChipCard, DesktopCard, Subject
from sim.apdu import SW_SUCCESS
from sim.flash.endurance import BadSector, Endurance
from sim.life.card import FlashState
from tools.product import image_of

# The firmware on the desktop: as it is, and with a store that does not level.
DESKTOP, UNLEVELLED = "desktop", "unlevelled"
DESKTOP_PLACES = (DESKTOP, UNLEVELLED)
# An eighth of the cycles is jitter.
DESKTOP_CYCLES = 24
# On a chip the region is large. It was used before: of three sectors one has a few erases left, the
# others have none, and the store finds that out one by one.
CHIP_CYCLES, CHIP_CYCLES_USED = 24, 23
CHIP_SECTORS_PER_GOOD_ONE = 3
# Those that hold data when it begins to show are good: their last erase went well.
CHIP_SECTORS_IN_USE = 4
CHIP_HABITS = Habits(hot_files=2, file_bytes_max=4000, commands_per_look=4)
# One command of so many is cut, once the first sector has failed; so many are followed by a power
# cycle, and by a wrong PIN.
COMMANDS_PER_CUT, COMMANDS_PER_POWER_CYCLE, COMMANDS_PER_WRONG_PIN = 8, 25, 20
# In one of so many a single operation fails: a sector that worked until then is to be left.
COMMANDS_PER_FAILURE = 60
OPERATIONS_PER_COMMAND = 40
TEARS_MAX = 64
# Life is over when so many commands that write were refused, one after the other.
REFUSED_AT_THE_END = 20
COMMANDS_MAX = 50_000
# Fewer than the tries for which a retry field has room when its renewal begins to be due.
LAST_LOGINS = 15
# What a sector that is retired takes from the capacity (docs/flash-format.md: what always fits in).
CAPACITY_PER_SECTOR_BYTES = 4096 - 96 - 632 - 40


@dataclass(frozen=True)
class LifeSpec:
    """One life: where, how sectors fail, how many there are (0: the board's region), which seed."""

    place: str
    behaviour: BadSector
    sectors: int
    seed: int

    @property
    def id(self) -> str:
        """For `nox -s wear -- --life`."""
        return f"{self.place}/{self.behaviour.name}/{self.sectors}/{self.seed}"

    @classmethod
    def parse(cls, text: str) -> LifeSpec:
        """The life of an id; ValueError if there is none."""
        try:
            place, behaviour, sectors, seed = text.split("/")
            return cls(place, BadSector[behaviour], int(sectors), int(seed))
        except (KeyError, ValueError):
            raise ValueError(
                f"unknown life {text!r}: ids look like desktop/ERASE_ERROR/16/1"
            ) from None


@dataclass
class LifeResult:
    """How a life went; `violation` ended it early, if there is one.

    `erases`: those that worked; `erases_possible`: those that the sectors had in them.
    """

    id: str
    commands: int = 0
    committed_bytes: int = 0
    erases: int = 0
    erases_possible: int = 0
    sectors: int = 0
    retired: int = 0
    cuts: int = 0
    checks: int = 0
    looked_at: int = 0
    memory_failures: int = 0
    no_space: int = 0
    logins_refused: int = 0
    violation: str = ""

    @property
    def share_of_ideal(self) -> float:
        """Of the erases that were possible, the share that the life made use of."""
        return self.erases / self.erases_possible


class Life:
    """A card from its first INITIALIZE until its flash takes no more changes."""

    def __init__(self, spec: LifeSpec) -> None:
        self.spec = spec
        self.result = LifeResult(spec.id)
        self.subject, self._endurance, self._used = _make(spec)
        habits = Habits() if spec.place in DESKTOP_PLACES else CHIP_HABITS
        self.owner = Owner(self.subject, spec.seed, habits)
        self._first: FlashState | None = None
        self._retired = 0

    def run(self) -> LifeResult:
        """Live to the end; a violation ends it early and is kept in the result."""
        with without_levelling() if self.spec.place == UNLEVELLED else nullcontext():
            return self._run()

    def _run(self) -> LifeResult:
        try:
            self.owner.personalise()
            self.subject.wear_out(self._endurance, self._used)
            self._look_at_flash()
            self._live()
            self._last_words()
        except Exception as error:
            # Whatever it is, the life is to be told and repeated.
            kind = "" if isinstance(error, Violation) else f"{type(error).__name__}: "
            self.result.violation = f"command {self.owner.tally.commands}: {kind}{error}"
        return self._sum_up()

    def _live(self) -> None:
        owner, refused = self.owner, 0
        for _ in range(COMMANDS_MAX):
            if self._retired:
                self._plan()
            done = owner.act()
            if done.writes and done.sw:
                refused = refused + 1 if done.sw in REFUSALS else 0
            if refused == REFUSED_AT_THE_END:
                return
            if done.sw != SW_SUCCESS:
                owner.check()
            if not owner.draw(COMMANDS_PER_WRONG_PIN):
                owner.wrong_pin()
                owner.log_in()
            if not owner.draw(COMMANDS_PER_POWER_CYCLE):
                owner.power_cycle()
                self._look_at_flash()
        raise Violation(f"the flash still takes changes after {COMMANDS_MAX} commands")

    def _plan(self) -> None:
        """Cuts and single failures, once the first sector has failed."""
        draw = self.owner.draw
        if not draw(COMMANDS_PER_CUT):
            self.subject.plan_cut(draw(OPERATIONS_PER_COMMAND), draw(TEARS_MAX))
        if not draw(COMMANDS_PER_FAILURE):
            self.subject.plan_failure(draw(OPERATIONS_PER_COMMAND), draw(len(EFFECTS)))

    def _look_at_flash(self) -> None:
        """Retired sectors only get more, and capacity goes with them; the session ends."""
        state = self.owner.card.flash_state()
        first = self._first = self._first or state
        require(state.sectors_retired >= self._retired, "a retired sector came back")
        self._retired = state.sectors_retired
        lost = (state.sectors_retired - first.sectors_retired) * CAPACITY_PER_SECTOR_BYTES
        due = max(0, first.total_bytes - lost)
        require(state.total_bytes == due, f"capacity {state.total_bytes}, {due} is due")
        self.owner.log_in()

    def _last_words(self) -> None:
        """A card that takes no changes: it opens, all is there, wrong PINs still cost tries."""
        self.owner.power_cycle()
        self._look_at_flash()
        for _ in range(LAST_LOGINS):
            self.owner.log_in()
        self.owner.check()
        for _ in range(2 * self.owner.held.tries):
            before = self.owner.held.tries
            self.owner.wrong_pin()
            if not self.owner.held.tries:
                break
            require(self.owner.held.tries < before, "a wrong PIN costs no try any more")
        require(
            self.owner.card.try_pin(self.owner.held.pin) == SW_BLOCKED,
            "a PIN without tries is not blocked",
        )

    def _sum_up(self) -> LifeResult:
        result, tally = self.result, self.owner.tally
        result.commands, result.cuts = tally.commands, tally.cuts
        result.committed_bytes = tally.committed_bytes
        result.logins_refused = tally.logins_refused
        result.checks, result.looked_at = tally.checks, tally.looked_at
        result.memory_failures, result.no_space = (tally.refusals.get(sw, 0) for sw in REFUSALS)
        result.sectors, result.retired = len(self._used), self._retired
        self._count_erases()
        return result

    def _count_erases(self) -> None:
        """Erases that worked, and those that the sectors had in them."""
        first = self.subject.first_sector
        for sector, (before, after) in enumerate(
            zip(self._used, self.subject.erase_counts, strict=True)
        ):
            # The erase that reaches the limit is the first that fails.
            last = max(before, self._endurance.limit(first + sector) - 1)
            self.result.erases += min(after, last) - before
            self.result.erases_possible += last - before


def _make(spec: LifeSpec) -> tuple[Subject, Endurance, list[int]]:
    """The card of a life, how its sectors will fail, and the erases that they had before."""
    if spec.place in DESKTOP_PLACES:
        endurance = Endurance(DESKTOP_CYCLES, spec.behaviour, spec.seed)
        return DesktopCard(spec.sectors, spec.seed), endurance, [0] * spec.sectors
    chip = ChipCard(spec.place, image_of(spec.place), spec.seed)
    used = [
        CHIP_CYCLES_USED + CHIP_CYCLES * (not _is_good(sector))
        for sector in range(len(chip.erase_counts))
    ]
    return chip, Endurance(CHIP_CYCLES, spec.behaviour, spec.seed), used


def _is_good(sector: int) -> bool:
    return sector < CHIP_SECTORS_IN_USE or sector % CHIP_SECTORS_PER_GOOD_ONE == 0
