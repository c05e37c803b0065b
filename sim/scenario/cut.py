# SPDX-License-Identifier: GPL-2.0-or-later
"""Where the power failed, once or again, and the id that says so."""

from __future__ import annotations

import re
from dataclasses import dataclass

DIGEST_PREFIX_DIGITS = 12
CAMPAIGN = "pl"
FORM = f"{CAMPAIGN}/<scenario>/<board>/<geometry>/<seed>/<cuts>@<image digest>"
_CUT = re.compile(r"c(\d+)\.([A-Za-z]+(?:@?\d+)?)")
_PART = re.compile(r"[A-Za-z0-9_]+")
_DIGEST = re.compile(r"[0-9a-f]{4,64}")


class ReplayIdError(ValueError):
    """A line is no replay id; the message says what is wrong with it."""


@dataclass(frozen=True)
class Cut:
    """Power fails during operation `operation` (from 0) and leaves the tear called `tear`.

    The first cut counts the operations of the command, the next one those of the boot after it.
    """

    operation: int
    tear: str

    def __str__(self) -> str:
        return f"c{self.operation}.{self.tear}"


Path = tuple[Cut, ...]


def path_text(path: Path) -> str:
    """The cuts as in a replay id: `c12.prefix1-c0.none`."""
    return "-".join(str(cut) for cut in path)


def parse_path(text: str) -> Path:
    """The cuts of `path_text`. ReplayIdError."""
    cuts = []
    for part in text.split("-"):
        found = _CUT.fullmatch(part)
        if found is None:
            raise ReplayIdError(f"'{part}' is no cut such as c12.prefix1")
        cuts.append(Cut(int(found[1]), found[2]))
    return tuple(cuts)


@dataclass(frozen=True)
class ReplayId:
    """One image that cuts lead to: all that is needed to make it again.

    `board`: the chip model's board, or what stands for one on the desktop; `geometry`: the sectors
    of the data region; `digest`: how the image's digest begins, in hexadecimal.
    """

    scenario: str
    board: str
    geometry: str
    seed: int
    path: Path
    digest: str

    def __str__(self) -> str:
        place = f"{CAMPAIGN}/{self.scenario}/{self.board}/{self.geometry}/{self.seed}"
        return f"{place}/{path_text(self.path)}@{self.digest}"

    @classmethod
    def parse(cls, text: str) -> ReplayId:
        """Read an id. ReplayIdError."""
        parts = text.strip().split("/")
        if len(parts) != 6 or parts[0] != CAMPAIGN:
            raise ReplayIdError(f"'{text}' is no replay id of the form {FORM}")
        _, scenario, board, geometry, seed, rest = parts
        # Tears have names with an @ of their own.
        cuts, _, digest = rest.rpartition("@")
        if not all(_PART.fullmatch(part) for part in (scenario, board, geometry)):
            raise ReplayIdError(f"'{text}': scenario, board and geometry are plain words")
        if not (seed.isascii() and seed.isdigit()):
            raise ReplayIdError(f"'{seed}' is no seed: a number is")
        if not _DIGEST.fullmatch(digest):
            raise ReplayIdError(f"'{digest}' is not how an image's digest begins")
        return cls(scenario, board, geometry, int(seed), parse_path(cuts), digest)
