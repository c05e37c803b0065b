# SPDX-License-Identifier: GPL-2.0-or-later
"""Keys: make, use, limit, delete; the host's own library judges every signature.

Source: [SCHSM] 13, 16, 17.
"""

from __future__ import annotations

import datetime

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID
from robot.api.deco import keyword, library

from robot_tests.keywords.bench import bench
from robot_tests.keywords.outcomes import expecting
from sim.life import card as hsm
from sim.life.cvc import PublicKey, check_device_certificate, check_request

CURVES = {
    "P-256": "secp256r1",
    "P-384": "secp384r1",
    "P-521": "secp521r1",
    "secp256k1": "secp256k1",
    "brainpoolP256r1": "brainpoolP256r1",
    "brainpoolP384r1": "brainpoolP384r1",
    "brainpoolP512r1": "brainpoolP512r1",
}
RSA_PREFIX = "RSA-"

HASHES = {
    "SHA-1": hashes.SHA1(),
    "SHA-224": hashes.SHA224(),
    "SHA-256": hashes.SHA256(),
    "SHA-384": hashes.SHA384(),
    "SHA-512": hashes.SHA512(),
}
SCHEMES = {"RSA PKCS1": 0x30, "RSA PSS": 0x40, "ECDSA": 0x70}


def _template(kind: str) -> bytes:
    if kind.startswith(RSA_PREFIX):
        return hsm.rsa_key_template(int(kind.removeprefix(RSA_PREFIX)))
    return hsm.ec_key_template(CURVES[kind])


def _algorithm(name: str) -> int:
    """The algorithm byte of e.g. "ECDSA SHA-256", or of "decipher"."""
    if name == "decipher":
        return hsm.DECIPHER_RSA_RAW
    scheme, _, hash_name = name.rpartition(" ")
    return SCHEMES[scheme] + 1 + list(HASHES).index(hash_name)


def _default_algorithm(key: PublicKey | None) -> str:
    return "RSA PKCS1 SHA-256" if isinstance(key, rsa.RSAPublicKey) else "ECDSA SHA-256"


def _check(key: PublicKey, algorithm: str, signature: bytes, message: bytes) -> None:
    scheme, _, hash_name = algorithm.rpartition(" ")
    digest = HASHES[hash_name]
    try:
        if not isinstance(key, rsa.RSAPublicKey):
            key.verify(signature, message, ec.ECDSA(digest))
        elif scheme == "RSA PSS":
            pss = padding.PSS(padding.MGF1(digest), salt_length=digest.digest_size)
            key.verify(signature, message, pss, digest)
        else:
            key.verify(signature, message, padding.PKCS1v15(), digest)
    except InvalidSignature:
        raise AssertionError(f"the signature ({algorithm}) is wrong") from None


def certificate(key: PublicKey, number: int) -> bytes:
    """An X.509 certificate (DER) for a key, by an authority of the host; always the same bytes."""
    authority = ed25519.Ed25519PrivateKey.from_private_bytes(bytes(32))
    builder = (
        x509.CertificateBuilder()
        .issuer_name(_name("The host's authority"))
        .subject_name(_name(f"Key {number} of the card"))
        .serial_number(number)
        .not_valid_before(datetime.datetime(2020, 1, 1))
        .not_valid_after(datetime.datetime(2049, 12, 31))
        .public_key(key)
    )
    return builder.sign(authority, None).public_bytes(Encoding.DER)


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


