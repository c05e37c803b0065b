# SPDX-License-Identifier: GPL-2.0-or-later
"""The card: what the commands work on, wired together once."""

from hsm.files.file_system import FileSystem
from hsm.keys.device_name import device_name
from hsm.keys.key_store import KeyStore
from hsm.security import device_options
from hsm.security.seal import Seal
from hsm.security.security_status import SecurityStatus
from hsm.store import Store


class Card:
    """`aid`: of the application; `unique_id`: 8 bytes; `scratch`: static memory of a chunk."""

    def __init__(self, flash, aid, unique_id, scratch):
        self.device_name = device_name(unique_id)
        self.store = Store(flash, Seal)
        self.status = SecurityStatus(self.store)
        self.files = FileSystem(self.store, self.status, aid, unique_id, scratch)
        self.keys = KeyStore(self.store, self.status)
        self.rescue_selected = False

    def end_session(self):
        """Log out and forget every selection: SELECT, power off, or an error nobody foresaw."""
        self.status.close()
        self.files.current = None
        self.rescue_selected = False

    def device_options(self):
        """The options in the FCP; 0 if the store cannot tell."""
        return device_options.get(self.store)
