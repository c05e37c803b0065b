# SPDX-License-Identifier: GPL-2.0-or-later
"""OpenSC's recorded sessions against the image: equal but for counted masks.

tests/vectors/sessions/sessions.toml says of each session in which state the card is before, and how
many bytes are masked: nothing else may come under a mask unnoticed.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

import boards
from sim.device import Device
from sim.life import card as hsm
from sim.life.card import Card
from sim.residue.watch import watched
from tests.image.conftest import image_path
from tests.replay import recording
from tests.replay.player import Deviation, Player

TABLE = tomllib.loads((recording.FOLDER / "sessions.toml").read_text())
COMPATIBILITY = Path(__file__).resolve().parents[2] / "docs" / "compatibility.md"
DEVIATIONS = [
    Deviation(row["section"], *(bytes.fromhex(row[name]) for name in ("command", "theirs", "ours")))
    for row in TABLE["deviation"]
]
PIN, SO_PIN = b"648219", b"57621880"


@dataclass
class Token:
    """A card of one board, through all sessions of one recorded token."""

    device: Device
    player: Player

    @property
    def card(self) -> Card:
        return Card(self.device.transmit)

    # What the recorded token had been made to do before a session, and nobody recorded.

    def initialize(self, _: dict[str, Any]) -> None:
        self.card.select()
        self.card.initialize(PIN, SO_PIN)

    def make_ec_key(self, _: dict[str, Any]) -> None:
        self.card.verify(PIN)
        self.card.generate_key_pair(1, hsm.ec_key_template("secp256r1"))
        self.card.select()

    def end_session(self, _: dict[str, Any]) -> None:
        self.card.select()

    def receive_key(self, session: dict[str, Any]) -> None:
        """The key that the session wraps: from the blob that it got."""
        exchanges = recording.load(session["name"])
        blob = next(item.answer[:-2] for item in exchanges if item.ins == recording.INS_WRAP)
        self.card.verify(PIN)
        self.card.unwrap_key(1, blob)
        self.card.select()

    def import_share(self, session: dict[str, Any]) -> None:
        card = self.card
        card.select()
        card.initialize(PIN, SO_PIN, dkek_shares=1)
        card.import_dkek_share(bytes.fromhex(session["share"]))
        card.select()

    def write_files(self, session: dict[str, Any]) -> None:
        """Files that the host had written, as the session reads them."""
        contents: dict[int, bytes] = {}
        selected = 0
        for item in recording.load(session["name"]):
            if item.ins == recording.INS_SELECT and len(item.answer) > 12:
                selected = int.from_bytes(item.answer[11:13], "big")
            elif item.ins == recording.INS_READ:
                fid = int.from_bytes(item.command[2:4], "big") or selected
                starts = item.command[7:9] == b"\0\0"
                contents[fid] = (b"" if starts else contents[fid]) + item.answer[:-2]
        self.card.verify(PIN)
        for name in session["files"]:
            fid = int(name, 16)
            self.card.write_file(fid, contents[fid])
            self.player.written.add(fid)
        self.card.select()


STEPS: dict[str, Callable[[Token, dict[str, Any]], None]] = {
    "initialize": Token.initialize,
    "make an EC key": Token.make_ec_key,
    "end the session": Token.end_session,
    "import the share": Token.import_share,
    "receive the key": Token.receive_key,
    "write files": Token.write_files,
}


def play(token: Token, session: dict[str, Any]) -> None:
    """One session, in the state that the table tells; its counts must be those of the table."""
    for step in session.get("before", []):
        STEPS[step](token, session)
    token.player.masked.clear()
    token.player.deviated.clear()
    exchanges = recording.load(session["name"])
    token.player.play(exchanges)
    assert len(exchanges) == session["exchanges"], session["name"]
    assert dict(token.player.masked) == session.get("masked", {}), session["name"]
    assert dict(token.player.deviated) == session.get("deviations", {}), session["name"]


@pytest.mark.parametrize("board", boards.names())
@pytest.mark.parametrize("recorded", TABLE["token"], ids=lambda token: token["name"])
def test_a_recorded_token(board: str, recorded: dict[str, Any]) -> None:
    device = watched(Device.from_uf2(board, image_path(board)))
    device.power_on()
    token = Token(device, Player(device.transmit, DEVIATIONS))
    for session in recorded["session"]:
        play(token, session)
    device.power_off()


def test_every_recording_is_replayed() -> None:
    played = [session["name"] for token in TABLE["token"] for session in token["session"]]
    assert sorted(played) == sorted(path.stem for path in recording.FOLDER.glob("*.txt"))
    assert len(set(played)) == len(played)


def named_by_sessions(kind: str) -> set[str]:
    """What the sessions count under `kind`."""
    sessions = [session for token in TABLE["token"] for session in token["session"]]
    return {name for session in sessions for name in session.get(kind, {})}


def test_every_deviation_is_decided() -> None:
    """Each has its row in the table of deviations."""
    rows = [line.split("|") for line in COMPATIBILITY.read_text().splitlines() if "|" in line]
    decided = {name.strip() for row in rows for name in row[1].split(",")}
    used = named_by_sessions("deviations")
    assert used and used <= decided


def test_every_mask_is_explained() -> None:
    """What is masked has a reason in the table, and every reason is needed."""
    assert named_by_sessions("masked") == set(TABLE["mask"])
