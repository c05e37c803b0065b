# SPDX-License-Identifier: GPL-2.0-or-later
"""CCID frames that are wrong in one way, and the answer to them ([CCID 1.1] 6)."""

from __future__ import annotations

from sim.device import Device
from sim.usb import ccid_messages as ccid
from sim.usb.ccid_messages import Answer
from sim.usb.transfer import UsbTimeout

ANSWER_US = 1_000_000
SEQUENCE = 0x5A
# No command of [CCID 1.1] 6.1.
UNKNOWN_KINDS = (0x00, 0x60, 0x6F ^ 0x80, 0x74, 0xFF)
OTHER_SLOT = 1
BAD_LEVEL = b"\0\x07\0"


def wrong(choice: int, data: bytes) -> bytes:
    """A frame that must be refused; `choice` is any number."""
    makers = (
        lambda: ccid.command(UNKNOWN_KINDS[choice // 4 % len(UNKNOWN_KINDS)], SEQUENCE, data),
        lambda: ccid.command(ccid.XFR_BLOCK, SEQUENCE, data, slot=OTHER_SLOT),
        lambda: ccid.command(ccid.XFR_BLOCK, SEQUENCE, data, parameters=BAD_LEVEL),
        lambda: ccid.command(ccid.ICC_POWER_OFF, SEQUENCE, slot=0xFF),
    )
    return makers[choice % 4]()


def send(device: Device, frame: bytes) -> str:
    """Write a frame that is whole; "" if it is refused as it must be, else one line."""
    reader = device.reader
    reader.send_raw(frame)
    try:
        answer = Answer.parse(reader.read_raw(ANSWER_US))
    except UsbTimeout:
        return "no answer"
    except ValueError as error:
        return str(error)
    if answer.sequence != frame[6]:
        return f"answered with bSeq {answer.sequence}"
    if answer.command_status != ccid.COMMAND_FAILED:
        return f"answered with bStatus {answer.status:02x}"
    return ""
