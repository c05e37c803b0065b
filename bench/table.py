# SPDX-License-Identifier: GPL-2.0-or-later
"""A table of figures, for the terminal and for a page of the documentation."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from rich import box
from rich.table import Table as RichTable


@dataclass
class Figures:
    """Columns of text, then columns of figures; a row has a string for each."""

    title: str
    texts: tuple[str, ...]
    figures: tuple[str, ...]
    rows: list[tuple[str, ...]] = field(default_factory=list)

    def add(self, *cells: str) -> None:
        """One row."""
        if len(cells) != len(self.texts) + len(self.figures):
            raise ValueError(f"{self.title}: {len(cells)} cells")
        self.rows.append(cells)

    def rich(self) -> RichTable:
        """For the terminal: text is folded where it must be, figures are never cut."""
        table = RichTable(
            title=self.title, box=box.SIMPLE, padding=(0, 1, 0, 0), title_justify="left"
        )
        for text in self.texts:
            table.add_column(text, overflow="fold")
        for figure in self.figures:
            table.add_column(figure, justify="right", no_wrap=True)
        for row in self.rows:
            table.add_row(*row)
        return table

    def markdown(self) -> Iterator[str]:
        """Lines of a page: a heading, then the table."""
        yield f"### {self.title}"
        yield ""
        yield _line(column.replace("\n", " ") for column in (*self.texts, *self.figures))
        yield "|" + "---|" * len(self.texts) + "---:|" * len(self.figures)
        yield from map(_line, self.rows)
        yield ""


def _line(cells) -> str:
    return "| " + " | ".join(cells) + " |"
