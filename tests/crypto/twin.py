# SPDX-License-Identifier: GPL-2.0-or-later
"""The crypto twin as an oracle: sealed keys go to the images and back."""

from __future__ import annotations

import sys

from tools import paths

sys.path.append(str(paths.PROJECT / "tests" / "firmware" / "twins"))

import hsm_crypto
import hsm_crypto_blob as blobs
from hsm_crypto_pool import Handle
from hsm_crypto_rsa import RsaKey, rsa_from_primes

ZERO = hsm_crypto.Secret.from_bytes(bytes(32))
"""What the self-test seals keys under."""


def sealed(key: Handle) -> bytes:
    """As the self-test takes and gives it: the same key has the same bytes."""
    return ZERO.seal_object(b"", key)


def opened(form: bytes) -> Handle:
    """The reverse."""
    return ZERO.open_object(b"", form)


def rsa_key(p: int, q: int, e: int) -> RsaKey:
    """A twin's key."""
    return RsaKey._from_key(rsa_from_primes(max(p, q), min(p, q), e))


__all__ = ["ZERO", "Handle", "blobs", "hsm_crypto", "opened", "rsa_key", "sealed"]
