# SPDX-License-Identifier: GPL-2.0-or-later
"""The commands, one file per family; modules are loaded on first use.

Spec: [SCHSM] 7.
"""

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

# The rescue application.
RESCUE_COMMANDS = {
    0x1E: ("read_flash_state", "read_flash_state"),
    0xA4: ("select", "select"),
}

_loaded = {}


def status_of(error):
    """The status word that an error of a lower floor stands for, or None if nobody foresaw it."""
    from hsm.commands import failures

    return failures.status_of(error)


def find_handler(card, command):
    """The function for `command` in the application that `card` has selected, or None."""
    table = RESCUE_COMMANDS if card.rescue_selected else HSM_COMMANDS
    entry = table.get(command.ins)
    if entry is None:
        return None
    handler = _loaded.get(entry)
    if handler is None:
        module = __import__("hsm.commands." + entry[0], None, None, (entry[1],))
        handler = _loaded[entry] = getattr(module, entry[1])
    return handler
