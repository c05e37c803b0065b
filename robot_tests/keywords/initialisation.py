# SPDX-License-Identifier: GPL-2.0-or-later
"""INITIALIZE: PINs, options, identity and label of a device.

Source: [SCHSM] 10, 14.1, 15.5.
"""

from __future__ import annotations

from robot.api.deco import keyword, library

from robot_tests.keywords.bench import bench
from robot_tests.keywords.outcomes import expecting
from sim.life import card as hsm
from sim.life.card import tlv
from sim.life.cvc import check_device_certificate, find

EF_TOKEN_INFO = 0x2F03
TAG_SEQUENCE, TAG_LABEL = 0x30, 0x80

# Stretching of the PINs: "production" leaves the choice to the card.
COSTS = {"lowest": hsm.PIN_ITERATIONS_MIN, "production": None}
OPTIONS = {
    "PIN reset": hsm.OPTION_RESET_RETRY,
    "PIN reset, tries only": hsm.OPTION_RESET_RETRY | hsm.OPTION_RESET_RETRY_ONLY,
    "no PIN reset": 0,
    "transport PIN": hsm.OPTION_RESET_RETRY | hsm.OPTION_TRANSPORT_PIN,
    "session PIN": hsm.OPTION_RESET_RETRY | hsm.OPTION_SESSION_PIN,
}


@library(scope="GLOBAL", auto_keywords=False)
class Initialisation:
    """The first thing in a device's life, and what a new life keeps of the old one."""

    @keyword
    def start_with_an_initialised_card(self) -> None:
        """A card with ``${PIN}`` and ``${SO_PIN}``, three tries, no keys, nobody logged in."""
        bench().start_initialised()

    @keyword
    def initialise_the_device(
        self,
        pin: str,
        so_pin: str,
        tries: int = 3,
        cost: str = "lowest",
        options: str = "PIN reset",
        refused: str | None = None,
    ) -> None:
        """Erase everything and set new PINs; a used device asks for its SO-PIN by itself.

        ``cost``: lowest or production stretching of the PINs. ``options``: PIN reset; PIN reset,
        tries only; no PIN reset; transport PIN; session PIN.
        """
        with expecting(refused):
            bench().card.initialize(
                pin.encode(), so_pin.encode(), tries, COSTS[cost], OPTIONS[options]
            )
        if refused is None:
            bench().forget_contents(pin.encode())

    @keyword
    def device_certificate_should_be_genuine(self) -> None:
        """The device's certificate is signed with the key that it certifies."""
        check_device_certificate(bench().card.read_file(hsm.EF_DEVICE_CERTIFICATE))

    @keyword
    def device_certificate_should_be_unchanged(self) -> None:
        """It is the one that the card had at the start of the test."""
        if bench().card.read_file(hsm.EF_DEVICE_CERTIFICATE) != bench().memory.certificate:
            raise AssertionError("the device has another certificate")

    @keyword
    def device_should_have_free_memory(self) -> None:
        """The device tells how many bytes it can still keep."""
        if not int.from_bytes(bench().card.version()[:4], "big"):
            raise AssertionError("the device tells that it has no free memory")

    @keyword
    def set_label(self, label: str) -> None:
        """Write the token's label, as hosts do."""
        token_info = tlv(TAG_SEQUENCE, tlv(0x02, b"\x01") + tlv(TAG_LABEL, label.encode()))
        bench().card.write_file(EF_TOKEN_INFO, token_info)

    @keyword
    def label_should_be(self, label: str) -> None:
        """The token's label reads as given."""
        content, _ = find(bench().card.read_file(EF_TOKEN_INFO), TAG_SEQUENCE)
        found, _ = find(content, TAG_LABEL)
        if found != label.encode():
            raise AssertionError(f"the label is {found.decode(errors='replace')!r}")
