# SPDX-License-Identifier: GPL-2.0-or-later
"""The session PIN: random, in RAM only, a stand-in for the user PIN.

Spec: [SCHSM] 9.6. A host that must log in again later remembers it, and not the user PIN. What it
opens is the key of the user class, sealed under it.
"""

from hsm_crypto import Secret, random, random_into
from micropython import const

from hsm.security.pin_opening import open_twice

BYTES = const(12)
_SALT_BYTES = const(16)
_PEPPER_BYTES = const(32)
# Sixty bits from the noise source need no stretching.
_ITERATIONS = const(1)
# 32 characters that people and hosts take for a PIN's.
_ALPHABET = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ"


class SessionPin:
    """There is one at most; `store` carries the seal. `is_kept`: it outlives the session."""

    def __init__(self, store):
        self._store = store
        self.is_kept = False
        self._pepper = None
        self._salt = b""
        self._sealed = None

    def generate_into(self, room, keep):
        """Write a new session PIN of BYTES to `room`; the user class is open."""
        self.clear()
        self.is_kept = keep
        pin = room[:BYTES]
        random_into(pin)
        for i in range(BYTES):
            pin[i] = _ALPHABET[pin[i] & 0x1F]
        self._pepper = pepper = Secret.random(_PEPPER_BYTES)
        self._salt = random(_SALT_BYTES)
        with self._stretched(pin, pepper) as key:
            self._sealed = self._store.seal.seal_user_class(key)

    def open(self, pin):
        """The user class's key if `pin` is the session PIN, else None; the caller owns it."""
        pepper = self._pepper
        if pepper is None or self._sealed is None or len(pin) != BYTES:
            return None
        with self._stretched(pin, pepper) as sealing:
            return open_twice(sealing, b"user class", self._sealed)

    def clear(self):
        """From now on there is none."""
        self.is_kept = False
        self._sealed = None
        if self._pepper is not None:
            self._pepper.wipe()
            self._pepper = None

    def _stretched(self, pin, pepper):
        return Secret.stretch(pin, self._salt, _ITERATIONS, pepper)
