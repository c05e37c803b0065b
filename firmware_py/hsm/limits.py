# SPDX-License-Identifier: GPL-2.0-or-later
"""Every maximum of the firmware, each with its reason."""

from micropython import const

# --- APDUs -------------------------------------------------------------------------------------
# The longest response data field: an RSA-4096 request and a large block of a file fit. The port's
# static buffers have this size, for commands too.
RESPONSE_DATA_BYTES_MAX = const(4096)
# GET CHALLENGE: what OpenSC asks for at most ([SCHSM] 8.6).
CHALLENGE_BYTES_MAX = const(1024)

# --- Reference data ----------------------------------------------------------------------------
# [SCHSM] 9: hosts send 6 to 16 bytes; fewer than 6 would be guessed within the tries.
USER_PIN_BYTES_MIN = const(6)
USER_PIN_BYTES_MAX = const(16)
# [SCHSM] 9: the initialisation code is 8 binary bytes.
SO_PIN_BYTES = const(8)
# Tools accept 1..10 tries for the user PIN ([SCHSM] 9.4).
USER_PIN_TRIES_MAX = const(10)
USER_PIN_TRIES = const(3)
SO_PIN_TRIES = const(15)
# PBKDF2 iterations that take about 0.25 s on the chip at the clock that the board sets.
PIN_ITERATIONS_RP2040 = const(3300)
PIN_ITERATIONS_RP2350 = const(5500)
# The lowest cost that INITIALIZE accepts (tag 9E): test campaigns that log in a million times ask
# for it; 16 keeps the stretch a loop. The highest bounds one VERIFY to about a minute on RP2040.
PIN_ITERATIONS_MIN = const(16)
PIN_ITERATIONS_MAX = const(1000000)

# Keys of public key authentication: twice what hosts' documentation speaks of ([SCHSM] 10.2).
AUTHENTICATION_KEYS_MAX = const(16)
# A challenge that is signed has at least the length that hosts ask for: nobody can collect the
# signatures over all shorter ones. The longest is what the original remembers ([SCHSM] 8.6).
SIGNED_CHALLENGE_BYTES_MIN = const(8)
SIGNED_CHALLENGE_BYTES_MAX = const(256)

# --- Key domains -------------------------------------------------------------------------------
# [SCHSM] 10.2: hosts name no more than 16.
KEY_DOMAINS_MAX = const(16)

# --- Trees of keys -----------------------------------------------------------------------------
# [SCHSM] 22: hosts number seeds 0 to 9 and bring up to 64 bytes of one.
MASTER_NODES_MAX = const(10)
SEED_BYTES_MAX = const(64)
# Hosts' paths have 5 levels ([BIP44]); 32 on a curve take a quarter of a minute on RP2040.
PATH_LEVELS_MAX = const(32)
LABEL_BYTES_MAX = const(255)

# --- Ciphers -----------------------------------------------------------------------------------
# PBKDF2 of CIPHER ([SCHSM] 19): some minutes on RP2040; the host can end it.
PBKDF2_ITERATIONS_MAX = const(1000000)

# --- Flash -------------------------------------------------------------------------------------
# Erases of a sector that the flash chips of both boards (W25Q16JV, W25Q32RV) are rated for.
FLASH_ERASES_RATED = const(100000)

# --- Objects -----------------------------------------------------------------------------------
# A file is sealed in chunks, so that READ unseals little and a change rewrites little. Six sealed
# chunks fill a sector, and what a sector may lose at its end stays small.
CHUNK_BYTES = const(600)
# 4 bytes of offset would allow more; this leaves room for other objects on the smaller board.
FILE_BYTES_MAX = const(262144)
# Metadata 91: more than there are algorithms; all metadata of a key fit the FCP's short length.
ALLOWED_ALGORITHMS_MAX = const(32)
# CAR and CHR are at most 16 characters ([TR-03110-3] D.2).
CERTIFICATE_REFERENCE_BYTES_MAX = const(16)
# Certificates that the card looks at: its own chain, and those of a few others ([SCHSM] 14.4).
TRUSTED_CERTIFICATES_MAX = const(8)
# RSA-4096 key and signature, or P-521 with all of its parameters.
CV_CERTIFICATE_BYTES_MAX = const(1536)
# Root, issuer, device, and one more between them.
CERTIFICATE_CHAIN_MAX = const(4)
# A wrapped RSA-4096 key with CRT parameters, which other cards make, is 1,867 bytes.
KEY_BLOB_BYTES_MAX = const(2048)
# TokenInfo, written by hosts as the token label: one short UPDATE BINARY.
TOKEN_INFO_BYTES_MAX = const(255)
