# SPDX-License-Identifier: GPL-2.0-or-later
"""Key domains: each has a DKEK, made of shares or agreed on with another device.

Spec: [SCHSM] 11, 17.3; invariant DOM-1 of the store.

A domain that is set up is one object of the store: shares in total, shares imported, and what is
known of the DKEK. While shares are collected that is their XOR, sealed by the crypto module for the
device class, since shares come without a login. The complete DKEK is an object of the user class,
and the domain has its key check value. Without a login the last share completes a DKEK of the
device class, which the next login moves. Each change is one transaction.
"""

from hsm_crypto import Secret
from micropython import const

from hsm.files.object_ids import (
    ID_DKEK,
    ID_KEY_DOMAIN,
    ID_KEY_DOMAIN_UID,
    ID_KEY_DOMAINS,
    KIND_DKEK,
    KIND_KEY_DOMAIN,
    KIND_KEY_DOMAIN_UID,
    KIND_KEY_DOMAINS,
)
from hsm.store.record import FLAG_USER, FLAG_VITAL

DKEK_BYTES = const(32)
CHECK_VALUE_BYTES = const(8)
UID_BYTES = const(64)

_COUNTS_BYTES = const(2)


class NoShareExpected(Exception):
    """The domain's DKEK is complete, or it never has one of shares."""


class NoDkek(Exception):
    """The domain is not set up, or has no complete DKEK."""


class UnknownKeyDomain(Exception):
    """No domain has this UID."""


class KeyDomain:
    """Domain `number` as it stands in the store. NotFound: it is not set up."""

    def __init__(self, store, number):
        self._store = store
        self.number = number
        contents = store.read(ID_KEY_DOMAIN + number)
        self.shares, self.imported = contents[0], contents[1]
        # Nothing, the check value of the DKEK of the user class, or all shares so far, sealed.
        self._known = contents[_COUNTS_BYTES:]

    def missing(self):
        """Shares that are still to be imported."""
        return self.shares - self.imported

    def is_complete(self):
        """True if there is a DKEK that keys can be wrapped with."""
        return not self.missing() and len(self._known) > 0

    def waits_for_user(self):
        """True if the DKEK is complete and still of the device class."""
        return self.is_complete() and len(self._known) != CHECK_VALUE_BYTES

    def check_value(self):
        """Key check value of the complete DKEK; zeros as long as there is none."""
        if not self.is_complete():
            return bytes(CHECK_VALUE_BYTES)
        if len(self._known) == CHECK_VALUE_BYTES:
            return self._known
        with self._collected() as dkek:
            return dkek.check_value()

    def open_dkek(self):
        """The complete DKEK's handle, which the caller wipes. NoDkek, SealLocked."""
        # Asked twice: with one skipped check the shares of a few would pass for those of all.
        if not self.is_complete():
            raise NoDkek
        if not self.is_complete():
            raise NoDkek
        if self.waits_for_user():
            return self._collected()
        return self._store.open_object(ID_DKEK + self.number)

    def import_share(self, share):
        """Add a share of DKEK_BYTES, durably. NoShareExpected."""
        if self.imported >= self.shares:
            raise NoShareExpected
        with Secret.from_bytes(share) as key:
            if not self._known:
                self._replace(self.imported + 1, key)
                return
            with self._collected() as before, before.combine(key) as combined:
                self._replace(self.imported + 1, combined)

    def protect(self, change):
        """Move a DKEK that waits for the user to the user class, which is open."""
        with self._collected() as dkek:
            _put(change, self._store.seal, self.number, self.shares, self.imported, dkek)

    def clear(self):
        """Forget the DKEK and the shares it was made of, durably; the domain stays set up."""
        with self._store.transaction() as change:
            change.delete(ID_DKEK + self.number)
            _put(change, self._store.seal, self.number, self.shares, 0, None)
            change.commit()

    def delete(self):
        """Make the domain one that is not set up, durably."""
        with self._store.transaction() as change:
            for id in (ID_DKEK, ID_KEY_DOMAIN_UID, ID_KEY_DOMAIN):
                change.delete(id + self.number)
            change.commit()

    def _collected(self):
        counts = bytes((self.shares, self.imported))
        return self._store.seal.key(False).open_object(_bound(self.number, counts), self._known)

    def _replace(self, imported, dkek):
        with self._store.transaction() as change:
            _put(change, self._store.seal, self.number, self.shares, imported, dkek)
            change.commit()


