# SPDX-License-Identifier: GPL-2.0-or-later
"""Reference data: user PIN and SO-PIN, stretched, counted, verified by unsealing.

Spec: [7816-4] 11.6, [SCHSM] 9; invariants PIN-1, PIN-2 of the store.

An object of the store holds length of the PIN, limit of tries, flags, iterations, salt and a secret
sealed under the stretched PIN: for the user PIN the master key; for the SO-PIN the master key too,
or random bytes when RESET RETRY COUNTER is disabled. There is no other verifier: a PIN is right if
the secret opens.
"""

import struct

from hsm_crypto import Secret, random
from micropython import const

from hsm import limits
from hsm.files.object_ids import KIND_REFERENCE_DATA
from hsm.platform import identity
from hsm.security.pin_opening import open_twice
from hsm.store import StoreFailure, StoreFull, counters
from hsm.store.record import FLAG_FIELD, FLAG_VITAL

FLAG_TRANSPORT = const(0x01)  # not usable before CHANGE REFERENCE DATA ([SCHSM] 9.5)

_PARAMETERS = "<BBBxI16s"
_PARAMETERS_BYTES = const(24)
_SALT_BYTES = const(16)
# Tries are counted in the object, and INITIALIZE destroys it first: the master key is in it.
_STORE_FLAGS = FLAG_FIELD | FLAG_VITAL


class AuthenticationFailed(Exception):
    """Wrong reference data; `tries_left` more are allowed."""

    def __init__(self, tries_left):
        self.tries_left = tries_left


class AuthenticationBlocked(Exception):
    """No try is left."""


class TransportState(Exception):
    """The PIN must be changed before it can be used."""


def default_iterations():
    """The cost that takes about 0.25 s on this chip."""
    return limits.PIN_ITERATIONS_RP2350 if identity.is_rp2350() else limits.PIN_ITERATIONS_RP2040


class ReferenceData:
    """One PIN, as it stands in the store. NotFound if it was never set."""

    def __init__(self, store, id):
        self._store = store
        self.id = id
        self._contents = store.read(id)
        self.length, self.tries_limit, self.flags, self.iterations, self._salt = struct.unpack_from(
            _PARAMETERS, self._contents, 0
        )

    def tries_left(self):
        """Tries that are left: 0 if blocked."""
        return max(0, self.tries_limit - counters.tries_spent(self._store, self.id))

    def verify(self, pin, transport_ok=False):
        """The secret that `pin` opens, as a handle the caller wipes.

        One try is spent before the comparison and given back after it (PIN-2).
        AuthenticationFailed, AuthenticationBlocked, TransportState, StoreFailure.
        """
        before = self.tries_left()
        if before < 1:
            raise AuthenticationBlocked
        if self.flags & FLAG_TRANSPORT and not transport_ok:
            raise TransportState
        counters.spend_try(self._store, self.id)
        if self.tries_left() != before - 1:
            raise AuthenticationBlocked
        secret = self._open(pin)
        if not _is_open(secret):
            left = self.tries_left()
            if left < 1:
                raise AuthenticationBlocked
            raise AuthenticationFailed(left)
        # Asked anew: one skipped check must not give a wrong PIN its tries back.
        if not _is_open(secret):
            raise AuthenticationBlocked
        try:
            self.restore_tries()
        except Exception:
            secret.wipe()
            raise
        return secret

    def restore_tries(self):
        """Give all tries back: after a success, or on the security officer's word."""
        if counters.restore_tries(self._store, self.id):
            try:
                self._renew()
            except (StoreFailure, StoreFull):
                # The tries are back already. A flash at the end of its life still opens for as long
                # as there are slots; without one, no try can be spent.
                pass

    def _open(self, pin):
        sealed = memoryview(self._contents)[_PARAMETERS_BYTES:]
        # Of the length that was given: to HMAC a PIN and the same with zeros behind are one key.
        bound = _bound(self.id, len(pin), self._contents)
        pepper = self._store.seal.pepper
        with Secret.stretch(pin, self._salt, self.iterations, pepper) as stretched:
            return open_twice(stretched, bound, sealed)

    def _renew(self):
        # The field's slots are nearly used up: the same reference data with a new field.
        with self._store.transaction() as change:
            change.put(self.id, KIND_REFERENCE_DATA, self._contents, _STORE_FLAGS)
            change.commit()


def put(change, seal, id, pin, tries_limit, iterations, secret, flags=0):
    """Put reference data `id` into a transaction: `pin` opens `secret`; all tries are left."""
    salt = random(_SALT_BYTES)
    parameters = struct.pack(_PARAMETERS, len(pin), tries_limit, flags, iterations, salt)
    with Secret.stretch(pin, salt, iterations, seal.pepper) as stretched:
        sealed = stretched.seal_object(_bound(id, len(pin), parameters), secret)
    change.put(id, KIND_REFERENCE_DATA, parameters + sealed, _STORE_FLAGS)


def _is_open(secret):
    return isinstance(secret, Secret)


def _bound(id, length, contents):
    # The length is the first of the parameters.
    head = struct.pack("<4sHB", b"PIN\x01", id, length)
    return head + bytes(contents[1:_PARAMETERS_BYTES])
