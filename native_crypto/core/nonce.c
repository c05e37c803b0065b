// SPDX-License-Identifier: GPL-2.0-or-later
// ECDSA nonces: [RFC6979] with fresh entropy as additional data (3.6), so that neither source alone is trusted.
//
// A DRBG that repeats itself still gives different nonces for different messages; a message signed
// twice still gets two nonces. Names follow RFC 6979 3.2: K, V, bits2int, bits2octets.
#include "nonce.h"

#include <stdbool.h>
#include <string.h>

#include "curves.h"
#include "digest.h"
#include "kdf.h"
#include "pool.h"
#include "wipe.h"

#define CANDIDATES_MAX 64 // each is refused with probability < 1/2; 2^-64 that all are

typedef struct {
    crypto_hash_t hash;
    size_t hash_bytes;
    uint8_t key[CRYPTO_DIGEST_MAX_BYTES];   // K
    uint8_t value[CRYPTO_DIGEST_MAX_BYTES]; // V
    uint8_t order[CRYPTO_FIELD_MAX_BYTES];
    uint8_t reduced_hash[CRYPTO_FIELD_MAX_BYTES];
} state_t;

// left -= right; returns the borrow. Both `length` bytes, big endian; time depends on `length` only.
static unsigned subtract(uint8_t *left, const uint8_t *right, size_t length) {
    unsigned borrow = 0;
    for (size_t i = length; i-- > 0;) {
        unsigned difference = (unsigned)left[i] - right[i] - borrow;
        left[i] = (uint8_t)difference;
        borrow = (difference >> 8) & 1;
    }
    return borrow;
}

static unsigned is_below(const uint8_t *number, const uint8_t *bound, size_t length) {
    uint8_t copy[CRYPTO_FIELD_MAX_BYTES];
    memcpy(copy, number, length);
    unsigned below = subtract(copy, bound, length);
    crypto_wipe(copy, sizeof(copy));
    return below;
}

static bool is_zero(const uint8_t *number, size_t length) {
    uint8_t any = 0;
    for (size_t i = 0; i < length; i++) {
        any |= number[i];
    }
    return any == 0;
}

// bits2int: the leftmost `bits` bits of the input as a number of `length` bytes.
static void bits_to_integer(const uint8_t *input, size_t input_length, size_t bits, uint8_t *out, size_t length) {
    memset(out, 0, length);
    if (input_length < length) {
        memcpy(out + length - input_length, input, input_length);
        return;
    }
    memcpy(out, input, length);
    unsigned shift = 8 * length - bits;
    for (size_t i = length; shift != 0 && i-- > 0;) {
        uint8_t above = i > 0 ? (uint8_t)(out[i - 1] << (8 - shift)) : 0;
        out[i] = (uint8_t)(out[i] >> shift) | above;
    }
}

// bits2octets: bits2int, then once minus the order if that is not negative.
static void reduce_hash(state_t *state, size_t length) {
    uint8_t difference[CRYPTO_FIELD_MAX_BYTES];
    memcpy(difference, state->reduced_hash, length);
    unsigned below = subtract(difference, state->order, length);
    for (size_t i = 0; i < length; i++) {
        uint8_t keep = (uint8_t)(0u - below);
        state->reduced_hash[i] = (state->reduced_hash[i] & keep) | (difference[i] & (uint8_t)~keep);
    }
}

// V = HMAC_K(V)
static crypto_result_t update_value(state_t *state) {
    crypto_mac_t *mac;
    crypto_result_t result = crypto_mac_new(state->hash, state->key, state->hash_bytes, &mac);
    if (result != CRYPTO_OK) {
        return result;
    }
    result = crypto_mac_update(mac, state->value, state->hash_bytes);
    crypto_result_t last = crypto_mac_final(mac, state->value);
    return result != CRYPTO_OK ? result : last;
}

// K = HMAC_K(V || separator || parts...), then V = HMAC_K(V)
static crypto_result_t update_key(state_t *state, uint8_t separator, const uint8_t *private_key, size_t length,
                                  const uint8_t *entropy, size_t entropy_length) {
    crypto_mac_t *mac;
    crypto_result_t result = crypto_mac_new(state->hash, state->key, state->hash_bytes, &mac);
    if (result != CRYPTO_OK) {
        return result;
    }
    result = crypto_mac_update(mac, state->value, state->hash_bytes);
    if (result == CRYPTO_OK) {
        result = crypto_mac_update(mac, &separator, 1);
    }
    if (result == CRYPTO_OK && private_key != NULL) {
        result = crypto_mac_update(mac, private_key, length);
        if (result == CRYPTO_OK) {
            result = crypto_mac_update(mac, state->reduced_hash, length);
        }
        if (result == CRYPTO_OK) {
            result = crypto_mac_update(mac, entropy, entropy_length);
        }
    }
    crypto_result_t last = crypto_mac_final(mac, state->key);
    result = result != CRYPTO_OK ? result : last;
    return result == CRYPTO_OK ? update_value(state) : result;
}

// One candidate (3.2 h.2): as many V as it takes, then bits2int.
static crypto_result_t next_candidate(state_t *state, size_t bits, uint8_t *k, size_t length) {
    uint8_t stream[2 * CRYPTO_DIGEST_MAX_BYTES];
    size_t filled = 0;
    crypto_result_t result = CRYPTO_OK;
    while (result == CRYPTO_OK && filled < length) {
        result = update_value(state);
        memcpy(stream + filled, state->value, state->hash_bytes);
        filled += state->hash_bytes;
    }
    bits_to_integer(stream, filled, bits, k, length);
    crypto_wipe(stream, sizeof(stream));
    return result;
}

static crypto_result_t draw(state_t *state, size_t bits, uint8_t *k, size_t length) {
    for (int candidate = 0; candidate < CANDIDATES_MAX; candidate++) {
        crypto_result_t result = next_candidate(state, bits, k, length);
        if (result != CRYPTO_OK) {
            return result;
        }
        if (is_below(k, state->order, length) && !is_zero(k, length)) {
            return CRYPTO_OK;
        }
        result = update_key(state, 0x00, NULL, 0, NULL, 0);
        if (result != CRYPTO_OK) {
            return result;
        }
    }
    return CRYPTO_FAILED;
}

crypto_result_t crypto_nonce(int curve, const uint8_t *private_key, const uint8_t *hash, size_t hash_length,
                             const uint8_t *entropy, size_t entropy_length, uint8_t *k) {
    size_t length = crypto_curve_bytes(curve);
    size_t bits = crypto_curve_order_bits(curve);
    state_t *state = crypto_pool_alloc(sizeof(*state));
    if (state == NULL) {
        return CRYPTO_MEMORY;
    }
    state->hash = bits <= 256 ? CRYPTO_HASH_SHA256 : CRYPTO_HASH_SHA512;
    state->hash_bytes = crypto_digest_length(state->hash);
    memset(state->value, 0x01, state->hash_bytes);
    crypto_curve_parameter(curve, CRYPTO_CURVE_ORDER, state->order);
    bits_to_integer(hash, hash_length, bits, state->reduced_hash, length);
    reduce_hash(state, length);

    crypto_result_t result = update_key(state, 0x00, private_key, length, entropy, entropy_length);
    if (result == CRYPTO_OK) {
        result = update_key(state, 0x01, private_key, length, entropy, entropy_length);
    }
    if (result == CRYPTO_OK) {
        result = draw(state, bits, k, length);
    }
    if (result != CRYPTO_OK) {
        crypto_wipe(k, length);
    }
    crypto_pool_free(state);
    return result;
}
