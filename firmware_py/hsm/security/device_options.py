# SPDX-License-Identifier: GPL-2.0-or-later
"""Device options that INITIALIZE sets and hosts find in the FCP.

Spec: [SCHSM] 10.2, tag 80.
"""

import struct

from micropython import const

from hsm.files.object_ids import ID_DEVICE_OPTIONS, KIND_DEVICE_OPTIONS
from hsm.store import READY

RESET_RETRY_COUNTER_ENABLED = const(0x0001)
TRANSPORT_PIN = const(0x0002)
RESET_RETRY_COUNTER_ONLY = const(0x0020)

SUPPORTED = const(0x0023)


def get(store):
    """The options; 0 on a device that was never initialised or has lost its store."""
    if store.state != READY or not store.contains(ID_DEVICE_OPTIONS):
        return 0
    return struct.unpack(">H", store.read(ID_DEVICE_OPTIONS))[0]


def put(change, options):
    """Put the options into a transaction."""
    change.put(ID_DEVICE_OPTIONS, KIND_DEVICE_OPTIONS, struct.pack(">H", options))
