# SPDX-License-Identifier: GPL-2.0-or-later
"""The key store: private and secret keys as sealed handles, with what is public.

Spec: [SCHSM] 5.1, 13.4, 16. A key is used only after its checks, and they are made twice.
"""

from hsm.files import object_ids
from hsm.files.object_ids import (
    FID_DEVICE_KEY,
    KIND_KEY_INFO,
    KIND_PRIVATE_KEY,
    PREFIX_KEY,
    PREFIX_KEY_INFO,
)
from hsm.keys.metadata import UNLIMITED, KeyInfo
from hsm.security import access_rules
from hsm.store import NotFound, StoreFailure, counters
from hsm.store.record import FLAG_FIELD, FLAG_USER


class AlgorithmNotAllowed(Exception):
    """The key's metadata do not list the algorithm."""


class WrongKeyKind(Exception):
    """The algorithm is for another kind of key."""


class UsesExhausted(Exception):
    """The key's use counter stands at 0."""


class KeyStore:
    """Keys by id, 1..255. The device authentication key is not among them."""

    def __init__(self, store, status, presence):
        self._store = store
        self._status = status
        self._presence = presence

    def info(self, key_id):
        """The KeyInfo of a key. NotFound."""
        return KeyInfo.decode(self._store.read(object_ids.fid(PREFIX_KEY_INFO, key_id)))

    def uses_left(self, key_id, info):
        """Uses that the key's counter allows, or UNLIMITED."""
        if info.uses == UNLIMITED:
            return UNLIMITED
        spent = counters.uses_spent(self._store, object_ids.fid(PREFIX_KEY_INFO, key_id))
        # Never below 0: UNLIMITED is there.
        return max(0, info.uses - spent)

    def control_parameters(self, key_id):
        """The metadata TLVs for the FCP; empty if the key has none."""
        if key_id == 0:
            return b""
        info = self.info(key_id)
        return info.control_parameters(self.uses_left(key_id, info))

    def any_in_domain(self, number):
        """True if the metadata of a key name the key domain `number`."""
        for id in self._store.ids():
            if id >> 8 == PREFIX_KEY_INFO and self.info(id & 0xFF).domain() == number:
                return True
        return False

    def put(self, change, key_id, handle, info):
        """Put a key and its info into a transaction."""
        id = object_ids.fid(PREFIX_KEY_INFO, key_id)
        change.delete(id)
        change.put_object(object_ids.fid(PREFIX_KEY, key_id), KIND_PRIVATE_KEY, handle, FLAG_USER)
        flags = 0 if info.uses == UNLIMITED else FLAG_FIELD
        change.put(id, KIND_KEY_INFO, info.encode(), flags)

    def open_for_use(self, key_id, kinds, algorithm):
        """The handle of key `key_id`, of one of `kinds`, for one use of `algorithm`.

        The caller wipes it. AccessDenied, NotFound, AlgorithmNotAllowed, WrongKeyKind,
        UsesExhausted, PresenceTimeout, CryptoError.
        """
        self._check(key_id, kinds, algorithm)
        # Nobody is asked to confirm what would be refused.
        self._presence.confirm()
        handle = self._store.open_object(object_ids.fid(PREFIX_KEY, key_id))
        try:
            self._check(key_id, kinds, algorithm)
        except Exception:
            handle.wipe()
            raise
        return handle

    def _check(self, key_id, kinds, algorithm):
        access_rules.check_user(self._status)
        if key_id == 0:
            raise NotFound
        info = self.info(key_id)
        if not info.allows(algorithm):
            raise AlgorithmNotAllowed
        if info.kind not in kinds:
            raise WrongKeyKind
        if info.uses != UNLIMITED and self.uses_left(key_id, info) <= 0:
            raise UsesExhausted

    def uses_now(self, key_id):
        """Uses that the key has left, looked up anew, or UNLIMITED."""
        return self.uses_left(key_id, self.info(key_id))

    def count_use(self, key_id):
        """Count one use, durably, after the computation and before the answer."""
        info = self.info(key_id)
        if info.uses == UNLIMITED:
            return
        id = object_ids.fid(PREFIX_KEY_INFO, key_id)
        if counters.spend_use(self._store, id):
            return
        # The same uses left, with a new field. Before the use: a cut here costs none.
        info.uses = self.uses_left(key_id, info)
        with self._store.transaction() as change:
            change.put(id, KIND_KEY_INFO, info.encode(), FLAG_FIELD)
            change.commit()
        if not counters.spend_use(self._store, id):
            raise StoreFailure

    def check_counted(self, key_id, before):
        """After `count_use`: StoreFailure unless there is a use less than `before`.

        A call of its own: one skipped instruction may end count_use without a use counted.
        """
        if self.uses_now(key_id) != (UNLIMITED if before == UNLIMITED else before - 1):
            raise StoreFailure

    def move_use(self, change, key_id):
        """Count one use inside a transaction: it takes effect with what it was spent on."""
        info = self.info(key_id)
        # Read twice: what one wrong reading takes for UNLIMITED counts as exhausted.
        if info.uses == UNLIMITED and self.info(key_id).uses == UNLIMITED:
            return
        info.uses = self.uses_left(key_id, info) - 1
        if info.uses < 0:
            raise UsesExhausted
        change.put(
            object_ids.fid(PREFIX_KEY_INFO, key_id), KIND_KEY_INFO, info.encode(), FLAG_FIELD
        )

    def open_device_key(self):
        """The device authentication key, for attestations by the card itself. NotFound."""
        return self._store.open_object(FID_DEVICE_KEY)
