# SPDX-License-Identifier: GPL-2.0-or-later
"""A board with the image, and the starts from which conversations begin."""

from __future__ import annotations

import copy
from dataclasses import dataclass

from fuzz.machine import questions
from fuzz.machine.commands import KNOWN_KEY, PIN, SHARES, SO_PIN
from fuzz.machine.conversation import Conversation, Tally
from fuzz.model import blob, curve
from fuzz.model.apdu import build, tlv
from fuzz.model.files import APPLICATION
from fuzz.model.state import Key, State
from sim.device import Device, DeviceSnapshot
from sim.residue.watch import Watch
from tools.product import image_of

INITIALIZE = (
    (0x80, b"\0\1"),
    (0x81, PIN),
    (0x82, SO_PIN),
    (0x91, b"\3"),
    (0x97, b"\2"),
    (0x9E, (16).to_bytes(4)),
)
EC_KEY, AES_KEY, OPEN_KEY = 1, 2, 3
COUNTED_KEY = 4


def _update(fid: int, data: bytes) -> bytes:
    return build(f"00D7{fid:04X}", tlv(0x54, b"\0\0") + tlv(0x53, data))


def _unwrap(key_id: int, key: Key) -> bytes:
    return build(f"8074{key_id:02X}93", blob.make(SHARES[0], key), None)


# What makes a ready card of a blank one: a DKEK, keys of each kind, files for all and for the user.
READY = (
    build("80500000", b"".join(tlv(tag, value) for tag, value in INITIALIZE)),
    build("80520100", b"\1", 256),
    build("80520000", SHARES[0], 256),
    build(f"0046{EC_KEY:02X}00", tlv(0x7F49, curve.TEMPLATE), 65536),
    build(f"0048{AES_KEY:02X}B2"),
    _unwrap(OPEN_KEY, Key("ec", curve.BITS, secret=KNOWN_KEY)),
    _unwrap(COUNTED_KEY, Key("aes", 128, secret=KNOWN_KEY[:16])),
    _update(0xCF01, b"public"),
    _update(0xCD01, b"private"),
)


@dataclass(frozen=True)
class Start:
    """A card between two commands, and the model's state of it."""

    device: DeviceSnapshot
    state: State


class Bench:
    """One board; conversations share its device, one after the other."""

    def __init__(self, board: str) -> None:
        self.board = board
        self.device = Device.from_uf2(board, image_of(board))
        # Before the first boot: from then on every command is searched for secrets left behind.
        Watch(self.device)
        self.device.power_on()
        conversation = Conversation(self.device, State(), Tally())
        conversation.send(build("00A40400", APPLICATION, 256))
        self.starts = {"blank": self._start(conversation)}
        conversation.ask(READY)
        conversation.ask(questions.thorough([conversation.state]))
        self.starts["ready"] = self._start(conversation)

    def _start(self, conversation: Conversation) -> Start:
        return Start(self.device.snapshot(), copy.deepcopy(conversation.state))

    def conversation(self, start: str, tally: Tally) -> Conversation:
        """A new one that begins with that start."""
        self.device.restore(self.starts[start].device)
        self.device.flash.cut = None
        return Conversation(self.device, copy.deepcopy(self.starts[start].state), tally)
