# SPDX-License-Identifier: GPL-2.0-or-later
"""Key domains: each has a DKEK, made of shares inside the crypto module.

Spec: [SCHSM] 11; invariant DOM-1 of the store.

A domain that is set up is one object of the store: shares in total, shares imported, and the XOR of
those imported, sealed by the crypto module. Each change is one transaction. The seal is that of the
device class, because shares come without a login: none ever waits in RAM or in the clear, and the
key check value is true at once.
"""

from hsm_crypto import Secret
from micropython import const

from hsm.files.object_ids import (
    ID_KEY_DOMAIN,
    ID_KEY_DOMAIN_UID,
    ID_KEY_DOMAINS,
    KIND_KEY_DOMAIN,
    KIND_KEY_DOMAINS,
)
from hsm.store.record import FLAG_VITAL

DKEK_BYTES = const(32)
CHECK_VALUE_BYTES = const(8)

_COUNTS_BYTES = const(2)


class NoShareExpected(Exception):
    """The domain's DKEK is complete, or it never has one."""


class KeyDomain:
    """Domain `number` as it stands in the store. NotFound: it is not set up."""

    def __init__(self, store, number):
        self._store = store
        self.number = number
        self._contents = store.read(ID_KEY_DOMAIN + number)
        self.shares, self.imported = self._contents[0], self._contents[1]

    def missing(self):
        """Shares that are still to be imported."""
        return self.shares - self.imported

    def check_value(self):
        """Key check value of the complete DKEK; zeros as long as there is none."""
        if self.missing() or not self._has_key():
            return bytes(CHECK_VALUE_BYTES)
        with self._open() as dkek:
            return dkek.check_value()

    def import_share(self, share):
        """Add a share of DKEK_BYTES, durably. NoShareExpected."""
        if self.imported >= self.shares:
            raise NoShareExpected
        with Secret.from_bytes(share) as key:
            if not self._has_key():
                self._replace(self.imported + 1, key)
                return
            with self._open() as before, before.combine(key) as combined:
                self._replace(self.imported + 1, combined)

    def clear(self):
        """Forget the DKEK and the shares it was made of, durably; the domain stays set up."""
        self._replace(0, None)

    def delete(self):
        """Make the domain one that is not set up, durably."""
        with self._store.transaction() as change:
            change.delete(ID_KEY_DOMAIN + self.number)
            change.commit()

    def _has_key(self):
        return len(self._contents) > _COUNTS_BYTES

    def _open(self):
        counts, sealed = self._contents[:_COUNTS_BYTES], self._contents[_COUNTS_BYTES:]
        return self._store.seal.key(False).open_object(_bound(self.number, counts), sealed)

    def _replace(self, imported, dkek):
        with self._store.transaction() as change:
            _put(change, self._store.seal, self.number, self.shares, imported, dkek)
            change.commit()


def count(store):
    """How many domains there are: domain 0 alone unless INITIALIZE said otherwise."""
    if not store.contains(ID_KEY_DOMAINS):
        return 1
    return store.read(ID_KEY_DOMAINS)[0]


def is_set_up(store, number):
    return store.contains(ID_KEY_DOMAIN + number)


def uid(store, number):
    """The UID, 64 bytes, of a domain whose key encryption keys are exchanged, else None."""
    id = ID_KEY_DOMAIN_UID + number
    return store.read(id) if store.contains(id) else None


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


def _put(change, seal, number, shares, imported, dkek):
    counts = bytes((shares, imported))
    sealed = b""
    if dkek is not None:
        sealed = seal.key(False).seal_object(_bound(number, counts), dkek)
    change.put(ID_KEY_DOMAIN + number, KIND_KEY_DOMAIN, counts + sealed, FLAG_VITAL)


def _bound(number, counts):
    return b"DKEK\x01" + bytes((number,)) + counts
