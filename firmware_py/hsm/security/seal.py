# SPDX-License-Identifier: GPL-2.0-or-later
"""The store's seal: a key per class, the commits' MAC, the digest of what lives.

The device class opens with the device itself; the user class needs the master key, which only the
user PIN opens.
"""

import struct

from hsm_crypto import equal
from micropython import const

from hsm.platform import otp
from hsm.security import root
from hsm.store import SealLocked

# With 32 bytes of a record it leaves SHA-256 a single block.
_SET_KEY_BYTES = const(16)


class Seal:
    """Made from the root record when the store is mounted or formatted."""

    def __init__(self, root_record):
        with root.open_root(root_record) as root_key:
            self._device = root_key.derive(b"seal device class")
            self._log = root_key.derive(b"store commit")
            self._set = root_key.derive(b"store live set", _SET_KEY_BYTES)
            self.pepper = root_key.derive(b"reference data")
        self._user = None

    def key(self, user):
        """The sealing key of a class. SealLocked: the user class is closed."""
        if not user:
            return self._device
        if self._user is None:
            raise SealLocked
        return self._user

    def mac(self, *parts):
        """32 bytes over `parts` and the epoch: a fuse burnt now counts from the next commit on."""
        return self._log.mac(struct.pack("<I", otp.epoch()), *parts)

    def fold(self, accumulator, sign, *parts):
        """Add (1) or remove (-1) a member of a set, whose digest is the sum of theirs."""
        self._set.fold(accumulator, sign, *parts)

    def fold_each(self, accumulator, buffer, offsets, length):
        """Add `length` bytes of `buffer` from every offset in the array("I") that is not 0."""
        self._set.fold_each(accumulator, buffer, offsets, length)

    def equal(self, a, b):
        """True if `a` and `b` are the same; in constant time."""
        return equal(a, b)

    def wipe(self):
        """Wipe all keys: the store was mounted anew, or given up."""
        self.close_user_class()
        self._device.wipe()
        self._log.wipe()
        self._set.wipe()
        self.pepper.wipe()

    def seal_user_class(self, key):
        """The user class's key, sealed under `key` for `adopt_user_class`; the class is open."""
        return key.seal_object(b"user class", self.key(True))

    def adopt_user_class(self, key):
        """From now on objects of the user class open; the seal owns `key`."""
        self.close_user_class()
        self._user = key

    def close_user_class(self):
        """Wipe the user class's key."""
        if self._user is not None:
            self._user.wipe()
            self._user = None

    def user_class_is_open(self):
        return self._user is not None
