# SPDX-License-Identifier: GPL-2.0-or-later
"""A card's flash, kept for later firmware: `python -m tests.image.saved_flash`.

Run once per format version, with the image that first has it, and never again: the files it writes
into tests/vectors/flash say what that version left in the flash. It lives a fixed life in the chip
model, with fixed seeds, so that who doubts a file can make it anew from the commit that added it.
"""

from __future__ import annotations

import hashlib
import json
import lzma
from dataclasses import dataclass
from pathlib import Path

import boards
from sim.device import Device
from sim.life import card as hsm
from sim.life.card import Card
from sim.residue.watch import watched
from tools.paths import BUILD

FORMAT_VERSION = 2
FOLDER = Path(__file__).parents[1] / "vectors" / "flash"

PIN = b"648219"
SO_PIN = b"57621880"
WRONG_PIN = b"000000"
SHARE = hashlib.sha256(b"DKEK share").digest()
EC_KEY, RSA_KEY, DELETED_KEY = 1, 2, 3
USES, USES_SPENT = 10, 3
LOGINS = 5
MESSAGE = b"message"
CHANGED_FILE = 0xCF02
DELETED_FILE = 0xCF05


def content(name: str, length: int) -> bytes:
    """Bytes of a file that no other file has."""
    return hashlib.shake_128(name.encode()).digest(length)


# One chunk, none, several, the last of them short; private; large enough for several sectors.
FILES = {
    0xCF01: content("public", 300),
    CHANGED_FILE: content("changed", 1700),
    0xCF03: b"",
    0xCF04: content("large", 12_345),
    0xCD01: content("private", 1300),
    0x2F03: content("label", 40),
}


@dataclass(frozen=True)
class SavedFlash:
    """The data region of a board's flash, and what is in it that could not be known before."""

    region: bytes
    requests: dict[int, bytes]
    """Key id -> the authenticated request that came with the key pair."""


def path_of(version: int, board: str) -> Path:
    """The compressed data region; the facts are beside it, with the suffix .json."""
    return FOLDER / f"format{version}-{board}.bin.xz"


def load(version: int, board: str) -> SavedFlash:
    """What was saved."""
    path = path_of(version, board)
    facts = json.loads(path.with_suffix("").with_suffix(".json").read_text())
    requests = {int(key): bytes.fromhex(data) for key, data in facts["requests"].items()}
    return SavedFlash(lzma.decompress(path.read_bytes()), requests)


def save(version: int, board: str, saved: SavedFlash) -> None:
    """Write both files."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    path = path_of(version, board)
    path.write_bytes(lzma.compress(saved.region, preset=9))
    facts = {"requests": {str(key): data.hex() for key, data in saved.requests.items()}}
    path.with_suffix("").with_suffix(".json").write_text(json.dumps(facts, indent=1) + "\n")


def live(board: str, image: Path) -> SavedFlash:
    """A life of the image in `image`, to its end: power off in the middle of a session."""
    device = watched(Device.from_uf2(board, image))
    device.power_on()
    card = Card(device.transmit)
    card.select()
    card.initialize(PIN, SO_PIN, pin_iterations=hsm.PIN_ITERATIONS_MIN, dkek_shares=1)
    card.import_dkek_share(SHARE)
    card.select()
    for _ in range(LOGINS):
        card.verify(PIN)
    curve = hsm.ec_key_template("secp256r1")
    requests = {EC_KEY: card.generate_key_pair(EC_KEY, curve, uses=USES)}
    card.generate_key_pair(DELETED_KEY, hsm.ec_key_template("secp384r1"))
    # Long enough for several records.
    requests[RSA_KEY] = card.generate_key_pair(RSA_KEY, hsm.rsa_key_template(2048))
    for _ in range(USES_SPENT):
        card.sign(EC_KEY, hsm.SIGN_ECDSA_SHA256, MESSAGE)
    card.delete_file(hsm.KEY_PREFIX | DELETED_KEY)
    _write_files(card)
    if card.try_pin(WRONG_PIN) != 0x63C2:
        raise AssertionError("the wrong PIN was to spend the first of three tries")
    device.power_off()
    flash = device.board.flash
    start, end = flash.data_offset, flash.data_offset + flash.data_size_bytes
    return SavedFlash(device.flash.contents()[start:end], requests)


def _write_files(card: Card) -> None:
    card.write_file(DELETED_FILE, content("deleted", 900))
    for file_id, data in FILES.items():
        card.write_file(file_id, data)
    # Replaced, then changed in the middle: dead chunks among live ones.
    card.write_file(CHANGED_FILE, content("before", 2500))
    card.write_file(CHANGED_FILE, content("in between", 1000) + FILES[CHANGED_FILE][1000:])
    card.update_binary(CHANGED_FILE, 400, FILES[CHANGED_FILE][400:1000])
    card.update_binary(CHANGED_FILE, 0, FILES[CHANGED_FILE][:400])
    card.update_binary(CHANGED_FILE, 400, FILES[CHANGED_FILE][400:])
    card.delete_file(DELETED_FILE)


def main() -> None:
    """Save the flash of every board, with the images of `nox -s firmware`."""
    for board in boards.names():
        saved = live(board, BUILD / board / "hsm.uf2")
        save(FORMAT_VERSION, board, saved)
        path = path_of(FORMAT_VERSION, board)
        print(f"{path.relative_to(FOLDER.parents[2])}: {path.stat().st_size} bytes")


if __name__ == "__main__":
    main()
