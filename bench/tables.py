# SPDX-License-Identifier: GPL-2.0-or-later
"""The tables of the benchmark, made from its JSON."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import boards
from bench import references
from bench.references import RSA_GENERATION
from bench.table import Figures

Row = dict


def all_tables(figures: dict[str, list[Row]]) -> Iterator[Figures]:
    """Those of the parts that there are figures of, in the order of MAKERS."""
    for part, make in MAKERS.items():
        if part in figures:
            yield from make(figures)


def _ms(milliseconds: float | None) -> str:
    if milliseconds is None:
        return ""
    return f"{milliseconds:,.0f}" if milliseconds >= 100 else f"{milliseconds:,.1f}"


def _commands(figures: dict[str, list[Row]]) -> Iterator[Figures]:
    """One table for each board and kind of command."""
    rows = figures["commands"]
    kinds = list(dict.fromkeys(row["kind"] for row in rows))
    columns = ("instructions", "outside\nlibrary", "chip\nms")
    compared = ("library\nms", "aim\nms", "Pico HSM\nms")
    for board in boards.names():
        for kind in kinds:
            chosen = [row for row in rows if (row["board"], row["kind"]) == (board, kind)]
            if not chosen:
                continue
            title = f"{board}, {chosen[0]['clock_mhz']} MHz: {kind}"
            references_of = [_references(row) for row in chosen]
            shown = [any(column) for column in zip(*references_of, strict=True)]
            more = tuple(name for name, is_shown in zip(compared, shown, strict=True) if is_shown)
            table = Figures(title, ("command",), (*columns, *more))
            for row, cells in zip(chosen, references_of, strict=True):
                table.add(
                    row["name"],
                    f"{row['instructions']:,}",
                    f"{row['outside_library']:,}",
                    _ms(row["estimated_ms"]),
                    *(cell for cell, is_shown in zip(cells, shown, strict=True) if is_shown),
                )
            yield table
    yield _outside(rows)


def _references(row: Row) -> tuple[str, str, str]:
    key = (row["board"], row["name"])
    found = (references.library_ms, references.aim_ms, references.pico_hsm_ms)
    library, aim, pico_hsm = (_ms(find(*key)) for find in found)
    return library, aim, pico_hsm


def _outside(rows: list[Row]) -> Figures:
    columns = ("outside\nlibrary", "at most")
    table = Figures("Instructions outside the crypto library", ("board", "command"), columns)
    for row in rows:
        limit = references.OUTSIDE_LIBRARY_MAX.get((row["board"], row["name"]))
        if limit is not None:
            table.add(row["board"], row["name"], f"{row['outside_library']:,}", f"{limit:,}")
    return table


def _rsa(figures: dict[str, list[Row]]) -> Iterator[Figures]:
    times = ("mean\ns", "median\ns", "worst\ns")
    compared = ("library\nmean s", "aim\nmean s", "Pico HSM\nmean s")
    columns = ("mean\ninstr.", "median", "worst", *times, *compared)
    table = Figures(f"{RSA_GENERATION}, consecutive seeds", ("board", "keys"), columns)
    for row in figures["rsa"]:
        counts = [row[f"{kind}_instructions"] for kind in ("mean", "median", "worst")]
        found = (references.library_ms, references.aim_ms, references.pico_hsm_ms)
        others = [find(row["board"], RSA_GENERATION) for find in found]
        table.add(
            row["board"],
            str(row["keys"]),
            *(f"{count / 1e6:,.0f} M" for count in counts),
            *(f"{count * row['ns_per_instruction'] / 1e9:.1f}" for count in counts),
            *("" if other is None else f"{other / 1000:.1f}" for other in others),
        )
    yield table


def _memory(figures: dict[str, list[Row]]) -> Iterator[Figures]:
    for board in boards.names():
        rows = [row for row in figures["memory"] if row["board"] == board]
        if not rows:
            continue
        kinds = ("stack", "pool", "heap")
        totals = [rows[0][f"{kind}_total_bytes"] for kind in kinds]
        columns = tuple(f"{kind}\nof {total:,}" for kind, total in zip(kinds, totals, strict=True))
        table = Figures(f"{board}: peak of memory, bytes", ("command", "situation"), columns)
        for row in rows:
            peaks = [f"{row[f'{kind}_bytes']:,}" for kind in kinds]
            table.add(row["family"], row["name"], *peaks)
        yield table
        yield _least_free(board, rows)


def _least_free(board: str, rows: list[Row]) -> Figures:
    table = Figures(
        f"{board}: what stays free at the highest peak", ("memory", "command"), ("peak", "free")
    )
    for kind in ("stack", "pool", "heap"):
        row = max(rows, key=lambda row: row[f"{kind}_bytes"])
        peak, total = row[f"{kind}_bytes"], row[f"{kind}_total_bytes"]
        name = f"{row['family']} {row['name']}".strip()
        table.add(kind, name, f"{peak:,}", f"{total - peak:,}")
    return table


def _pkcs11(figures: dict[str, list[Row]]) -> Iterator[Figures]:
    columns = ("keys", "APDUs", "instructions", "chip\nms")
    table = Figures("LIST and READ as PKCS#11 libraries start", ("board",), columns)
    for row in figures["pkcs11"]:
        table.add(
            row["board"],
            str(row["keys"]),
            str(row["apdus"]),
            f"{row['instructions']:,}",
            _ms(row["estimated_ms"]),
        )
    yield table


def _stores(figures: dict[str, list[Row]]) -> Iterator[Figures]:
    columns = ("index", "LIST\ninstr.", "READ\ninstr.", "file\nbytes", "boot\ninstr.")
    table = Figures("The store at its limits", ("board",), columns)
    for row in figures["stores"]:
        table.add(
            row["board"],
            f"{row['index_heap_bytes']:,} B",
            f"{row['list_instructions'] / 1e6:.2f} M",
            f"{row['read_instructions'] / 1e6:.2f} M",
            f"{row['file_bytes']:,}",
            f"{row['full_boot_instructions'] / 1e6:.1f} M",
        )
    yield table


def _pins(figures: dict[str, list[Row]]) -> Iterator[Figures]:
    columns = (
        *("iterations", "VERIFY:\ninstructions", "chip\nms"),
        *("guesses\na second", "all six-\ndigit PINs"),
    )
    table = Figures("What a PIN costs", ("board", "cost"), columns)
    for row in figures["pins"]:
        table.add(
            row["board"],
            row["name"],
            f"{row['iterations']:,}",
            f"{row['instructions']:,}",
            _ms(row["estimated_ms"]),
            f"{row['guesses_per_s']:,.0f}",
            f"{row['six_digits_s']:,.0f} s",
        )
    yield table


def _devices(figures: dict[str, list[Row]]) -> Iterator[Figures]:
    columns = ("boot to first answer:\ninstructions", "time", "snapshot\nrestore", "SELECT + READ")
    table = Figures("The chip models in use", ("board",), columns)
    for row in figures["devices"]:
        table.add(
            row["board"],
            f"{row['boot_instructions']:,}",
            f"{row['boot_cpu_s']:.2f} s",
            f"{row['restore_ms']:.2f} ms",
            f"{row['apdus_per_s']:.0f} APDUs/s",
        )
    yield table


def _emulators(figures: dict[str, list[Row]]) -> Iterator[Figures]:
    rows = figures["emulators"]
    columns = ("instructions", "MIPS", "ours is\nfaster by")
    table = Figures("RP2040 emulators", ("work", "emulator"), columns)
    ours = {row["work"]: row["mips"] for row in rows if row["emulator"] == "sim"}
    for row in rows:
        ratio = ours[row["work"]] / row["mips"]
        table.add(
            row["work"],
            row["emulator"],
            f"{row['instructions']:,}",
            f"{row['mips']:.1f}",
            "" if row["emulator"] == "sim" else f"{ratio:.1f}x",
        )
    yield table


MAKERS: dict[str, Callable[[dict[str, list[Row]]], Iterator[Figures]]] = {
    "commands": _commands,
    "rsa": _rsa,
    "memory": _memory,
    "pkcs11": _pkcs11,
    "stores": _stores,
    "pins": _pins,
    "devices": _devices,
    "emulators": _emulators,
}
