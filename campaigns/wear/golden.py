# SPDX-License-Identifier: GPL-2.0-or-later
"""The golden figures: kept in one file, held against what was measured.

A worse figure fails. A better one is told, so that the file can be renewed (`--update`).
"""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path

from campaigns.wear.figures import Figure, Figures

GOLDEN = Path(__file__).with_name("golden.toml")
TOLERANCE = 0.10
# A mean over some dozens of commands moves by one erase more or less.
GRANULE = Figure(erases=0.06, page_programs=0.5, changed_bytes=20)
GRANULE_PER_THOUSAND = Figure(erases=1.0, page_programs=50, changed_bytes=400)
HEAD = """\
# SPDX-License-Identifier: GPL-2.0-or-later
# What commands cost the flash, measured on the image of each board (campaigns/wear/figures.py).
# Written by `nox -s wear -- --update`.
"""


@dataclass(frozen=True)
class Difference:
    """A figure that is not as it was."""

    board: str
    unit: str
    what: str
    golden: float
    found: float

    @property
    def worse(self) -> bool:
        """True if the flash wears out sooner."""
        return self.found > self.golden

    def __str__(self) -> str:
        how = "worse" if self.worse else "better"
        return (
            f"{self.board}: {self.unit}: {self.found:g} {self.what}, the golden figure is "
            f"{self.golden:g}: {how}"
        )


Golden = dict[str, dict[str, Figure]]


def load(path: Path = GOLDEN) -> Golden:
    """Board -> unit -> figure."""
    data = tomllib.loads(path.read_text())
    return {
        board: {unit: Figure(**figure) for unit, figure in units.items()}
        for board, units in data.items()
    }


def write(found: Sequence[Figures], path: Path = GOLDEN) -> None:
    """Keep what was measured; boards that were not stay as they are."""
    golden = load(path) if path.exists() else {}
    golden |= {figures.board: figures.by_unit for figures in found}
    lines = [HEAD]
    for board in sorted(golden):
        lines.append(f"[{board}]")
        for unit, figure in golden[board].items():
            values = ", ".join(f"{name} = {value:g}" for name, value in asdict(figure).items())
            lines.append(f'"{unit}" = {{ {values} }}')
        lines.append("")
    path.write_text("\n".join(lines))


def differences(golden: Golden, found: Figures) -> list[Difference]:
    """Figures outside the tolerance; a unit that one of both lacks counts as worse."""
    due, result = golden.get(found.board, {}), []
    for unit in {**due, **found.by_unit}:
        old, new = due.get(unit), found.by_unit.get(unit)
        if old is None or new is None:
            what = "in the file" if new is None else "measured"
            result.append(Difference(found.board, unit, f"only {what}", 0, 1))
            continue
        granule = GRANULE_PER_THOUSAND if unit.startswith("1,000") else GRANULE
        for name in (field.name for field in fields(Figure)):
            was, now = getattr(old, name), getattr(new, name)
            if abs(now - was) > TOLERANCE * was + getattr(granule, name):
                result.append(Difference(found.board, unit, name.replace("_", " "), was, now))
    return result
