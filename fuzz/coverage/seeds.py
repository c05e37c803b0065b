# SPDX-License-Identifier: GPL-2.0-or-later
"""Inputs to begin with: good commands of every kind, and good frames."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping

from fuzz.coverage import cards
from fuzz.coverage.cards import AES_KEY, EC_KEY, PIN, PRIVATE_FILE, PUBLIC_FILE, RSA_KEY, SO_PIN
from fuzz.coverage.inputs import MESSAGES_MAX, Input
from sim.apdu import command
from sim.device import Device, DeviceSnapshot
from sim.life import card as hsm
from sim.life import services
from sim.life.card import Card, tlv
from sim.life.cvc import ECDSA_SHA256_OID
from sim.usb import ccid_messages as ccid

NEW_KEY = 9
DIGEST = hashlib.sha256(b"message").digest()
# A seed takes no longer: generation of RSA keys is left to the other campaigns.
NAMED_CURVES = ("secp256r1", "brainpoolP256r1", "secp256k1")


class _Recorder:
    """A card's transport that keeps what goes out."""

    def __init__(self, transmit: Callable[[bytes], bytes]) -> None:
        self._transmit = transmit
        self.sent: list[bytes] = []

    def transmit(self, apdu: bytes) -> bytes:
        """Send one command."""
        self.sent.append(apdu)
        return self._transmit(apdu)


def commands(device: Device, starts: Mapping[str, DeviceSnapshot]) -> list[Input]:
    """Good commands; each story is tried on the device, and what it sent is the seed."""
    found: dict[Input, None] = {}
    for start, stories in STORIES.items():
        for story in stories:
            device.restore(starts[start])
            recorder = _Recorder(device.transmit)
            story(Card(recorder.transmit))
            sent = tuple(apdu for apdu in recorder.sent if apdu[1] != 0xC0)
            for first in range(0, len(sent), MESSAGES_MAX):
                found[Input(start, sent[first : first + MESSAGES_MAX])] = None
    return list(found)


def frames() -> list[Input]:
    """A frame of each type, a chained command, one in two transfers."""
    whole = [
        ccid.command(kind, 7, b"\0\x84\0\0\x08" if kind == ccid.XFR_BLOCK else b"")
        for kind in sorted(ccid.ANSWER_TYPES)
    ]
    select = command(0x00, 0xA4, 0x04, 0x00, hsm.APPLET_AID, 256)
    chained = (
        ccid.command(ccid.XFR_BLOCK, 1, select[:9], parameters=b"\0\1\0"),
        ccid.command(ccid.XFR_BLOCK, 2, select[9:], parameters=b"\0\2\0"),
    )
    long = ccid.command(ccid.XFR_BLOCK, 3, command(0x00, 0x84, data=bytes(300), extended=True))
    protocol = ccid.command(ccid.SET_PARAMETERS, 4, bytes.fromhex("11100010fe0000"))
    inputs = [Input("locked", (frame,)) for frame in (*whole, long, protocol)]
    inputs.append(Input("locked", chained))
    inputs.append(Input("locked", (long[:64], long[64:])))
    inputs.append(Input("locked", (whole[0], whole[3], whole[-1])))
    return inputs


# --- Stories --------------------------------------------------------------------------------------


def _send(*apdus: bytes) -> Callable[[Card], object]:
    return lambda card: [card.send(apdu) for apdu in apdus]


def _wrap_and_unwrap(card: Card) -> None:
    blob = card.wrap_key(EC_KEY)
    card.unwrap_key(NEW_KEY, blob)


def _staged(card: Card) -> None:
    card.write_file(hsm.EF_WRAPPED_KEY, card.wrap_key(EC_KEY))
    card.unwrap_key(NEW_KEY)


def _custody(card: Card) -> None:
    card.set_up_key_domain(1, 2)
    card.import_dkek_share(cards.SHARE, 1)
    card.clear_key_domain(1)
    card.delete_key_domain(1)


def _rescue(card: Card) -> None:
    services.select_rescue(card)
    card.send(command(0x80, 0x1E, 0x02, 0x00, ne=256))
    card.send(command(0x80, 0x1E, 0x02, 0x01, ne=256))
    card.send(command(0x80, 0x1E, 0x01, 0x00, ne=256))


def _clock(card: Card) -> None:
    services.select_rescue(card)
    card.send(command(0x80, 0x1C, 0x02, 0x00, bytes.fromhex("07ea0b14050c0000")))
    card.send(command(0x80, 0x1E, 0x04, 0x00, ne=256))


def _cipher(algorithm: int, data: bytes) -> Callable[[Card], object]:
    return _send(command(0x80, 0x78, AES_KEY, algorithm, data, 256))


def _extended_cipher(oid: bytes, data: bytes, more: bytes = b"") -> Callable[[Card], object]:
    field = tlv(0x06, oid) + more + tlv(0x81, data)
    return _send(command(0x80, 0x78, AES_KEY, 0x51, field, 256))


