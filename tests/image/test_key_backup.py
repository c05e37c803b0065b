# SPDX-License-Identifier: GPL-2.0-or-later
"""Keys move between boards and back: wrapped under a DKEK, shared or agreed on."""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

import boards
from sim.device import Device
from sim.life import card as hsm
from sim.life import cvc
from sim.life.card import Card, CardError, tlv
from sim.life.curves import CURVES
from sim.life.services import RAW_CURVES, raw_key_template
from sim.life.story import check_signature
from sim.residue.watch import watched
from tests.firmware import key_blob
from tests.firmware.key_blob import KeyBlob
from tests.image.conftest import PIN, SO_PIN, image_path
from tests.image.test_public_key_authentication import Party, do
from tests.image.test_residue import ram

ITERATIONS = 16
SHARES = [hashlib.sha256(bytes((number,))).digest() for number in range(2)]
DKEK = bytes(a ^ b for a, b in zip(*SHARES, strict=True))
HERE, THERE, BACK = 1, 200, 2

AES_SIZES = {128: 0xB0, 192: 0xB1, 256: 0xB2, 512: 0xB3}


@dataclass
class Pair:
    """Both boards, user logged in, with the same DKEK in domain 0; the first one has the key."""

    first: Device
    second: Device

    @property
    def cards(self) -> tuple[Card, Card]:
        return Card(self.first.transmit), Card(self.second.transmit)


def started(board: str) -> Device:
    device = watched(Device.from_uf2(board, image_path(board)))
    device.power_on()
    return device


def initialize(device: Device, **key_domains: int) -> Card:
    card = Card(device.transmit)
    card.select()
    card.initialize(PIN, SO_PIN, pin_iterations=ITERATIONS, **key_domains)
    return card


@pytest.fixture(scope="module")
def both() -> Iterator[dict[str, tuple[Device, object]]]:
    """A board and its snapshot: two shares imported, user logged in."""
    devices = {}
    for board in boards.names():
        device = started(board)
        card = initialize(device, dkek_shares=2)
        for share in SHARES:
            card.import_dkek_share(share)
        devices[board] = (device, device.snapshot())
    yield devices
    for device, _ in devices.values():
        device.power_off()


@pytest.fixture(params=[(0, 1), (1, 0)], ids=["to pico2", "to pico"])
def pair(both: dict, request: pytest.FixtureRequest) -> Pair:
    """In either order; the second part of the name tells where a key goes first."""
    names = boards.names()
    devices = []
    for index in request.param:
        device, snapshot = both[names[index]]
        device.restore(snapshot)
        devices.append(device)
    return Pair(*devices)


# --- Every kind of key ----------------------------------------------------------------------------


def generate_aes(card: Card, bits: int) -> None:
    assert card.send(hsm.command(0x00, 0x48, HERE, AES_SIZES[bits])).ok


