# SPDX-License-Identifier: GPL-2.0-or-later
"""SELECT: applications by AID, files by FID or path; answers control parameters.

Spec: [7816-4] 11.2.2; [SCHSM] 3, 5.3, 24. Selecting an application logs out.
"""

from micropython import const

from hsm.apdu.status_word import (
    SW_FILE_OR_APPLICATION_NOT_FOUND,
    SW_INCORRECT_PARAMETERS_P1_P2,
    CommandError,
)
from hsm.files import control_parameters
from hsm.files.object_ids import MF, PREFIX_KEY
from hsm.profile import AID_RESCUE, AID_SMARTCARD_HSM, PROTOCOL_MAJOR, PROTOCOL_MINOR
from hsm.security import device_options

_BY_FID = const(0x00)
_BY_AID = const(0x04)
_BY_PATH = const(0x08)
_PATH_PKCS15 = b"\x50\x15"

_PRODUCT_HSM = const(1)


def select(card, command, response):
    """A4: select by P1. 6A82: nothing of that name; the selection stays as it was."""
    if command.p2 & 0xFC not in (0x00, 0x04):
        raise CommandError(SW_INCORRECT_PARAMETERS_P1_P2)
    data = command.data
    if command.p1 == _BY_AID:
        _select_application(card, data, response)
    elif card.rescue_selected or command.p1 not in (_BY_FID, _BY_PATH):
        raise CommandError(SW_INCORRECT_PARAMETERS_P1_P2)
    elif not data:
        card.files.current = None
        response.append(control_parameters.of_file(MF, 0))
    else:
        _select_file(card, _fid(command.p1, data), response)


def _fid(p1, data):
    if p1 == _BY_PATH and len(data) == 4 and data[:2] == _PATH_PKCS15:
        data = data[2:]
    if len(data) != 2:
        raise CommandError(SW_FILE_OR_APPLICATION_NOT_FOUND)
    return data[0] << 8 | data[1]


def _select_file(card, fid, response):
    card.files.select(fid)
    metadata = b""
    if fid >> 8 == PREFIX_KEY:
        metadata = card.keys.control_parameters(fid & 0xFF)
    response.append(control_parameters.of_file(fid, card.files.size(fid), metadata))


def _select_application(card, aid, response):
    # The host may name more bytes than the AID has, never fewer.
    if aid[: len(AID_SMARTCARD_HSM)] == AID_SMARTCARD_HSM:
        card.log_out()
        options = device_options.get(card.store)
        response.append(control_parameters.of_application(AID_SMARTCARD_HSM, options))
    elif aid[: len(AID_RESCUE)] == AID_RESCUE:
        card.log_out()
        card.rescue_selected = True
        platform = 1 if card.identity.is_rp2350() else 0
        response.append(bytes((platform, _PRODUCT_HSM, PROTOCOL_MAJOR, PROTOCOL_MINOR)))
        response.append(card.identity.unique_id())
    else:
        raise CommandError(SW_FILE_OR_APPLICATION_NOT_FOUND)
