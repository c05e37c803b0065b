# SPDX-License-Identifier: GPL-2.0-or-later
"""Boots a card with some bytes in its flash, and holds a short session with it.

What must hold whatever the bytes are: it boots within a bound and answers; every status word is
one that the card documents; no processor fault, no reset, nothing unmodelled; what it refused it
did not write to; no key and no contents that were never there; INITIALIZE makes a card of it.
"""

from __future__ import annotations

from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import load_der_public_key

from fuzz.lived_in import CURVE, PIN, SO_PIN, Truth
from sim.device import Device, DeviceSnapshot, DeviceStopped
from sim.life import card as hsm
from sim.life.card import Card, CardError
from sim.life.cvc import check_device_certificate, check_request
from sim.usb.ccid_reader import CcidError
from sim.usb.transfer import UsbError

MESSAGE = b"message"
SUCCESS, MEMORY_FAILURE = 0x9000, 0x6581
# The card's status words that are no accident. 6F00 is one.
DOCUMENTED = frozenset(
    (
        *(SUCCESS, 0x6282, 0x6400, MEMORY_FAILURE, 0x6700, 0x6982, 0x6983, 0x6984, 0x6985, 0x6986),
        *(0x6A80, 0x6A81, 0x6A82, 0x6A84, 0x6A86, 0x6A88, 0x6B00, *range(0x63C0, 0x63D0)),
    )
)
NOT_THERE = 0x6A88
# From power-on to the ATR. A mount refuses a log with more than 40 records for each sector and
# 1,000 in all, 21,500 on the largest region, and one with 1,000 behind its last commit. The most
# that was seen is 96 million.
BOOT_INSTRUCTIONS_MAX = 250_000_000


class FindingError(Exception):
    """Something that must hold does not; one line."""


@dataclass
class Observation:
    """What a session saw. `state`: blank, ready or damaged; `finding`: empty, or what is wrong."""

    state: str = "no answer"
    boot_instructions: int = 0
    boot_operations: int = 0
    signatures: int = 0
    files: int = 0
    initialised: bool = False
    finding: str = ""


