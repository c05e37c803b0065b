# SPDX-License-Identifier: GPL-2.0-or-later
"""Public key authentication: of n registered keys m sign one challenge.

Spec: [SCHSM] 6, 20. INITIALIZE sets up the numbers; keys are registered afterwards, for good. Which
of them have signed is known to the session alone.
"""

from hsm.files.object_ids import (
    ID_AUTHENTICATION_KEY,
    ID_PUBLIC_KEY_AUTHENTICATION,
    KIND_AUTHENTICATION_KEY,
    KIND_PUBLIC_KEY_AUTHENTICATION,
)


class NotConfigured(Exception):
    """INITIALIZE set up no public key authentication."""


class NoFreeSlot(Exception):
    """All keys are registered."""


class AlreadyRegistered(Exception):
    """One of the slots has this key, or a key of this holder."""


class PublicKeyAuthentication:
    """`challenge`: what the holders sign in this session, a bytearray, or None."""

    def __init__(self, store):
        self._store = store
        self._authenticated = 0
        self.challenge = None

    def forget(self):
        """Nobody has signed anything: logout, or a new challenge."""
        self._authenticated = 0
        self._forget_challenge()

    def _forget_challenge(self):
        # Hosts draw random numbers for themselves by the same command: none stays in the heap.
        if self.challenge is not None:
            self.challenge[:] = bytes(len(self.challenge))
            self.challenge = None

    def is_configured(self):
        return self._store.contains(ID_PUBLIC_KEY_AUTHENTICATION)

    def quorum_is_reached(self):
        """True if as many holders signed as must, or none must."""
        if not self.is_configured():
            return True
        return self.authenticated() >= self._numbers()[1]

    def state(self):
        """(keys in total, not registered yet, required, authenticated). NotConfigured."""
        if not self.is_configured():
            raise NotConfigured
        total, required = self._numbers()
        registered = sum([self.is_registered(slot) for slot in range(total)])
        return total, total - registered, required, self.authenticated()

    def can_be_reached(self):
        """True if as many keys are registered as must sign: from then on the quorum decides."""
        total, missing, required, _ = self.state()
        return total - missing >= required

    def authenticated(self):
        """Holders that have signed the challenge."""
        mask, count = self._authenticated, 0
        while mask:
            count += mask & 1
            mask >>= 1
        return count

    def is_registered(self, slot):
        return self._store.contains(ID_AUTHENTICATION_KEY + slot)

    def is_authenticated(self, slot):
        return bool(self._authenticated & 1 << slot)

    def authenticate(self, slot):
        """The holder of the key in `slot` signed. With the quorum the challenge is used up."""
        self._authenticated |= 1 << slot
        if self.quorum_is_reached():
            self._forget_challenge()

    def key(self, slot):
        """The PublicKey in `slot`. NotFound."""
        from hsm.keys.public_key import PublicKey

        return PublicKey.decode(self._store.read(ID_AUTHENTICATION_KEY + slot))

    def slot_of(self, holder):
        """The slot of the key with this holder reference, or None."""
        if not self.is_configured():
            return None
        for slot in range(self._numbers()[0]):
            if self.is_registered(slot) and self.key(slot).holder == holder:
                return slot
        return None

    def register(self, key):
        """Put `key` into the first free slot, durably. NoFreeSlot, AlreadyRegistered."""
        for slot in range(self.state()[0]):
            if not self.is_registered(slot):
                self._put(slot, key)
                return
        raise NoFreeSlot

    def replace(self, slot, key):
        """Put `key` in place of another one, durably; its holder has not signed. NotFound."""
        self.key(slot)
        self._put(slot, key)
        self._authenticated &= ~(1 << slot)

    def _numbers(self):
        contents = self._store.read(ID_PUBLIC_KEY_AUTHENTICATION)
        return contents[0], contents[1]

    def _put(self, slot, key):
        # Whoever had two slots would count twice.
        for other in range(self._numbers()[0]):
            if other != slot and self.is_registered(other) and self.key(other).is_like(key):
                raise AlreadyRegistered
        with self._store.transaction() as change:
            change.put(ID_AUTHENTICATION_KEY + slot, KIND_AUTHENTICATION_KEY, key.encode())
            change.commit()


def put(change, total, required):
    """Put the numbers of keys into the transaction of INITIALIZE."""
    contents = bytes((total, required))
    change.put(ID_PUBLIC_KEY_AUTHENTICATION, KIND_PUBLIC_KEY_AUTHENTICATION, contents)
