// SPDX-License-Identifier: GPL-2.0-or-later
// Ciphers: the modes of AES ([SP800-38A] to [SP800-38E]) and ChaCha20-Poly1305 ([RFC8439]).
#ifndef CRYPTO_CIPHER_H
#define CRYPTO_CIPHER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "result.h"

typedef enum {
    CRYPTO_CIPHER_AES_ECB = 1,
    CRYPTO_CIPHER_AES_CBC = 2,
    CRYPTO_CIPHER_AES_OFB = 3,
    CRYPTO_CIPHER_AES_CFB = 4,
    CRYPTO_CIPHER_AES_CTR = 5,
    CRYPTO_CIPHER_AES_GCM = 6,
    CRYPTO_CIPHER_AES_CCM = 7,
    CRYPTO_CIPHER_AES_XTS = 8,
    CRYPTO_CIPHER_CHACHA20_POLY1305 = 9,
} crypto_cipher_t;

#define CRYPTO_CIPHER_LAST CRYPTO_CIPHER_CHACHA20_POLY1305
#define CRYPTO_CIPHER_BLOCK_BYTES 16
#define CRYPTO_CIPHER_TAG_BYTES 16
// With a nonce of 13 bytes, CCM counts the message's length in 16 bits.
#define CRYPTO_CIPHER_DATA_MAX_BYTES 65519

typedef struct {
    crypto_cipher_t cipher;
    const uint8_t *key;
    size_t key_length;
    const uint8_t *iv;
    size_t iv_length;
    const uint8_t *associated;
    size_t associated_length;
} crypto_cipher_use_t;

// CRYPTO_CIPHER_TAG_BYTES for GCM, CCM and ChaCha20-Poly1305, else 0.
size_t crypto_cipher_tag_bytes(crypto_cipher_t cipher);

// Whether the lengths of key, IV and associated data suit the cipher, and those of the plain data.
bool crypto_cipher_suits(const crypto_cipher_use_t *use, size_t length);

// `out` gets `length` bytes and the tag. `in` and `out` do not overlap. CRYPTO_ARGUMENT unless it suits;
// CRYPTO_FAILED for the two halves of an XTS key that are equal.
crypto_result_t crypto_encrypt(const crypto_cipher_use_t *use, const uint8_t *in, size_t length, uint8_t *out);

// `length` includes the tag. CRYPTO_AUTHENTICATION for a wrong one; `out` is wiped then.
crypto_result_t crypto_decrypt(const crypto_cipher_use_t *use, const uint8_t *in, size_t length, uint8_t *out);

// AES-CMAC ([SP800-38B]) in progress, from the pool; `crypto_cmac_final` frees it, on every path. The key is 16,
// 24 or 32 bytes (CRYPTO_ARGUMENT for others).
typedef struct crypto_cmac crypto_cmac_t;
crypto_result_t crypto_cmac_new(const uint8_t *key, size_t key_length, crypto_cmac_t **cmac);
crypto_result_t crypto_cmac_update(crypto_cmac_t *cmac, const uint8_t *data, size_t length);
crypto_result_t crypto_cmac_final(crypto_cmac_t *cmac, uint8_t out[CRYPTO_CIPHER_BLOCK_BYTES]);

#endif // CRYPTO_CIPHER_H
