# SPDX-License-Identifier: GPL-2.0-or-later
"""What the store raises. The commands' floor maps these to status words."""


class StoreError(Exception):
    """Base of all errors of the store."""


class NotFound(StoreError):
    """No such object."""


class SealLocked(StoreError):
    """The object is of the user class and no user key is open."""


class StoreFull(StoreError):
    """The object does not fit; nothing was changed."""


class StoreFailure(StoreError):
    """A flash operation failed or a read-back differed."""


class StoreDamaged(StoreError):
    """The log was tampered with, lost records or is of another version; only format() helps."""


class OtherVersion(StoreDamaged):
    """The log is of another version."""
