# SPDX-License-Identifier: GPL-2.0-or-later
"""A host to `ccid_harness`: frames cut into packets, answers taken apart."""

from __future__ import annotations

import struct
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Self

PACKET_BYTES = 64
MESSAGE_MAX_BYTES = 4352
HEADER = struct.Struct("<BIBBBBB")

SET_PARAMETERS = 0x61
ICC_POWER_ON = 0x62
ICC_POWER_OFF = 0x63
GET_SLOT_STATUS = 0x65
SECURE = 0x69
T0_APDU = 0x6A
ESCAPE = 0x6B
GET_PARAMETERS = 0x6C
RESET_PARAMETERS = 0x6D
ICC_CLOCK = 0x6E
XFR_BLOCK = 0x6F
MECHANICAL = 0x71
ABORT = 0x72
SET_DATA_RATE_AND_CLOCK = 0x73

DATA_BLOCK = 0x80
SLOT_STATUS = 0x81
PARAMETERS = 0x82
ESCAPE_REPLY = 0x83
DATA_RATE_AND_CLOCK = 0x84

ATR = b"\x3b\x00"


@dataclass(frozen=True)
class Answer:
    """One bulk IN message; `status` is bStatus, `specific` its last header byte."""

    kind: int
    slot: int
    sequence: int
    status: int
    error: int
    specific: int
    data: bytes

    @classmethod
    def parse(cls, message: bytes) -> Self:
        kind, length, slot, sequence, status, error, specific = HEADER.unpack_from(message)
        data = message[HEADER.size :]
        assert len(data) == length, "dwLength is the length of the data"
        return cls(kind, slot, sequence, status, error, specific, data)


def frame(
    kind: int,
    sequence: int,
    data: bytes = b"",
    *,
    level: int = 0,
    specific: int = 0,
    slot: int = 0,
    length: int | None = None,
) -> bytes:
    """One bulk OUT message; `length` overrides dwLength."""
    announced = len(data) if length is None else length
    header = struct.pack("<BIBBBH", kind, announced, slot, sequence, specific, level)
    return header + data


class Codec:
    """The codec in a process of its own: a crash, or a finding of the sanitizers, ends it."""

    def __init__(self, program: Path) -> None:
        self._process = subprocess.Popen(
            [program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        assert self._process.stdin and self._process.stdout
        self._process.stdin.close()
        self._process.stdout.close()
        assert self._process.wait(10) == 0, "the codec ended badly"

    def ask(self, line: str) -> str:
        """One command, one line of answer."""
        assert self._process.stdin and self._process.stdout
        self._process.stdin.write(line + "\n")
        self._process.stdin.flush()
        answer = self._process.stdout.readline()
        assert answer, f"the codec died on: {line}"
        return answer.strip()

    def start(self, message_max_bytes: int = MESSAGE_MAX_BYTES) -> None:
        """Forget everything; the ICC is inactive then."""
        self.ask(f"init {message_max_bytes}")

    def packet(self, data: bytes) -> bool:
        """One packet; False if the codec makes the host wait."""
        return self.ask(f"out {data.hex()}") == "ok"

    def send(self, message: bytes) -> None:
        """A whole transfer, as hosts send it: no empty packet after a full one."""
        for start in range(0, len(message), PACKET_BYTES):
            assert self.packet(message[start : start + PACKET_BYTES]), "the host was made to wait"

    def receive(self) -> Answer | None:
        """The next message, taken at once."""
        line = self.ask("in")
        return None if line == "-" else Answer.parse(bytes.fromhex(line))

    def exchange(self, message: bytes) -> Answer:
        self.send(message)
        answer = self.receive()
        assert answer is not None, "no answer"
        return answer

    def take(self) -> bytes | str:
        """What the main program gets: an APDU, "end" or "nothing"."""
        line = self.ask("take")
        return line if line in ("end", "nothing") else bytes.fromhex(line)

    def respond(self, data: bytes) -> None:
        self.ask(f"respond {data.hex()}")

    def is_busy(self) -> bool:
        return self.ask("status").split()[1] == "1"

    def is_cancelled(self) -> bool:
        return self.ask("status").split()[2] == "1"

    def command_bytes_left(self) -> int:
        """Bytes that are not zero in the command buffers."""
        return int(self.ask("status").split()[3])

    def power_on(self) -> None:
        """IccPowerOn, and the main program's look at the session's end."""
        answer = self.exchange(frame(ICC_POWER_ON, 0xA0))
        assert (answer.kind, answer.status, answer.data) == (DATA_BLOCK, 0, ATR)
        assert self.take() == "end"

    def check_alive(self) -> None:
        """A good command is taken, answered and leaves nothing behind."""
        apdu = bytes.fromhex("00A4040002AABB")
        self.send(frame(XFR_BLOCK, 0x5A, apdu))
        assert self.take() == apdu
        self.respond(b"\x90\x00")
        answer = self.receive()
        assert answer == Answer(DATA_BLOCK, 0, 0x5A, 0, 0, 0, b"\x90\x00")
        assert self.command_bytes_left() == 0
