# SPDX-License-Identifier: GPL-2.0-or-later
"""The key of the user class: sealed under the master key, locked by a mask.

Spec: [SCHSM] 23 (secure lock). The object is `state | sealed key`; in state LOCKED the sealed key
is sealed once more, under the mask. So it takes master key and mask, and changing the lock rewrites
one small object and no reference data.
"""

from micropython import const

from hsm.files.object_ids import ID_USER_CLASS_KEY, KIND_USER_CLASS_KEY
from hsm.store import StoreError
from hsm.store.record import FLAG_VITAL

KEY_BYTES = const(32)

_UNLOCKED = b"\x3c"
_LOCKED = b"\xc3"
_LOCK = b"secure lock"


def sealing_key(master_key):
    """What seals the user class's key, as a Secret of the caller's."""
    return master_key.derive(b"user class key")


def put_new(change, seal, master_key):
    """Put the key of the user class, which is open, into the transaction of INITIALIZE."""
    with sealing_key(master_key) as key:
        _put(change, _UNLOCKED, seal.seal_user_class(key))


def upgrade(store, master_key):
    """Give the flash of an earlier firmware, which has none, its object: False if it has one.

    The user class's key came from the master key alone then; it is adopted by the seal, and stays.
    """
    if store.contains(ID_USER_CLASS_KEY):
        return False
    store.seal.adopt_user_class(master_key.derive(b"seal user class"))
    try:
        with store.transaction() as change:
            put_new(change, store.seal, master_key)
            change.commit()
    except StoreError:
        # Worn out: what was committed stays readable, and there can be no lock.
        store.seal.adopt_user_class(master_key.derive(b"seal user class"))
    return True


def is_locked(store):
    """True if it takes the mask to open the user class."""
    return store.contains(ID_USER_CLASS_KEY) and store.read(ID_USER_CLASS_KEY)[:1] != _UNLOCKED


def open_key(store, key, mask):
    """The user class's key, the caller's from now on. `key`: what seals it; `mask`: or None.

    CryptoError: wrong mask, or none where there must be one.
    """
    sealed = memoryview(store.read(ID_USER_CLASS_KEY))[1:]
    if mask is not None and is_locked(store):
        sealed = mask.open(_LOCK, sealed)
    return key.open_object(b"user class", sealed)


def check_mask(store, mask):
    """CryptoError unless `mask` is the one that locked the key."""
    mask.open(_LOCK, memoryview(store.read(ID_USER_CLASS_KEY))[1:])


def put_locked(change, store, mask):
    """Lock the unlocked key under `mask`, in a transaction."""
    _put(change, _LOCKED, mask.seal(_LOCK, store.read(ID_USER_CLASS_KEY)[1:]))


def put_unlocked(change, store, mask):
    """Take the lock away, in a transaction. CryptoError: another mask locked it."""
    _put(change, _UNLOCKED, mask.open(_LOCK, store.read(ID_USER_CLASS_KEY)[1:]))


def _put(change, state, sealed):
    change.put(ID_USER_CLASS_KEY, KIND_USER_CLASS_KEY, state + sealed, FLAG_VITAL)
