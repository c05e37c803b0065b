# SPDX-License-Identifier: GPL-2.0-or-later
"""The commands of the soak test: how often each comes, what it must answer.

Signatures, agreed secrets and ciphers are checked on the host, with `cryptography`.
"""

from __future__ import annotations

import hashlib
import random
from collections.abc import Callable
from dataclasses import dataclass, field

from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa, x25519

from sim.apdu import Response, command
from sim.device import Device
from sim.life import card as hsm
from sim.life.card import Card, CardError, tlv
from sim.life.cvc import AUTHENTICATED_REQUEST, BODY, CERTIFICATE, PUBLIC_KEY, CvCertificate, find
from sim.life.services import raw_key_template
from sim.life.story import check_signature

PIN, SO_PIN = b"648219", b"57621880"
SHARE = hashlib.sha256(b"DKEK share").digest()
KEY_P256, KEY_P384, KEY_RSA, KEY_ED25519, KEY_X25519, KEY_AES, KEY_HMAC = range(1, 8)
FIRST_SPARE_KEY, SPARE_KEYS, FILES = 16, 12, 12
RSA_BITS = 2048
MESSAGE = b"Attack at dawn."
SIGN_EDDSA, ECDH, CBC_ENCRYPT, CBC_DECRYPT, CIPHER_EXTENDED, DERIVE = (
    0x70,
    0x80,
    0x10,
    0x11,
    0x51,
    0x99,
)
AES_256, WRONG_ALGORITHM = 0xB2, 0xEE
OID_HMAC_SHA256 = bytes.fromhex("2A864886F70D0209")
OID_AES256_GCM = bytes.fromhex("60864801650304012E")


class SoakError(Exception):
    """An answer is not what it must be; one line."""


def point(key_request: bytes, tag: int = 0x86) -> bytes:
    """The public key in an authenticated request; `tag`: 84 on the curves of [RFC7748]."""
    certificate = find(find(key_request, AUTHENTICATED_REQUEST)[0], CERTIFICATE)[0]
    return find(find(find(certificate, BODY)[0], PUBLIC_KEY)[0], tag)[0]