_GENERATE = [
    lambda card, name=name: card.generate_key_pair(
        NEW_KEY, hsm.ec_key_template(name), uses=3, algorithms=b"\x73\x80"
    )
    for name in NAMED_CURVES
]
_CHAINED = (
    command(0x10, 0xD7, 0xCD, 0x02, tlv(0x54, b"\0\0") + b"\x53\x20" + bytes(20)),
    command(0x00, 0xD7, 0xCD, 0x02, bytes(12)),
)
# Twice secp256r1's generator: with the generator what two agree on is the other one's public key.
_HOST_POINT = bytes.fromhex(
    "047cf27b188d034f7e8a52380304b51ac3c08969e277f21b35a60b48fc47669978"
    "07775510db8ed040293d9ac69f7430dbba7dade63ce982299e04b79d227873d1"
)

STORIES: dict[str, list[Callable[[Card], object]]] = {
    "blank": [
        lambda card: card.select(),
        lambda card: card.version(),
        lambda card: card.pin_status(),
        lambda card: card.list_objects(),
        lambda card: card.challenge(8),
        lambda card: card.initialize(
            PIN, SO_PIN, pin_iterations=hsm.PIN_ITERATIONS_MIN, dkek_shares=1
        ),
        lambda card: services.initialize_with_custodians(card, PIN, SO_PIN, 3, 2),
        lambda card: card.read_file(hsm.EF_DEVICE_CERTIFICATE),
        _rescue,
        _clock,
    ],
    "locked": [
        lambda card: card.pin_status(),
        lambda card: card.pin_status(hsm.SO_PIN_REFERENCE),
        lambda card: card.verify(PIN),
        lambda card: card.try_pin(b"000000"),
        lambda card: card.verify(SO_PIN, hsm.SO_PIN_REFERENCE),
        lambda card: card.reset_retry_counter(SO_PIN),
        lambda card: card.reset_retry_counter(SO_PIN, PIN),
        lambda card: card.key_domain(),
        lambda card: card.list_objects(),
        lambda card: card.read_file(PUBLIC_FILE),
        lambda card: card.uses_left(RSA_KEY),
        _send(command(0x00, 0x22, 0x81, 0xB6, tlv(0x83, cards.ROOT.name))),
        lambda card: services.trust(card, cards.Party(b"UTCA0000001", 12), cards.ROOT),
        _send(command(0x00, 0x86, 0x00, 0x00, tlv(0x7C, tlv(0x80, _HOST_POINT)), 256)),
        _send(command(0x80, 0x54, 0x00, 0x00, ne=256)),
        lambda card: card.initialize(PIN, SO_PIN, pin_iterations=hsm.PIN_ITERATIONS_MIN),
    ],
    "ready": [
        lambda card: card.change_pin(PIN, PIN),
        lambda card: card.read_file(PRIVATE_FILE),
        lambda card: card.write_file(PRIVATE_FILE, b"contents" * 20),
        lambda card: card.update_binary(PUBLIC_FILE, 1200, b"more"),
        lambda card: card.write_file(0xCE09, b"certificate" * 100),
        lambda card: card.delete_file(PUBLIC_FILE),
        lambda card: card.delete_file(hsm.KEY_PREFIX | EC_KEY),
        lambda card: card.sign(EC_KEY, hsm.SIGN_ECDSA_SHA256, b"message"),
        lambda card: card.sign(EC_KEY, 0x70, DIGEST),
        lambda card: card.sign(RSA_KEY, hsm.SIGN_RSA_PKCS1_SHA256, b"message"),
        lambda card: card.sign(RSA_KEY, hsm.SIGN_RSA_PSS_SHA256, b"message"),
        lambda card: card.decipher(RSA_KEY, bytes((0,)) + bytes(range(127))),
        _send(command(0x80, 0x62, EC_KEY, 0x80, _HOST_POINT, 256)),
        *_GENERATE,
        lambda card: services.generate_aes(card, NEW_KEY, tlv(0x91, b"\x10\x11\x18")),
        lambda card: services.derive_key(card, EC_KEY, NEW_KEY),
        _cipher(0x10, bytes(32)),
        _cipher(0x11, bytes(32)),
        _cipher(0x18, b"message"),
        _cipher(0x99, b"label"),
        _extended_cipher(bytes.fromhex("608648016503040106"), b"message", tlv(0x82, bytes(12))),
        _extended_cipher(ECDSA_SHA256_OID, b"message"),
        _wrap_and_unwrap,
        _staged,
        lambda card: card.key_domain(),
        lambda card: card.key_domain(1),
        _custody,
        lambda card: card.clear_key_domain(),
        _send(command(0x80, 0x52, 0x02, 0x01, ne=256)),
        lambda card: services.put_seed(card, 1, cards.SEED),
        _send(command(0x80, 0x4A, 0x02, 0x00, tlv(0x81, bytes.fromhex("8000002c80000000")), 256)),
        _send(command(0x80, 0x4A, 0x03, 0x00, bytes.fromhex("8000002c80000000"), 256)),
        lambda card: services.set_options(card, 0x00),
        _send(command(0x80, 0x64, 0x0A, 0x00, ne=256)),
        _send(command(0x80, 0x64, 0x3A, 0x01, _HOST_POINT, 256)),
        _send(command(0x80, 0x5A, 0x01, 0x81, ne=256)),
        _send(*_CHAINED),
        _send(command(0x00, 0xB0, 0xCD, 0x01, ne=256)),
        _send(command(0x00, 0xA4, 0x00, 0x00, bytes.fromhex("CC01"), 256)),
        _rescue,
    ],
}
