# SPDX-License-Identifier: GPL-2.0-or-later
"""What commands that make a key share: metadata checked, objects stored.

Spec: [SCHSM] 13.4, 15.1. What had the same id before is replaced.
"""

from hsm.apdu.status_word import (
    SW_FUNCTION_NOT_SUPPORTED,
    SW_INCORRECT_PARAMETERS_P1_P2,
    SW_REFERENCED_DATA_NOT_FOUND,
    CommandError,
)
from hsm.files import object_ids, pkcs15
from hsm.files.object_ids import (
    ID_PHYSICAL_SETTINGS,
    KIND_FILE,
    PREFIX_CERTIFICATE,
    PREFIX_PRIVATE_KEY_DESCRIPTION,
)
from hsm.keys import metadata
from hsm.keys.metadata import UNLIMITED, KeyInfo
from hsm.security import access_rules, device_options, key_domains


def check(card, key_id):
    """AccessDenied, or 6A86 for the id of the device key."""
    access_rules.check_user(card.status)
    if key_id == 0:
        raise CommandError(SW_INCORRECT_PARAMETERS_P1_P2)


def requested_info(card, request, kind, curve, bits):
    """The KeyInfo of a new key from the metadata TLVs of a request. InvalidMetadata.

    6A81: the physical settings leave the curve out; 6A86: there is no such key domain; 6A88: it is
    not set up.
    """
    _check_curve(card, curve)
    uses, objects = metadata.from_request(request)
    if uses == UNLIMITED:
        uses = uses_unasked(card)
    info = KeyInfo(kind, curve, bits, uses, objects)
    domain = info.domain()
    if domain is not None:
        if domain >= key_domains.count(card.store):
            raise CommandError(SW_INCORRECT_PARAMETERS_P1_P2)
        if not key_domains.is_set_up(card.store, domain):
            raise CommandError(SW_REFERENCED_DATA_NOT_FOUND)
    return info


def _check_curve(card, curve):
    # Most boards have no settings: the module that reads them is not even loaded.
    if curve and card.store.contains(ID_PHYSICAL_SETTINGS):
        from hsm.files.physical_settings import PhysicalSettings

        if not PhysicalSettings(card.store.read(ID_PHYSICAL_SETTINGS)).allows(curve):
            raise CommandError(SW_FUNCTION_NOT_SUPPORTED)


def uses_unasked(card):
    """The counter of a new key that asked for none: UNLIMITED, unless all keys must have one."""
    if device_options.get(card.store) & device_options.COUNTER_ON_ALL_KEYS:
        return metadata.USES_MAX
    return UNLIMITED


def put(card, change, key_id, handle, info, certificate=None):
    """Put a new key into a transaction: itself, its description, and its request if it has one.

    A certificate that another key of this id left goes with it.
    """
    card.keys.put(change, key_id, handle, info)
    description = object_ids.fid(PREFIX_PRIVATE_KEY_DESCRIPTION, key_id)
    change.replace(description, KIND_FILE, pkcs15.key_description(key_id, info.kind, info.bits))
    if certificate is None:
        change.delete(object_ids.fid(PREFIX_CERTIFICATE, key_id))
    else:
        change.replace(object_ids.fid(PREFIX_CERTIFICATE, key_id), KIND_FILE, certificate)