@dataclass
class Subject:
    """The device under test and what the host knows of it. `commands`: APDUs so far."""

    device: Device
    chance: random.Random
    commands: int = 0
    blob: bytes = b""
    points: dict[int, bytes] = field(default_factory=dict)
    rsa_key: rsa.RSAPublicKey | None = None
    p384: ec.EllipticCurvePublicKey | None = None
    files: dict[int, bytes] = field(default_factory=dict)
    spare: set[int] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.card = Card(self._transmit)

    def _transmit(self, apdu: bytes) -> bytes:
        self.commands += 1
        return self.device.transmit(apdu)

    def send(self, apdu: bytes, expect: int = 0x9000) -> bytes:
        """Response data. SoakError: another status word."""
        response: Response = self.card.send(apdu)
        if response.sw != expect:
            raise SoakError(f"{apdu[:8].hex()}..: {response.sw:04X}, not {expect:04X}")
        return response.data

    def log_in(self) -> None:
        self.card.select()
        self.card.verify(PIN)

    def make_keys(self) -> None:
        """What the life begins with."""
        card = self.card
        card.select()
        card.initialize(PIN, SO_PIN, pin_iterations=hsm.PIN_ITERATIONS_MIN, dkek_shares=1)
        card.import_dkek_share(SHARE)
        self.log_in()
        self.points[KEY_P256] = point(
            card.generate_key_pair(KEY_P256, hsm.ec_key_template("secp256r1"))
        )
        request = card.generate_key_pair(KEY_P384, hsm.ec_key_template("secp384r1"))
        key = CvCertificate.parse(find(request, AUTHENTICATED_REQUEST)[0]).key
        assert isinstance(key, ec.EllipticCurvePublicKey)
        self.p384 = key
        for key_id, curve in ((KEY_ED25519, "Ed25519"), (KEY_X25519, "X25519")):
            template = raw_key_template(curve)
            self.points[key_id] = point(card.generate_key_pair(key_id, template), 0x84)
        for key_id in (KEY_AES, KEY_HMAC):
            self.send(command(0x00, 0x48, key_id, AES_256))
        self.make_rsa_key()
        self.blob = card.wrap_key(KEY_P256)

    def spare_id(self) -> int:
        """A key id whose key, if there is one, may be replaced."""
        key_id = FIRST_SPARE_KEY + self.chance.randrange(SPARE_KEYS)
        self.spare.add(key_id)
        return key_id

    # --- Keys -------------------------------------------------------------------------------------

    def make_rsa_key(self) -> None:
        request = self.card.generate_key_pair(KEY_RSA, hsm.rsa_key_template(RSA_BITS))
        key = CvCertificate.parse(find(request, AUTHENTICATED_REQUEST)[0]).key
        assert isinstance(key, rsa.RSAPublicKey)
        self.rsa_key = key

    def make_ec_key(self) -> None:
        curve = self.chance.choice(("secp256r1", "secp384r1", "secp256k1", "brainpoolP256r1"))
        self.card.generate_key_pair(self.spare_id(), hsm.ec_key_template(curve))

    def make_aes_key(self) -> None:
        self.send(command(0x00, 0x48, self.spare_id(), AES_256))

    def derive_key(self) -> None:
        number = self.chance.randbytes(31)
        self.send(command(0x80, 0x76, KEY_P256, self.spare_id(), b"\x98\0" + number))

    def wrap_key(self) -> None:
        key_id = self.chance.choice((KEY_P256, KEY_P384, KEY_RSA, KEY_AES, KEY_ED25519))
        self.card.wrap_key(key_id)

    def unwrap_key(self) -> None:
        self.card.unwrap_key(self.spare_id(), self.blob)

    def delete_key(self) -> None:
        if not self.spare:
            self.make_aes_key()
        key_id = self.spare.pop()
        self.card.delete_file(hsm.KEY_PREFIX | key_id)

    # --- Use --------------------------------------------------------------------------------------

    def sign_p256(self) -> None:
        key = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), self.points[KEY_P256])
        self._sign(KEY_P256, hsm.SIGN_ECDSA_SHA256, key)

    def sign_p384(self) -> None:
        assert self.p384 is not None
        self._sign(KEY_P384, hsm.SIGN_ECDSA_SHA384, self.p384)

    def sign_rsa(self) -> None:
        algorithm = self.chance.choice((hsm.SIGN_RSA_PKCS1_SHA256, hsm.SIGN_RSA_PSS_SHA256))
        assert self.rsa_key is not None
        self._sign(KEY_RSA, algorithm, self.rsa_key)

    def _sign(
        self, key_id: int, algorithm: int, key: ec.EllipticCurvePublicKey | rsa.RSAPublicKey
    ) -> None:
        message = self.chance.randbytes(self.chance.randrange(1, 500))
        check_signature(key, algorithm, self.card.sign(key_id, algorithm, message), message)

    def sign_ed25519(self) -> None:
        key = ed25519.Ed25519PublicKey.from_public_bytes(self.points[KEY_ED25519])
        key.verify(self.card.sign(KEY_ED25519, SIGN_EDDSA, MESSAGE), MESSAGE)

    def decipher(self) -> None:
        assert self.rsa_key is not None
        cryptogram = self.rsa_key.encrypt(MESSAGE, padding.PKCS1v15())
        if not self.card.decipher(KEY_RSA, cryptogram).endswith(b"\0" + MESSAGE):
            raise SoakError("DECIPHER: not what was encrypted")

    def agree_p256(self) -> None:
        own = ec.generate_private_key(ec.SECP256R1())
        numbers = own.public_key().public_numbers()
        peer = b"\x04" + numbers.x.to_bytes(32, "big") + numbers.y.to_bytes(32, "big")
        key = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), self.points[KEY_P256])
        self._agree(KEY_P256, peer, own.exchange(ec.ECDH(), key))

    def agree_x25519(self) -> None:
        own = x25519.X25519PrivateKey.generate()
        key = x25519.X25519PublicKey.from_public_bytes(self.points[KEY_X25519])
        self._agree(KEY_X25519, own.public_key().public_bytes_raw(), own.exchange(key))

    def _agree(self, key_id: int, peer: bytes, secret: bytes) -> None:
        apdu = command(0x80, 0x62, key_id, ECDH, peer, 65536, extended=True)
        if self.send(apdu)[1:] != secret:
            raise SoakError("ECDH: another secret")

    def cipher_cbc(self) -> None:
        data = self.chance.randbytes(16 * self.chance.randrange(1, 60))
        apdu = command(0x80, 0x78, KEY_AES, CBC_ENCRYPT, data, 65536, extended=True)
        cryptogram = self.send(apdu)
        apdu = command(0x80, 0x78, KEY_AES, CBC_DECRYPT, cryptogram, 65536, extended=True)
        if self.send(apdu) != data:
            raise SoakError("CIPHER: not what was encrypted")

    def cipher_gcm(self) -> None:
        data = self.chance.randbytes(self.chance.randrange(1, 1000))
        self._extended(KEY_AES, OID_AES256_GCM, data, self.chance.randbytes(12))

    def hmac(self) -> None:
        data = self.chance.randbytes(self.chance.randrange(1, 1000))
        if len(self._extended(KEY_HMAC, OID_HMAC_SHA256, data)) != 32:
            raise SoakError("HMAC: not 32 bytes")

    def _extended(self, key_id: int, oid: bytes, data: bytes, iv: bytes = b"") -> bytes:
        objects = tlv(0x06, oid) + tlv(0x81, data) + (tlv(0x82, iv) if iv else b"")
        apdu = command(0x80, 0x78, key_id, CIPHER_EXTENDED, objects, 65536, extended=True)
        return self.send(apdu)

    def derive_bytes(self) -> None:
        data = self.chance.randbytes(32)
        apdu = command(0x80, 0x78, KEY_HMAC, DERIVE, data, 65536, extended=True)
        if len(self.send(apdu)) != len(data):
            raise SoakError("CIPHER 99: another length")

    # --- Files and sessions -----------------------------------------------------------------------

    def write_file(self) -> None:
        fid = self.chance.choice((0xCF00, 0xCD00)) | self.chance.randrange(FILES)
        contents = self.chance.randbytes(self.chance.randrange(1, 2000))
        self.card.write_file(fid, contents)
        self.files[fid] = contents

    def read_file(self) -> None:
        if not self.files:
            self.write_file()
        fid = self.chance.choice(sorted(self.files))
        if self.card.read_file(fid) != self.files[fid]:
            raise SoakError(f"READ BINARY: file {fid:04X} is not what was written")

    def delete_file(self) -> None:
        if not self.files:
            self.write_file()
        fid = self.chance.choice(sorted(self.files))
        self.card.delete_file(fid)
        del self.files[fid]

    def list_objects(self) -> None:
        kept = {hsm.KEY_PREFIX | key_id for key_id in range(KEY_P256, KEY_HMAC + 1)}
        if kept - set(self.card.list_objects()):
            raise SoakError("LIST: a key is missing")

    def challenge(self) -> None:
        self.card.challenge(self.chance.randrange(1, 1024))

    def key_domain(self) -> None:
        self.card.key_domain()

    def read_request(self) -> None:
        self.card.read_file(hsm.CERTIFICATE_PREFIX | KEY_RSA)

    def log_in_again(self) -> None:
        self.log_in()

    def change_pin(self) -> None:
        self.card.change_pin(PIN, PIN)

    def power_cycle(self) -> None:
        self.device.icc_power_off()
        self.device.icc_power_on()
        self.log_in()

    # --- Refusals ---------------------------------------------------------------------------------

    def refuse_absent_key(self) -> None:
        self.send(command(0x80, 0x68, 250, hsm.SIGN_ECDSA_SHA256, MESSAGE, 256), 0x6A82)

    def refuse_key_type(self) -> None:
        try:
            self.card.sign(KEY_AES, hsm.SIGN_ECDSA_SHA256, MESSAGE)
        except CardError:
            return
        raise SoakError("an AES key signs")

    def refuse_blob(self) -> None:
        forged = self.blob[:-1] + bytes((self.blob[-1] ^ 1,))
        try:
            self.card.unwrap_key(FIRST_SPARE_KEY + SPARE_KEYS, forged)
        except CardError:
            return
        raise SoakError("a forged key blob is taken")

    def refuse_instruction(self) -> None:
        self.send(command(0x80, WRONG_ALGORITHM, 0, 0), 0x6D00)


