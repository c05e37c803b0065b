# SPDX-License-Identifier: GPL-2.0-or-later
"""The root key: what every key of the store hangs from.

The root record of the store is `source | salt`: one byte that names where the root comes from, and
32 random bytes. Source 1: chip id and salt, which both stand in the open: it makes each device's
keys its own, and is no secret towards someone who has the flash.
"""

from hsm_crypto import Secret, random
from micropython import const

from hsm.platform import identity, otp
from hsm.store import StoreDamaged

SOURCE_CHIP_ID = const(1)
SALT_BYTES = const(32)


def new_root_record():
    """A root record for a fresh store, 33 bytes."""
    return bytes((SOURCE_CHIP_ID,)) + random(SALT_BYTES)


def open_root(record):
    """The root key as a Secret. StoreDamaged: the record names a source that is not here."""
    if len(record) != 1 + SALT_BYTES or record[0] != SOURCE_CHIP_ID or otp.root_key() is not None:
        raise StoreDamaged
    with Secret.from_bytes(record) as salt:
        return salt.derive(b"hsm root" + identity.unique_id())
