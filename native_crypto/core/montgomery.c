// SPDX-License-Identifier: GPL-2.0-or-later
// Diffie-Hellman on Montgomery curves: X25519 and X448 ([RFC7748]).
//
// Made of the library's ladders. Its functions around them refuse public keys that [RFC7748] wants to be
// accepted (the unused top bit of X25519).
#include "montgomery.h"

#include <string.h>

#include <wolfssl/wolfcrypt/settings.h>

#include <wolfssl/wolfcrypt/fe_448.h>
#include <wolfssl/wolfcrypt/fe_operations.h>

#include "curves_edwards.h"
#include "drbg.h"
#include "ladder.h"
#include "pool.h"
#include "wipe.h"

size_t crypto_montgomery_bytes(int curve) {
    return curve == CRYPTO_CURVE_X25519 ? 32 : curve == CRYPTO_CURVE_X448 ? 56 : 0;
}

// [RFC7748] 5: decodeScalar25519, decodeScalar448
static void decode_scalar(int curve, uint8_t *scalar) {
    size_t last = crypto_montgomery_bytes(curve) - 1;
    if (curve == CRYPTO_CURVE_X25519) {
        scalar[0] &= 0xF8;
        scalar[last] = (scalar[last] & 0x7F) | 0x40;
    } else {
        scalar[0] &= 0xFC;
        scalar[last] |= 0x80;
    }
}

static crypto_result_t blind(int curve) {
    uint8_t random[CRYPTO_MONTGOMERY_MAX_BYTES];
    crypto_result_t result = crypto_random(random, sizeof(random));
    if (result == CRYPTO_OK && curve == CRYPTO_CURVE_X448) {
        crypto_ladder_448_blind(random);
    } else if (result == CRYPTO_OK) {
        crypto_ladder_25519_blind(random);
    }
    crypto_wipe(random, sizeof(random));
    return result;
}

// out = scalar * point
static crypto_result_t multiply(int curve, const uint8_t *private_key, const uint8_t *point, uint8_t *out) {
    uint8_t scalar[CRYPTO_MONTGOMERY_MAX_BYTES];
    uint8_t u[CRYPTO_MONTGOMERY_MAX_BYTES];
    size_t length = crypto_montgomery_bytes(curve);
    crypto_result_t result = blind(curve);
    if (result != CRYPTO_OK) {
        return result;
    }
    memcpy(scalar, private_key, length);
    memcpy(u, point, length);
    decode_scalar(curve, scalar);
    if (curve == CRYPTO_CURVE_X25519) {
        u[length - 1] &= 0x7F; // [RFC7748] 5: the top bit is to be ignored
        curve25519(out, scalar, u);
    } else {
        curve448(out, scalar, u);
    }
    crypto_wipe(scalar, sizeof(scalar));
    return CRYPTO_OK;
}

// --- Keys --------------------------------------------------------------------------------------------

static crypto_result_t compute_public(const crypto_montgomery_key_t *key, uint8_t *public_key) {
    return multiply(key->curve, key->private_key, crypto_edwards_curve(key->curve)->generator.bytes, public_key);
}

static crypto_result_t make_check(crypto_montgomery_key_t *key) {
    return crypto_self_check_make(key, offsetof(crypto_montgomery_key_t, check), key->check);
}

static crypto_result_t new_key(int curve, crypto_montgomery_key_t **key) {
    if (crypto_montgomery_bytes(curve) == 0) {
        return CRYPTO_ARGUMENT;
    }
    *key = crypto_pool_alloc_handle(sizeof(**key));
    if (*key == NULL) {
        return CRYPTO_MEMORY;
    }
    (*key)->curve = (uint8_t)curve;
    return CRYPTO_OK;
}

// The result of what filled a new key: the key with its check, or nothing.
static crypto_result_t finish(crypto_montgomery_key_t **key, crypto_result_t result) {
    if (result == CRYPTO_OK) {
        result = make_check(*key);
    }
    if (result != CRYPTO_OK) {
        crypto_pool_free(*key);
    }
    return result;
}

crypto_result_t crypto_montgomery_generate(int curve, crypto_montgomery_key_t **key) {
    uint8_t again[CRYPTO_MONTGOMERY_MAX_BYTES];
    crypto_result_t result = new_key(curve, key);
    if (result != CRYPTO_OK) {
        return result;
    }
    size_t length = crypto_montgomery_bytes(curve);
    result = crypto_random((*key)->private_key, length);
    if (result == CRYPTO_OK) {
        result = compute_public(*key, (*key)->public_key);
    }
    if (result == CRYPTO_OK) {
        result = compute_public(*key, again);
    }
    if (result == CRYPTO_OK && !crypto_equal(again, (*key)->public_key, length)) {
        result = CRYPTO_FAULT;
    }
    return finish(key, result);
}

crypto_result_t crypto_montgomery_from_private(int curve, const uint8_t *private_key, crypto_montgomery_key_t **key) {
    crypto_result_t result = new_key(curve, key);
    if (result != CRYPTO_OK) {
        return result;
    }
    memcpy((*key)->private_key, private_key, crypto_montgomery_bytes(curve));
    return finish(key, compute_public(*key, (*key)->public_key));
}

crypto_result_t crypto_montgomery_load(int curve, const uint8_t *private_key, const uint8_t *public_key,
                                       crypto_montgomery_key_t **key) {
    crypto_result_t result = new_key(curve, key);
    if (result != CRYPTO_OK) {
        return result;
    }
    memcpy((*key)->private_key, private_key, crypto_montgomery_bytes(curve));
    memcpy((*key)->public_key, public_key, crypto_montgomery_bytes(curve));
    return finish(key, CRYPTO_OK);
}

// --- Diffie-Hellman ----------------------------------------------------------------------------------

crypto_result_t crypto_montgomery_shared_secret(const crypto_montgomery_key_t *key, const uint8_t *public_key,
                                                uint8_t *out) {
    static const uint8_t zeros[CRYPTO_MONTGOMERY_MAX_BYTES];
    uint8_t shared[CRYPTO_MONTGOMERY_MAX_BYTES];
    size_t length = crypto_montgomery_bytes(key->curve);
    crypto_result_t result =
        crypto_self_check_verify(key, offsetof(crypto_montgomery_key_t, check), key->check);
    if (result == CRYPTO_OK) {
        result = multiply(key->curve, key->private_key, public_key, shared);
    }
    // [RFC7748] 6: the neutral element, which a point of small order gives; looked at twice.
    if (result == CRYPTO_OK && crypto_equal(shared, zeros, length)) {
        result = CRYPTO_POINT;
    }
    if (result == CRYPTO_OK) {
        memcpy(out, shared, length);
    }
    if (crypto_equal(zeros, shared, length)) {
        result = result == CRYPTO_OK ? CRYPTO_POINT : result;
    }
    crypto_wipe(shared, sizeof(shared));
    return result;
}
