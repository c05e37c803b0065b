# SPDX-License-Identifier: GPL-2.0-or-later
"""Keys: make, use, limit, delete; the host's own library judges every signature.

Source: [SCHSM] 13, 16, 17.
"""

from __future__ import annotations

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
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


@library(scope="GLOBAL", auto_keywords=False)
class Keys:
    """Keys have numbers, 1 to 255. The host remembers the public key that each number had last."""

    def __init__(self) -> None:
        self._signatures = 0

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
    def key_should_sign(self, number: int) -> None:
        """The key signs, and the signature fits its public key."""
        self.sign_with_key(number)

    @keyword
    def card_should_have_no_keys(self) -> None:
        """Nothing is listed but the device's own key."""
        numbers = self._numbers()
        if numbers:
            raise AssertionError(f"the card lists keys {numbers}")

    def _numbers(self) -> list[int]:
        listed = bench().card.list_objects()
        return [fid & 0xFF for fid in listed if fid >> 8 == hsm.KEY_PREFIX >> 8 and fid & 0xFF]
