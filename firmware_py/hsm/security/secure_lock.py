# SPDX-License-Identifier: GPL-2.0-or-later
"""The secure lock: without the mask that a host keeps no PIN opens the user class.

Spec: [SCHSM] 23. Host and card agree on a key; under it the host sends the mask, sealed. The lock
is a state of the user class's key (`user_class`) and a device option that tells hosts of it.
"""

from hsm_crypto import CURVE_SECP256R1, EcKey
from micropython import const

from hsm.security import device_options, user_class
from hsm.security.device_options import SECURE_LOCK

POINT_BYTES = const(65)
SEALED_MASK_BYTES = const(48)

# Nonce and key of ChaCha20-Poly1305.
_AGREED_KEY_BYTES = const(44)


class NotAgreed(Exception):
    """Host and card have agreed on no key in this session."""


class WrongLockState(Exception):
    """The lock is not on, or on already."""


class SecureLock:
    """`status` holds the session that the lock opens."""

    def __init__(self, store, status):
        self._store = store
        self._status = status
        self._agreed = None
        self._host_point = b""

    def forget(self):
        """End of the session: the agreed key is wiped."""
        if self._agreed is not None:
            self._agreed.wipe()
        self._agreed = None
        self._host_point = b""

    def agree(self, host_point):
        """The card's point, 65 bytes as the host's. CryptoError: that is no point of P-256."""
        self.forget()
        with EcKey.generate(CURVE_SECP256R1) as key, key.agree(host_point) as shared:
            self._agreed = shared.derive(host_point, _AGREED_KEY_BYTES)
            self._host_point = bytes(host_point)
            return key.public()

    def enable(self, sealed_mask):
        """Lock the device from now on, durably; this session stays open."""
        mask = self._open(sealed_mask, False)
        try:
            with self._store.transaction() as change:
                user_class.put_locked(change, self._store, mask)
                device_options.put(change, device_options.get(self._store) | SECURE_LOCK)
                change.commit()
        except Exception:
            mask.wipe()
            raise
        self._status.unlock(mask)

    def unlock(self, sealed_mask):
        """Open the user class for this session. CryptoError: wrong mask."""
        mask = self._open(sealed_mask, True)
        try:
            user_class.check_mask(self._store, mask)
        except Exception:
            mask.wipe()
            raise
        self._status.unlock(mask)

    def disable(self, sealed_mask):
        """Take the lock away, durably, and open the user class. CryptoError: wrong mask."""
        with self._open(sealed_mask, True) as mask, self._store.transaction() as change:
            user_class.put_unlocked(change, self._store, mask)
            device_options.put(change, device_options.get(self._store) & ~SECURE_LOCK)
            change.commit()
        self._status.unlock(None)

    def _open(self, sealed_mask, wanted):
        # The mask, if the lock is in the state that is wanted. CryptoError: damaged.
        if self._agreed is None:
            raise NotAgreed
        if user_class.is_locked(self._store) != wanted:
            raise WrongLockState
        return self._agreed.open_secret(self._host_point, sealed_mask)