@functools.cache
def rsa_blob(bits: int) -> bytes:
    """A key that the host made: what other cards wrap with CRT parameters."""
    numbers = rsa.generate_private_key(65537, bits).private_numbers()
    public = numbers.public_numbers
    parts = (numbers.dmp1, numbers.dmq1, numbers.p, numbers.iqmp, numbers.q, public.n, public.e)
    fields = [part.to_bytes((part.bit_length() + 7) // 8, "big") for part in parts]
    return KeyBlob(key_blob.RSA_CRT, bits, fields).encode(DKEK)


MAKERS: dict[str, Callable[[Card], object]] = {
    **{
        name: lambda card, name=name: card.generate_key_pair(HERE, hsm.ec_key_template(name))
        for name in CURVES
    },
    **{
        name: lambda card, name=name: card.generate_key_pair(HERE, raw_key_template(name))
        for name in RAW_CURVES
    },
    **{f"AES-{bits}": lambda card, bits=bits: generate_aes(card, bits) for bits in AES_SIZES},
    **{
        f"RSA-{bits}": lambda card, bits=bits: card.unwrap_key(HERE, rsa_blob(bits))
        for bits in (1024, 1536, 2048, 3072, 4096)
    },
}


def public_key(card: Card, key_id: int) -> bytes:
    """7F49 of the key's request."""
    request = card.read_file(hsm.CERTIFICATE_PREFIX | key_id)
    inner = cvc.find(cvc.find(request, cvc.AUTHENTICATED_REQUEST)[0], cvc.CERTIFICATE)[0]
    return cvc.find(cvc.find(inner, cvc.BODY)[0], cvc.PUBLIC_KEY)[0]


@pytest.mark.parametrize("name", MAKERS)
def test_a_key_moves_to_the_other_board_and_back(pair: Pair, name: str) -> None:
    first, second = pair.cards
    MAKERS[name](first)
    blobs = [first.wrap_key(HERE)]
    second.unwrap_key(THERE, blobs[-1])
    blobs.append(second.wrap_key(THERE))
    first.write_file(hsm.EF_WRAPPED_KEY, blobs[-1], block=230)
    first.unwrap_key(BACK)
    blobs.append(first.wrap_key(BACK))
    keys = [key_blob.decode(blob, DKEK) for blob in blobs]
    assert keys[0].fields == keys[1].fields == keys[2].fields
    assert len({key.random for key in keys}) == len(keys)
    if not name.startswith("AES"):
        key = public_key(first, HERE)
        assert public_key(second, THERE) == public_key(first, BACK) == key
    neither_key_nor_dkek_stays(pair, keys[0])


def neither_key_nor_dkek_stays(pair: Pair, key: KeyBlob) -> None:
    """In RAM, in the USB controller, in flash; of the private key its first 16 bytes."""
    private = key.fields[{key_blob.EC: key_blob.EC_D}.get(key.kind, 0)]
    secrets = (*SHARES, DKEK, private)
    for device in (pair.first, pair.second):
        device.run_for_ms(1)
        memory, flash = ram(device), device.flash.contents()
        for secret in secrets:
            for part in (secret[:16], secret[:16][::-1]):
                assert part not in memory
                assert part not in flash


def test_a_key_signs_on_the_other_board(pair: Pair) -> None:
    first, second = pair.cards
    certificate = cvc.check_device_certificate(first.read_file(hsm.EF_DEVICE_CERTIFICATE))
    request = first.generate_key_pair(HERE, hsm.ec_key_template("secp256r1"))
    key = cvc.check_request(request, certificate).key
    second.unwrap_key(THERE, first.wrap_key(HERE))
    # The DKEK opens after a login alone.
    pair.second.power_off()
    pair.second.power_on()
    second = pair.cards[1]
    second.select()
    with pytest.raises(CardError, match="6982"):
        second.wrap_key(THERE)
    second.verify(PIN)
    message = b"signed far from home"
    signature = second.sign(THERE, hsm.SIGN_ECDSA_SHA256, message)
    check_signature(key, hsm.SIGN_ECDSA_SHA256, signature, message)
    assert key_blob.decode(second.wrap_key(THERE), DKEK)


def test_what_is_refused(pair: Pair) -> None:
    first, second = pair.cards
    generate_aes(first, 128)
    blob = first.wrap_key(HERE)
    for damaged, expect in (
        (blob[:-1] + bytes([blob[-1] ^ 1]), "6A80"),
        (blob[:8] + b"\x07" + blob[9:], "6984"),
        (bytes([blob[0] ^ 1]) + blob[1:], "6A80"),
        (blob[:40], "6984"),
        (b"", "6A82"),
    ):
        with pytest.raises(CardError, match=expect):
            second.unwrap_key(THERE, damaged)
    with pytest.raises(CardError, match="6A82"):
        second.wrap_key(THERE)
    second.clear_key_domain()
    with pytest.raises(CardError, match="6A80"):
        second.unwrap_key(THERE, blob)
    generate_aes(second, 128)
    with pytest.raises(CardError, match="6A88"):
        second.wrap_key(HERE)


# --- A DKEK that the boards agree on --------------------------------------------------------------

SIGNER = Party(b"UTGROUP00001", 21)


def join(device: Device) -> bytes:
    """Domain 0 becomes the group's; the answer, and a key for the exchange: its request's value."""
    card = initialize(device, key_domains=1)
    certificate = card.read_file(hsm.EF_DEVICE_CERTIFICATE)
    x = cvc.find(cvc.find(cvc.find(certificate, cvc.CERTIFICATE)[0], cvc.BODY)[0], 0x7F49)[0]
    point = cvc.find(x, 0x86)[0]
    membership = tlv(0x54, SIGNER.sign(b"\x54" + point[1:33]))
    answer = do(device, "80520200", SIGNER.signed(SIGNER) + membership, 256)
    assert answer[:10] == bytes(10) and len(answer) == 74
    template = tlv(0x7F49, hsm.ec_key_template("secp256r1"))
    metadata = tlv(0x91, b"\x84") + tlv(0x92, b"\0")
    request = do(device, "00460100", template + metadata, 65536)
    return cvc.find(request, cvc.AUTHENTICATED_REQUEST)[0]


def test_the_boards_agree_on_a_dkek(pair: Pair) -> None:
    devices = (pair.first, pair.second)
    requests = [join(device) for device in devices]
    states = []
    for device, peer, request in zip(devices, devices[::-1], requests[::-1], strict=True):
        certificate = Card(peer.transmit).read_file(hsm.EF_DEVICE_CERTIFICATE)
        do(device, "002A00BE", cvc.find(certificate, cvc.CERTIFICATE)[0])
        assert do(device, "80620184", request) == b""
        states.append(do(device, "80520000", ne=256))
    assert states[0] == states[1] and states[0][2:10] != bytes(8)
    first, second = pair.cards
    assert first.send(hsm.command(0x00, 0x48, BACK, AES_SIZES[256])).ok
    blob = first.wrap_key(BACK)
    second.unwrap_key(THERE, blob)
    again = second.wrap_key(THERE)
    assert again[:8] == blob[:8] == states[0][2:10] and again != blob
