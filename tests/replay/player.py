# SPDX-License-Identifier: GPL-2.0-or-later
"""Sends the commands of a recording to a card, and compares the answers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from sim.life.card import EF_DEVICE_CERTIFICATE
from tests.replay import recording
from tests.replay.recording import Exchange, Masked

EF_DIR, EF_TOKEN_INFO = 0x2F00, 0x2F03
DEVICE_REQUEST, DEVICE_DESCRIPTION = 0xCE00, 0xC400
DEVICE_FILES = (
    EF_DIR,
    EF_TOKEN_INFO,
    EF_DEVICE_CERTIFICATE,
    DEVICE_REQUEST,
    DEVICE_DESCRIPTION,
)
FCP_SIZE = slice(4, 6)
SW_SUCCESS = b"\x90\x00"


@dataclass(frozen=True)
class Deviation:
    """Bytes of an answer that differ by decision: `section` of docs/compatibility.md."""

    section: str
    command: bytes
    theirs: bytes
    ours: bytes

    def fits(self, exchange: Exchange, answer: bytes) -> bool:
        """True when this is the difference, and no other."""
        if not exchange.command.startswith(self.command) or self.theirs not in exchange.answer:
            return False
        return exchange.answer.replace(self.theirs, self.ours) == answer


@dataclass
class Player:
    """One card; `masked` counts bytes of the recording, by mask, `deviations` by section."""

    transmit: Callable[[bytes], bytes]
    deviations: list[Deviation]
    masked: Counter[str] = field(default_factory=Counter)
    deviated: Counter[str] = field(default_factory=Counter)
    written: set[int] = field(default_factory=set)
    _selected: int = 0

    def play(self, exchanges: list[Exchange]) -> None:
        """All of a session. AssertionError: an answer differs."""
        left = list(exchanges)
        while left:
            exchange = left.pop(0)
            if exchange.ins == recording.INS_READ:
                self._read(exchange, left)
            else:
                self._compare(exchange, self.transmit(exchange.command))

    def _compare(self, exchange: Exchange, answer: bytes) -> None:
        for deviation in self.deviations:
            if deviation.fits(exchange, answer):
                self.deviated[deviation.section] += 1
                return
        text = f"{exchange.command.hex()}: {answer.hex()}, recorded {exchange.answer.hex()}"
        assert answer[-2:] == exchange.answer[-2:], text
        if exchange.ins == recording.INS_SELECT and not exchange.selects_application:
            self._compare_control_parameters(exchange, answer, text)
        elif exchange.ins == recording.INS_LIST:
            self._compare_lists(exchange, answer, text)
        else:
            ours = recording.answer(exchange, answer[:-2])
            self._judge(ours, recording.answer(exchange, exchange.answer[:-2]), text)
        self._follow(exchange)

    def _judge(self, ours: Masked, theirs: Masked, text: str) -> None:
        assert ours.kept == theirs.kept, text
        if theirs.masked_bytes:
            self.masked[theirs.mask] += theirs.masked_bytes

    def _compare_control_parameters(self, exchange: Exchange, answer: bytes, text: str) -> None:
        ours, theirs = bytearray(answer), bytearray(exchange.answer)
        if len(ours) == len(theirs) > 2:
            self._selected = int.from_bytes(theirs[11:13], "big")
            if self._is_card_made(self._selected):
                ours[FCP_SIZE] = theirs[FCP_SIZE] = b"\0\0"
                self.masked["size of a file that the card made"] += 2
        assert ours == theirs, text

    def _compare_lists(self, exchange: Exchange, answer: bytes, text: str) -> None:
        """[SCHSM] 8.1: certificates of authorities are listed here, and were not there."""
        ours, theirs = _file_ids(answer), _file_ids(exchange.answer)
        if ours != theirs:
            assert {fid for fid in ours if fid >> 8 != 0xCA} == theirs, text
            self.deviated["8.1"] += 1

    def _is_card_made(self, fid: int) -> bool:
        return fid not in self.written

    def _follow(self, exchange: Exchange) -> None:
        """Which files have contents from the host."""
        command = exchange.command
        if exchange.ins == recording.INS_UPDATE:
            self._selected = int.from_bytes(command[2:4], "big") or self._selected
            self.written.add(self._selected)
        elif exchange.ins == recording.INS_DELETE:
            self.written.discard(int.from_bytes(command[5:7], "big"))

    # --- Files --------------------------------------------------------------------------------

    def _read(self, first: Exchange, left: list[Exchange]) -> None:
        """A whole file: the offsets of its blocks follow from the length that it has here."""
        fid = int.from_bytes(first.command[2:4], "big") or self._selected
        blocks = [first]
        while left and left[0].ins == recording.INS_READ and left[0].command[7:9] != b"\0\0":
            blocks.append(left.pop(0))
        theirs = b"".join(block.answer[:-2] for block in blocks)
        if not self._is_card_made(fid):
            for block in blocks:
                self._compare(block, self.transmit(block.command))
            return
        self._judge_file(fid, self._contents(blocks), theirs)

    def _contents(self, blocks: list[Exchange]) -> bytes:
        contents = b""
        for _ in range(len(blocks) + 1):
            offset = len(contents).to_bytes(2, "big")
            command = blocks[0].command
            answer = self.transmit(command[:7] + offset + command[9:])
            assert answer[-2:] == SW_SUCCESS, f"{command.hex()}: {answer.hex()}"
            if len(answer) == 2:
                break
            contents += answer[:-2]
        return contents

    def _judge_file(self, fid: int, ours: bytes, theirs: bytes) -> None:
        text = f"file {fid:04X}: {ours.hex()}, recorded {theirs.hex()}"
        if fid in DEVICE_FILES:
            # Another device, by another maker: its key is on another curve.
            mask = recording.whole
            self._judge(mask("file of the device", ours), mask("file of the device", theirs), text)
        elif recording.is_certificate(theirs):
            mask = recording.request
            self._judge(mask("key request", ours), mask("key request", theirs), text)
        else:
            assert ours == theirs, text


def _file_ids(answer: bytes) -> set[int]:
    return {int.from_bytes(answer[at : at + 2], "big") for at in range(0, len(answer) - 2, 2)}
