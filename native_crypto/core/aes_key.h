// SPDX-License-Identifier: GPL-2.0-or-later
// Symmetric keys of the user, for ciphers, MACs and derivation ([SCHSM] 19).
#ifndef CRYPTO_AES_KEY_H
#define CRYPTO_AES_KEY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "digest.h"
#include "result.h"

#define CRYPTO_AES_KEY_MAX_BYTES 64

// In the pool.
typedef struct {
    uint8_t length; // 16, 24 or 32; 64 for XTS-AES-256
    uint8_t bytes[CRYPTO_AES_KEY_MAX_BYTES];
} crypto_aes_key_t;

bool crypto_aes_key_is_length(size_t length);

// CRYPTO_ARGUMENT for another length.
crypto_result_t crypto_aes_key_generate(size_t length, crypto_aes_key_t **key);
crypto_result_t crypto_aes_key_from_bytes(const uint8_t *bytes, size_t length, crypto_aes_key_t **key);

// PBES2 ([RFC8018] 6.2): AES-CBC-PAD of `key_length` bytes under PBKDF2-HMAC of the key.
typedef struct {
    crypto_hash_t hash;
    const uint8_t *salt;
    size_t salt_length;
    uint32_t iterations;
    size_t key_length;
    const uint8_t *iv; // 16 bytes
} crypto_pbes2_t;

// `out` has room for 16 bytes more than `in`; *out_length is set. CRYPTO_CANCELLED.
crypto_result_t crypto_pbes2_encrypt(const crypto_aes_key_t *password, const crypto_pbes2_t *use, const uint8_t *in,
                                     size_t length, uint8_t *out, size_t *out_length);

// `out` has room for `length` bytes. CRYPTO_AUTHENTICATION for wrong padding or a length that is no multiple of 16.
crypto_result_t crypto_pbes2_decrypt(const crypto_aes_key_t *password, const crypto_pbes2_t *use, const uint8_t *in,
                                     size_t length, uint8_t *out, size_t *out_length);

#endif // CRYPTO_AES_KEY_H