Step = Callable[[Subject], None]
# Of 500 draws on average; RSA keys are made at their fixed places instead, one in 500 commands.
MIX: tuple[tuple[str, int, Step], ...] = (
    ("SIGN with P-256", 70, Subject.sign_p256),
    ("SIGN with P-384", 8, Subject.sign_p384),
    ("SIGN with RSA-2048", 16, Subject.sign_rsa),
    ("SIGN with Ed25519", 16, Subject.sign_ed25519),
    ("DECIPHER with RSA-2048", 10, Subject.decipher),
    ("ECDH on P-256", 16, Subject.agree_p256),
    ("ECDH with X25519", 10, Subject.agree_x25519),
    ("CIPHER: AES-CBC there and back", 20, Subject.cipher_cbc),
    ("CIPHER: AES-GCM", 20, Subject.cipher_gcm),
    ("CIPHER: HMAC", 12, Subject.hmac),
    ("CIPHER: derived bytes", 8, Subject.derive_bytes),
    ("GENERATE an EC key", 14, Subject.make_ec_key),
    ("GENERATE an AES key", 8, Subject.make_aes_key),
    ("DERIVE EC KEY", 8, Subject.derive_key),
    ("WRAP KEY", 14, Subject.wrap_key),
    ("UNWRAP KEY", 14, Subject.unwrap_key),
    ("DELETE a key", 14, Subject.delete_key),
    ("UPDATE BINARY", 30, Subject.write_file),
    ("READ BINARY", 60, Subject.read_file),
    ("READ a key request", 20, Subject.read_request),
    ("DELETE a file", 12, Subject.delete_file),
    ("LIST", 30, Subject.list_objects),
    ("GET CHALLENGE", 20, Subject.challenge),
    ("MANAGE KEY DOMAIN", 10, Subject.key_domain),
    ("SELECT and VERIFY", 16, Subject.log_in_again),
    ("CHANGE REFERENCE DATA", 4, Subject.change_pin),
    ("power off and on, SELECT, VERIFY", 4, Subject.power_cycle),
    ("refused: absent key", 4, Subject.refuse_absent_key),
    ("refused: key of another type", 4, Subject.refuse_key_type),
    ("refused: forged key blob", 4, Subject.refuse_blob),
    ("refused: unknown instruction", 4, Subject.refuse_instruction),
)
