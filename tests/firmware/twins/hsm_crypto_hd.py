# SPDX-License-Identifier: GPL-2.0-or-later
"""The crypto twin's trees of keys: [BIP32], [SLIP-0010], [SLIP-0021], [SCHSM] 22."""

import hashlib
import hmac
import struct
from dataclasses import astuple, dataclass

import hsm_crypto as module
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from hsm_crypto_ec import EcKey, curve_of
from hsm_crypto_pool import CURVE_SECP256K1, CURVE_SECP256R1, Buffer, Handle, Room, put

HD_SECP256K1, HD_SECP256R1, HD_SYMMETRIC = 1, 2, 3

_SEED_KEYS = {
    HD_SECP256K1: b"Bitcoin seed",
    HD_SECP256R1: b"Nist256p1 seed",
    HD_SYMMETRIC: b"Symmetric key seed",
}
_CURVES = {HD_SECP256K1: CURVE_SECP256K1, HD_SECP256R1: CURVE_SECP256R1}
_VERSION = bytes.fromhex("0488B21E")
_HARDENED = 1 << 31
_FORM = ">BB4sI32s32s"


@dataclass(frozen=True)
class _Node:
    scheme: int
    depth: int
    fingerprint: bytes
    index: int
    chain: bytes
    key: bytes


class HdNode(Handle):
    """A node of a tree of keys."""

    _KIND = 7
    scheme: int

    @staticmethod
    def _from_node(node: _Node) -> "HdNode":
        handle = HdNode._make(node)
        handle.scheme = node.scheme
        return handle

    @staticmethod
    def from_seed(scheme: int, seed: Buffer) -> "HdNode":
        if scheme not in _SEED_KEYS or not 1 <= len(seed) <= 64:
            raise ValueError
        halves = hmac.digest(_SEED_KEYS[scheme], bytes(seed), "sha512")
        if scheme == HD_SYMMETRIC:
            return HdNode._from_node(_Node(scheme, 0, bytes(4), 0, halves[:32], halves[32:]))
        while not 0 < int.from_bytes(halves[:32], "big") < curve_of(_CURVES[scheme]).n:
            halves = hmac.digest(_SEED_KEYS[scheme], halves, "sha512")
        return HdNode._from_node(_Node(scheme, 0, bytes(4), 0, halves[32:], halves[:32]))

    @staticmethod
    def generate(scheme: int) -> "HdNode":
        if scheme not in _SEED_KEYS:
            raise ValueError
        return HdNode.from_seed(scheme, module.random(64))

    def child(self, index: int) -> "HdNode":
        node = self._curve_node()
        if not 0 <= index < 1 << 32 or node.depth == 255:
            raise ValueError
        n = curve_of(_CURVES[node.scheme]).n
        public = _compressed(node)
        number = index.to_bytes(4, "big")
        data = (b"\0" + node.key if index & _HARDENED else public) + number
        while True:
            halves = hmac.digest(node.chain, data, "sha512")
            left = int.from_bytes(halves[:32], "big")
            key = (left + int.from_bytes(node.key, "big")) % n
            if left < n and key:
                break
            data = b"\1" + halves[32:] + number
        fingerprint = hashlib.new("ripemd160", hashlib.sha256(public).digest()).digest()[:4]
        return HdNode._from_node(
            _Node(
                node.scheme,
                node.depth + 1,
                fingerprint,
                index,
                halves[32:],
                key.to_bytes(32, "big"),
            )
        )

    def labelled_child(self, label: Buffer) -> "HdNode":
        node = self._symmetric_node()
        if len(label) > 255 or node.depth == 255:
            raise ValueError
        halves = hmac.digest(node.chain, b"\0" + bytes(label), "sha512")
        return HdNode._from_node(
            _Node(node.scheme, node.depth + 1, bytes(4), 0, halves[:32], halves[32:])
        )

    def public(self) -> bytes:
        node = self._open()
        head = _VERSION + bytes([node.depth]) + node.fingerprint + node.index.to_bytes(4, "big")
        if node.scheme == HD_SYMMETRIC:
            return head + _twice(node.chain) + _twice(node.key)
        return head + node.chain + _compressed(node)

    def key(self) -> EcKey:
        node = self._curve_node()
        return EcKey._from_scalar(_CURVES[node.scheme], int.from_bytes(node.key, "big"))

    def _curve_node(self) -> _Node:
        node = self._open()
        if node.scheme not in _CURVES:
            raise ValueError
        return node

    def _symmetric_node(self) -> _Node:
        node = self._open()
        if node.scheme != HD_SYMMETRIC:
            raise ValueError
        return node

    def _cipher(self, label: Buffer, data: Buffer, iv: Buffer) -> Cipher:
        node = self._symmetric_node()
        if len(data) % 16 or len(iv) not in (0, 16):
            raise ValueError
        material = hmac.digest(node.key, bytes(label), "sha512")
        return Cipher(algorithms.AES(material[:32]), modes.CBC(bytes(iv) or material[32:48]))

    def encrypt_into(self, label: Buffer, data: Buffer, buffer: Room, iv: Buffer = b"") -> int:
        out = self._cipher(label, data, iv).encryptor().update(bytes(data))
        return put(buffer, out, label, data, iv)

    def decrypt_into(self, label: Buffer, data: Buffer, buffer: Room, iv: Buffer = b"") -> int:
        out = self._cipher(label, data, iv).decryptor().update(bytes(data))
        return put(buffer, out, label, data, iv)

    def _serialise(self) -> bytes:
        return struct.pack(_FORM, *astuple(self._open()))

    @classmethod
    def _deserialise(cls, form: bytes) -> "HdNode":
        return cls._from_node(_Node(*struct.unpack(_FORM, form)))


def _compressed(node: _Node) -> bytes:
    curve = curve_of(_CURVES[node.scheme])
    point = curve.multiply(int.from_bytes(node.key, "big"), curve.g)
    assert point is not None
    return bytes([2 | point[1] & 1]) + point[0].to_bytes(32, "big")


def _twice(data: bytes) -> bytes:
    return hashlib.sha256(hashlib.sha256(data).digest()).digest()
