// SPDX-License-Identifier: GPL-2.0-or-later
// Key derivation and MAC: HMAC, HKDF, PBKDF2, X9.63, and the PIN stretch made of them.
#include "kdf.h"

#include <stdbool.h>
#include <string.h>

#include "crypto_host.h"
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

crypto_result_t crypto_hkdf(crypto_hash_t hash, const uint8_t *key, size_t key_length, const uint8_t *salt,
                            size_t salt_length, const uint8_t *info, size_t info_length, uint8_t *out,
                            size_t out_length) {
    size_t hash_length = crypto_digest_length(hash);
    if (hash_length == 0 || out_length > 255 * hash_length) {
        return CRYPTO_ARGUMENT;
    }
    int error = wc_HKDF((int)crypto_library_hash(hash), key, (word32)key_length, salt, (word32)salt_length, info,
                        (word32)info_length, out, (word32)out_length);
    return crypto_from_library(error);
}

crypto_result_t crypto_x963(crypto_hash_t hash, const uint8_t *secret, size_t secret_length, const uint8_t *info,
                            size_t info_length, uint8_t *out, size_t out_length) {
    size_t hash_length = crypto_digest_length(hash);
    if (hash_length == 0) {
        return CRYPTO_ARGUMENT;
    }
    uint8_t block[CRYPTO_DIGEST_MAX_BYTES];
    crypto_result_t result = CRYPTO_OK;
    for (size_t done = 0; result == CRYPTO_OK && done < out_length; done += hash_length) {
        uint32_t number = 1 + (uint32_t)(done / hash_length);
        uint8_t counter[4] = {(uint8_t)(number >> 24), (uint8_t)(number >> 16), (uint8_t)(number >> 8),
                              (uint8_t)number};
        crypto_digest_t *digest;
        result = crypto_digest_new(hash, &digest);
        if (result != CRYPTO_OK) {
            break;
        }
        crypto_digest_update(digest, secret, secret_length);
        crypto_digest_update(digest, counter, sizeof(counter));
        crypto_digest_update(digest, info, info_length);
        result = crypto_digest_final(digest, block);
        size_t left = out_length - done;
        memcpy(out + done, block, left < hash_length ? left : hash_length);
    }
    crypto_wipe(block, sizeof(block));
    if (result != CRYPTO_OK) {
        crypto_wipe(out, out_length);
    }
    return result;
}

// --- PBKDF2 ---------------------------------------------------------------------------------------

#define BLOCK_MAX_BYTES 128
#define ITERATIONS_PER_QUESTION 64

// The states of both hashes of HMAC after their key block. Each iteration starts from copies, which
// halves the number of compressions: two instead of four.
typedef struct {
    enum wc_HashType type;
    size_t hash_bytes;
    size_t block_bytes;
    size_t state_bytes; // of the hash, of which the union has room for the longest
    bool asks_host;
    wc_HashAlg inner;
    wc_HashAlg outer;
    wc_HashAlg work;
    uint8_t block[BLOCK_MAX_BYTES];
    uint8_t chained[CRYPTO_DIGEST_MAX_BYTES];
    uint8_t sum[CRYPTO_DIGEST_MAX_BYTES];
} pbkdf2_t;

static int start_from_key_block(pbkdf2_t *state, wc_HashAlg *hash, const uint8_t *key, size_t key_length,
                                uint8_t pad) {
    memset(state->block, pad, state->block_bytes);
    for (size_t i = 0; i < key_length; i++) {
        state->block[i] ^= key[i];
    }
    int error = wc_HashInit(hash, state->type);
    return error != 0 ? error : wc_HashUpdate(hash, state->type, state->block, (word32)state->block_bytes);
}

// chained = HMAC(password, data || more)
static int prf(pbkdf2_t *state, const uint8_t *data, size_t length, const uint8_t *more, size_t more_length) {
    memcpy(&state->work, &state->inner, state->state_bytes);
    int error = length != 0 ? wc_HashUpdate(&state->work, state->type, data, (word32)length) : 0;
    if (error == 0 && more_length != 0) {
        error = wc_HashUpdate(&state->work, state->type, more, (word32)more_length);
    }
    if (error == 0) {
        error = wc_HashFinal(&state->work, state->type, state->chained);
    }
    if (error == 0) {
        memcpy(&state->work, &state->outer, state->state_bytes);
        error = wc_HashUpdate(&state->work, state->type, state->chained, (word32)state->hash_bytes);
    }
    return error != 0 ? error : wc_HashFinal(&state->work, state->type, state->chained);
}

