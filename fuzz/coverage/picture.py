# SPDX-License-Identifier: GPL-2.0-or-later
"""The report as one HTML page: growth as curves, coverage as tables."""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence
from typing import Any

WIDTH_PX, HEIGHT_PX, MARGIN_PX = 720, 240, 56
COLOURS = ("#4c78a8", "#f58518", "#54a24b", "#b279a2")
STYLE = """
body { font: 14px system-ui, sans-serif; margin: 2em; color: #222; }
table { border-collapse: collapse; margin: 1em 0; }
td, th { padding: 0.15em 0.8em; text-align: right; border-bottom: 1px solid #ddd; }
td:first-child, th:first-child { text-align: left; }
h2 { font-size: 1.05em; margin: 1.6em 0 0.3em; }
svg text { font: 10px ui-monospace, monospace; fill: #555; }
code { background: #f3f3f3; padding: 0 0.3em; overflow-wrap: anywhere; }
.bar { display: inline-block; height: 0.7em; background: #54a24b; }
.rest { display: inline-block; height: 0.7em; background: #ddd; }
.bad { color: #e4003a; }
"""
Curve = Sequence[tuple[float, float]]


def page(data: dict[str, Any]) -> str:
    """The whole page; needs nothing from elsewhere."""
    parts = [
        "<!doctype html><html lang=en><meta charset=utf-8><title>Coverage</title>",
        f"<style>{STYLE}</style><h1>Fuzzing guided by coverage</h1>",
        _findings(data["findings"]),
        _targets(data["targets"]),
        _growth(data["growth"], "blocks", "executions"),
        _growth(data["growth"], "blocks", "seconds"),
        _growth(data["growth"], "lines", "executions"),
        *(_blocks(board, blocks) for board, blocks in data["blocks"].items()),
        *(_lines(board, lines) for board, lines in data["lines"].items()),
        "</html>\n",
    ]
    return "\n".join(parts)


def _findings(findings: list[dict[str, str]]) -> str:
    if not findings:
        return "<p>Nothing was found.</p>"
    return "".join(
        f"<div class=bad>{html.escape(one['kind'])}: {html.escape(one['text'])} "
        f"<code>{html.escape(one['id'])}</code></div>"
        for one in findings
    )


def _targets(targets: dict[str, dict[str, Any]]) -> str:
    names = list(next(iter(targets.values()), {}))
    head = "".join(f"<th>{name.replace('_', ' ')}" for name in names)
    rows = "".join(
        f"<tr><td>{target}" + "".join(f"<td>{speed[name]:,}" for name in names)
        for target, speed in targets.items()
    )
    return f"<table><tr><th>target{head}{rows}</table>"


def _growth(samples: list[dict[str, Any]], what: str, over: str) -> str:
    curves: dict[str, list[tuple[float, float]]] = {}
    for sample in samples:
        name = f"{sample['board']}, process {sample['slot'] + 1}"
        curves.setdefault(name, []).append((sample[over], sample[what]))
    return f"<h2>{what} reached, over {over}</h2>{plot(curves)}"


def plot(curves: Mapping[str, Curve]) -> str:
    """Curves over one axis each, as SVG."""
    x_max = max((x for curve in curves.values() for x, _ in curve), default=1) or 1
    y_max = max((y for curve in curves.values() for _, y in curve), default=1) or 1
    inner, tall = WIDTH_PX - 2 * MARGIN_PX, HEIGHT_PX - MARGIN_PX
    right, bottom = MARGIN_PX + inner, HEIGHT_PX - MARGIN_PX // 2
    marks = [
        f'<line x1="{MARGIN_PX}" y1="{bottom}" x2="{right}" y2="{bottom}" stroke="#999"/>',
        f'<text x="{MARGIN_PX}" y="{HEIGHT_PX - 8}">0</text>',
        f'<text x="{right}" y="{HEIGHT_PX - 8}" text-anchor="end">{x_max:,.0f}</text>',
        f'<text x="{MARGIN_PX - 6}" y="{bottom - tall + 8}" text-anchor="end">{y_max:,.0f}</text>',
    ]
    for number, (name, curve) in enumerate(curves.items()):
        colour = COLOURS[number % len(COLOURS)]
        points = " ".join(
            f"{MARGIN_PX + inner * x / x_max:.1f},{bottom - tall * y / y_max:.1f}" for x, y in curve
        )
        marks.append(f'<polyline points="{points}" fill="none" stroke="{colour}"/>')
        at = bottom - 10 - 14 * number
        marks.append(
            f'<text x="{right}" y="{at}" text-anchor="end" style="fill:{colour}">'
            f"{html.escape(name)}</text>"
        )
    return f'<svg width="{WIDTH_PX}" height="{HEIGHT_PX}">{"".join(marks)}</svg>'


def _blocks(board: str, blocks: dict[str, list[int]]) -> str:
    rows = "".join(
        f"<tr><td>{part}<td>{reached:,}<td>{total:,}<td>{_bar(reached, total)}"
        for part, (reached, total) in blocks.items()
    )
    head = "<tr><th>part<th>reached<th>blocks<th>"
    return f"<h2>Basic blocks of the C on {board}</h2><table>{head}{rows}</table>"


def _lines(board: str, lines: dict[str, list[int]]) -> str:
    rows = "".join(
        f"<tr><td>{html.escape(file)}<td>{by_inputs:,}<td>{with_starts:,}<td>{total:,}"
        f"<td>{_bar(by_inputs, total)}"
        for file, (by_inputs, with_starts, total) in lines.items()
    )
    head = "<tr><th>file<th>by inputs<th>with boot and set-up<th>lines<th>"
    return f"<h2>Lines of frozen Python on {board}</h2><table>{head}{rows}</table>"


def _bar(part: int, whole: int) -> str:
    percent = 100 * part / whole if whole else 0
    return (
        f'<span class=bar style="width:{percent:.0f}px"></span>'
        f'<span class=rest style="width:{100 - percent:.0f}px"></span> {percent:.1f} %'
    )
