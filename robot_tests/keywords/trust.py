# SPDX-License-Identifier: GPL-2.0-or-later
"""Public key authentication: custodians sign a challenge before keys can be used.

Source: [SCHSM] 14.4, 20.
"""

from __future__ import annotations

from robot.api.deco import keyword, library

from robot_tests.keywords.bench import bench, value
from robot_tests.keywords.outcomes import expecting
from sim.apdu import command
from sim.life import card as hsm
from sim.life import services
from sim.life.card import tlv
from sim.life.cvc import check_device_certificate
from sim.life.party import Party

ROOT, DEVICE = Party(b"UTROOT00001", 11), Party(b"UTDEVICE00001", 12)
STRANGER = Party(b"UTSTRANGER0001", 13)
CHALLENGE_BYTES = 8


def _custodian(name: str) -> Party:
    secret = int.from_bytes(name.encode(), "big")
    return Party(b"UT" + name.upper().encode() + b"00001", secret)


@library(scope="GLOBAL", auto_keywords=False)
class Trust:
    """Custodians have names. Their keys were made in a device that the card trusts by its root."""

    def __init__(self) -> None:
        self._challenge = b""

    @keyword
    def start_with_a_card_for_custodians(self, total: int, required: int) -> None:
        """A card that knows no custodian yet; the user is logged in."""
        bench().start_blank()
        pin, so_pin = value("PIN"), value("SO_PIN")
        services.initialize_with_custodians(bench().card, pin, so_pin, total, required)
        bench().forget_contents(pin)
        bench().memory.certificate = bench().card.read_file(hsm.EF_DEVICE_CERTIFICATE)

    @keyword
    def trust_the_custodians_device(self) -> None:
        """Certificates of the root, and of the device in which the custodians' keys were made."""
        services.trust(bench().card, ROOT)
        services.trust(bench().card, DEVICE, ROOT)

    @keyword
    def register_custodian(self, name: str, refused: str | None = None) -> None:
        """The card takes the custodian's key, attested by the device that it trusts."""
        with expecting(refused):
            services.register(bench().card, _custodian(name).request(DEVICE))

    @keyword
    def register_custodian_by_a_stranger(self, name: str, refused: str) -> None:
        """Attested by a device that only says that it is the trusted one."""
        liar = Party(DEVICE.name, 99)
        with expecting(refused):
            services.register(bench().card, _custodian(name).request(liar))

    @keyword
    def replace_custodian(self, slot: int, name: str) -> None:
        """Another custodian takes the place of the one in ``slot``."""
        services.register(bench().card, _custodian(name).request(DEVICE), slot)

    @keyword
    def ask_for_a_challenge(self) -> None:
        """What the custodians sign in this session."""
        self._challenge = bench().card.challenge(CHALLENGE_BYTES)

    @keyword
    def custodian_signs(self, *names: str, refused: str | None = None) -> None:
        """EXTERNAL AUTHENTICATE, one custodian after the other."""
        for name in names:
            self._authenticate(_custodian(name), _custodian(name), refused)

    @keyword
    def stranger_signs_for_custodian(self, name: str, refused: str) -> None:
        """Somebody else's signature in a custodian's name."""
        self._authenticate(_custodian(name), STRANGER, refused)

    def _authenticate(self, holder: Party, signer: Party, refused: str | None) -> None:
        card = bench().card
        device = check_device_certificate(bench().memory.certificate).holder.encode()
        with expecting(refused):
            chosen = command(0x00, 0x22, 0x81, 0xA4, tlv(0x83, holder.name))
            card.do("MANAGE SECURITY ENVIRONMENT", chosen)
            signature = signer.sign(device + self._challenge)
            answer = command(0x00, 0x82, 0x00, 0x00, signature, extended=True)
            card.do("EXTERNAL AUTHENTICATE", answer)

    @keyword
    def custodians_should_be(self, registered: int, signed: int) -> None:
        """What the card tells about them."""
        apdu = command(0x80, 0x54, 0x00, 0x00, ne=256)
        total, missing, _, found = bench().card.do("custodians", apdu)
        if (total - missing, found) != (registered, signed):
            raise AssertionError(f"{total - missing} are registered, and {found} have signed")
