# SPDX-License-Identifier: GPL-2.0-or-later
"""Keys that do other things than sign: ciphers, agreement, and EdDSA.

Source: [SCHSM] 13.5, 16 to 19; [RFC7748], [RFC8032].
"""

from __future__ import annotations

import os

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, x448, x25519
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from robot.api.deco import keyword, library

from robot_tests.keywords.bench import bench
from robot_tests.keywords.outcomes import expecting
from sim.apdu import command
from sim.life import card as hsm
from sim.life import services
from sim.life.card import tlv
from sim.life.cvc import AUTHENTICATED_REQUEST, BODY, CERTIFICATE, PUBLIC_KEY, find

AES_SIZES = {"AES-128": 0xB0, "AES-192": 0xB1, "AES-256": 0xB2, "AES-512": 0xB3}
BLOCK_BYTES = 16
CBC_ENCRYPT, CBC_DECRYPT, ENCRYPT, DECRYPT = 0x10, 0x11, 0x51, 0x52
EDDSA, AGREE = 0x70, 0x80
GCM_OID = bytes.fromhex("60864801650304012E")
TAG_POINT = 0x84
UNCOMPRESSED = b"\x04"


def _do(ins: int, key_id: int, algorithm: int, data: bytes) -> bytes:
    apdu = command(0x80, ins, key_id, algorithm, data, 65536, extended=True)
    return bench().card.do(f"{ins:02X}", apdu)


def _cipher(key_id: int, algorithm: int, data: bytes) -> bytes:
    return _do(0x78, key_id, algorithm, data)


def _point_of(key_id: int) -> bytes:
    """The public point in the key's request, of a curve of [RFC7748]."""
    request = bench().card.read_file(hsm.CERTIFICATE_PREFIX | key_id)
    inner = find(find(request, AUTHENTICATED_REQUEST)[0], CERTIFICATE)[0]
    return find(find(find(inner, BODY)[0], PUBLIC_KEY)[0], TAG_POINT)[0]


