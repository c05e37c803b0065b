# SPDX-License-Identifier: GPL-2.0-or-later
"""Between chip and flash: who drives chip select, whether the XIP window answers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sim.flash.serial_flash import SerialFlash


class FlashBus:
    """Frames for the serial side; reasons why the XIP window is off."""

    def __init__(self, serial: SerialFlash) -> None:
        self.serial = serial
        self.on_xip: Callable[[bool], None] = lambda available: None
        self._reasons_off: frozenset[str] = frozenset()
        self._forced: bool | None = None

    def reset(self) -> None:
        """After a reset of the chip: nothing forced, the window on."""
        self.serial.abandon()
        self._forced = None
        for reason in self._reasons_off:
            self.set_xip(True, reason)

    # --- XIP ------------------------------------------------------------------------------------

    @property
    def xip_available(self) -> bool:
        """True while the window shows the flash."""
        return not self._reasons_off

    def set_xip(self, available: bool, reason: str) -> None:
        """`reason` (a controller's name) switches the window off or stops doing so."""
        before = self._reasons_off
        self._reasons_off = before - {reason} if available else before | {reason}
        if bool(before) != bool(self._reasons_off):
            self.on_xip(not self._reasons_off)

    def set_floating(self, floating: bool) -> None:
        """The SS output is disabled (to read the button): the flash cannot be selected."""
        self.set_xip(not floating, "IO_QSPI")

    # --- frames ---------------------------------------------------------------------------------

    def force_select(self, selected: bool | None) -> None:
        """An override drives chip select; None leaves it to the controller."""
        if self._forced and not selected:
            self.serial.deselect()
        self._forced = selected

    def exchange(self, sent: int) -> int:
        """One byte. With select forced high the chip does not listen."""
        return 0xFF if self._forced is False else self.serial.exchange(sent)

    def end_frame(self) -> None:
        """The controller has nothing more to send: it deasserts select, unless forced."""
        if self._forced is None:
            self.serial.deselect()

    def state(self) -> Any:
        """Plain data for `load_state`."""
        return (self.serial.state(), self._reasons_off, self._forced)

    def load_state(self, state: Any) -> None:
        """Put everything back; the window follows."""
        serial, reasons, self._forced = state
        self.serial.load_state(serial)
        changed = bool(reasons) != bool(self._reasons_off)
        self._reasons_off = reasons
        if changed:
            self.on_xip(not reasons)
