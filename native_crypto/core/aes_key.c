// SPDX-License-Identifier: GPL-2.0-or-later
// Symmetric keys of the user, for ciphers, MACs and derivation ([SCHSM] 19).
#include "aes_key.h"

#include <string.h>

#include "cipher.h"
#include "drbg.h"
#include "kdf.h"
#include "pool.h"
#include "wipe.h"

#define BLOCK_BYTES CRYPTO_CIPHER_BLOCK_BYTES

bool crypto_aes_key_is_length(size_t length) {
    return length == 16 || length == 24 || length == 32 || length == 64;
}

static crypto_result_t new_key(size_t length, crypto_aes_key_t **key) {
    if (!crypto_aes_key_is_length(length)) {
        return CRYPTO_ARGUMENT;
    }
    *key = crypto_pool_alloc_handle(sizeof(**key));
    if (*key == NULL) {
        return CRYPTO_MEMORY;
    }
    (*key)->length = (uint8_t)length;
    return CRYPTO_OK;
}

crypto_result_t crypto_aes_key_generate(size_t length, crypto_aes_key_t **key) {
    crypto_result_t result = new_key(length, key);
    if (result == CRYPTO_OK) {
        result = crypto_random((*key)->bytes, length);
        if (result != CRYPTO_OK) {
            crypto_pool_free(*key);
        }
    }
    return result;
}

crypto_result_t crypto_aes_key_from_bytes(const uint8_t *bytes, size_t length, crypto_aes_key_t **key) {
    crypto_result_t result = new_key(length, key);
    if (result == CRYPTO_OK) {
        memcpy((*key)->bytes, bytes, length);
    }
    return result;
}

// --- PBES2 -------------------------------------------------------------------------------------------

typedef crypto_result_t (*cipher_t)(const crypto_cipher_use_t *, const uint8_t *, size_t, uint8_t *);

// AES-CBC of whole blocks under the derived key.
static crypto_result_t run(cipher_t cipher, const crypto_aes_key_t *password, const crypto_pbes2_t *use,
                           const uint8_t *in, size_t length, uint8_t *out) {
    uint8_t key[32];
    if (use->key_length > sizeof(key)) {
        return CRYPTO_ARGUMENT;
    }
    crypto_result_t result = crypto_pbkdf2(use->hash, password->bytes, password->length, use->salt, use->salt_length,
                                           use->iterations, key, use->key_length);
    if (result == CRYPTO_OK) {
        crypto_cipher_use_t cbc = {.cipher = CRYPTO_CIPHER_AES_CBC,
                                   .key = key,
                                   .key_length = use->key_length,
                                   .iv = use->iv,
                                   .iv_length = BLOCK_BYTES};
        result = cipher(&cbc, in, length, out);
    }
    crypto_wipe(key, sizeof(key));
    return result;
}

crypto_result_t crypto_pbes2_encrypt(const crypto_aes_key_t *password, const crypto_pbes2_t *use, const uint8_t *in,
                                     size_t length, uint8_t *out, size_t *out_length) {
    size_t padding = BLOCK_BYTES - length % BLOCK_BYTES;
    uint8_t *padded = crypto_pool_alloc(length + padding);
    if (padded == NULL) {
        return CRYPTO_MEMORY;
    }
    memcpy(padded, in, length);
    memset(padded + length, (int)padding, padding); // [RFC8018] 6.1.1 4
    crypto_result_t result = run(crypto_encrypt, password, use, padded, length + padding, out);
    *out_length = length + padding;
    crypto_pool_free(padded);
    return result;
}

// The padding's length, 1..16, or 0 if it is wrong; in time that does not tell where.
static size_t padding_of(const uint8_t last[BLOCK_BYTES]) {
    unsigned padding = last[BLOCK_BYTES - 1];
    unsigned wrong = (padding - 1) >> 4; // not 0 unless 1..16
    for (unsigned i = 0; i < BLOCK_BYTES; i++) {
        unsigned is_padding = ((BLOCK_BYTES - 1 - i) - padding) >> 31;
        wrong |= (0u - is_padding) & (last[i] ^ padding);
    }
    unsigned is_right = ((wrong & 0xFFFF) - 1) >> 31;
    return padding & (0u - is_right);
}

crypto_result_t crypto_pbes2_decrypt(const crypto_aes_key_t *password, const crypto_pbes2_t *use, const uint8_t *in,
                                     size_t length, uint8_t *out, size_t *out_length) {
    if (length == 0 || length % BLOCK_BYTES != 0) {
        return CRYPTO_AUTHENTICATION;
    }
    crypto_result_t result = run(crypto_decrypt, password, use, in, length, out);
    if (result != CRYPTO_OK) {
        return result;
    }
    size_t padding = padding_of(out + length - BLOCK_BYTES);
    if (padding == 0) {
        crypto_wipe(out, length);
        return CRYPTO_AUTHENTICATION;
    }
    crypto_wipe(out + length - padding, padding);
    *out_length = length - padding;
    return CRYPTO_OK;
}