// sum = F(password, salt, iterations, number)
static crypto_result_t pbkdf2_block(pbkdf2_t *state, const uint8_t *salt, size_t salt_length, uint32_t iterations,
                                    uint32_t number) {
    uint8_t index[4] = {(uint8_t)(number >> 24), (uint8_t)(number >> 16), (uint8_t)(number >> 8), (uint8_t)number};
    int error = prf(state, salt, salt_length, index, sizeof(index));
    memcpy(state->sum, state->chained, state->hash_bytes);
    for (uint32_t i = 1; error == 0 && i < iterations; i++) {
        if (state->asks_host && i % ITERATIONS_PER_QUESTION == 0 && crypto_host_cancelled()) {
            return CRYPTO_CANCELLED;
        }
        error = prf(state, state->chained, state->hash_bytes, NULL, 0);
        for (size_t byte = 0; byte < state->hash_bytes; byte++) {
            state->sum[byte] ^= state->chained[byte];
        }
    }
    return crypto_from_library(error);
}

static crypto_result_t pbkdf2(crypto_hash_t hash, bool asks_host, const uint8_t *password, size_t password_length,
                              const uint8_t *salt, size_t salt_length, uint32_t iterations, uint8_t *out,
                              size_t out_length) {
    if (crypto_digest_length(hash) == 0 || password_length > CRYPTO_PASSWORD_MAX_BYTES || iterations == 0) {
        return CRYPTO_ARGUMENT;
    }
    pbkdf2_t *state = crypto_pool_alloc(sizeof(*state));
    if (state == NULL) {
        return CRYPTO_MEMORY;
    }
    state->type = crypto_library_hash(hash);
    state->hash_bytes = crypto_digest_length(hash);
    state->block_bytes = (size_t)wc_HashGetBlockSize(state->type);
    state->state_bytes = state->block_bytes == BLOCK_MAX_BYTES ? sizeof(wc_Sha512)
                         : hash == CRYPTO_HASH_SHA1            ? sizeof(wc_Sha)
                                                               : sizeof(wc_Sha256);
    state->asks_host = asks_host;
    int error = start_from_key_block(state, &state->inner, password, password_length, 0x36);
    if (error == 0) {
        error = start_from_key_block(state, &state->outer, password, password_length, 0x5C);
    }
    crypto_result_t result = crypto_from_library(error);
    for (size_t done = 0; result == CRYPTO_OK && done < out_length; done += state->hash_bytes) {
        size_t left = out_length - done;
        result = pbkdf2_block(state, salt, salt_length, iterations, 1 + (uint32_t)(done / state->hash_bytes));
        memcpy(out + done, state->sum, left < state->hash_bytes ? left : state->hash_bytes);
    }
    crypto_pool_free(state);
    if (result != CRYPTO_OK) {
        crypto_wipe(out, out_length);
    }
    return result;
}

crypto_result_t crypto_pbkdf2(crypto_hash_t hash, const uint8_t *password, size_t password_length, const uint8_t *salt,
                              size_t salt_length, uint32_t iterations, uint8_t *out, size_t out_length) {
    return pbkdf2(hash, true, password, password_length, salt, salt_length, iterations, out, out_length);
}

crypto_result_t crypto_stretch(const uint8_t *pin, size_t pin_length, const uint8_t salt[CRYPTO_STRETCH_SALT_BYTES],
                               uint32_t iterations, const uint8_t *pepper, size_t pepper_length,
                               uint8_t out[CRYPTO_STRETCH_BYTES]) {
    static const uint8_t info[3] = {'p', 'i', 'n'};
    uint8_t stretched[CRYPTO_STRETCH_BYTES];
    crypto_result_t result = pbkdf2(CRYPTO_HASH_SHA256, false, pin, pin_length, salt, CRYPTO_STRETCH_SALT_BYTES,
                                    iterations, stretched, sizeof(stretched));
    if (result == CRYPTO_OK) {
        result = crypto_hkdf(CRYPTO_HASH_SHA256, stretched, sizeof(stretched), pepper, pepper_length, info,
                             sizeof(info), out, CRYPTO_STRETCH_BYTES);
    }
    crypto_wipe(stretched, sizeof(stretched));
    return result;
}
