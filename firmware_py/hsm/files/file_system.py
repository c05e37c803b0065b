# SPDX-License-Identifier: GPL-2.0-or-later
"""EFs by FID over the store: select, read, write, delete, with access rules.

Spec: [SCHSM] 5.1, 8. EF.DIR, EF.ATR and, until a host writes it, EF.TokenInfo are computed.
"""

from hsm import limits
from hsm.files import object_ids, pkcs15
from hsm.files.object_ids import (
    EF_ATR,
    EF_DEVICE_CERTIFICATE,
    EF_DIR,
    EF_TOKEN_INFO,
    KIND_FILE,
    PREFIX_KEY,
    PREFIX_KEY_CONTAINER,
    PREFIX_PRIVATE_DATA,
    PREFIX_TOKEN,
)
from hsm.profile import AID_SMARTCARD_HSM
from hsm.security import access_rules
from hsm.store import NotFound, StoreFailure, StoreFull
from hsm.store.record import FLAG_PERSISTENT, FLAG_USER

# What INITIALIZE keeps: the device's own key, its description, request and certificate.
_PERSISTENT = (
    EF_DEVICE_CERTIFICATE,
    object_ids.FID_DEVICE_KEY_DESCRIPTION,
    object_ids.FID_DEVICE_KEY_REQUEST,
)


class FileEmpty(Exception):
    """There is nothing yet that could be extended."""


class FileSystem:
    """`scratch`: static memory of CHUNK_BYTES for changes inside a chunk."""

    def __init__(self, store, status, serial, scratch):
        self._store = store
        self._status = status
        self._serial = serial
        self._scratch = scratch
        self.current = None

    def select(self, fid):
        """Make `fid` the current EF. NotFound."""
        if not self.exists(fid):
            raise NotFound
        self.current = fid

    def exists(self, fid):
        """True if a host may know of `fid`."""
        if fid >> 8 == PREFIX_TOKEN and fid <= EF_TOKEN_INFO:
            return True
        return access_rules.is_file(fid) and self._store.contains(fid)

    def size(self, fid):
        """Bytes that READ BINARY can get; 0 for a key. NotFound."""
        computed = self._computed(fid)
        if computed is not None:
            return len(computed)
        return 0 if fid >> 8 == PREFIX_KEY else self._store.size(fid)

    def read(self, fid, offset, length, response):
        """Append up to `length` bytes from `offset`; returns False if it is behind the end.

        AccessDenied, NotFound.
        """
        access_rules.check_read(fid, self._status)
        computed = self._computed(fid)
        if computed is not None:
            if offset > len(computed):
                return False
            response.append(computed[offset : offset + length])
            return True
        room = response.room()
        if fid >> 8 == PREFIX_PRIVATE_DATA:
            length = min(length, len(room) - limits.CHUNK_BYTES)
        count = self._store.read_into(fid, offset, length, room)
        if count < 0:
            return False
        response.extend(count)
        return True

    def update(self, fid, offset, data):
        """Replace the file (offset 0) or write into it; makes it current.

        AccessDenied; FileEmpty; StoreFailure: a gap would arise; StoreFull.
        """
        access_rules.check_update(fid, self._status)
        flags = FLAG_USER if fid >> 8 == PREFIX_PRIVATE_DATA else 0
        if fid in _PERSISTENT:
            flags |= FLAG_PERSISTENT
        size = self._store.size(fid) if self._store.contains(fid) else 0
        if offset and not size:
            raise FileEmpty
        if offset > size:
            raise StoreFailure
        if offset + len(data) > limits.FILE_BYTES_MAX:
            raise StoreFull
        if not offset or data:
            with self._store.transaction() as change:
                if offset:
                    change.write(fid, KIND_FILE, offset, data, flags, self._scratch)
                else:
                    change.replace(fid, KIND_FILE, data, flags)
                change.commit()
        self.current = fid

    def delete(self, fid):
        """Delete a file and what the card keeps beside it. AccessDenied, NotAllowed, NotFound."""
        # The containers of other cards ([SCHSM] 5.2) are not closed, they are not there.
        if fid >> 8 == PREFIX_KEY_CONTAINER:
            raise NotFound
        access_rules.check_delete(fid, self._status)
        if not self._store.contains(fid):
            raise NotFound
        with self._store.transaction() as change:
            change.delete(fid)
            if fid >> 8 == PREFIX_KEY:
                change.delete(object_ids.fid(object_ids.PREFIX_KEY_INFO, fid & 0xFF))
            change.commit()
        if self.current == fid:
            self.current = None

    def _computed(self, fid):
        # Contents of a file that is not in the store, or None.
        if fid >> 8 != PREFIX_TOKEN:
            return None
        if fid == EF_DIR:
            return pkcs15.ef_dir(AID_SMARTCARD_HSM, pkcs15.token_label(self._token_info()))
        if fid == EF_TOKEN_INFO:
            return self._token_info()
        if fid == EF_ATR or (fid == EF_DEVICE_CERTIFICATE and not self._store.contains(fid)):
            return b""
        return None

    def _token_info(self):
        if self._store.contains(EF_TOKEN_INFO):
            return self._store.read(EF_TOKEN_INFO)
        return pkcs15.token_info(self._serial)
