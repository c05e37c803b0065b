# SPDX-License-Identifier: GPL-2.0-or-later
"""What happens in the life of an HSM, and what must be true after each step.

Every power-on takes the next entropy seed (0, 1, 2, ...); none is chosen for being quick.
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Protocol

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa

from sim.life import card as hsm
from sim.life.card import Card
from sim.life.cvc import CvCertificate, PublicKey, check_device_certificate, check_request

PIN = b"648219"
NEW_PIN = b"112358"
WRONG_PIN = b"000000"
SO_PIN = b"57621880"
PIN_TRIES = 3

KEY_P256, KEY_P384, KEY_RSA = 1, 2, 3
MESSAGE = b"Attack at dawn."

SW_BLOCKED = 0x6983
SW_NOT_LOGGED_IN = 0x6982


class LifeError(Exception):
    """Something that must be true is not; one line."""


class Hsm(Protocol):
    """The device, as far as its life needs it."""

    def power_on(self, seed: int | None = None) -> None: ...

    def power_off(self) -> None: ...

    def transmit(self, apdu: bytes) -> bytes: ...


class Step(Protocol):
    """A step under way: `note` is shown beside it."""

    note: str


class Narrator(Protocol):
    """Who tells what happens: times each step and shows it."""

    def step(self, title: str) -> AbstractContextManager[Step]: ...

    def prime_candidates(self) -> int | None:
        """Miller-Rabin tests started so far; None when the image has no symbols to count by."""
        ...


def require(condition: bool, text: str) -> None:
    """LifeError unless `condition`."""
    if not condition:
        raise LifeError(text)


def check_signature(key: PublicKey, algorithm: int, signature: bytes, message: bytes) -> None:
    """Verify with the host's library; LifeError when it is wrong."""
    try:
        if isinstance(key, rsa.RSAPublicKey):
            scheme = padding.PKCS1v15()
            if algorithm == hsm.SIGN_RSA_PSS_SHA256:
                scheme = padding.PSS(padding.MGF1(hashes.SHA256()), salt_length=32)
            key.verify(signature, message, scheme, hashes.SHA256())
        else:
            sha384 = algorithm == hsm.SIGN_ECDSA_SHA384
            digest = hashes.SHA384() if sha384 else hashes.SHA256()
            key.verify(signature, message, ec.ECDSA(digest))
    except InvalidSignature:
        raise LifeError(f"the signature with algorithm {algorithm:02X} is wrong") from None


