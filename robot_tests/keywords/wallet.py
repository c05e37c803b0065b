# SPDX-License-Identifier: GPL-2.0-or-later
"""Trees of keys from a seed: what is public of a node, and one signature with it.

Source: [SCHSM] 22; [BIP32], [SLIP-0010].
"""

from __future__ import annotations

import hashlib

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from robot.api.deco import keyword, library

from robot_tests.keywords.bench import bench
from robot_tests.keywords.outcomes import expecting
from sim.apdu import command
from sim.life.card import tlv

SCHEMES = {"secp256k1": 0x01, "P-256": 0x02, "symmetric": 0x03}
CURVES = {"secp256k1": ec.SECP256K1(), "P-256": ec.SECP256R1()}
PUBLIC, SELECT, SIGN_BY_NODE = 0x0A, 0x10, 0xA0
HARDENED = 1 << 31
CHAIN_CODE_AT, KEY_AT = 13, 45


def _path(text: str) -> bytes:
    """``0/44'/1``: the seed's number, then indices, with ' where they are hardened."""
    seed, *levels = text.split("/")
    path = tlv(0x02, bytes((int(seed),)))
    for level in levels:
        index = int(level.rstrip("'")) | (HARDENED if level.endswith("'") else 0)
        path += tlv(0x02, index.to_bytes(4, "big"))
    return path


def _do(p1: int, p2: int, data: bytes) -> bytes:
    return bench().card.do("HIERARCHICAL KEYS", command(0x80, 0x4A, p1, p2, data, 256))


@library(scope="GLOBAL", auto_keywords=False)
class Wallet:
    """Seeds have numbers, 0 to 9; a path begins with one."""

    def __init__(self) -> None:
        self._curve: ec.EllipticCurve = ec.SECP256K1()
        self._public = b""

    @keyword
    def import_seed(self, number: int, scheme: str, seed: str, refused: str | None = None) -> None:
        """``seed``: in hexadecimal; ``scheme``: secp256k1, P-256 or symmetric."""
        with expecting(refused):
            _do(SCHEMES[scheme], number, bytes.fromhex(seed))

    @keyword
    def make_a_random_seed(self, number: int, scheme: str) -> None:
        """Nobody knows it but the card."""
        _do(SCHEMES[scheme], number, b"")

    @keyword
    def public_part_should_be(self, path: str, chain_code: str, key: str) -> None:
        """As published for the path and the seed, in hexadecimal."""
        answer = _do(PUBLIC, 0, _path(path))
        found = answer[CHAIN_CODE_AT:KEY_AT].hex(), answer[KEY_AT:].hex()
        if found != (chain_code, key):
            raise AssertionError(f"chain code {found[0]}, key {found[1]}")

    @keyword
    def remember_the_public_part(self, path: str) -> None:
        """Keep it for a comparison."""
        self._public = _do(PUBLIC, 0, _path(path))

    @keyword
    def public_part_should_be_the_remembered_one(self, path: str) -> None:
        """The same seed is still there."""
        if _do(PUBLIC, 0, _path(path)) != self._public:
            raise AssertionError("it is another node")

    @keyword
    def show_public_part(self, path: str, refused: str) -> None:
        """What must not be shown now."""
        with expecting(refused):
            _do(PUBLIC, 0, _path(path))

    @keyword
    def select_node(self, path: str) -> None:
        """For one use in this session."""
        _do(SELECT, 0, _path(path))

    @keyword
    def selected_node_should_sign(self, path: str, scheme: str) -> None:
        """Its signature fits the public key that the card shows for ``path``."""
        digest = hashlib.sha256(path.encode()).digest()
        point = _do(PUBLIC, 0, _path(path))[KEY_AT:]
        key = ec.EllipticCurvePublicKey.from_encoded_point(CURVES[scheme], point)
        try:
            key.verify(_sign(digest), digest, ec.ECDSA(Prehashed(hashes.SHA256())))
        except InvalidSignature:
            raise AssertionError("the signature is wrong") from None

    @keyword
    def sign_with_the_selected_node(self, refused: str) -> None:
        """What must not be possible now."""
        with expecting(refused):
            _sign(bytes(32))


def _sign(digest: bytes) -> bytes:
    apdu = command(0x80, 0x68, 0x00, SIGN_BY_NODE, digest, 256)
    return bench().card.do("SIGN", apdu)
