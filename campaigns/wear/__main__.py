# SPDX-License-Identifier: GPL-2.0-or-later
"""`nox -s wear`: what commands cost the flash, how it wears, how lives on it end."""

from __future__ import annotations

import argparse
from functools import partial
from pathlib import Path

from rich.console import Console

import boards
from campaigns import generated_section
from campaigns.wear import campaign, golden, hammer, levelling, report
from campaigns.wear.campaign import Part, Results
from campaigns.wear.lives import DESKTOP_PLACES, LifeSpec
from tools.errors import EXIT_FAILED, ToolError, exit_with
from tools.paths import BUILD, PROJECT
from tools.product import require_images

DOCS_PAGE = PROJECT / "docs" / "wear.md"
REPORT = BUILD / "wear" / "report.json"
COLUMNS = 100


def main() -> int:
    arguments = parser().parse_args()
    if arguments.write_docs:
        write_docs()
        return 0
    parts = chosen_parts(arguments)
    require_images(boards.names())
    results = campaign.run(parts, Console())
    if arguments.update:
        golden.write(results.figures)
        write_docs()
    kept = golden.load()
    failed = report.failures(results, kept)
    report.show(Console(width=COLUMNS), results)
    report.write_json(arguments.json, report.data(results, failed))
    print(f"written to {arguments.json}")
    return tell(results, kept, failed)


def parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(prog="nox -s wear --", description=__doc__)
    only = made.add_mutually_exclusive_group()
    only.add_argument("--figures", action="store_true", help="only what commands cost")
    only.add_argument("--levelling", action="store_true", help="only the long life of the store")
    only.add_argument("--hammer", action="store_true", help="only the hammered retry counter")
    only.add_argument("--life", metavar="ID", help="only this life, as a failure names it")
    only.add_argument(
        "--update", action="store_true", help="measure, and keep that as the golden figures"
    )
    only.add_argument(
        "--write-docs", action="store_true", help="renew the table of docs/wear.md and end"
    )
    made.add_argument("--json", type=Path, default=REPORT, help="where the figures go")
    return made


def chosen_parts(arguments: argparse.Namespace) -> list[Part]:
    """What the arguments ask for; everything by default."""
    if arguments.figures or arguments.update:
        return campaign.figure_parts()
    if arguments.levelling:
        return [Part("long life of the store", levelling.live_long, 1)]
    if arguments.hammer:
        return [Part("retry counter hammered", hammer.hammer, 1)]
    if arguments.life:
        spec = life_of(arguments.life)
        return [Part(f"life {spec.id}", partial(campaign.live, spec), 1)]
    return campaign.all_parts()


def life_of(text: str) -> LifeSpec:
    """The life of an id; ToolError if there is none."""
    try:
        spec = LifeSpec.parse(text)
    except ValueError as error:
        raise ToolError(str(error)) from None
    if spec.place not in (*DESKTOP_PLACES, *boards.names()):
        raise ToolError(f"unknown life {text!r}: it is lived on a board or on the desktop")
    return spec


def write_docs() -> None:
    """Put the golden figures into their page."""
    generated_section.renew(DOCS_PAGE, report.figures_section(golden.load()))


def tell(results: Results, kept: golden.Golden, failed: list[str]) -> int:
    """Print failures and requests; the exit status."""
    for line in [*report.requests(results, kept), *failed]:
        print(line)
    print(f"{len(results.lives)} lives, {len(failed)} failures")
    return EXIT_FAILED if failed else 0


if __name__ == "__main__":
    exit_with(main)