@library(scope="GLOBAL", auto_keywords=False)
class KeyKinds:
    """AES keys, and keys on the curves of [RFC7748]; the host computes everything once more."""

    def __init__(self) -> None:
        self._cryptogram = b""

    # --- AES ------------------------------------------------------------------------------------

    @keyword(name="Generate AES Key")
    def generate_aes_key(
        self, number: int, kind: str, uses: int | None = None, refused: str | None = None
    ) -> None:
        """Make a secret key in the card; ``kind``: AES-128 to AES-512."""
        counter = b"" if uses is None else tlv(hsm.TAG_USE_COUNTER, uses.to_bytes(4, "big"))
        apdu = command(0x00, 0x48, number, AES_SIZES[kind], counter)
        with expecting(refused):
            bench().card.do("GENERATE SYMMETRIC KEY", apdu)

    @keyword
    def card_should_decrypt_what_it_encrypted(self, number: int) -> None:
        """CBC, there and back; another text gives another cryptogram."""
        plain, other = os.urandom(4 * BLOCK_BYTES), os.urandom(4 * BLOCK_BYTES)
        cryptogram = _cipher(number, CBC_ENCRYPT, plain)
        if cryptogram in (plain, _cipher(number, CBC_ENCRYPT, other)):
            raise AssertionError("the cryptogram does not depend on the text")
        if _cipher(number, CBC_DECRYPT, cryptogram) != plain:
            raise AssertionError("the card does not decrypt what it encrypted")

    @keyword
    def remember_what_key_encrypts(self, number: int) -> None:
        """A cryptogram that tells this key from others."""
        self._cryptogram = _cipher(number, CBC_ENCRYPT, bytes(BLOCK_BYTES))

    @keyword
    def key_should_encrypt_as_remembered(self, number: int) -> None:
        """It is the same key, under whatever number and on whatever device."""
        if _cipher(number, CBC_ENCRYPT, bytes(BLOCK_BYTES)) != self._cryptogram:
            raise AssertionError(f"key {number} is another key")

    @keyword
    def encrypt_with_key(self, number: int, refused: str | None = None) -> None:
        """One block."""
        with expecting(refused):
            _cipher(number, CBC_ENCRYPT, bytes(BLOCK_BYTES))

    @keyword
    def card_should_open_only_what_it_sealed(self, number: int) -> None:
        """GCM with AES-256: one bit of the tag, and nothing comes out."""
        name, nonce, text = tlv(0x06, GCM_OID), os.urandom(12), os.urandom(40)
        more = tlv(0x82, nonce) + tlv(0x83, b"covered")
        sealed = _cipher(number, ENCRYPT, name + tlv(0x81, text) + more)
        if len(sealed) != len(text) + BLOCK_BYTES:
            raise AssertionError(f"{len(sealed)} bytes of cryptogram and tag")
        if _cipher(number, DECRYPT, name + tlv(0x81, sealed) + more) != text:
            raise AssertionError("the card opens something else than it sealed")
        damaged = sealed[:-1] + bytes((sealed[-1] ^ 1,))
        with expecting("not possible"):
            _cipher(number, DECRYPT, name + tlv(0x81, damaged) + more)

    # --- the curves of [RFC7748] ----------------------------------------------------------------

    @keyword
    def generate_key_on(self, curve: str, number: int) -> None:
        """Make a key pair on Ed25519, Ed448, X25519 or X448."""
        bench().card.generate_key_pair(number, services.raw_key_template(curve))

    @keyword
    def edwards_key_should_sign(self, number: int) -> None:
        """EdDSA; the host checks the signature with the key of the request."""
        message, point = os.urandom(50), _point_of(number)
        kind = ed25519.Ed25519PublicKey if len(point) == 32 else ed448.Ed448PublicKey
        signature = _do(0x68, number, EDDSA, message)
        try:
            kind.from_public_bytes(point).verify(signature, message)
        except InvalidSignature:
            raise AssertionError("the signature is wrong") from None

    @keyword
    def montgomery_key_should_agree_with_the_host(self, number: int) -> None:
        """Both compute the same shared secret."""
        point = _point_of(number)
        if len(point) == 32:
            own25519 = x25519.X25519PrivateKey.generate()
            theirs = own25519.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
            shared = own25519.exchange(x25519.X25519PublicKey.from_public_bytes(point))
        else:
            own448 = x448.X448PrivateKey.generate()
            theirs = own448.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
            shared = own448.exchange(x448.X448PublicKey.from_public_bytes(point))
        if _do(0x62, number, AGREE, theirs) != UNCOMPRESSED + shared:
            raise AssertionError("host and card do not agree")

    # --- agreement and derivation on other curves -----------------------------------------------

    @keyword(name="EC Key Should Agree With The Host")
    def ec_key_should_agree_with_the_host(self, number: int) -> None:
        """Both compute the same shared secret."""
        key = bench().memory.keys[number]
        assert isinstance(key, ec.EllipticCurvePublicKey)
        own = ec.generate_private_key(key.curve)
        shared = own.exchange(ec.ECDH(), key)
        if _agree(number, own.public_key()) != shared:
            raise AssertionError("host and card do not agree")

    @keyword
    def derive_key(self, number: int, new: int, refused: str | None = None) -> None:
        """A new key: the old one plus a number that the host knows."""
        with expecting(refused):
            services.derive_key(bench().card, number, new)

    @keyword
    def derived_key_should_be_another_one(self, number: int, parent: int) -> None:
        """They agree on different secrets with the same host."""
        key = bench().memory.keys[parent]
        assert isinstance(key, ec.EllipticCurvePublicKey)
        own = ec.generate_private_key(key.curve).public_key()
        if _agree(number, own) == _agree(parent, own):
            raise AssertionError("the derived key is its parent")


def _agree(number: int, public: ec.EllipticCurvePublicKey) -> bytes:
    """The first coordinate of the shared point."""
    point = public.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    return _do(0x62, number, AGREE, point)[1 : 1 + (public.key_size + 7) // 8]
