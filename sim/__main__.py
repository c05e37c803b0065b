# SPDX-License-Identifier: GPL-2.0-or-later
"""The simulator's command line: python -m sim --help.

Exit status: 0 when all went well, 1 when the image, a check or the saving of a flash file failed,
2 for wrong input (unknown board, unusable image or flash file, no reader slot), 130 after Ctrl-C;
with one line that says what is wrong.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import boards
from boards import UnknownBoardError
from sim.device import Device, DeviceStopped
from sim.flash import flash_file
from sim.flash.nor_flash import FlashFileError, FlashSaveError
from sim.uf2 import Uf2Error
from sim.usb.ccid_reader import CcidError
from sim.usb.descriptors import DescriptorError
from sim.usb.transfer import UsbError

IMAGES = Path(__file__).parent.parent / "build"
EXIT_FAILED = 1
SEED_HELP = "entropy seed: the same seed gives the same keys"
EXIT_WRONG_INPUT = 2
EXIT_STOPPED = 130
APDU_BYTES_MIN = 4
BOARD_HELP = f"one of: {', '.join(boards.names())}"
FLASH_HELP = "flash contents kept in a file, made if it is not there; run only reads it"


class WrongInput(Exception):
    """Something the user gave cannot be used; one line."""


def image_of(board: str, image: Path | None) -> Path:
    """The UF2 of a board: the given one, or the one that the build made."""
    boards.load(board)
    if image is not None:
        return image
    path = IMAGES / board / "hsm.uf2"
    if not path.exists():
        raise WrongInput(f"no image for board {board}: build it with `nox -s firmware`")
    return path


def _device(arguments: argparse.Namespace) -> Device:
    image = image_of(arguments.board, arguments.image)
    return Device.from_uf2(arguments.board, image, arguments.flash, arguments.seed)


def life(arguments: argparse.Namespace) -> int:
    """The life of an HSM on each board."""
    from rich.console import Console

    from sim.life.main import run_lives

    names = arguments.board or boards.names()
    if arguments.image is not None and len(names) != 1:
        raise WrongInput("--image needs exactly one --board")
    images = [(name, image_of(name, arguments.image)) for name in names]
    return run_lives(images, arguments.seed, Console())


def serve(arguments: argparse.Namespace) -> int:
    """The image as a PC/SC reader until Ctrl-C."""
    from sim.pcsc.serve import fresh_seed
    from sim.pcsc.serve import serve as serve_device
    from sim.pcsc.vpcd import SlotError

    if arguments.seed is None:
        arguments.seed = fresh_seed()
    else:
        _say(f"entropy seed {arguments.seed}: this session's keys can be made again by anybody")
    with flash_file.held(arguments.flash):
        device = _device(arguments)
        try:
            serve_device(device, arguments.flash, _say, arguments.verbose)
        except SlotError as error:
            raise WrongInput(str(error)) from None
    return 0


def _say(line: str) -> None:
    print(line, flush=True)


def apdu(arguments: argparse.Namespace) -> int:
    """Send APDUs to a freshly powered device, print the responses."""
    try:
        commands = [bytes.fromhex(text) for text in arguments.apdus]
    except ValueError:
        raise WrongInput("an APDU is a string of hexadecimal bytes") from None
    for command in commands:
        if len(command) < APDU_BYTES_MIN:
            raise WrongInput(f"APDU {command.hex() or 'of no bytes'}: CLA INS P1 P2 at least")
    with flash_file.held(arguments.flash):
        device = _device(arguments)
        device.power_on()
        for command in commands:
            print(f">> {command.hex()}")
            print(f"<< {device.transmit(command).hex()}")
        if arguments.flash is not None:
            device.flash.save(arguments.flash)
    return 0


def run(arguments: argparse.Namespace) -> int:
    """Boot, enumerate, and tell what the device is; the flash file is only read."""
    if arguments.flash is not None and not arguments.flash.exists():
        raise WrongInput(f"flash file {arguments.flash}: not there")
    device = _device(arguments)
    device.power_on()
    assert device.host.device is not None
    identity = device.host.device
    print(f"board        {device.board.name} ({device.board.chip})")
    print(f"USB          {identity.vendor_id:04x}:{identity.product_id:04x}")
    print(f"strings      {', '.join(device.host.strings.values())}")
    print(f"ATR          {device.icc_power_on().hex(' ')}")
    print(f"instructions {device.instructions:,} since power-on")
    print(f"virtual time {device.virtual_ms:,.1f} ms, the host's waiting included")
    print(f"flash        {device.flash.operation_count} operations")
    print(f"allowed      {device.machine.map.allowed_count} registers without a model")
    return 0


def parser() -> argparse.ArgumentParser:
    """The command line."""
    result = argparse.ArgumentParser(
        prog="python -m sim", description="The firmware image in the chip models."
    )
    commands = result.add_subparsers(dest="command", required=True)
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--image", type=Path, metavar="UF2", help="instead of the built one")
    seeded = argparse.ArgumentParser(add_help=False)
    seeded.add_argument("--seed", type=int, default=0, help=f"{SEED_HELP} (default: 0)")
    one = argparse.ArgumentParser(add_help=False, parents=[common])
    one.add_argument("--board", required=True, help=BOARD_HELP)
    one.add_argument("--flash", type=Path, metavar="FILE", help=FLASH_HELP)

    sub = commands.add_parser(
        "life", parents=[common, seeded], help="the life of an HSM on each board"
    )
    sub.add_argument(
        "--board", action="append", help=f"only this one; {BOARD_HELP}; may be repeated"
    )
    sub.set_defaults(function=life)
    sub = commands.add_parser("serve", parents=[one], help="the image as a PC/SC reader")
    sub.add_argument("--seed", type=int, help=f"{SEED_HELP} (default: a new one, kept secret)")
    sub.add_argument("--verbose", action="store_true", help="a line per APDU, without its data")
    sub.set_defaults(function=serve)
    sub = commands.add_parser("apdu", parents=[one, seeded], help="send APDUs, print the responses")
    sub.add_argument("apdus", nargs="+", metavar="HEX", help="a command APDU")
    sub.set_defaults(function=apdu)
    sub = commands.add_parser("run", parents=[one, seeded], help="boot and tell what the device is")
    sub.set_defaults(function=run)
    return result


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; the exit status."""
    parsed = parser().parse_args(arguments)
    try:
        return parsed.function(parsed)
    except (WrongInput, UnknownBoardError, Uf2Error, FlashFileError) as error:
        print(f"error: {error}", file=sys.stderr)
        return EXIT_WRONG_INPUT
    except FlashSaveError as error:
        print(f"error: {error}", file=sys.stderr)
        return EXIT_FAILED
    except (UsbError, DescriptorError, CcidError, DeviceStopped) as error:
        print(f"error: the device failed: {error}", file=sys.stderr)
        return EXIT_FAILED
    except KeyboardInterrupt:
        print("stopped", file=sys.stderr)
        return EXIT_STOPPED


if __name__ == "__main__":
    sys.exit(main())
