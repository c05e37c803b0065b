# SPDX-License-Identifier: GPL-2.0-or-later
"""The report as one HTML page: operations across, tears down."""

from __future__ import annotations

import html
import re
from typing import Any

COLOURS = {
    "before": "#4c78a8",
    "between": "#eeca3b",
    "after": "#54a24b",
    "violation": "#e4003a",
    "deduplicated": "#d9d9d9",
}
CELL_PX = 11
LABEL_PX = 104
TOP_PX = 16
STYLE = """
body { font: 14px system-ui, sans-serif; margin: 2em; color: #222; }
table { border-collapse: collapse; margin: 1em 0; }
td, th { padding: 0.15em 0.8em; text-align: right; border-bottom: 1px solid #ddd; }
td:first-child, th:first-child { text-align: left; }
h2 { font-size: 1.05em; margin: 1.6em 0 0.3em; }
svg text { font: 9px ui-monospace, monospace; fill: #555; }
.key { display: inline-block; width: 0.9em; height: 0.9em; margin: 0 0.3em 0 1em; }
code { background: #f3f3f3; padding: 0 0.3em; }
td.reason { text-align: left; }
.bad { color: #e4003a; }
"""


def page(data: dict[str, Any]) -> str:
    """The whole page; needs nothing from elsewhere."""
    scenarios = sorted(data["scenarios"], key=lambda one: (one["board"], one["scenario"]))
    parts = [
        "<!doctype html><html lang=en><meta charset=utf-8><title>Power loss</title>",
        f"<style>{STYLE}</style><h1>Power loss</h1>",
        _totals(data["totals"]),
        _invariants(data["invariants"]),
        _mutants(data["mutants"]),
        _legend(),
        *(_scenario(one) for one in scenarios),
        "</html>\n",
    ]
    return "\n".join(parts)


def _totals(totals: dict[str, int]) -> str:
    rows = "".join(f"<tr><td>{name}<td>{value:,}" for name, value in totals.items())
    return f"<table>{rows}</table>"


def _invariants(tallies: dict[str, dict[str, int]]) -> str:
    head = "<tr><th>invariant<th>evaluated<th>on something<th>things looked at<th>violations"
    rows = "".join(
        f"<tr><td>{name}<td>{tally['evaluations']:,}<td>{tally['non_empty']:,}"
        f"<td>{tally['looked_at']:,}<td>{tally['violations']:,}"
        for name, tally in tallies.items()
    )
    return f"<table>{head}{rows}</table>"


def _mutants(data: dict[str, Any]) -> str:
    if not data:
        return ""
    caught = ", ".join(f"{html.escape(name)} {count}" for name, count in data["caught"].items())
    rows = "".join(
        f"<tr><td>{html.escape(one['mutation'])}<td>{one['scenario']}<td>{len(one['mutants'])}"
        f"<td class=reason>{html.escape(one['reason'])}"
        for one in data["survived"]
    )
    head = "<tr><th>survivors<th>scenario<th>mutants<th>why that is right"
    return f"<h2>Planted faults</h2><p>Caught: {caught}.</p><table>{head}{rows}</table>"


def _legend() -> str:
    keys = "".join(
        f'<span class=key style="background:{colour}"></span>{name}'
        for name, colour in COLOURS.items()
    )
    return (
        "<p>Each picture: the flash operations of one command from left to right, what a cut may "
        "leave of each from top to bottom; the colour is what the card shows after the next boot. "
        f"Deduplicated: the same image as another cell's.</p><p>{keys}</p>"
    )


def _scenario(one: dict[str, Any]) -> str:
    name = html.escape(f"{one['scenario']} on {one['board']}")
    figures = (
        f"{one['operations']} operations, {one['cuts']:,} cuts, {one['images']:,} images "
        f"booted, depth {one['depth']}"
    )
    text = f"<h2>{name}</h2><div>{figures}</div>{_svg(one['tiles'])}"
    if one["error"]:
        text += f"<p class=bad>{html.escape(one['error'])}</p>"
    for violation in one["violations"]:
        problem = html.escape(f"{violation['invariant']}: {violation['problem']}")
        text += f"<div class=bad>{problem} <code>{html.escape(violation['id'])}</code></div>"
    return text


def _svg(tiles: list[list[Any]]) -> str:
    rows = sorted({tear for _, tear, _ in tiles}, key=_tear_order)
    columns = max((operation for operation, _, _ in tiles), default=0) + 1
    width, height = LABEL_PX + columns * CELL_PX + 8, TOP_PX + len(rows) * CELL_PX + 2
    marks = [
        f'<text x="{LABEL_PX - 4}" y="{TOP_PX + row * CELL_PX + 9}" text-anchor="end">{tear}</text>'
        for row, tear in enumerate(rows)
    ]
    marks += [
        f'<text x="{LABEL_PX + column * CELL_PX}" y="{TOP_PX - 4}">{column}</text>'
        for column in range(0, columns, 5)
    ]
    at = {tear: row for row, tear in enumerate(rows)}
    marks += [
        f'<rect x="{LABEL_PX + operation * CELL_PX}" y="{TOP_PX + at[tear] * CELL_PX}" '
        f'width="{CELL_PX - 1}" height="{CELL_PX - 1}" fill="{COLOURS[outcome]}">'
        f"<title>c{operation}.{tear}: {outcome}</title></rect>"
        for operation, tear, outcome in tiles
    ]
    return f'<svg width="{width}" height="{height}">{"".join(marks)}</svg>'


TEARS = (
    *("none", "full", "prefix1", "prefixHalf", "prefixLast", "prefix@", "suffix1", "suffixHalf"),
    *("suffixLast", "suffix@", "preprogrammed", "half", "presubset", "evenBits", "oddBits"),
    *("bitFirst", "bitLast", "bit", "butBitFirst", "butBitLast", "butBit", "subset", "marginal"),
)


def _tear_order(tear: str) -> tuple[int, int]:
    """The order in which a failure is shrunk."""
    found = re.fullmatch(r"(.*?)(\d*)", tear)
    name, number = (found[1], found[2]) if found else (tear, "")
    if tear in TEARS:
        return TEARS.index(tear), 0
    return (TEARS.index(name) if name in TEARS else len(TEARS)), int(number or 0)
