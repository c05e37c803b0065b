# SPDX-License-Identifier: GPL-2.0-or-later
"""Cards that lived on a chip model: their flash, and what was true of them."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

import boards
from fuzz.families import Cards
from sim.device import Device, DeviceStopped
from sim.flash.nor_flash import NorFlash
from sim.flash.power_cut import PowerCutPlan
from sim.life import card as hsm
from sim.life import services
from sim.life.card import Card
from sim.life.cvc import check_device_certificate, check_request
from sim.life.party import Party
from sim.otp.otp_array import OtpArray
from sim.uf2 import load_uf2

PIN, SO_PIN, WRONG_PIN = b"648219", b"57621880", b"000000"
CURVE = "secp256r1"
AES_KEY = 3
SECRET = bytes(range(32))
# A CA certificate is for all to read, private data wants the PIN.
PUBLIC_FILE, PRIVATE_FILE = 0xCA00, 0xCD00
FOREIGN_ID = bytes.fromhex("e46001ffeeddccbb")
WRITE_BYTES = 2048
ROUNDS = 12
# The power of one card fails in a file write, of another in a deletion.
CUTS = ((3, "prefixHalf"), (6, "subset0"))


@dataclass
class Truth:
    """All public keys (DER) that each key id ever had, and all contents of each file."""

    keys: dict[int, set[bytes]] = field(default_factory=dict)
    files: dict[int, set[bytes]] = field(default_factory=dict)

    def add_key(self, key_id: int, public_key: bytes) -> None:
        """`key_id` had this key."""
        self.keys.setdefault(key_id, set()).add(public_key)

    def add_file(self, file_id: int, contents: bytes) -> None:
        """The file once read so."""
        self.files.setdefault(file_id, set()).add(contents)


@dataclass(frozen=True)
class LivedIn:
    """The cards of one board and what is true of them."""

    board: str
    cards: Cards
    truth: Truth


def new_device(board: str, image: Path, *, foreign: bool = False) -> Device:
    """A board with the image and an erased data region; `foreign`: another specimen."""
    description = boards.load(board)
    size = description.flash.size_bytes
    flash = NorFlash(size, FOREIGN_ID) if foreign else NorFlash(size)
    load_uf2(image, description.chip, flash)
    return Device(description, flash, otp=OtpArray(1 if foreign else 0))


def region(device: Device) -> bytes:
    """The data region."""
    layout = device.board.flash
    return device.flash.read(layout.data_offset, layout.data_size_bytes)


def live(board: str, image: Path) -> LivedIn:
    """Lives on that board: a short one, a long one, two that a power cut ended, a foreign one."""
    device = new_device(board, image)
    truth = Truth()
    life = Life(device, truth)
    life.begin()
    moments = [region(device)]
    for number in range(ROUNDS):
        life.go_on(number)
    moments.append(region(device))
    saved = device.snapshot()
    for operation, tear in CUTS:
        device.restore(saved)
        life.cut(operation, tear)
        moments.append(region(device))
    other = new_device(board, image, foreign=True)
    life = Life(other, Truth())
    life.begin()
    life.go_on(0)
    return LivedIn(board, Cards(tuple(moments), region(other)), truth)


class Life:
    """One device: what is done with it, and what it says becomes part of the truth."""

    def __init__(self, device: Device, truth: Truth) -> None:
        self._device = device
        self._truth = truth
        self._card = Card(device.transmit)
        self._certificate: Callable[[bytes], bytes]

    def begin(self) -> None:
        """INITIALIZE at the lowest cost, keys of two kinds, a DKEK, a wallet, files, a CA."""
        self._device.power_on()
        card = self._card
        card.select()
        card.initialize(PIN, SO_PIN, pin_iterations=hsm.PIN_ITERATIONS_MIN, key_domains=1)
        certificate = check_device_certificate(card.read_file(hsm.EF_DEVICE_CERTIFICATE))
        self._certificate = lambda request: check_request(request, certificate).key.public_bytes(
            Encoding.DER, PublicFormat.SubjectPublicKeyInfo
        )
        card.select()
        card.verify(PIN)
        self._generate(1)
        self._generate(2)
        services.generate_aes(card, AES_KEY)
        card.set_up_key_domain(0, 1)
        card.import_dkek_share(SECRET)
        services.put_seed(card, 0, SECRET)
        services.trust(card, Party(b"UTROOT00001", 11))
        self._write(PUBLIC_FILE | 1, b"public" * 200)
        self._write(PRIVATE_FILE | 1, b"private" * 100)
        self._write(PUBLIC_FILE | 2, b"large" * 1000)
        self._note_files()

    def go_on(self, number: int) -> None:
        """A round: tries, signatures, files written anew, a key deleted and made again."""
        card = self._card
        assert card.try_pin(WRONG_PIN) == 0x63C2
        card.verify(PIN)
        self._write(PUBLIC_FILE | 2, bytes((number,)) * 3000)
        self._write(PUBLIC_FILE | 3, b"more" * (100 + number))
        self._write(PRIVATE_FILE | 1, b"private" * (50 + number))
        card.delete_file(hsm.KEY_PREFIX | 2)
        self._generate(2)
        card.sign(1, hsm.SIGN_ECDSA_SHA256, b"message")
        self._note_files()

    def cut(self, operation: int, tear: str) -> None:
        """The power fails at that flash operation from now on."""
        flash = self._device.flash
        flash.cut = PowerCutPlan(flash.operation_count + operation, tear)
        with contextlib.suppress(DeviceStopped):
            self._write(PUBLIC_FILE | 2, b"never done" * 60)
            self._card.delete_file(hsm.KEY_PREFIX | 1)
            raise AssertionError("the power did not fail")
        flash.cut = None

    def _generate(self, key_id: int) -> None:
        request = self._card.generate_key_pair(key_id, hsm.ec_key_template(CURVE))
        self._truth.add_key(key_id, self._certificate(request))

    def _write(self, file_id: int, contents: bytes) -> None:
        # A power cut may leave it as it is between two blocks.
        for length in range(WRITE_BYTES, len(contents) + WRITE_BYTES, WRITE_BYTES):
            self._truth.add_file(file_id, contents[:length])
        self._card.write_file(file_id, contents, WRITE_BYTES)

    def _note_files(self) -> None:
        for file_id in self._card.list_objects():
            if file_id >> 8 != hsm.KEY_PREFIX >> 8:
                self._truth.add_file(file_id, self._card.read_file(file_id))
        self._truth.add_file(
            hsm.EF_DEVICE_CERTIFICATE, self._card.read_file(hsm.EF_DEVICE_CERTIFICATE)
        )
