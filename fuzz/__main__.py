# SPDX-License-Identifier: GPL-2.0-or-later
"""`nox -s fuzz`: input that nobody meant; alone, what CI runs of it."""

from __future__ import annotations

import argparse
import importlib

from tools.errors import ToolError, exit_with

# Each module has main(arguments) -> exit status, and without arguments does what CI runs. They are
# imported when called: one kind's engine need not be there for another.
KINDS = {
    "images": ("fuzz.random_images", "any bytes in the flash at boot"),
    "model": ("fuzz.machine.command", "commands, mutated, held against an abstract card"),
    "coverage": ("fuzz.coverage.command", "APDUs and frames, guided by the code they reach"),
}


def main() -> int:
    kinds = "\n".join(f"  {kind:10}{what}" for kind, (_, what) in KINDS.items())
    parser = argparse.ArgumentParser(
        prog="nox -s fuzz --",
        description=f"{__doc__}\n\nkinds, each with options of its own:\n{kinds}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("kind", nargs="?", help="only this kind")
    parser.add_argument("options", nargs=argparse.REMAINDER, help="KIND -h tells them")
    arguments, unknown = parser.parse_known_args()
    if unknown:
        raise ToolError(f"{unknown[0]} is no option; options come after {', '.join(KINDS)}")
    if arguments.kind is None:
        return max([run(kind, []) for kind in KINDS])
    if arguments.kind not in KINDS:
        raise ToolError(f"unknown kind {arguments.kind!r}; there are {', '.join(KINDS)}")
    return run(arguments.kind, arguments.options)


def run(kind: str, options: list[str]) -> int:
    """One kind with its options; its exit status. ToolError: its engine is not installed."""
    module, what = KINDS[kind]
    try:
        command = importlib.import_module(module)
    except ModuleNotFoundError as error:
        raise ToolError(f"{kind} needs {error.name}: make setup installs it") from None
    print(f"fuzz: {what}", flush=True)
    return command.main(options)


if __name__ == "__main__":
    exit_with(main)
