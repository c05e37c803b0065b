// SPDX-License-Identifier: GPL-2.0-or-later
// Key derivation and MAC: HMAC-SHA256, HKDF, PBKDF2 and the PIN stretch made of them.
#include "kdf.h"

#include <string.h>

#include "library.h"
#include "pool.h"
#include "wipe.h"

struct crypto_mac {
    Hmac hmac;
};

crypto_result_t crypto_mac_new(crypto_hash_t hash, const uint8_t *key, size_t key_length, crypto_mac_t **mac) {
    *mac = crypto_pool_alloc(sizeof(**mac));
    if (*mac == NULL) {
        return CRYPTO_MEMORY;
    }
    int error = wc_HmacInit(&(*mac)->hmac, NULL, INVALID_DEVID);
    if (error == 0) {
        error = wc_HmacSetKey_ex(&(*mac)->hmac, crypto_library_hash(hash), key, key_length, 1);
    }
    if (error != 0) {
        crypto_pool_free(*mac);
    }
    return crypto_from_library(error);
}

crypto_result_t crypto_mac_update(crypto_mac_t *mac, const uint8_t *data, size_t length) {
    return crypto_from_library(length == 0 ? 0 : wc_HmacUpdate(&mac->hmac, data, length));
}

crypto_result_t crypto_mac_final(crypto_mac_t *mac, uint8_t *out) {
    int error = wc_HmacFinal(&mac->hmac, out);
    crypto_pool_free(mac);
    return crypto_from_library(error);
}

crypto_result_t crypto_hkdf(const uint8_t *key, size_t key_length, const uint8_t *salt, size_t salt_length,
                            const uint8_t *info, size_t info_length, uint8_t *out, size_t out_length) {
    int error = wc_HKDF(WC_SHA256, key, (word32)key_length, salt, (word32)salt_length, info, (word32)info_length, out,
                        (word32)out_length);
    return crypto_from_library(error);
}

// --- PBKDF2 ---------------------------------------------------------------------------------------

// The states of both hashes of HMAC after their key block. Each iteration starts from copies, which
// halves the number of compressions: two instead of four.
typedef struct {
    wc_Sha256 inner;
    wc_Sha256 outer;
    wc_Sha256 work;
    uint8_t block[WC_SHA256_BLOCK_SIZE];
    uint8_t chained[WC_SHA256_DIGEST_SIZE];
} pbkdf2_t;

static int start_from_key_block(pbkdf2_t *state, wc_Sha256 *hash, const uint8_t *key, size_t key_length, uint8_t pad) {
    memset(state->block, pad, sizeof(state->block));
    for (size_t i = 0; i < key_length; i++) {
        state->block[i] ^= key[i];
    }
    int error = wc_InitSha256(hash);
    return error != 0 ? error : wc_Sha256Update(hash, state->block, sizeof(state->block));
}

// chained = HMAC(password, data)
static int prf(pbkdf2_t *state, const uint8_t *data, size_t length, const uint8_t *more, size_t more_length) {
    state->work = state->inner;
    int error = wc_Sha256Update(&state->work, data, length);
    if (error == 0 && more_length != 0) {
        error = wc_Sha256Update(&state->work, more, more_length);
    }
    if (error == 0) {
        error = wc_Sha256Final(&state->work, state->chained);
    }
    if (error == 0) {
        state->work = state->outer;
        error = wc_Sha256Update(&state->work, state->chained, sizeof(state->chained));
    }
    return error != 0 ? error : wc_Sha256Final(&state->work, state->chained);
}

crypto_result_t crypto_pbkdf2(const uint8_t *password, size_t password_length, const uint8_t *salt, size_t salt_length,
                              uint32_t iterations, uint8_t out[CRYPTO_STRETCH_BYTES]) {
    static const uint8_t first_block_index[4] = {0, 0, 0, 1};
    if (password_length > WC_SHA256_BLOCK_SIZE || salt_length == 0 || iterations == 0) {
        return CRYPTO_ARGUMENT;
    }
    pbkdf2_t *state = crypto_pool_alloc(sizeof(*state));
    if (state == NULL) {
        return CRYPTO_MEMORY;
    }
    int error = start_from_key_block(state, &state->inner, password, password_length, 0x36);
    if (error == 0) {
        error = start_from_key_block(state, &state->outer, password, password_length, 0x5C);
    }
    if (error == 0) {
        error = prf(state, salt, salt_length, first_block_index, sizeof(first_block_index));
        memcpy(out, state->chained, CRYPTO_STRETCH_BYTES);
    }
    for (uint32_t i = 1; error == 0 && i < iterations; i++) {
        error = prf(state, state->chained, sizeof(state->chained), NULL, 0);
        for (size_t byte = 0; byte < CRYPTO_STRETCH_BYTES; byte++) {
            out[byte] ^= state->chained[byte];
        }
    }
    crypto_pool_free(state);
    return crypto_from_library(error);
}

crypto_result_t crypto_stretch(const uint8_t *pin, size_t pin_length, const uint8_t salt[CRYPTO_STRETCH_SALT_BYTES],
                               uint32_t iterations, const uint8_t *pepper, size_t pepper_length,
                               uint8_t out[CRYPTO_STRETCH_BYTES]) {
    static const uint8_t info[3] = {'p', 'i', 'n'};
    uint8_t stretched[CRYPTO_STRETCH_BYTES];
    crypto_result_t result = crypto_pbkdf2(pin, pin_length, salt, CRYPTO_STRETCH_SALT_BYTES, iterations, stretched);
    if (result == CRYPTO_OK) {
        result = crypto_hkdf(stretched, sizeof(stretched), pepper, pepper_length, info, sizeof(info), out,
                             CRYPTO_STRETCH_BYTES);
    }
    crypto_wipe(stretched, sizeof(stretched));
    return result;
}
