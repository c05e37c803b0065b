// SPDX-License-Identifier: GPL-2.0-or-later
// EdDSA keys: pure Ed25519 and Ed448 ([RFC8032]).
#include "edwards.h"

#include <string.h>

#include "drbg.h"
#include "library.h"
#include "pool.h"
#include "wipe.h"

// The library's structures exist only while an operation runs.
typedef union {
    ed25519_key ed25519;
    ed448_key ed448;
} work_t;

size_t crypto_edwards_bytes(int curve) {
    return curve == CRYPTO_CURVE_ED25519 ? ED25519_KEY_SIZE : curve == CRYPTO_CURVE_ED448 ? ED448_KEY_SIZE : 0;
}

// --- One pass of the library -------------------------------------------------------------------------

static int pass_25519(ed25519_key *work, const crypto_edwards_key_t *key, const uint8_t *message, size_t length,
                      uint8_t *out) {
    word32 signature_length = ED25519_SIG_SIZE;
    int error = wc_ed25519_init_ex(work, NULL, INVALID_DEVID);
    if (error == 0) {
        error = wc_ed25519_import_private_only(key->seed, ED25519_KEY_SIZE, work);
    }
    if (error == 0 && message == NULL) {
        return wc_ed25519_make_public(work, out, ED25519_PUB_KEY_SIZE);
    }
    memcpy(work->p, key->public_key, ED25519_PUB_KEY_SIZE);
    work->pubKeySet = 1;
    return error != 0 ? error : wc_ed25519_sign_msg(message, (word32)length, out, &signature_length, work);
}

static int pass_448(ed448_key *work, const crypto_edwards_key_t *key, const uint8_t *message, size_t length,
                    uint8_t *out) {
    word32 signature_length = ED448_SIG_SIZE;
    int error = wc_ed448_init_ex(work, NULL, INVALID_DEVID);
    if (error == 0) {
        error = wc_ed448_import_private_only(key->seed, ED448_KEY_SIZE, work);
    }
    if (error == 0 && message == NULL) {
        return wc_ed448_make_public(work, out, ED448_PUB_KEY_SIZE);
    }
    memcpy(work->p, key->public_key, ED448_PUB_KEY_SIZE);
    work->pubKeySet = 1;
    return error != 0 ? error : wc_ed448_sign_msg(message, (word32)length, out, &signature_length, work, NULL, 0);
}

// The signature of a message, or the public key if it is NULL.
static crypto_result_t pass(const crypto_edwards_key_t *key, const uint8_t *message, size_t length, uint8_t *out) {
    work_t *work = crypto_pool_alloc(sizeof(*work));
    if (work == NULL) {
        return CRYPTO_MEMORY;
    }
    int error = key->curve == CRYPTO_CURVE_ED25519 ? pass_25519(&work->ed25519, key, message, length, out)
                                                   : pass_448(&work->ed448, key, message, length, out);
    crypto_pool_free(work);
    return crypto_from_library(error);
}

// --- Keys --------------------------------------------------------------------------------------------

static crypto_result_t new_key(int curve, crypto_edwards_key_t **key) {
    if (crypto_edwards_bytes(curve) == 0) {
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
static crypto_result_t finish(crypto_edwards_key_t **key, crypto_result_t result) {
    if (result == CRYPTO_OK) {
        result = crypto_self_check_make(*key, offsetof(crypto_edwards_key_t, check), (*key)->check);
    }
    if (result != CRYPTO_OK) {
        crypto_pool_free(*key);
    }
    return result;
}

crypto_result_t crypto_edwards_generate(int curve, crypto_edwards_key_t **key) {
    uint8_t again[CRYPTO_EDWARDS_MAX_BYTES];
    crypto_result_t result = new_key(curve, key);
    if (result != CRYPTO_OK) {
        return result;
    }
    size_t length = crypto_edwards_bytes(curve);
    result = crypto_random((*key)->seed, length);
    if (result == CRYPTO_OK) {
        result = pass(*key, NULL, 0, (*key)->public_key);
    }
    if (result == CRYPTO_OK) {
        result = pass(*key, NULL, 0, again);
    }
    if (result == CRYPTO_OK && !crypto_equal(again, (*key)->public_key, length)) {
        result = CRYPTO_FAULT;
    }
    return finish(key, result);
}

crypto_result_t crypto_edwards_from_seed(int curve, const uint8_t *seed, crypto_edwards_key_t **key) {
    crypto_result_t result = new_key(curve, key);
    if (result != CRYPTO_OK) {
        return result;
    }
    memcpy((*key)->seed, seed, crypto_edwards_bytes(curve));
    return finish(key, pass(*key, NULL, 0, (*key)->public_key));
}

crypto_result_t crypto_edwards_load(int curve, const uint8_t *seed, const uint8_t *public_key,
                                    crypto_edwards_key_t **key) {
    crypto_result_t result = new_key(curve, key);
    if (result != CRYPTO_OK) {
        return result;
    }
    memcpy((*key)->seed, seed, crypto_edwards_bytes(curve));
    memcpy((*key)->public_key, public_key, crypto_edwards_bytes(curve));
    return finish(key, CRYPTO_OK);
}

// --- EdDSA -------------------------------------------------------------------------------------------

static crypto_result_t sign_pass(const crypto_edwards_key_t *key, const uint8_t *message, size_t length,
                                 uint8_t *signature) {
    crypto_result_t result = crypto_self_check_verify(key, offsetof(crypto_edwards_key_t, check), key->check);
    return result == CRYPTO_OK ? pass(key, message, length, signature) : result;
}

crypto_result_t crypto_edwards_sign(const crypto_edwards_key_t *key, const uint8_t *message, size_t length,
                                    uint8_t *signature) {
    static const uint8_t empty[1];
    uint8_t again[CRYPTO_EDWARDS_SIGNATURE_MAX_BYTES];
    size_t signature_length = 2 * crypto_edwards_bytes(key->curve);
    const uint8_t *text = length != 0 ? message : empty;
    crypto_result_t result = sign_pass(key, text, length, signature);
    if (result == CRYPTO_OK) {
        result = sign_pass(key, text, length, again);
    }
    if (result == CRYPTO_OK && !crypto_equal(signature, again, signature_length)) {
        result = CRYPTO_FAULT;
    }
    if (result != CRYPTO_OK || !crypto_equal(again, signature, signature_length)) {
        crypto_wipe(signature, signature_length);
        result = result == CRYPTO_OK ? CRYPTO_FAULT : result;
    }
    crypto_wipe(again, sizeof(again));
    return result;
}
