# SPDX-License-Identifier: GPL-2.0-or-later
"""Back ends with one planted fault each; $HSM_FAULT names which.

A suite whose tests pass on the faulty one proves nothing.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from robot_tests.backends.backend import PowerLost
from robot_tests.backends.chip_model import ChipModel
from sim.apdu import command

SECTOR_BYTES = 4096
INS_OFFSET = 1
SIGN, READ_BINARY, VERIFY, LIST, QUERY = 0x68, 0xB1, 0x20, 0x58, 0x50
CIPHER, GENERATE, HIERARCHICAL = 0x78, 0x46, 0x4A
SUCCESS, MEMORY_FAILURE = b"\x90\x00", b"\x65\x81"
REFUSED, WRONG_MAC = b"\x69\x82", b"\x69\x88"


class Poor(ChipModel):
    """Power and APDUs, as a board without a debugger has them."""

    name = "poor"
    capabilities = frozenset()


class FormatsWhatItCannotRead(ChipModel):
    """A damaged store becomes an empty one at power-on, without a word."""

    def power_on(self) -> None:
        super().power_on()
        answer = super().transmit(command(0x80, QUERY, ne=256))
        if answer[4]:
            super().power_off()
            region = self.data_region()
            self.device.flash.poke(region.start, b"\xff" * len(region))
            super().power_on()


class ForgetsAtPowerOff(ChipModel):
    """What the last session wrote to the flash is gone with the power."""

    _kept: bytes | None = None

    def power_on(self) -> None:
        super().power_on()
        self._kept = self.flash_contents()

    def power_off(self) -> None:
        super().power_off()
        if self._kept is not None:
            self.replace_flash(self._kept)

    def restore(self, snapshot: Any) -> None:
        super().restore(snapshot)
        self._kept = self.flash_contents()


class SignsWrongly(ChipModel):
    """One bit of each signature is another one."""

    def transmit(self, apdu: bytes) -> bytes:
        response = super().transmit(apdu)
        if apdu[INS_OFFSET] == SIGN and len(response) > 2:
            return response[:-3] + bytes((response[-3] ^ 1,)) + response[-2:]
        return response


class ReadsWithShortOffsets(ChipModel):
    """READ BINARY knows 64 KiB: the offset's upper half gets lost."""

    def transmit(self, apdu: bytes) -> bytes:
        at = apdu.find(b"\x54\x04")
        if apdu[INS_OFFSET] == READ_BINARY and at > 0:
            apdu = apdu[: at + 2] + b"\0\0" + apdu[at + 4 :]
        return super().transmit(apdu)


class LosesASectorWhenCut(ChipModel):
    """A power cut takes the first sector of the data with it."""

    def transmit(self, apdu: bytes) -> bytes:
        try:
            return super().transmit(apdu)
        except PowerLost:
            self.device.flash.poke(self.data_region().start, b"\xff" * SECTOR_BYTES)
            raise


class CallsDamageSuccess(ChipModel):
    """LIST succeeds where the store is damaged."""

    def transmit(self, apdu: bytes) -> bytes:
        response = super().transmit(apdu)
        return SUCCESS if apdu[INS_OFFSET] == LIST and response == MEMORY_FAILURE else response


class ErasesAtEachLogin(ChipModel):
    """Each VERIFY erases a sector that nobody uses."""

    def transmit(self, apdu: bytes) -> bytes:
        if apdu[INS_OFFSET] == VERIFY:
            self.device.flash.erase(self.data_region().stop - SECTOR_BYTES)
        return super().transmit(apdu)


class EncryptsWrongly(ChipModel):
    """One bit of each cryptogram is another one."""

    def transmit(self, apdu: bytes) -> bytes:
        response = super().transmit(apdu)
        if apdu[INS_OFFSET] == CIPHER and len(response) > 2:
            return bytes((response[0] ^ 1,)) + response[1:]
        return response


class CallsRefusalSuccess(ChipModel):
    """SIGN and GENERATE are refused without a word."""

    def transmit(self, apdu: bytes) -> bytes:
        response = super().transmit(apdu)
        return SUCCESS if apdu[INS_OFFSET] in (SIGN, GENERATE) and response == REFUSED else response


class CallsAWrongMacSuccess(ChipModel):
    """A changed command gets an answer."""

    def transmit(self, apdu: bytes) -> bytes:
        response = super().transmit(apdu)
        return SUCCESS if response == WRONG_MAC else response


class ShowsAnotherNode(ChipModel):
    """The last byte of what is public of a node is another one."""

    def transmit(self, apdu: bytes) -> bytes:
        response = super().transmit(apdu)
        if apdu[INS_OFFSET] == HIERARCHICAL and len(response) > 2:
            return response[:-3] + bytes((response[-3] ^ 1,)) + response[-2:]
        return response


FAULTS: dict[str, type[ChipModel]] = {
    "none": ChipModel,
    "poor": Poor,
    "formats what it cannot read": FormatsWhatItCannotRead,
    "forgets at power-off": ForgetsAtPowerOff,
    "signs wrongly": SignsWrongly,
    "reads with short offsets": ReadsWithShortOffsets,
    "loses a sector when cut": LosesASectorWhenCut,
    "calls damage success": CallsDamageSuccess,
    "erases at each login": ErasesAtEachLogin,
    "encrypts wrongly": EncryptsWrongly,
    "calls refusal success": CallsRefusalSuccess,
    "calls a wrong MAC success": CallsAWrongMacSuccess,
    "shows another node": ShowsAnotherNode,
}


def open_backend(board: str, image: Path | None) -> ChipModel:
    """The back end with the fault that the environment names."""
    return FAULTS[os.environ["HSM_FAULT"]](board, image)
