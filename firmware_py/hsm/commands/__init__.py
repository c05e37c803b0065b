# SPDX-License-Identifier: GPL-2.0-or-later
"""The commands, one file per family; modules are loaded on first use.

Spec: [SCHSM] 7.
"""

from micropython import const

from hsm.apdu.status_word import (
    SW_CLASS_NOT_SUPPORTED,
    SW_INCORRECT_PARAMETERS_P1_P2,
    CommandError,
)

_INS_SELECT = const(0xA4)
_CLA_PROPRIETARY = const(0x80)

# INS: (module, function)
HSM_COMMANDS = {
    0x20: ("verify", "verify"),
    0x22: ("manage_security_environment", "manage_security_environment"),
    0x24: ("verify", "change_reference_data"),
    0x2A: ("verify_certificate", "verify_certificate"),
    0x2C: ("verify", "reset_retry_counter"),
    0x46: ("generate_key_pair", "generate_key_pair"),
    0x48: ("generate_symmetric_key", "generate_symmetric_key"),
    0x4A: ("hierarchical_keys", "hierarchical_keys"),
    0x50: ("initialize_device", "initialize_device"),
    0x52: ("manage_key_domain", "manage_key_domain"),
    0x54: ("manage_public_key_authentication", "manage_public_key_authentication"),
    0x58: ("enumerate_objects", "enumerate_objects"),
    0x5A: ("generate_session_pin", "generate_session_pin"),
    0x62: ("decipher", "decipher"),
    0x64: ("extras", "extras"),
    0x68: ("sign", "sign"),
    0x72: ("wrap_key", "wrap_key"),
    0x74: ("unwrap_key", "unwrap_key"),
    0x76: ("derive_ec_key", "derive_ec_key"),
    0x78: ("cipher", "cipher"),
    0x82: ("external_authenticate", "external_authenticate"),
    0x84: ("get_challenge", "get_challenge"),
    0x86: ("general_authenticate", "general_authenticate"),
    0xA4: ("select", "select"),
    0xB0: ("read_binary", "read_binary"),
    0xB1: ("read_binary", "read_binary_odd"),
    0xD7: ("update_binary", "update_binary_odd"),
    0xE4: ("delete_file", "delete_file"),
}

# The rescue application. INS: (module, function), or {P1: (module, function)}.
RESCUE_COMMANDS = {
    0x10: ("rescue_attestation", "attest"),
    0x1C: {
        0x01: ("rescue_physical_settings", "write_settings"),
        0x02: ("rescue_time", "set_time"),
    },
    0x1E: {
        0x01: ("rescue_physical_settings", "read_settings"),
        0x02: ("read_flash_state", "read_flash_state"),
        0x03: None,  # secure boot: not built
        0x04: ("rescue_time", "read_time"),
    },
    0x1F: ("rescue_reboot", "reboot"),
    0xA4: ("select", "select"),
}

_loaded = {}


def status_of(error):
    """The status word that an error of a lower floor stands for, or None if nobody foresaw it."""
    from hsm.commands import failures

    return failures.status_of(error)


def find_handler(card, command):
    """The function for `command` in the application that `card` has selected, or None."""
    if card.rescue_selected:
        entry = _rescue_entry(command)
    else:
        entry = HSM_COMMANDS.get(command.ins)
    if entry is None:
        return None
    handler = _loaded.get(entry)
    if handler is None:
        module = __import__("hsm.commands." + entry[0], None, None, (entry[1],))
        handler = _loaded[entry] = getattr(module, entry[1])
    return handler


def _rescue_entry(command):
    # 6A86: an unknown P1 of a known INS; 6E00: CLA 00 for one of the application's own commands.
    entry = RESCUE_COMMANDS.get(command.ins)
    if entry is None or command.ins == _INS_SELECT:
        return entry
    if not command.cla & _CLA_PROPRIETARY:
        raise CommandError(SW_CLASS_NOT_SUPPORTED)
    if isinstance(entry, dict):
        if command.p1 not in entry:
            raise CommandError(SW_INCORRECT_PARAMETERS_P1_P2)
        return entry[command.p1]
    return entry