@library(scope="GLOBAL", auto_keywords=False)
class Keys:
    """Keys have numbers, 1 to 255. The host remembers the public key that each number had last."""

    def __init__(self) -> None:
        self._signatures = 0
        self._remembered: PublicKey | None = None

    @keyword
    def generate_key(
        self,
        number: int,
        kind: str,
        uses: int | None = None,
        only: str = "",
        refused: str | None = None,
    ) -> None:
        """Make a key pair in the card; both signatures of its request must be right.

        ``kind``: P-256, brainpoolP384r1, RSA-2048 ... ``uses``: how often it may be used.
        ``only``: the one algorithm that it may be used for.
        """
        allowed = bytes((_algorithm(only),)) if only else b""
        card = bench().card
        with expecting(refused):
            request = card.generate_key_pair(number, _template(kind), uses, allowed)
            device = check_device_certificate(card.read_file(hsm.EF_DEVICE_CERTIFICATE))
            bench().memory.keys[number] = check_request(request, device).key

    @keyword
    def sign_with_key(self, number: int, algorithm: str = "", refused: str | None = None) -> None:
        """Sign a message that was never signed before, and check the signature."""
        self._signatures += 1
        message = f"message number {self._signatures}".encode()
        key = bench().memory.keys.get(number)
        name = algorithm or _default_algorithm(key)
        with expecting(refused):
            signature = bench().card.sign(number, _algorithm(name), message)
            if key is None:
                raise AssertionError(f"nobody remembers key {number}, but it signs")
            _check(key, name, signature, message)

    @keyword
    def decipher_with_key(self, number: int, refused: str | None = None) -> None:
        """Encrypt a message for the key on the host (PKCS#1 v1.5), and let the card decipher it."""
        key = bench().memory.keys[number]
        message = b"to be read by the card only"
        if isinstance(key, rsa.RSAPublicKey):
            cryptogram = key.encrypt(message, padding.PKCS1v15())
        else:
            cryptogram = bytes(key.key_size // 8)
        with expecting(refused):
            block = bench().card.decipher(number, cryptogram)
            if block[:2] != b"\x00\x02" or block[block.index(0, 2) + 1 :] != message:
                raise AssertionError("the card deciphers to something else")

    @keyword
    def key_should_sign(self, number: int) -> None:
        """The key signs, and the signature fits its public key."""
        self.sign_with_key(number)

    @keyword
    def key_should_have_uses_left(self, number: int, uses: int) -> None:
        """What the card tells about the key's use counter."""
        found = bench().card.uses_left(number)
        if found != uses:
            raise AssertionError(f"the key has {found} uses left")

    @keyword
    def delete_key(self, number: int, refused: str | None = None) -> None:
        """Destroy a private key; description and certificate stay until they are deleted, too."""
        with expecting(refused):
            bench().card.delete_file(hsm.KEY_PREFIX | number)

    @keyword
    def delete_description_of_key(self, number: int) -> None:
        """Delete what tells hosts the key's name and use."""
        bench().card.delete_file(hsm.DESCRIPTION_PREFIX | number)

    @keyword
    def delete_certificate_of_key(self, number: int) -> None:
        """Delete the key's certificate, or its request."""
        bench().card.delete_file(hsm.CERTIFICATE_PREFIX | number)

    # --- the public side ------------------------------------------------------------------------

    @keyword
    def remember_public_key(self, number: int) -> None:
        """Keep the public key for a comparison in this test."""
        self._remembered = bench().memory.keys[number]

    @keyword
    def public_key_should_be_another_one(self, number: int) -> None:
        """The key that the number names is not the remembered one any more."""
        if bench().memory.keys[number] == self._remembered:
            raise AssertionError(f"key {number} is still the old one")

    # --- many keys ------------------------------------------------------------------------------

    @keyword
    def generate_keys(self, first: int, last: int, kind: str) -> None:
        """Make all keys with numbers from ``first`` to ``last``."""
        for number in range(first, last + 1):
            self.generate_key(number, kind)

    @keyword
    def every_key_should_sign(self, first: int, last: int) -> None:
        """All of them sign, each with its own key."""
        for number in range(first, last + 1):
            self.sign_with_key(number)

    @keyword
    def issue_certificates_for_keys(self, first: int, last: int) -> None:
        """The host's authority certifies the keys and writes the X.509 certificates to the card."""
        for number in range(first, last + 1):
            file_id = hsm.CERTIFICATE_PREFIX | number
            content = certificate(bench().memory.keys[number], number)
            bench().card.write_file(file_id, content)
            bench().memory.files[file_id] = content

    @keyword
    def certificates_should_be_as_issued(self, first: int, last: int) -> None:
        """Anybody reads the certificates that the host wrote."""
        for number in range(first, last + 1):
            file_id = hsm.CERTIFICATE_PREFIX | number
            if bench().card.read_file(file_id) != bench().memory.files[file_id]:
                raise AssertionError(f"the certificate of key {number} is another one")

    @keyword
    def card_should_list_keys(self, *numbers: int) -> None:
        """LIST names these keys and no others, and a description for each."""
        listed = bench().card.list_objects()
        found = [fid & 0xFF for fid in listed if fid & 0xFF00 == hsm.KEY_PREFIX and fid & 0xFF]
        if found != sorted(numbers):
            raise AssertionError(f"the card lists keys {found}")
        for number in numbers:
            if hsm.DESCRIPTION_PREFIX | number not in listed:
                raise AssertionError(f"the card lists no description of key {number}")

    @keyword
    def card_should_list_keys_from_to(self, first: int, last: int) -> None:
        """LIST names exactly the keys from ``first`` to ``last``."""
        self.card_should_list_keys(*range(first, last + 1))

    @keyword
    def card_should_have_no_keys(self) -> None:
        """Nothing is listed but the device's own key."""
        self.card_should_list_keys()
