# SPDX-License-Identifier: GPL-2.0-or-later
"""CCID messages as bytes: names, headers, error codes ([CCID 1.1] 6.1, 6.2)."""

from __future__ import annotations

import struct
from dataclasses import dataclass

HEADER_BYTES = 10

# PC_to_RDR messages, bulk OUT.
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
SET_DATA_RATE_AND_CLOCK_FREQUENCY = 0x73

# RDR_to_PC messages, bulk IN.
DATA_BLOCK = 0x80
SLOT_STATUS = 0x81
PARAMETERS = 0x82
ESCAPE_ANSWER = 0x83
DATA_RATE_AND_CLOCK_FREQUENCY = 0x84

ANSWER_TYPES = {
    SET_PARAMETERS: PARAMETERS,
    ICC_POWER_ON: DATA_BLOCK,
    ICC_POWER_OFF: SLOT_STATUS,
    GET_SLOT_STATUS: SLOT_STATUS,
    SECURE: DATA_BLOCK,
    T0_APDU: SLOT_STATUS,
    ESCAPE: ESCAPE_ANSWER,
    GET_PARAMETERS: PARAMETERS,
    RESET_PARAMETERS: PARAMETERS,
    ICC_CLOCK: SLOT_STATUS,
    XFR_BLOCK: DATA_BLOCK,
    MECHANICAL: SLOT_STATUS,
    ABORT: SLOT_STATUS,
    SET_DATA_RATE_AND_CLOCK_FREQUENCY: DATA_RATE_AND_CLOCK_FREQUENCY,
}

# bmICCStatus and bmCommandStatus (table 6.2-3).
ICC_ACTIVE = 0
ICC_INACTIVE = 1
ICC_ABSENT = 2
COMMAND_PROCESSED = 0
COMMAND_FAILED = 1
COMMAND_TIME_EXTENSION = 2

# bError when the command failed (tables 6.2-1, 6.2-2). 1 to 127 are offsets of a bad field.
ERROR_COMMAND_NOT_SUPPORTED = 0x00
ERROR_BAD_LENGTH = 0x01
ERROR_BAD_SLOT = 0x05
ERROR_BAD_LEVEL_PARAMETER = 0x08
ERROR_CMD_SLOT_BUSY = 0xE0
ERROR_NAMES = {
    0xFF: "CMD_ABORTED",
    0xFE: "ICC_MUTE",
    0xFD: "XFR_PARITY_ERROR",
    0xFC: "XFR_OVERRUN",
    0xFB: "HW_ERROR",
    0xF8: "BAD_ATR_TS",
    0xF7: "BAD_ATR_TCK",
    0xF6: "ICC_PROTOCOL_NOT_SUPPORTED",
    0xF5: "ICC_CLASS_NOT_SUPPORTED",
    0xF4: "PROCEDURE_BYTE_CONFLICT",
    0xF3: "DEACTIVATED_PROTOCOL",
    0xF2: "BUSY_WITH_AUTO_SEQUENCE",
    0xF0: "PIN_TIMEOUT",
    0xEF: "PIN_CANCELLED",
    0xE0: "CMD_SLOT_BUSY",
    0x00: "command not supported",
}

# wLevelParameter of XfrBlock and bChainParameter of DataBlock at extended APDU level.
CHAIN_WHOLE = 0x00
CHAIN_FIRST = 0x01
CHAIN_LAST = 0x02
CHAIN_MIDDLE = 0x03
CHAIN_CONTINUE = 0x10

# Class requests on EP0 (table 5.3-1).
REQUEST_ABORT = 0x01
REQUEST_GET_CLOCK_FREQUENCIES = 0x02
REQUEST_GET_DATA_RATES = 0x03


def command(
    kind: int,
    sequence: int,
    data: bytes = b"",
    *,
    slot: int = 0,
    parameters: bytes = b"\0\0\0",
    length: int | None = None,
) -> bytes:
    """A PC_to_RDR message; `length` overrides dwLength for tests of bad input."""
    announced = len(data) if length is None else length
    return struct.pack("<BIBB", kind, announced, slot, sequence) + parameters + data


@dataclass(frozen=True)
class Answer:
    """A RDR_to_PC message. `parameter` is the last header byte, whose meaning depends on `kind`."""

    kind: int
    length: int
    slot: int
    sequence: int
    status: int
    error: int
    parameter: int
    data: bytes

    @property
    def icc_status(self) -> int:
        """One of ICC_*."""
        return self.status & 3

    @property
    def command_status(self) -> int:
        """One of COMMAND_*."""
        return self.status >> 6

    @property
    def error_name(self) -> str:
        """bError in words."""
        name = ERROR_NAMES.get(self.error)
        if name is None:
            name = f"bad header byte {self.error}" if self.error < 0x80 else "reserved"
        return f"{self.error:02x} ({name})"

    @classmethod
    def parse(cls, message: bytes) -> Answer:
        """Cut a message into fields; ValueError when it is shorter than a header."""
        if len(message) < HEADER_BYTES:
            raise ValueError(f"CCID message of {len(message)} bytes")
        return cls(*struct.unpack("<BIBBBBB", message[:10]), data=message[10:])
