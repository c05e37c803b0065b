# SPDX-License-Identifier: GPL-2.0-or-later
"""Sets of known answers, and how many cases of each are computed where.

A test takes its cases with `Taker.take`, which holds their number against COUNTS.
`python -m tests.vector_table` counts anew; the table of docs/testing.md is made of that file.
"""

from __future__ import annotations

import json
import os
import tomllib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Generic, TypeVar

T = TypeVar("T")
COUNTS = Path(__file__).parent / "vectors" / "counts.toml"
# A file to which every set that is taken adds a line, instead of being held against COUNTS.
RECORD = "PICO_HSM_RECORD_VECTORS"

WYCHEPROOF = "Wycheproof"
CAVP = "NIST CAVP"
RFC = "RFCs"
LABORATORIES = "RSA Laboratories"
HOST = "made with `cryptography`"

# Where cases are computed: self-test image in a chip model, the same core in QEMU, APDUs.
CHIP, QEMU, APDU = "chip", "qemu", "apdu"
LEVELS = (CHIP, QEMU, APDU)


@dataclass(frozen=True)
class VectorSet(Generic[T]):
    """Cases from one source for one algorithm; `detail` tells its sets apart."""

    source: str
    algorithm: str
    detail: str
    cases: Sequence[T]


def spread(items: Sequence[T], count: int) -> Sequence[T]:
    """At most `count` items, from the first to the last at equal distances."""
    if len(items) <= count:
        return items
    return [items[index * (len(items) - 1) // max(count - 1, 1)] for index in range(count)]


@cache
def load() -> dict[str, dict[str, dict[str, dict[str, int]]]]:
    """Source, algorithm, detail -> number of cases, and how many are taken on each level."""
    return tomllib.loads(COUNTS.read_text())


@dataclass(frozen=True)
class Taker:
    """Takes cases for one level; `factor` times as many, or all of them without any count."""

    level: str
    factor: int = 1
    all_of_them: bool = False

    def take(
        self,
        vectors: VectorSet[T],
        most: int | None = None,
        usable: Callable[[T], bool] | None = None,
    ) -> Sequence[T]:
        """A spread of `most` cases, all of them if None; as many as COUNTS says.

        `usable` tells which of them this level can express.
        """
        taken = vectors.cases if usable is None else list(filter(usable, vectors.cases))
        assert taken, f"{vectors.source}, {vectors.algorithm}, {vectors.detail}: no cases"
        if not self.all_of_them and most is not None:
            taken = spread(taken, most * self.factor)
        if path := os.environ.get(RECORD):
            self._record(Path(path), vectors, len(taken))
        elif not self.all_of_them:
            self._check(vectors, len(taken))
        return taken

    def _record(self, path: Path, vectors: VectorSet[T], taken: int) -> None:
        names = (vectors.source, vectors.algorithm, vectors.detail)
        with path.open("a") as file:
            file.write(json.dumps([*names, len(vectors.cases), self.level, taken]) + "\n")

    def _check(self, vectors: VectorSet[T], taken: int) -> None:
        details = load().get(vectors.source, {}).get(vectors.algorithm, {})
        expected = details.get(vectors.detail, {})
        found = {"cases": len(vectors.cases), self.level: taken}
        assert found.items() <= expected.items(), (
            f"{vectors.source}, {vectors.algorithm}, {vectors.detail}: {found}, not {expected}; "
            f"if that is meant: python -m tests.vector_table"
        )
