# SPDX-License-Identifier: GPL-2.0-or-later
"""The secure lock on the host's side: who keeps the mask opens the keys.

Source: [SCHSM] 23. With `cryptography`, independent of the card.
"""

from __future__ import annotations

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from sim.apdu import command
from sim.life.card import Card

_AGREE, _ENABLE, _UNLOCK, _DISABLE = 1, 2, 3, 4
_NONCE_BYTES, _KEY_BYTES = 12, 32


class SecureLock:
    """`mask`: 32 bytes that the host keeps; `secret`: the number that its ephemeral key is."""

    def __init__(self, card: Card, mask: bytes, secret: int = 0x1234567) -> None:
        self._card = card
        self._mask = mask
        self._private = ec.derive_private_key(secret, ec.SECP256R1())
        public = self._private.public_key()
        self._point = public.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)

    def enable(self) -> None:
        """Lock the device. CardError, as of all of these."""
        self._do(_ENABLE, self._sealed_mask())

    def unlock(self) -> None:
        """Open the keys for this session."""
        self._do(_UNLOCK, self._sealed_mask())

    def disable(self) -> None:
        """Take the lock away."""
        self._do(_DISABLE, self._sealed_mask())

    def _sealed_mask(self) -> bytes:
        """The mask under the key that host and card agree on, for one message."""
        card_point = self._do(_AGREE, self._point)
        peer = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), card_point)
        shared = self._private.exchange(ec.ECDH(), peer)
        length = _NONCE_BYTES + _KEY_BYTES
        key = HKDF(hashes.SHA256(), length, None, self._point).derive(shared)
        nonce, key = key[:_NONCE_BYTES], key[_NONCE_BYTES:]
        return ChaCha20Poly1305(key).encrypt(nonce, self._mask, self._point)

    def _do(self, action: int, data: bytes) -> bytes:
        apdu = command(0x80, 0x64, 0x3A, action, data, 256)
        return self._card.do("EXTRAS (secure lock)", apdu)
