# SPDX-License-Identifier: GPL-2.0-or-later
"""The bench: one device, its card, and what the host remembers of it.

Shared by all keyword libraries of a run. What a test starts with comes from a snapshot where the
back end has them; elsewhere it is made anew.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from robot.api import FatalError, SkipExecution, logger
from robot.libraries.BuiltIn import BuiltIn

from robot_tests import backends
from robot_tests.backends.backend import Backend, BackendError, Capability, FlashOperation
from sim.life.card import EF_DEVICE_CERTIFICATE, PIN_ITERATIONS_MIN, SO_PIN_REFERENCE, Card
from sim.life.cvc import PublicKey

LOGGED_BYTES_MAX = 48


@dataclass
class Memory:
    """What the host has seen and may compare with: it goes where the device's state goes."""

    keys: dict[int, PublicKey] = field(default_factory=dict)
    files: dict[int, bytes] = field(default_factory=dict)
    pin: bytes = b""
    certificate: bytes = b""
    operations_at_power_on: int = 0

    def copy(self) -> Memory:
        """Another one with the same contents."""
        return replace(self, keys=self.keys.copy(), files=self.files.copy())


class Bench:
    """The device under test. `need` skips the test when the back end cannot do something."""

    def __init__(self, backend: Backend) -> None:
        self.backend = backend
        self.card = Card(self.transmit)
        self.memory = Memory()
        self._prepared: dict[str, tuple[Any, Memory]] = {}
        # The device that is not at hand, and what the host remembers of it.
        self._aside: tuple[Backend, Memory] | None = None
        self._second_is_at_hand = False
        # The person at the device presses its button while the next command waits.
        self.press_next = False
        # The code of a device that cannot be put back, for the next test's INITIALIZE.
        self.so_pin = b""

    def need(self, capability: Capability) -> None:
        """Skip the test, with the reason, unless the back end has the capability."""
        if capability not in self.backend.capabilities:
            raise SkipExecution(f"back end {self.backend.name} cannot {capability.value}")

    def transmit(self, apdu: bytes) -> bytes:
        logger.debug(f">> {_shortened(apdu)}")
        press, self.press_next = self.press_next, False
        response = (self.backend.transmit_and_press if press else self.backend.transmit)(apdu)
        logger.debug(f"<< {_shortened(response)}")
        return response

    # --- power ----------------------------------------------------------------------------------

    def power_on(self) -> None:
        """Power, and the applet selected. PowerLost."""
        if Capability.FLASH_OPERATIONS in self.backend.capabilities:
            self.memory.operations_at_power_on = len(self.backend.flash_operations())
        self.backend.power_on()
        self.card.select()

    def power_cycle(self) -> None:
        """Off and on again. PowerLost."""
        self.backend.power_off()
        self.power_on()

    # --- the second device ----------------------------------------------------------------------

    def bring_second(self) -> None:
        """A second device, initialised as the first one was; it is at hand."""
        self.need(Capability.SECOND_DEVICE)
        self.need(Capability.SNAPSHOTS)
        if self._aside is None:
            self._aside = (self.backend.sibling(), Memory())
        self.take(second=True)
        self.power_cycle()
        pin, so_pin = value("PIN"), value("SO_PIN")
        self.card.initialize(pin, so_pin, pin_iterations=PIN_ITERATIONS_MIN)
        self.memory = Memory(pin=pin, operations_at_power_on=self.memory.operations_at_power_on)

    def take(self, second: bool) -> None:
        """Go on with the second device, or with the first one again."""
        if second == self._second_is_at_hand:
            return
        if self._aside is None:
            raise AssertionError("there is no second device: bring one first")
        self._aside, (self.backend, self.memory) = (self.backend, self.memory), self._aside
        self._second_is_at_hand = second

    def close(self) -> None:
        """Give the devices back."""
        self.backend.close()
        if self._aside is not None:
            self._aside[0].close()

    # --- what tests start with ------------------------------------------------------------------

    def start(self, name: str, make: Callable[[], None]) -> None:
        """The state called `name`: what `make` makes, or a snapshot of what it made once."""
        self.take(second=False)
        self.press_next = False
        if Capability.SNAPSHOTS not in self.backend.capabilities:
            self.memory = Memory()
            make()
            return
        if name not in self._prepared:
            self.memory = Memory()
            make()
            self._prepared[name] = (self.backend.snapshot(), self.memory.copy())
        snapshot, memory = self._prepared[name]
        self.backend.restore(snapshot)
        self.memory = memory.copy()

    def start_blank(self) -> None:
        """A device that was never initialised, with power; only snapshots bring that back."""
        self.need(Capability.SNAPSHOTS)
        self.start("blank", self.power_on)

    def start_initialised(self) -> None:
        """An initialised card, nobody logged in; PINs cost as little as the card allows."""

        def make() -> None:
            pin, so_pin = value("PIN"), value("SO_PIN")
            if Capability.SNAPSHOTS in self.backend.capabilities:
                self.start_blank()
            else:
                self.power_cycle()
                if self.so_pin not in (b"", so_pin):
                    self.card.change_pin(self.so_pin, so_pin, SO_PIN_REFERENCE)
            self.so_pin = so_pin
            self.card.initialize(pin, so_pin, pin_iterations=PIN_ITERATIONS_MIN)
            self.forget_contents(pin)
            self.memory.certificate = self.card.read_file(EF_DEVICE_CERTIFICATE)
            self.card.select()

        self.start("initialised", make)

    def forget_contents(self, pin: bytes) -> None:
        """The device was initialised with `pin`: nothing that it kept before is there."""
        self.memory = replace(self.memory, keys={}, files={}, pin=pin)

    # --- what is asked in many places -----------------------------------------------------------

    def operations(self) -> Sequence[FlashOperation]:
        """The flash operations since the back end was made, or skip."""
        self.need(Capability.FLASH_OPERATIONS)
        return self.backend.flash_operations()

    def tries_left(self, *, so: bool = False) -> int:
        """Tries of the user PIN, or of the SO-PIN: 0 when blocked. Nobody may be logged in."""
        sw = self.card.pin_status(SO_PIN_REFERENCE) if so else self.card.pin_status()
        if sw == 0x6983:
            return 0
        if sw & ~0xF != 0x63C0:
            raise AssertionError(f"the card does not tell the tries, but answers {sw:04X}")
        return sw & 0xF


def value(name: str) -> bytes:
    """A text among the suites' variables, as the bytes that go to the card."""
    return str(BuiltIn().get_variable_value(f"${{{name}}}")).encode()


_bench: Bench | None = None


def bench() -> Bench:
    """The bench of this run, set up on first use by the variables BACKEND, BOARD and IMAGE."""
    global _bench
    if _bench is None:
        variables = BuiltIn().get_variables(no_decoration=True)
        image = variables["IMAGE"]
        try:
            backend = backends.load(
                variables["BACKEND"], variables["BOARD"], Path(image) if image else None
            )
        except BackendError as error:
            raise FatalError(str(error)) from None
        _bench = Bench(backend)
    return _bench


def close_bench() -> None:
    """Give the device back."""
    global _bench
    if _bench is not None:
        _bench.close()
        _bench = None


def _shortened(data: bytes) -> str:
    more = len(data) - LOGGED_BYTES_MAX
    return data.hex() if more <= 0 else f"{data[:LOGGED_BYTES_MAX].hex()}... ({more} bytes more)"
