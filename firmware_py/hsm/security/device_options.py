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
SESSION_PIN = const(0x0004)
SESSION_PIN_KEPT = const(0x000C)  # both bits: until it is cleared by a command
PUBLIC_KEYS_REPLACEABLE = const(0x0008)  # without 0004
COMBINED_AUTHENTICATION = const(0x0010)  # PIN and keys: this card never takes one for the other
RESET_RETRY_COUNTER_ONLY = const(0x0020)
PRESS_TO_CONFIRM = const(0x0100)
COUNTER_ON_ALL_KEYS = const(0x0200)
SECURE_LOCK = const(0x0400)

# What INITIALIZE can set.
SUPPORTED = const(
    RESET_RETRY_COUNTER_ENABLED
    | TRANSPORT_PIN
    | SESSION_PIN_KEPT
    | COMBINED_AUTHENTICATION
    | RESET_RETRY_COUNTER_ONLY
    | PRESS_TO_CONFIRM
    | COUNTER_ON_ALL_KEYS
)
# What EXTRAS tells and, but for the secure lock, sets at any time: the high byte.
DYNAMIC = const(PRESS_TO_CONFIRM | COUNTER_ON_ALL_KEYS | SECURE_LOCK)


def get(store):
    """The options; 0 on a device that was never initialised or has lost its store."""
    if store.state != READY or not store.contains(ID_DEVICE_OPTIONS):
        return 0
    return struct.unpack(">H", store.read(ID_DEVICE_OPTIONS))[0]


def session_pin_is_kept(options):
    """True if the session PIN outlives the session."""
    return options & SESSION_PIN_KEPT == SESSION_PIN_KEPT


def public_keys_are_replaceable(options):
    """True for 0008 alone: in 000C the bit belongs to the session PIN."""
    return options & SESSION_PIN_KEPT == PUBLIC_KEYS_REPLACEABLE


def put(change, options):
    """Put the options into a transaction."""
    change.put(ID_DEVICE_OPTIONS, KIND_DEVICE_OPTIONS, struct.pack(">H", options))
