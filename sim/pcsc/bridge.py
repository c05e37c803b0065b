# SPDX-License-Identifier: GPL-2.0-or-later
"""Between vpcd and a device: power, reset, ATR, APDUs; flash kept in a file."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from sim.pcsc import vpcd
from sim.pcsc.vpcd import VpcdLink


class Flash(Protocol):
    """What is kept between runs."""

    @property
    def operation_count(self) -> int: ...

    def save(self, path: Path) -> None: ...


class CardInReader(Protocol):
    """The part of a device that a reader driver uses."""

    @property
    def flash(self) -> Flash: ...

    def icc_power_on(self) -> bytes: ...

    def icc_power_off(self) -> None: ...

    def transmit(self, apdu: bytes) -> bytes: ...


class FlashFile:
    """A file that follows the flash: written before an answer that depends on it goes out."""

    def __init__(self, flash: Flash, path: Path | None) -> None:
        self._flash = flash
        self._path = path
        self._saved = flash.operation_count

    def save_changes(self) -> None:
        """Write the file if the flash was programmed or erased since."""
        count = self._flash.operation_count
        if self._path is not None and count != self._saved:
            self._flash.save(self._path)
            self._saved = count


class Bridge:
    """Serves one card to vpcd. `log` gets one line per message, for people."""

    def __init__(
        self,
        link: VpcdLink,
        card: CardInReader,
        flash_file: FlashFile,
        log: Callable[[str], None] = lambda line: None,
    ) -> None:
        self._link = link
        self._card = card
        self._flash_file = flash_file
        self._log = log
        self._atr = card.icc_power_on()
        card.icc_power_off()

    def serve(self, stop: Callable[[], bool]) -> None:
        """Answer vpcd until `stop` is true or pcscd goes away (Closed)."""
        while not stop():
            message = self._link.receive(stop)
            if message is None:
                return
            answer = self._control(message[0]) if len(message) == 1 else self._apdu(message)
            if answer is not None:
                self._link.send(answer)

    def _control(self, code: int) -> bytes | None:
        if code == vpcd.GET_ATR:
            return self._atr
        if code == vpcd.POWER_ON:
            self._log("power on")
            self._atr = self._card.icc_power_on()
        elif code == vpcd.POWER_OFF:
            self._log("power off")
            self._card.icc_power_off()
        elif code == vpcd.RESET:
            self._log("reset")
            self._card.icc_power_off()
            self._atr = self._card.icc_power_on()
        self._flash_file.save_changes()
        return None

    def _apdu(self, apdu: bytes) -> bytes:
        # Header and lengths only: data fields carry PINs.
        self._log(f">> {apdu[:4].hex()} {len(apdu)} bytes")
        response = self._card.transmit(apdu)
        self._flash_file.save_changes()
        self._log(f"<< {response[-2:].hex()} {len(response)} bytes")
        return response