class Session:
    """One image on one device, which starts as `unpowered`."""

    def __init__(self, device: Device, unpowered: DeviceSnapshot, truth: Truth) -> None:
        device.restore(unpowered)
        self._device = device
        self._truth = truth
        self._card = Card(device.transmit)
        self.seen = Observation()

    def hold(self, region: bytes, *, initialise: bool) -> Observation:
        """Boot `region`, talk; afterwards, if asked for, INITIALIZE and use it."""
        flash = self._device.flash
        flash.poke(self._device.board.flash.data_offset, region)
        flash.strict = True
        try:
            self._boot()
            self._talk()
            self._check_refusal()
            if self.seen.boot_operations:
                self._boot_again()
            if initialise:
                self._initialise()
            self._check_machine()
        except FindingError as error:
            self.seen.finding = str(error)
        except CardError as error:
            self.seen.finding = f"refused: {error}"
        except (DeviceStopped, UsbError, CcidError) as error:
            self.seen.finding = f"{type(error).__name__}: {error} {self._device.fault_report()}"
        return self.seen

    # --- Steps ----------------------------------------------------------------------------------

    def _boot(self) -> None:
        device = self._device
        before = device.instructions
        device.power_on()
        self.seen.boot_instructions = device.instructions - before
        self.seen.boot_operations = len(device.journal)
        require(
            self.seen.boot_instructions <= BOOT_INSTRUCTIONS_MAX,
            f"boot took {self.seen.boot_instructions} instructions",
        )

    def _talk(self) -> None:
        card = self._card
        card.select()
        self._status(hsm.command(0x80, 0x50, 0x00, 0x00, ne=256), "INITIALIZE query")
        self._list()
        self.seen.state = state_of(self._status(hsm.command(0x00, 0x20, 0x00, 0x81), "PIN state"))
        keys = [file_id & 0xFF for file_id in self._list() if is_key(file_id)]
        require(not any(map(self._sign, keys)), "a key signs without a login")
        verified = self._status(hsm.command(0x00, 0x20, 0x00, 0x81, PIN), "VERIFY")
        if verified == SUCCESS:
            require(bool(self._truth.keys), "VERIFY succeeded on a card that never was")
        for file_id in (*self._list(), hsm.EF_DEVICE_CERTIFICATE):
            if is_key(file_id):
                self.seen.signatures += self._sign(file_id & 0xFF)
            else:
                self._read(file_id)

    def _list(self) -> list[int]:
        response = self._card.send(hsm.command(0x00, 0x58, 0x00, 0x00, ne=65536))
        self._documented(response.sw, "LIST")
        data = response.data if response.sw == SUCCESS else b""
        return [int.from_bytes(data[i : i + 2], "big") for i in range(0, len(data), 2)]

    def _sign(self, key_id: int) -> bool:
        """True if the key signs; it must be one that was there."""
        apdu = hsm.command(0x80, 0x68, key_id, hsm.SIGN_ECDSA_SHA256, MESSAGE, 256)
        response = self._card.send(apdu)
        self._documented(response.sw, "SIGN")
        if response.sw != SUCCESS:
            return False
        known = self._truth.keys.get(key_id, set())
        require(
            any(verifies(key, response.data) for key in known),
            f"key {key_id} signs and is none that was ever there",
        )
        return True

    def _read(self, file_id: int) -> None:
        try:
            contents = self._card.read_file(file_id)
        except CardError as error:
            self._documented(error.sw, "READ BINARY")
            return
        if contents:
            known = self._truth.files.get(file_id, set())
            require(contents in known, f"file {file_id:04X} reads what it never held")
            self.seen.files += 1

    def _boot_again(self) -> None:
        """A second boot finds everything settled (BOOT-2)."""
        device, before = self._device, len(self._device.journal)
        device.power_off()
        device.power_on()
        require(len(device.journal) == before, "a second boot writes to the flash")
        self._card.select()
        again = state_of(self._card.pin_status())
        require(again == self.seen.state, f"a second boot makes {again} of {self.seen.state}")

    def _initialise(self) -> None:
        """INITIALIZE makes a card of it that signs, and still does after a power cycle."""
        card, device = self._card, self._device
        card.select()
        card.initialize(PIN, SO_PIN, pin_iterations=hsm.PIN_ITERATIONS_MIN)
        card.select()
        card.verify(PIN)
        request = card.generate_key_pair(1, hsm.ec_key_template(CURVE))
        certificate = check_device_certificate(card.read_file(hsm.EF_DEVICE_CERTIFICATE))
        device.power_off()
        device.power_on()
        card.select()
        card.verify(PIN)
        signature = card.sign(1, hsm.SIGN_ECDSA_SHA256, MESSAGE)
        key = check_request(request, certificate).key
        require(verifies_with(key, signature), "the new key's signature is wrong")
        self.seen.initialised = True

    # --- What must hold -------------------------------------------------------------------------

    def _status(self, apdu: bytes, name: str) -> int:
        sw = self._card.send(apdu).sw
        self._documented(sw, name)
        return sw

    def _documented(self, sw: int, name: str) -> None:
        require(sw in DOCUMENTED, f"{name} says {sw:04X}")

    def _check_refusal(self) -> None:
        if self.seen.state == "damaged":
            count = len(self._device.journal)
            require(count == 0, f"{count} flash operations on a store that it refused")
        elif self.seen.state == "blank":
            require(self.seen.boot_operations == 0, "a boot wrote to a store without a card")

    def _check_machine(self) -> None:
        device = self._device
        require(not device.machine.faults, f"fault: {device.fault_report()}")
        require(device.machine.block("WATCHDOG").values["REASON"] == 0, "a watchdog reset")
        require(not device.flash.impossible, "a program asked for a bit to rise")
        layout = device.board.flash
        end = layout.data_offset + layout.data_size_bytes
        outside = [
            entry for entry in device.journal if not layout.data_offset <= entry.offset < end
        ]
        require(not outside, "a flash operation outside the data region")


def require(holds: bool, text: str) -> None:
    """FindingError unless it holds."""
    if not holds:
        raise FindingError(text)


def is_key(file_id: int) -> bool:
    """True for a private key in what LIST names."""
    return file_id >> 8 == hsm.KEY_PREFIX >> 8


def state_of(pin_status: int) -> str:
    """What VERIFY without data says about the store."""
    if pin_status == MEMORY_FAILURE:
        return "damaged"
    return "blank" if pin_status == NOT_THERE else "ready"


def verifies(public_key: bytes, signature: bytes) -> bool:
    """True if the signature of MESSAGE is right under the public key (DER)."""
    return verifies_with(load_der_public_key(public_key), signature)


def verifies_with(key: object, signature: bytes) -> bool:
    """The same with a key object."""
    assert isinstance(key, ec.EllipticCurvePublicKey)
    try:
        key.verify(signature, MESSAGE, ec.ECDSA(hashes.SHA256()))
    except InvalidSignature:
        return False
    return True
