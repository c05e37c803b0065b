# SPDX-License-Identifier: GPL-2.0-or-later
"""Make pcscd accept a board's USB identity (`nox -s reader-identity`).

pcscd attaches a reader only if libccid's Info.plist lists its vendor and product id, whatever the
interface class says. This prints what to add there, or adds it with `--write` (a backup is kept).
The file is edited as text, because rewriting it would drop its comments.
"""

from __future__ import annotations

import argparse
import plistlib
import re
from pathlib import Path
from xml.parsers.expat import ExpatError

import boards
from tools.errors import EXIT_FAILED, ToolError, exit_with

INFO_PLIST = Path("/etc/libccid_Info.plist")
RESTART = "then restart pcscd: systemctl restart pcscd"


def entry(board: boards.Board) -> dict[str, str]:
    """The three parallel array elements that make one reader known to libccid."""
    return {
        "ifdVendorID": f"0x{board.usb.vendor_id:04X}",
        "ifdProductID": f"0x{board.usb.product_id:04X}",
        "ifdFriendlyName": board.usb.product,
    }


def is_listed(text: str, wanted: dict[str, str]) -> bool:
    """Whether the identity stands in the file already, at one index of both id arrays.

    Raises ToolError for anything but an Info.plist of libccid.
    """
    pair = tuple(int(wanted[key], 16) for key in ("ifdVendorID", "ifdProductID"))
    try:
        data = plistlib.loads(text.encode())
        identities = list(zip(data["ifdVendorID"], data["ifdProductID"], strict=True))
        return any((int(vendor, 16), int(product, 16)) == pair for vendor, product in identities)
    except (plistlib.InvalidFileException, ExpatError, LookupError, TypeError, ValueError):
        raise ToolError("this is not an Info.plist of libccid; nothing was written") from None


def read(path: Path) -> str:
    """The file's text; raises ToolError when it cannot be read."""
    try:
        return path.read_text()
    except FileNotFoundError:
        raise ToolError(f"{path} is not there: apt-get install libccid") from None
    except OSError as error:
        raise ToolError(f"{path}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise ToolError(f"{path} is not an Info.plist of libccid; nothing was written") from None


def with_entry(text: str, wanted: dict[str, str]) -> str:
    """The file with the identity put first in each of the three arrays."""
    for key, value in wanted.items():
        opening = re.compile(rf"(<key>{key}</key>\s*<array>[ \t]*\n)")
        text, count = opening.subn(rf"\g<1>\t\t<string>{value}</string>\n", text)
        if count != 1:
            raise ToolError(f"no array {key}: this is not an Info.plist of libccid")
    if not is_listed(text, wanted):
        raise ToolError("the edited Info.plist does not list the identity; nothing was written")
    return text


def write(path: Path, wanted: dict[str, str]) -> None:
    """Adds the identity to the file; keeps the old contents in `<name>.before-pico-hsm`."""
    text = read(path)
    if is_listed(text, wanted):
        print(f"{path} lists {identity(wanted)} already")
        return
    edited = with_entry(text, wanted)
    try:
        path.with_name(path.name + ".before-pico-hsm").write_text(text)
        path.write_text(edited)
    except PermissionError:
        raise ToolError(f"no right to write {path}: run as root or with sudo") from None
    except OSError as error:
        raise ToolError(f"{path} could not be written: {error.strerror}", EXIT_FAILED) from None
    print(f"{path} now lists {identity(wanted)}; {RESTART}")


def identity(wanted: dict[str, str]) -> str:
    """Vendor and product id as lsusb prints them."""
    return f"{wanted['ifdVendorID'][2:].lower()}:{wanted['ifdProductID'][2:].lower()}"


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="reader-identity", description=(__doc__ or "").split("\n")[0]
    )
    parser.add_argument("--board", default="pico", help="whose identity (default: pico)")
    parser.add_argument("--write", action="store_true", help="edit the file instead of printing")
    parser.add_argument("--file", type=Path, default=INFO_PLIST, help=f"default: {INFO_PLIST}")
    arguments = parser.parse_args()
    try:
        wanted = entry(boards.load(arguments.board))
    except boards.UnknownBoardError as error:
        raise ToolError(str(error)) from None
    if arguments.write:
        write(arguments.file, wanted)
        return 0
    # Printing needs no libccid here: the entry may be for another machine.
    if arguments.file.is_file() and is_listed(read(arguments.file), wanted):
        print(f"{arguments.file} lists {identity(wanted)} already")
        return 0
    print(f"In {arguments.file}, put one line first in each of these three arrays:")
    for key, value in wanted.items():
        print(f"  {key:16} <string>{value}</string>")
    print(f"or let this command do it: nox -s reader-identity -- --write; {RESTART}")
    return 0


if __name__ == "__main__":
    exit_with(main)
