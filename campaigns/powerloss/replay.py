# SPDX-License-Identifier: GPL-2.0-or-later
"""One finding again, in full: python -m campaigns.powerloss.replay ID.

Exit status: 0 when nothing is violated any more; 1 when it is, or when the id leads to another
image than it names; 2 when it is no id; 130 after Ctrl-C.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable

from rich.console import Console

from campaigns.powerloss import catalogue
from campaigns.powerloss.catalogue import ALL_TEARS, Task, Work
from sim.flash import SECTOR_BYTES
from sim.flash.journal import Entry
from sim.scenario.cut import Cut, ReplayId, ReplayIdError
from sim.scenario.explorer import Node
from sim.scenario.images import Image, cut_image
from sim.scenario.subject import Boot, Phase
from tools.errors import EXIT_FAILED, ToolError, exit_with

BYTES_SHOWN = 24


def main() -> int:
    """Replay one id; the exit status."""
    parser = argparse.ArgumentParser(prog="nox -s replay --", description=__doc__)
    parser.add_argument("id", help="as a run printed it")
    try:
        wanted = ReplayId.parse(parser.parse_args().id)
    except ReplayIdError as error:
        raise ToolError(str(error)) from None
    return replay(wanted, Console(soft_wrap=True, highlight=False, markup=False))


def replay(wanted: ReplayId, console: Console) -> int:
    """Make the image again, boot it, judge it. ToolError: the id fits nothing here."""
    work = catalogue.make(_task(wanted))
    if work.unsound:
        console.print(f"not to be trusted: {work.unsound}")
        return EXIT_FAILED
    if work.place.geometry != wanted.geometry:
        raise ToolError(f"the region is {work.place.geometry} now, not {wanted.geometry}")
    console.print(f"{wanted.scenario} on {wanted.board}: the command's flash operations")
    _show_journal(work.recording.entries, wanted.path[0], console)
    node = _walk(work, wanted, console)
    digest = node.image.digest.hex()[: len(wanted.digest)]
    if digest != wanted.digest:
        console.print(
            f"these cuts lead to image {digest} now, the id names {wanted.digest}: the firmware or "
            "its build has changed since, or a run depends on more than the id says"
        )
        return EXIT_FAILED
    return _judge(work, node, console)


def _task(wanted: ReplayId) -> Task:
    if wanted.board not in catalogue.board_names():
        known = ", ".join(catalogue.board_names())
        raise ToolError(f"unknown board '{wanted.board}'; known: {known}")
    if not catalogue.is_known(wanted.board, wanted.scenario):
        known = ", ".join(catalogue.scenario_names(wanted.board))
        raise ToolError(f"unknown scenario '{wanted.scenario}'; known: {known}")
    return Task(wanted.scenario, wanted.board, wanted.seed, len(wanted.path), ALL_TEARS)


def _walk(work: Work, wanted: ReplayId, console: Console) -> Node:
    """Follow the cuts, each into the boot after the one before."""
    image, entries = work.recording.start, work.recording.entries
    phase = work.recording.phase(wanted.path[0].operation)
    boot = None
    for number, cut in enumerate(wanted.path):
        if number:
            console.print(f"\nthe boot's flash operations after {wanted.path[number - 1]}")
            _show_journal(entries, cut, console)
        before = image
        try:
            image = cut_image(image, entries, cut, wanted.seed)
        except ValueError as error:
            raise ToolError(f"{cut}: {error}") from None
        console.print(f"\n{cut} leaves, beside what was there before:")
        _show_difference(before, image, console)
        boot = work.subject.boot(image)
        entries = boot.entries
    assert boot is not None
    again = work.subject.boot(boot.end) if boot.entries else boot
    return Node(wanted.path, phase, image, boot, again)


def _show_journal(entries: Iterable[Entry], cut: Cut, console: Console) -> None:
    for number, entry in enumerate(entries):
        mark = f"  <- {cut.tear}" if number == cut.operation else ""
        console.print(f"  {number:4} {_entry_text(entry)}{mark}")


def _entry_text(entry: Entry) -> str:
    sector, place = divmod(entry.offset, SECTOR_BYTES)
    where = f"{entry.operation.value:7} sector {sector:3} + {place:4}, {len(entry.before):4} bytes"
    changed = [at for at in range(len(entry.before)) if entry.before[at] != entry.after[at]]
    if not changed:
        return f"{where}: nothing changes"
    first, last = changed[0], min(changed[-1] + 1, changed[0] + BYTES_SHOWN)
    return f"{where}: +{first} {entry.before[first:last].hex()} -> {entry.after[first:last].hex()}"


def _show_difference(before: Image, after: Image, console: Console) -> None:
    shown = False
    for number, (old, new) in enumerate(zip(before.sectors, after.sectors, strict=True)):
        if old.cells != new.cells:
            changed = [at for at in range(SECTOR_BYTES) if old.cells[at] != new.cells[at]]
            first, end = changed[0], changed[-1] + 1
            cells = new.cells[first : min(end, first + BYTES_SHOWN)].hex()
            console.print(f"  sector {number:3} bytes {first} to {end - 1}: {cells}...")
            shown = True
        if old.weak != new.weak:
            console.print(f"  sector {number:3} {'weak' if new.weak else 'strong'}")
            shown = True
    if not shown:
        console.print("  nothing")


def _judge(work: Work, node: Node, console: Console) -> int:
    _show_boot(work, node.boot, console)
    violated = 0
    for invariant in work.invariants.all():
        verdict = invariant.check(node)
        if verdict is None:
            continue
        violated += bool(verdict.problem)
        text = verdict.problem or f"holds, {verdict.looked_at} things looked at"
        console.print(f"  {invariant.name:8} {text}")
    if node.phase is Phase.ACKNOWLEDGED:
        console.print("  the host had its answer before the cut")
    console.print(f"{violated} invariants violated")
    return EXIT_FAILED if violated else 0


def _show_boot(work: Work, boot: Boot, console: Console) -> None:
    console.print(f"\nthe boot does {len(boot.entries)} flash operations")
    for number, entry in enumerate(boot.entries):
        console.print(f"  {number:4} {_entry_text(entry)}")
    console.print(f"outcome: {boot.failure or work.subject.outcome(boot)}")


if __name__ == "__main__":
    exit_with(main)
