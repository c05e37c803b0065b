# SPDX-License-Identifier: GPL-2.0-or-later
"""The rescue application: the board itself, for who cannot log in.

Source: [SCHSM] 24.
"""

from __future__ import annotations

import os

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed, encode_dss_signature
from robot.api.deco import keyword, library

from robot_tests.keywords.bench import bench
from robot_tests.keywords.outcomes import expecting
from sim.apdu import command
from sim.life import services
from sim.life.card import tlv

TAG_PRODUCT = 0x09
CURVE = ec.SECP256R1()
HASH_BYTES = 32


def _do(name: str, ins: int, p1: int, p2: int, data: bytes = b"") -> bytes:
    return bench().card.do(name, command(0x80, ins, p1, p2, data, 256))


@library(scope="GLOBAL", auto_keywords=False)
class Rescue:
    """Selecting it ends the user's session; ``Log Out`` selects the HSM again."""

    def __init__(self) -> None:
        self._attestation_key = b""

    @keyword
    def select_the_rescue_application(self) -> None:
        """What follows is said to it."""
        services.select_rescue(bench().card)

    @keyword
    def name_the_board(self, name: str, refused: str | None = None) -> None:
        """Physical settings with the name that the host will see."""
        with expecting(refused):
            services.write_settings(bench().card, tlv(TAG_PRODUCT, name.encode()))

    @keyword
    def name_of_the_board_should_be(self, name: str) -> None:
        """As the settings say; empty if they were never written."""
        settings = _do("READ (settings)", 0x1E, 0x01, 0x00)
        if settings != (tlv(TAG_PRODUCT, name.encode()) if name else b""):
            raise AssertionError(f"the settings are {settings.hex()}")

    @keyword
    def attestation_key_should_sign(self) -> None:
        """A hash of the host's; the card tells the public key."""
        public = services.attestation_key(bench().card)
        digest = os.urandom(HASH_BYTES)
        signature = _do("ATTEST (sign)", 0x10, 0x01, 0x00, digest)
        r, s = (int.from_bytes(signature[at : at + HASH_BYTES], "big") for at in (0, HASH_BYTES))
        key = ec.EllipticCurvePublicKey.from_encoded_point(CURVE, public)
        try:
            key.verify(encode_dss_signature(r, s), digest, ec.ECDSA(Prehashed(hashes.SHA256())))
        except InvalidSignature:
            raise AssertionError("the signature is wrong") from None

    @keyword
    def remember_the_attestation_key(self) -> None:
        """Keep it for a comparison."""
        self._attestation_key = services.attestation_key(bench().card)

    @keyword
    def attestation_key_should_be_the_remembered_one(self) -> None:
        """It stays for the life of the board."""
        if services.attestation_key(bench().card) != self._attestation_key:
            raise AssertionError("the board has another attestation key")

    @keyword
    def attestation_should_be(self, refused: str) -> None:
        """What a board without an identity answers."""
        with expecting(refused):
            services.attestation_key(bench().card)

    @keyword
    def set_the_clock(self, seconds: int) -> None:
        """Seconds since 1970."""
        _do("WRITE (time)", 0x1C, 0x02, 0x02, seconds.to_bytes(4, "big"))

    @keyword
    def clock_should_be_about(self, seconds: int) -> None:
        """It may have gone on for some seconds."""
        found = int.from_bytes(_do("READ (time)", 0x1E, 0x04, 0x02), "big")
        if not seconds <= found <= seconds + 5:
            raise AssertionError(f"it is {found}")

    @keyword
    def clock_should_not_be_set(self) -> None:
        """The card knows no time."""
        with expecting("conditions not satisfied"):
            _do("READ (time)", 0x1E, 0x04, 0x02)

    @keyword
    def keys_should_be_out_of_reach(self) -> None:
        """No command of the HSM is known here."""
        with expecting("instruction not supported"):
            _do("SIGN", 0x68, 0x01, 0x70, bytes(HASH_BYTES))
