// SPDX-License-Identifier: GPL-2.0-or-later
// Authenticated encryption that survives a repeated nonce: AES-SIV ([RFC5297]).
#ifndef CRYPTO_SEAL_H
#define CRYPTO_SEAL_H

#include <stddef.h>
#include <stdint.h>

#include "result.h"

#define CRYPTO_SEAL_KEY_BYTES 32
#define CRYPTO_SEAL_TAG_BYTES 16

// One component of associated data. `key` is K1 || K2: 32 bytes (AES-128) or 64 bytes (AES-256).
// `out` is V(16) || C(length) and must not overlap `plain`.
crypto_result_t crypto_siv_encrypt(const uint8_t *key, size_t key_length, const uint8_t *associated,
                                   size_t associated_length, const uint8_t *plain, size_t length, uint8_t *out);

// `sealed` is V || C, at least 16 bytes; `out` gets the rest's length and is wiped unless it is authentic.
crypto_result_t crypto_siv_decrypt(const uint8_t *key, size_t key_length, const uint8_t *associated,
                                   size_t associated_length, const uint8_t *sealed, size_t sealed_length, uint8_t *out);

// The AES-256 keys K1 || K2 that seal under a 32-byte secret: HKDF-SHA256(secret, info="siv", 64).
#define CRYPTO_SEAL_KEYS_BYTES 64
crypto_result_t crypto_seal_keys(const uint8_t secret[CRYPTO_SEAL_KEY_BYTES], uint8_t keys[CRYPTO_SEAL_KEYS_BYTES]);

#endif // CRYPTO_SEAL_H
