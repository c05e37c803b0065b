# SPDX-License-Identifier: GPL-2.0-or-later
"""The security status: which reference data and keys were verified.

Spec: [7816-4] 9.3, [SCHSM] 6 and 9. The user's session opens the user class of the seal; the
security officer's holds the master key only to hand it to a new user PIN, and never opens a key.
"""

from micropython import const

from hsm.security import user_class
from hsm.security.public_key_authentication import PublicKeyAuthentication

_CLOSED = const(0x2AA55AA)
_OPEN = const(0x155AA55)


class SecurityStatus:
    """`store` carries the seal whose user class follows the user's session.

    `public_keys`: whose holders authenticated in this session.
    """

    def __init__(self, store):
        self._store = store
        self._user = _CLOSED
        self._so = _CLOSED
        self._so_secret = None
        self._selected = None
        self._waiting = None
        self._mask = None
        self.public_keys = PublicKeyAuthentication(store)

    def close(self):
        """End all sessions and wipe what they held."""
        self.close_user()
        self.close_so()
        self._mask = _wiped(self._mask)
        self.public_keys.forget()

    def open_user(self, master_key):
        """The user PIN was verified; `master_key` stays the caller's.

        Where the secure lock is on and no mask came in this session, the user waits for `unlock`.
        """
        self._waiting = _wiped(self._waiting)
        if user_class.upgrade(self._store, master_key):
            self._user = _OPEN
            return
        is_locked = user_class.is_locked(self._store)
        self._waiting = user_class.sealing_key(master_key)
        if self._mask is not None or not is_locked:
            self._open_waiting(self._mask)

    def open_user_class(self, key):
        """The session PIN was verified; the seal owns `key`, its user class's, from now on."""
        self._store.seal.adopt_user_class(key)
        self._user = _OPEN

    def waits_for_unlock(self):
        """True if the PIN was verified, and only the secure lock keeps the user out."""
        return self._waiting is not None

    def unlock(self, mask):
        """The mask came, or the lock is gone (None): let the user in who waits, if one does.

        The status owns `mask` from now on: it serves all logins of the session. CryptoError.
        """
        self._mask = _wiped(self._mask)
        self._mask = mask
        if self._waiting is not None:
            self._open_waiting(mask)

    def _open_waiting(self, mask):
        try:
            self.open_user_class(user_class.open_key(self._store, self._waiting, mask))
        finally:
            self._waiting = _wiped(self._waiting)

    def close_user(self):
        self._user = _CLOSED
        self._waiting = _wiped(self._waiting)
        self.wipe_selected()
        if self._store.seal is not None:
            self._store.seal.close_user_class()

    def select(self, node):
        """A node was selected for one use; the status owns `node` until the session ends."""
        self._selected = node

    def take_selected(self):
        """The selected node, the caller's from now on, or None."""
        node, self._selected = self._selected, None
        return node

    def wipe_selected(self):
        """From now on no node is selected."""
        _wiped(self.take_selected())

    def open_so(self, secret):
        """The SO-PIN was verified; the status owns `secret` from now on."""
        self.close_so()
        self._so_secret = secret
        self._so = _OPEN

    def close_so(self):
        self._so = _CLOSED
        self._so_secret = _wiped(self._so_secret)

    def pin_is_verified(self):
        """Two values that one skipped instruction does not change together."""
        seal = self._store.seal
        return self._user == _OPEN and seal is not None and seal.user_class_is_open()

    def user_is_authenticated(self):
        """What commands ask for: the PIN, and a quorum of keys where INITIALIZE set one up."""
        return self.pin_is_verified() and self.public_keys.quorum_is_reached()

    def so_is_authenticated(self):
        return self._so == _OPEN and self._so_secret is not None

    def so_secret(self):
        """What the SO-PIN opened: the master key, or a mere verifier; None without a session."""
        return self._so_secret if self._so == _OPEN else None


def _wiped(handle):
    # None, in place of what `handle` was.
    if handle is not None:
        handle.wipe()