class Life:
    """One device from power-on to the deletion of its keys."""

    def __init__(self, device: Hsm, narrator: Narrator, first_seed: int = 0) -> None:
        self.device = device
        self.narrator = narrator
        self.card = Card(device.transmit)
        self.keys: dict[int, PublicKey] = {}
        self.certificate: CvCertificate | None = None
        self._next_seed = first_seed

    def run(self) -> None:
        """The whole life; raises LifeError, CardError or what the device raises."""
        self._power_on("power on, enumerate")
        self._initialize()
        self._verify(PIN)
        self._generate(KEY_P256, "EC P-256", hsm.ec_key_template("secp256r1"))
        self._generate(KEY_P384, "EC P-384", hsm.ec_key_template("secp384r1"))
        self._generate(KEY_RSA, "RSA-2048", hsm.rsa_key_template(2048))
        self._sign_with_all("sign")
        self._list()
        self._power_cycle()
        self._verify(PIN)
        self._sign_with_all("sign again")
        self._block_the_pin()
        self._reset_retry_counter()
        self._verify(NEW_PIN)
        self._delete()
        self.device.power_off()

    def _power_on(self, title: str) -> None:
        seed = self._next_seed
        self._next_seed += 1
        with self.narrator.step(title) as step:
            self.device.power_on(seed=seed)
            self.card.select()
            step.note = f"entropy seed {seed}"

    def _initialize(self) -> None:
        with self.narrator.step("INITIALIZE") as step:
            self.card.initialize(PIN, SO_PIN, PIN_TRIES)
            self.card.select()
            data = self.card.read_file(hsm.EF_DEVICE_CERTIFICATE)
            self.certificate = check_device_certificate(data)
            step.note = f"device {self.certificate.holder}"

    def _verify(self, pin: bytes) -> None:
        with self.narrator.step("VERIFY"):
            self.card.verify(pin)
            require(self.card.pin_status() == 0x9000, "no session after VERIFY")

    def _generate(self, key_id: int, name: str, template: bytes) -> None:
        with self.narrator.step(f"generate {name}") as step:
            before = self.narrator.prime_candidates()
            request = self.card.generate_key_pair(key_id, template)
            require(self.certificate is not None, "no device certificate")
            assert self.certificate is not None
            self.keys[key_id] = check_request(request, self.certificate).key
            stored = self.card.read_file(hsm.CERTIFICATE_PREFIX | key_id)
            require(stored == request, f"EF CE{key_id:02X} is not the request")
            after = self.narrator.prime_candidates()
            step.note = "both signatures of the request verified"
            if isinstance(self.keys[key_id], rsa.RSAPublicKey) and after is not None:
                count = after - (before or 0)
                step.note = f"{count} prime candidates with seed {self._next_seed - 1}, verified"

    def _sign(self, verb: str, key_id: int, name: str, algorithm: int) -> None:
        with self.narrator.step(f"{verb} {name}") as step:
            signature = self.card.sign(key_id, algorithm, MESSAGE)
            check_signature(self.keys[key_id], algorithm, signature, MESSAGE)
            step.note = f"{len(signature)} bytes, verified"

    def _sign_with_all(self, verb: str) -> None:
        self._sign(verb, KEY_P256, "ECDSA P-256", hsm.SIGN_ECDSA_SHA256)
        self._sign(verb, KEY_P384, "ECDSA P-384", hsm.SIGN_ECDSA_SHA384)
        self._sign(verb, KEY_RSA, "RSA PKCS#1", hsm.SIGN_RSA_PKCS1_SHA256)
        self._sign(verb, KEY_RSA, "RSA PSS", hsm.SIGN_RSA_PSS_SHA256)

    def _list(self) -> None:
        with self.narrator.step("LIST") as step:
            objects = self.card.list_objects()
            for key_id in self.keys:
                require(hsm.KEY_PREFIX | key_id in objects, f"key {key_id} is not listed")
            step.note = f"{len(objects)} objects"

    def _power_cycle(self) -> None:
        self.device.power_off()
        self._power_on("power cycle")
        require(self._sign_status() == SW_NOT_LOGGED_IN, "a key works without PIN after power-on")

    def _sign_status(self) -> int:
        apdu = hsm.command(0x80, 0x68, KEY_P256, hsm.SIGN_ECDSA_SHA256, MESSAGE, 256)
        return self.card.send(apdu).sw

    def _block_the_pin(self) -> None:
        with self.narrator.step("wrong PIN to the block") as step:
            words = [self.card.try_pin(WRONG_PIN) for _ in range(PIN_TRIES)]
            due = [0x63C0 | left for left in range(PIN_TRIES - 1, 0, -1)] + [SW_BLOCKED]
            step.note = " ".join(f"{word:04X}" for word in words)
            require(words == due, f"wrong PINs answered {step.note}")
            require(self.card.try_pin(PIN) == SW_BLOCKED, "a blocked PIN is accepted")
            require(self._sign_status() == SW_NOT_LOGGED_IN, "a key works with a blocked PIN")

    def _reset_retry_counter(self) -> None:
        with self.narrator.step("RESET RETRY COUNTER") as step:
            self.card.reset_retry_counter(SO_PIN, NEW_PIN)
            require(self.card.try_pin(PIN) == 0x63C0 | PIN_TRIES - 1, "the old PIN is accepted")
            step.note = "new PIN set, old one refused"

    def _delete(self) -> None:
        with self.narrator.step("delete") as step:
            self._sign_with_kept_key()
            deleted = 0
            for key_id in self.keys:
                for prefix in (hsm.KEY_PREFIX, hsm.DESCRIPTION_PREFIX, hsm.CERTIFICATE_PREFIX):
                    self.card.delete_file(prefix | key_id)
                    deleted += 1
            left = [fid for fid in self.card.list_objects() if fid & 0xFF]
            require(not left, f"still listed: {left}")
            step.note = f"{deleted} objects deleted"

    def _sign_with_kept_key(self) -> None:
        """The keys must have survived the reset of the PIN ([SCHSM] 9.3)."""
        signature = self.card.sign(KEY_P256, hsm.SIGN_ECDSA_SHA256, MESSAGE)
        check_signature(self.keys[KEY_P256], hsm.SIGN_ECDSA_SHA256, signature, MESSAGE)