# --- All domains ----------------------------------------------------------------------------------


def count(store):
    """How many domains there are: domain 0 alone unless INITIALIZE said otherwise."""
    if not store.contains(ID_KEY_DOMAINS):
        return 1
    return store.read(ID_KEY_DOMAINS)[0]


def is_set_up(store, number):
    return store.contains(ID_KEY_DOMAIN + number)


def of_check_value(store, value):
    """The number of the first domain whose complete DKEK has this check value, or None."""
    for number in range(count(store)):
        if is_set_up(store, number):
            domain = KeyDomain(store, number)
            if domain.is_complete() and domain.check_value() == value:
                return number
    return None


def uid(store, number):
    """The UID, 64 bytes, of a domain whose DKEK is agreed on with other devices, else None."""
    id = ID_KEY_DOMAIN_UID + number
    return store.read(id) if store.contains(id) else None


def of_uid(store, wanted):
    """The number of the domain with this UID. UnknownKeyDomain."""
    for number in range(count(store)):
        if uid(store, number) == wanted:
            return number
    raise UnknownKeyDomain


def open_dkek(store, number):
    """The handle of a domain's complete DKEK, which the caller wipes. NoDkek, SealLocked."""
    if not is_set_up(store, number):
        raise NoDkek
    return KeyDomain(store, number).open_dkek()


def protect(store):
    """Move each DKEK that was completed without a login to the user class, if that is open."""
    if not store.seal.user_class_is_open():
        return
    waiting = []
    for number in range(count(store)):
        if is_set_up(store, number):
            domain = KeyDomain(store, number)
            if domain.waits_for_user():
                waiting.append(domain)
    if waiting:
        with store.transaction() as change:
            for domain in waiting:
                domain.protect(change)
            change.commit()


# --- Into a transaction ---------------------------------------------------------------------------


def put_count(change, domains):
    """Put the number of domains, none of them set up, into the transaction of INITIALIZE."""
    change.put(ID_KEY_DOMAINS, KIND_KEY_DOMAINS, bytes((domains,)))


def put_without_dkek(change, seal, number):
    """Put a domain that never has a DKEK into a transaction."""
    _put(change, seal, number, 0, 0, None)


def put(change, seal, number, shares):
    """Put a domain that waits for `shares` shares into a transaction; 0: a random DKEK."""
    if shares:
        _put(change, seal, number, shares, 0, None)
        return
    with Secret.random(DKEK_BYTES) as dkek:
        _put(change, seal, number, 0, 0, dkek)


def put_with_uid(change, seal, number, uid):
    """Put a domain whose DKEK will be agreed on with other devices of the group `uid`."""
    _put(change, seal, number, 0, 0, None)
    change.put(ID_KEY_DOMAIN_UID + number, KIND_KEY_DOMAIN_UID, uid)


def put_agreed(change, seal, number, dkek):
    """Give a domain with a UID the DKEK that was agreed on; the user class is open."""
    _put(change, seal, number, 0, 0, dkek)


def _put(change, seal, number, shares, imported, dkek):
    counts = bytes((shares, imported))
    known = b""
    if dkek is not None:
        if imported == shares and seal.user_class_is_open():
            change.put_object(ID_DKEK + number, KIND_DKEK, dkek, FLAG_USER | FLAG_VITAL)
            known = dkek.check_value()
        else:
            known = seal.key(False).seal_object(_bound(number, counts), dkek)
    change.put(ID_KEY_DOMAIN + number, KIND_KEY_DOMAIN, counts + known, FLAG_VITAL)


def _bound(number, counts):
    return b"DKEK\x01" + bytes((number,)) + counts
