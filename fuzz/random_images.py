# SPDX-License-Identifier: GPL-2.0-or-later
"""`nox -s fuzz -- images`: any bytes in the flash at boot; the card answers."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

import boards
from fuzz import campaign, report
from fuzz.campaign import Case
from tools.errors import EXIT_FAILED, ToolError, tell
from tools.paths import BUILD
from tools.product import require_images

IMAGES = 500
REPORT = BUILD / "fuzz" / "random_images.json"
COLUMNS = 124


def main(options: Sequence[str]) -> int:
    """What `nox -s fuzz -- images` does with these options; the exit status."""
    parser = argparse.ArgumentParser(prog="nox -s fuzz -- images", description=__doc__)
    parser.add_argument("--board", choices=boards.names(), help="only this board")
    parser.add_argument("--images", type=int, default=IMAGES, metavar="N", help="how many")
    parser.add_argument("--seconds", type=float, metavar="N", help="go on so long instead")
    parser.add_argument("--seed", type=int, default=0, metavar="S", help="which images")
    parser.add_argument("--replay", metavar="ID", help="only this image, as a finding names it")
    parser.add_argument("--save", type=Path, metavar="FILE", help="with --replay: keep the region")
    parser.add_argument("--json", type=Path, default=REPORT, help="where the figures go")
    arguments = parser.parse_args(options)
    if arguments.images < 1 or (arguments.seconds or 1) <= 0 or arguments.seed < 0:
        raise ToolError("--images and --seconds must be positive, --seed not negative")
    if arguments.save and not arguments.replay:
        raise ToolError("--save needs --replay")
    if arguments.replay:
        return replay(arguments.replay, arguments.save)
    chosen = [arguments.board] if arguments.board else boards.names()
    require_images(chosen)
    results = campaign.run(chosen, arguments.seed, arguments.images, arguments.seconds, Console())
    data = report.figures(results, arguments.seed)
    report.show(Console(width=COLUMNS), data)
    report.write_json(arguments.json, data)
    print(f"written to {arguments.json}")
    return tell(data["findings"], f"{len(results)} images, {len(data['findings'])} findings")


def replay(name: str, save: Path | None) -> int:
    """One image, told in full."""
    try:
        case = Case.parse(name)
    except ValueError as error:
        raise ToolError(f"unknown image {name!r}: {error}") from None
    require_images([case.board])
    bench = campaign.bench(case.board)
    if save is not None:
        save.write_bytes(bench.region(case))
        print(f"its region is in {save}")
    seen = bench.try_out(case).seen
    for key, value in vars(seen).items():
        print(f"{key.replace('_', ' '):18} {value}")
    return EXIT_FAILED if seen.finding else 0
