# SPDX-License-Identifier: GPL-2.0-or-later
"""The card: what the commands work on, wired together once.

Files and keys load on first use: a host that has just powered the card waits for its first answer.
"""

from hsm import limits
from hsm.platform import identity, power
from hsm.platform.clock import Clock
from hsm.platform.flash import Flash, part_size_bytes
from hsm.security.seal import Seal
from hsm.security.security_environment import SecurityEnvironment
from hsm.security.security_status import SecurityStatus
from hsm.security.session_pin import SessionPin
from hsm.security.user_presence import UserPresence
from hsm.store import Store


class Card:
    """`workspace`: static memory of at least a chunk, wiped after use.

    `restart`: None, or the reset that a host asked for, to be called once it has its answer.
    """

    def __init__(self, workspace):
        self.store = Store(Flash(), Seal, self.end_session)
        self.status = SecurityStatus(self.store)
        self.presence = UserPresence(self.store)
        self.identity = identity
        self.flash_size_bytes = part_size_bytes()
        self.clock = Clock()
        self.rescue_selected = False
        self.restart = None
        self._workspace = workspace
        self._files = None
        self._keys = None
        self._hd_wallet = None
        self._secure_lock = None
        self._device_name = None
        self._trust = None
        self.session_pin = SessionPin(self.store)
        self.environment = SecurityEnvironment()
        self.channel = None
        self._next_channel = None

    @property
    def files(self):
        """The FileSystem."""
        if self._files is None:
            from hsm.files.file_system import FileSystem

            scratch = self._workspace[: limits.CHUNK_BYTES]
            serial = identity.unique_id()
            self._files = FileSystem(self.store, self.status, serial, scratch)
        return self._files

    @property
    def keys(self):
        """The KeyStore."""
        if self._keys is None:
            from hsm.keys.key_store import KeyStore

            self._keys = KeyStore(self.store, self.status, self.presence)
        return self._keys

    @property
    def secure_lock(self):
        """The SecureLock."""
        if self._secure_lock is None:
            from hsm.security.secure_lock import SecureLock

            self._secure_lock = SecureLock(self.store, self.status)
        return self._secure_lock

    @property
    def hd_wallet(self):
        """The HdWallet."""
        if self._hd_wallet is None:
            from hsm.keys.hd_wallet import HdWallet

            self._hd_wallet = HdWallet(self.store, self.status, self.presence)
        return self._hd_wallet

    @property
    def trust(self):
        """The TrustStore."""
        if self._trust is None:
            from hsm.security.trust_store import TrustStore

            self._trust = TrustStore(self.store)
        return self._trust

    @property
    def device_name(self):
        """Holder reference of the device certificate, 16 bytes unless an external PKI gave it."""
        if self._device_name is None:
            from hsm.keys.device_name import certified_name, device_name

            self._device_name = certified_name(self.store, device_name(identity.unique_id()))
        return self._device_name

    def ask_for_restart(self, to_bootsel):
        """Reset the chip after the answer, into the boot ROM's loader if so wanted."""
        self.restart = power.reset_to_bootsel if to_bootsel else power.reset

    def log_out(self):
        """Forget who was authenticated and every selection; secure messaging goes on."""
        self.status.close()
        self.environment.clear()
        self.rescue_selected = False
        self._trust = None
        self._device_name = None
        if self._secure_lock is not None:
            self._secure_lock.forget()
        if self._files is not None:
            self._files.current = None

    def end_session(self):
        """Forget all of the session: power off, or an error nobody foresaw."""
        self.log_out()
        self.close_channel()
        if not self.session_pin.is_kept:
            self.session_pin.clear()

    # --- Secure messaging -------------------------------------------------------------------------

    def open_channel(self, channel):
        """Use `channel`, which the card owns from now on, from the next command on."""
        if self._next_channel is not None:
            self._next_channel.wipe()
        self._next_channel = channel

    def settle_channel(self):
        """The command is answered: a channel that it opened takes the place of the old one."""
        channel = self._next_channel
        if channel is not None:
            self._next_channel = None
            self.close_channel()
            self.channel = channel

    def close_channel(self):
        """Wipe the keys of secure messaging."""
        for channel in (self.channel, self._next_channel):
            if channel is not None:
                channel.wipe()
        self.channel = self._next_channel = None
