# SPDX-License-Identifier: GPL-2.0-or-later
"""The one table of FIDs and object ids.

Spec: [SCHSM] 5.1 and 5.2. A file's object in the store has the FID as its id. Ids that no prefix of
the table of access rules covers are internal: hosts cannot name them.
"""

from micropython import const

# --- FIDs ----------------------------------------------------------------------------------------
MF = const(0x3F00)
EF_DIR = const(0x2F00)
EF_ATR = const(0x2F01)
EF_DEVICE_CERTIFICATE = const(0x2F02)  # C.DevAut
EF_TOKEN_INFO = const(0x2F03)
EF_ATTESTATION_CERTIFICATE = const(0x2F04)
EF_WRAPPED_KEY = const(0x2F10)  # where hosts put the blob that UNWRAP KEY takes

FID_DEVICE_KEY = const(0xCC00)
FID_DEVICE_KEY_DESCRIPTION = const(0xC400)
FID_DEVICE_KEY_REQUEST = const(0xCE00)

# --- High bytes; the low byte is the key id, or counts -------------------------------------------
PREFIX_TOKEN = const(0x2F)
PREFIX_PRIVATE_KEY_DESCRIPTION = const(0xC4)  # PrKD
PREFIX_KEY_CONTAINER = const(0xC7)  # other cards keep keys there, and let nobody find them
PREFIX_CERTIFICATE_DESCRIPTION = const(0xC8)  # CD
PREFIX_DATA_DESCRIPTION = const(0xC9)  # DCOD
PREFIX_CA_CERTIFICATE = const(0xCA)
PREFIX_KEY = const(0xCC)
PREFIX_PRIVATE_DATA = const(0xCD)
PREFIX_CERTIFICATE = const(0xCE)
PREFIX_DATA = const(0xCF)

# --- Internal objects ----------------------------------------------------------------------------
ID_USER_CLASS_KEY = const(0x100A)
ID_ATTESTATION_KEY = const(0x100C)
ID_DEVICE_OPTIONS = const(0x100E)
ID_KEY_DOMAIN_UID = const(0x1070)  # of domain 0; those of the others follow
ID_USER_PIN = const(0x1081)
ID_SO_PIN = const(0x1089)
ID_KEY_DOMAIN = const(0x1090)  # of domain 0; those of the others follow
ID_KEY_DOMAINS = const(0x10A0)  # how many there are
ID_DKEK = const(0x10B0)  # of domain 0; those of the others follow
ID_PUBLIC_KEY_AUTHENTICATION = const(0x10C0)  # how many keys there are, and must sign
ID_AUTHENTICATION_KEY = const(0x10D0)  # of slot 0; those of the others follow
ID_MASTER_NODE = const(0x1110)  # of seed 0; those of the others follow
PREFIX_KEY_INFO = const(0x12)
ID_PHYSICAL_SETTINGS = const(0xE020)

# --- Kinds of objects: bound into each seal ------------------------------------------------------
KIND_FILE = const(0x01)
KIND_PRIVATE_KEY = const(0x02)
KIND_KEY_INFO = const(0x03)
KIND_REFERENCE_DATA = const(0x04)
KIND_DEVICE_OPTIONS = const(0x05)
KIND_KEY_DOMAIN = const(0x06)
KIND_KEY_DOMAINS = const(0x07)
KIND_DKEK = const(0x08)
KIND_KEY_DOMAIN_UID = const(0x09)
KIND_PUBLIC_KEY_AUTHENTICATION = const(0x10)
KIND_AUTHENTICATION_KEY = const(0x11)
KIND_MASTER_NODE = const(0x18)
KIND_USER_CLASS_KEY = const(0x19)
KIND_PHYSICAL_SETTINGS = const(0x1A)


def fid(prefix, number):
    """The FID with high byte `prefix` and low byte `number`."""
    return prefix << 8 | number
