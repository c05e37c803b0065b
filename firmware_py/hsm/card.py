# SPDX-License-Identifier: GPL-2.0-or-later
"""The card: what the commands work on, wired together once.

Files and keys load on first use: a host that has just powered the card waits for its first answer.
"""

from hsm import limits
from hsm.platform import identity
from hsm.platform.flash import Flash, part_size_bytes
from hsm.security.seal import Seal
from hsm.security.security_status import SecurityStatus
from hsm.security.user_presence import UserPresence
from hsm.store import Store


class Card:
    """`workspace`: static memory of at least a chunk, wiped after use."""

    def __init__(self, workspace):
        self.store = Store(Flash(), Seal, self.end_session)
        self.status = SecurityStatus(self.store)
        self.presence = UserPresence(self.store)
        self.identity = identity
        self.flash_size_bytes = part_size_bytes()
        self.rescue_selected = False
        self._workspace = workspace
        self._files = None
        self._keys = None
        self._device_name = None

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
    def device_name(self):
        """Holder reference of the device certificate, 16 bytes."""
        if self._device_name is None:
            from hsm.keys.device_name import device_name

            self._device_name = device_name(identity.unique_id())
        return self._device_name

    def end_session(self):
        """Log out and forget every selection: SELECT, power off, or an error nobody foresaw."""
        self.status.close()
        self.rescue_selected = False
        if self._files is not None:
            self._files.current = None
