# SPDX-License-Identifier: GPL-2.0-or-later
"""Secure messaging: what nobody between host and card reads or changes.

Source: [SCHSM] 9.6, 21.
"""

from __future__ import annotations

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from robot.api.deco import keyword, library

from robot_tests.keywords.bench import bench
from robot_tests.keywords.outcomes import expecting
from sim.apdu import SW_SUCCESS
from sim.life import card as hsm
from sim.life.card import CardError
from sim.life.secure_channel import SecureChannel

EPHEMERAL_SECRET = 0x1234567890ABCDEF1234567890ABCDEF
MESSAGE = b"nobody listens"
VERIFY, GENERATE_SESSION_PIN = "00200081", "805A0181"
MAC_END = -3


@library(scope="GLOBAL", auto_keywords=False)
class Channel:
    """Chip authentication with the device's certificate opens the channel."""

    def __init__(self) -> None:
        self._open: SecureChannel | None = None
        self._session_pin = b""

    @property
    def _channel(self) -> SecureChannel:
        assert self._open is not None, "open a secure channel first"
        return self._open

    @keyword
    def open_a_secure_channel(self) -> None:
        """Host and card agree on keys, and the card proves that it is the one it says."""
        self._open = SecureChannel(bench().transmit, EPHEMERAL_SECRET)

    @keyword(name="Verify PIN In The Channel")
    def verify_pin_in_the_channel(self, pin: str, refused: str | None = None) -> None:
        """Log in; on the line nobody reads the PIN."""
        self._send(VERIFY, pin.encode(), refused)

    @keyword
    def sign_in_the_channel(self, number: int, refused: str | None = None) -> None:
        """Sign, and check the signature with the key that the host remembers."""
        with expecting(refused):
            header = bytes((0x80, 0x68, number, hsm.SIGN_ECDSA_SHA256))
            signature = self._channel.send(header, MESSAGE, 256)
            _check(number, signature)

    @keyword
    def damage_a_command_in_the_channel(self, refused: str) -> None:
        """Somebody on the line changes one bit of a command."""
        apdu = bytearray(self._channel.wrap(bytes.fromhex("80580000")))
        apdu[MAC_END] ^= 1
        with expecting(refused):
            _judge(bench().transmit(bytes(apdu)))

    @keyword
    def channel_should_be_closed(self) -> None:
        """The card takes no protected command any more."""
        with expecting("class not supported"):
            _judge(bench().transmit(self._channel.wrap(bytes.fromhex("80580000"))))

    @keyword(name="Generate Session PIN")
    def generate_session_pin(self, refused: str | None = None) -> None:
        """The card makes a PIN that stands in for the user's."""
        with expecting(refused):
            self._session_pin = self._channel.send(GENERATE_SESSION_PIN, b"", 256)

    @keyword(name="Ask For A Session PIN Without A Channel")
    def ask_for_a_session_pin_without_a_channel(self, refused: str) -> None:
        """Anybody on the line would read it."""
        with expecting(refused):
            _judge(bench().transmit(bytes.fromhex(GENERATE_SESSION_PIN + "00")))

    @keyword(name="Verify Session PIN In The Channel")
    def verify_session_pin_in_the_channel(self, refused: str | None = None) -> None:
        """Log in with it."""
        self._send(VERIFY, self._session_pin, refused)

    @keyword(name="Verify Session PIN")
    def verify_session_pin(self, refused: str | None = None) -> None:
        """The same outside of the channel."""
        with expecting(refused):
            bench().card.verify(self._session_pin)

    def _send(self, header: str, data: bytes, refused: str | None) -> None:
        with expecting(refused):
            self._channel.send(header, data, None)


def _check(number: int, signature: bytes) -> None:
    key = bench().memory.keys[number]
    assert isinstance(key, ec.EllipticCurvePublicKey)
    try:
        key.verify(signature, MESSAGE, ec.ECDSA(hashes.SHA256()))
    except InvalidSignature:
        raise AssertionError("the signature is wrong") from None


def _judge(answer: bytes) -> None:
    status_word = int.from_bytes(answer[-2:], "big")
    if status_word != SW_SUCCESS:
        raise CardError("protected command", status_word)
