# SPDX-License-Identifier: GPL-2.0-or-later
"""The whole state of a card as its host sees it, to compare across power cuts."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, fields, replace

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

from sim.apdu import SW_SUCCESS
from sim.life import card as hsm
from sim.life.card import SO_PIN_REFERENCE, Card, CardError
from sim.life.cvc import check_device_certificate, check_request

MESSAGE = b"observed"
SW_BLOCKED = 0x6983
PRIVATE = 0xCD
REFUSED = "refused with 6982"


@dataclass(frozen=True)
class Observation:
    """What a host finds after a power cycle.

    `pin_state`, `so_pin_state`: status words of VERIFY without data. `pin`, `so_pin`: those that
    log in. `files`: contents by a digest, or the status word of the refusal. `keys`: uses left by
    number of each key that signs with the public key that its request names.
    """

    pin_state: int
    so_pin_state: int
    pin: bytes | None
    so_pin: bytes | None
    listed: tuple[int, ...]
    files: tuple[tuple[int, str], ...]
    keys: tuple[tuple[int, int | None], ...]

    def difference(self, other: Observation) -> str:
        """The names of what differs, with both values."""
        parts = []
        for item in fields(self):
            mine, theirs = getattr(self, item.name), getattr(other, item.name)
            if mine != theirs:
                parts.append(f"{item.name} {mine} / {theirs}")
        return "; ".join(parts)

    def with_blocked_pin(self) -> Observation:
        """The same card when its user PIN has no tries left: the private side stays closed."""
        files = tuple((fid, REFUSED if fid >> 8 == PRIVATE else known) for fid, known in self.files)
        return replace(self, pin_state=SW_BLOCKED, pin=None, files=files, keys=())


def observe(
    card: Card, pins: Sequence[bytes], so_pins: Sequence[bytes], files: Sequence[int]
) -> Observation:
    """Look at everything; PINs are tried in turn. AssertionError for a key that signs wrongly.

    The card must have been selected and nobody be logged in. Tries that wrong PINs cost come back
    with the one that is right.
    """
    pin_state = card.pin_status()
    so_pin_state = card.pin_status(SO_PIN_REFERENCE)
    pin = next((pin for pin in pins if card.try_pin(pin) == SW_SUCCESS), None)
    so_pin = next((pin for pin in so_pins if _is_so_pin(card, pin)), None)
    listed = tuple(card.list_objects())
    found = tuple((fid, _contents(card, fid)) for fid in files)
    numbers = [fid & 0xFF for fid in listed if fid & 0xFF00 == hsm.KEY_PREFIX and fid & 0xFF]
    keys = tuple((number, _key(card, number)) for number in numbers if pin is not None)
    return Observation(pin_state, so_pin_state, pin, so_pin, listed, found, keys)


def _is_so_pin(card: Card, pin: bytes) -> bool:
    return card.try_pin(pin, SO_PIN_REFERENCE) == SW_SUCCESS


def _contents(card: Card, fid: int) -> str:
    try:
        content = card.read_file(fid)
    except CardError as error:
        return f"refused with {error.sw:04X}"
    return f"{len(content)} bytes, {hashlib.sha256(content).hexdigest()[:16]}"


def _key(card: Card, number: int) -> int | None:
    """The key's uses left before it signed, which it must do with the key of its request."""
    uses = card.uses_left(number)
    if uses == 0:
        return 0
    device = check_device_certificate(card.read_file(hsm.EF_DEVICE_CERTIFICATE))
    public = check_request(card.read_file(hsm.CERTIFICATE_PREFIX | number), device).key
    if not isinstance(public, ec.EllipticCurvePublicKey):
        raise AssertionError("the observer knows EC keys only")
    signature = card.sign(number, hsm.SIGN_ECDSA_SHA256, MESSAGE)
    public.verify(signature, MESSAGE, ec.ECDSA(hashes.SHA256()))
    return uses
