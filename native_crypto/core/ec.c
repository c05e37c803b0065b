// SPDX-License-Identifier: GPL-2.0-or-later
// Elliptic curve keys: generate, ECDSA ([FIPS186-5] 6), ECDH ([SP800-56A] 5.7.1.2).
//
// A key rests in the pool as plain bytes; the library's own structures, an order of magnitude larger,
// exist only while an operation runs. Every curve here has cofactor 1, so that a point with both
// coordinates in range and on the curve has the full order: no multiplication by the order is needed.
#include "ec.h"

#include <string.h>

#include "curves_library.h"
#include "drbg.h"
#include "library.h"
#include "nonce.h"
#include "number.h"
#include "pool.h"
#include "self_check.h"
#include "wipe.h"

// What one operation needs of the library's structures.
typedef struct {
    ecc_key key;
    mp_int r;
    mp_int s;
} work_t;

static crypto_result_t work_new(int curve, work_t **work) {
    const ecc_set_type *set = crypto_library_curve(curve);
    void *generator;
    crypto_result_t result = crypto_drbg(&generator);
    if (result != CRYPTO_OK) {
        return result;
    }
    *work = crypto_pool_alloc(sizeof(**work));
    if (*work == NULL) {
        return CRYPTO_MEMORY;
    }
    int error = wc_ecc_init_ex(&(*work)->key, NULL, INVALID_DEVID);
    if (error == 0) {
        error = wc_ecc_set_curve(&(*work)->key, set->size, set->id);
    }
    if (error == 0) {
        error = wc_ecc_set_rng(&(*work)->key, generator);
    }
    if (error == 0) {
        error = mp_init_multi(&(*work)->r, &(*work)->s, NULL, NULL, NULL, NULL);
    }
    if (error != 0) {
        crypto_pool_free(*work);
    }
    return crypto_from_library(error);
}

static void work_free(work_t *work) {
    wc_ecc_free(&work->key);
    crypto_pool_free(work);
}

// Load X || Y after checking it: both below the prime, on the curve, not the neutral element.
static crypto_result_t load_public(work_t *work, const uint8_t *public_key) {
    ecc_point *point = &work->key.pubkey;
    word32 length = (word32)work->key.dp->size;
    int error = mp_read_unsigned_bin(point->x, public_key, length);
    if (error == 0) {
        error = mp_read_unsigned_bin(point->y, public_key + length, length);
    }
    if (error == 0) {
        error = mp_set(point->z, 1);
    }
    if (error != 0) {
        return CRYPTO_FAILED;
    }
    if (wc_ecc_point_is_at_infinity(point) != 0) {
        return CRYPTO_POINT;
    }
    error = wc_ecc_point_is_on_curve(point, work->key.idx);
    if (error == MEMORY_E || error == MP_MEM) {
        return CRYPTO_MEMORY;
    }
    if (error != 0) {
        return CRYPTO_POINT;
    }
    work->key.type = ECC_PUBLICKEY;
    return CRYPTO_OK;
}

static crypto_result_t load_private(work_t *work, const uint8_t *private_key) {
    int error = crypto_number_read_secret(work->key.k, private_key, (size_t)work->key.dp->size);
    work->key.type = ECC_PRIVATEKEY_ONLY;
    return crypto_from_library(error);
}

static crypto_result_t store_point(const ecc_point *point, size_t length, uint8_t *out) {
    int error = mp_to_unsigned_bin_len(point->x, out, (int)length);
    if (error == 0) {
        error = mp_to_unsigned_bin_len(point->y, out + length, (int)length);
    }
    return crypto_from_library(error);
}

// --- Keys ------------------------------------------------------------------------------------------

static crypto_result_t make_check(crypto_ec_key_t *key) {
    return crypto_self_check_make(key, offsetof(crypto_ec_key_t, check), key->check);
}

crypto_result_t crypto_ec_check(const crypto_ec_key_t *key) {
    return crypto_self_check_verify(key, offsetof(crypto_ec_key_t, check), key->check);
}

// public_key = private_key * G, computed afresh from the bytes in `key`.
static crypto_result_t compute_public(const crypto_ec_key_t *key, uint8_t *public_key) {
    work_t *work;
    crypto_result_t result = work_new(key->curve, &work);
    if (result != CRYPTO_OK) {
        return result;
    }
    result = load_private(work, key->private_key);
    if (result == CRYPTO_OK) {
        result = crypto_from_library(wc_ecc_make_pub_ex(&work->key, &work->key.pubkey, work->key.rng));
    }
    if (result == CRYPTO_OK) {
        result = store_point(&work->key.pubkey, (size_t)work->key.dp->size, public_key);
    }
    work_free(work);
    return result;
}

static crypto_result_t check_public(const crypto_ec_key_t *key) {
    uint8_t again[sizeof(key->public_key)];
    size_t length = 2 * crypto_curve_bytes(key->curve);
    crypto_result_t result = compute_public(key, again);
    if (result == CRYPTO_OK && !crypto_equal(again, key->public_key, length)) {
        result = CRYPTO_FAULT;
    }
    return result;
}

static crypto_result_t make_key(crypto_ec_key_t *key) {
    work_t *work;
    crypto_result_t result = work_new(key->curve, &work);
    if (result != CRYPTO_OK) {
        return result;
    }
    int length = work->key.dp->size;
    int error = wc_ecc_make_key_ex(work->key.rng, length, &work->key, work->key.dp->id);
    if (error == 0) {
        error = mp_to_unsigned_bin_len(work->key.k, key->private_key, length);
    }
    result = crypto_from_library(error);
    if (result == CRYPTO_OK) {
        result = store_point(&work->key.pubkey, (size_t)length, key->public_key);
    }
    work_free(work);
    return result;
}

static crypto_result_t new_key(int curve, crypto_ec_key_t **key) {
    if (crypto_curve_bytes(curve) == 0) {
        return CRYPTO_ARGUMENT;
    }
    *key = crypto_pool_alloc_handle(sizeof(**key));
    if (*key == NULL) {
        return CRYPTO_MEMORY;
    }
    (*key)->curve = (uint8_t)curve;
    return CRYPTO_OK;
}

crypto_result_t crypto_ec_generate(int curve, crypto_ec_key_t **key) {
    crypto_result_t result = new_key(curve, key);
    if (result != CRYPTO_OK) {
        return result;
    }
    result = make_key(*key);
    if (result == CRYPTO_OK) {
        result = check_public(*key);
    }
    if (result == CRYPTO_OK) {
        result = make_check(*key);
    }
    if (result != CRYPTO_OK) {
        crypto_pool_free(*key);
    }
    return result;
}

bool crypto_ec_is_scalar(int curve, const uint8_t *number) {
    uint8_t order[CRYPTO_FIELD_MAX_BYTES];
    uint8_t any = 0;
    unsigned borrow = 0;
    crypto_curve_parameter(curve, CRYPTO_CURVE_ORDER, order);
    for (size_t i = crypto_curve_bytes(curve); i-- > 0;) {
        any |= number[i];
        borrow = (((unsigned)number[i] - order[i] - borrow) >> 8) & 1;
    }
    return any != 0 && borrow == 1;
}

crypto_result_t crypto_ec_from_private(int curve, const uint8_t *private_key, crypto_ec_key_t **key) {
    if (crypto_curve_bytes(curve) == 0 || !crypto_ec_is_scalar(curve, private_key)) {
        return CRYPTO_ARGUMENT;
    }
    crypto_result_t result = new_key(curve, key);
    if (result != CRYPTO_OK) {
        return result;
    }
    memcpy((*key)->private_key, private_key, crypto_curve_bytes(curve));
    result = compute_public(*key, (*key)->public_key);
    if (result == CRYPTO_OK) {
        result = make_check(*key);
    }
    if (result != CRYPTO_OK) {
        crypto_pool_free(*key);
    }
    return result;
}

crypto_result_t crypto_ec_load(int curve, const uint8_t *private_key, const uint8_t *public_key,
                               crypto_ec_key_t **key) {
    crypto_result_t result = new_key(curve, key);
    if (result != CRYPTO_OK) {
        return result;
    }
    memcpy((*key)->private_key, private_key, crypto_curve_bytes(curve));
    memcpy((*key)->public_key, public_key, 2 * crypto_curve_bytes(curve));
    result = make_check(*key);
    if (result != CRYPTO_OK) {
        crypto_pool_free(*key);
    }
    return result;
}

// --- ECDSA -----------------------------------------------------------------------------------------

// The library refuses hashes shorter than SHA-1; leading zeros change nothing as long as the order is
// wider. `padded` has room for 66 bytes.
static size_t pad_hash(int curve, const uint8_t *hash, size_t hash_length, uint8_t *padded) {
    size_t width = crypto_curve_bytes(curve);
    if (curve == CRYPTO_CURVE_SECP521R1 && hash_length < width) {
        width = 64; // 66 bytes would be shifted right by 7 bits
    }
    if (hash_length >= width) {
        memcpy(padded, hash, hash_length);
        return hash_length;
    }
    memset(padded, 0, width);
    memcpy(padded + width - hash_length, hash, hash_length);
    return width;
}

static crypto_result_t sign_once(const crypto_ec_key_t *key, const uint8_t *hash, size_t hash_length, const uint8_t *k,
                                 uint8_t *signature) {
    work_t *work;
    crypto_result_t result = work_new(key->curve, &work);
    if (result != CRYPTO_OK) {
        return result;
    }
    int length = work->key.dp->size;
    result = load_private(work, key->private_key);
    int error = result == CRYPTO_OK ? wc_ecc_sign_set_k(k, (word32)length, &work->key) : MP_VAL;
    if (error == 0) {
        error = crypto_number_read_secret(work->key.sign_k, k, (size_t)length);
    }
    if (error == 0) {
        error = wc_ecc_sign_hash_ex(hash, (word32)hash_length, work->key.rng, &work->key, &work->r, &work->s);
    }
    if (error == 0) {
        error = mp_to_unsigned_bin_len(&work->r, signature, length);
    }
    if (error == 0) {
        error = mp_to_unsigned_bin_len(&work->s, signature + length, length);
    }
    work_free(work);
    return crypto_from_library(error);
}

static crypto_result_t verify_padded(int curve, const uint8_t *public_key, const uint8_t *hash, size_t hash_length,
                                     const uint8_t *signature) {
    work_t *work;
    crypto_result_t result = work_new(curve, &work);
    if (result != CRYPTO_OK) {
        return result;
    }
    word32 length = (word32)work->key.dp->size;
    int matches = 0;
    result = load_public(work, public_key);
    if (result == CRYPTO_OK) {
        int error = mp_read_unsigned_bin(&work->r, signature, length);
        if (error == 0) {
            error = mp_read_unsigned_bin(&work->s, signature + length, length);
        }
        if (error == 0) {
            error = wc_ecc_verify_hash_ex(&work->r, &work->s, hash, (word32)hash_length, &matches, &work->key);
        }
        bool out_of_memory = error == MEMORY_E || error == MP_MEM;
        // A number out of range is the library's error and our wrong signature.
        result = out_of_memory ? CRYPTO_MEMORY : error == 0 && matches == 1 ? CRYPTO_OK : CRYPTO_AUTHENTICATION;
    }
    work_free(work);
    return result;
}

// Nonce and signature, from the key's bytes to r || s.
static crypto_result_t sign_pass(const crypto_ec_key_t *key, const uint8_t *hash, size_t hash_length,
                                 const uint8_t *entropy, size_t entropy_length, uint8_t *signature) {
    uint8_t padded[CRYPTO_SIGNED_HASH_MAX_BYTES];
    uint8_t k[CRYPTO_FIELD_MAX_BYTES];
    size_t padded_length = pad_hash(key->curve, hash, hash_length, padded);
    crypto_result_t result = crypto_ec_check(key);
    if (result == CRYPTO_OK) {
        result = crypto_nonce(key->curve, key->private_key, hash, hash_length, entropy, entropy_length, k);
    }
    if (result == CRYPTO_OK) {
        result = sign_once(key, padded, padded_length, k, signature);
    }
    crypto_wipe(k, sizeof(k));
    return result;
}

// Everything is done twice, the nonce as well: a faulty nonce makes a signature that verifies and gives the
// key away, so that verifying would miss what matters most. It would also cost more: 8.8M instructions
// for P-256 on RP2040 and twice the signature for the generic curves, where the second pass takes 3.6M.
crypto_result_t crypto_ec_sign_with(const crypto_ec_key_t *key, const uint8_t *hash, size_t hash_length,
                                    const uint8_t *entropy, size_t entropy_length, uint8_t *signature) {
    uint8_t again[CRYPTO_SIGNATURE_MAX_BYTES];
    size_t length = 2 * crypto_curve_bytes(key->curve);
    if (hash_length == 0 || hash_length > CRYPTO_SIGNED_HASH_MAX_BYTES) {
        return CRYPTO_ARGUMENT;
    }
    crypto_result_t result = sign_pass(key, hash, hash_length, entropy, entropy_length, signature);
    if (result == CRYPTO_OK) {
        result = sign_pass(key, hash, hash_length, entropy, entropy_length, again);
    }
    if (result == CRYPTO_OK && !crypto_equal(signature, again, length)) {
        result = CRYPTO_FAULT;
    }
    if (result != CRYPTO_OK || !crypto_equal(again, signature, length)) {
        crypto_wipe(signature, length);
        result = result == CRYPTO_OK ? CRYPTO_FAULT : result;
    }
    crypto_wipe(again, sizeof(again));
    return result;
}

crypto_result_t crypto_ec_sign(const crypto_ec_key_t *key, const uint8_t *hash, size_t hash_length,
                               uint8_t *signature) {
    uint8_t entropy[CRYPTO_NONCE_ENTROPY_BYTES];
    crypto_result_t result = crypto_random(entropy, sizeof(entropy));
    if (result == CRYPTO_OK) {
        result = crypto_ec_sign_with(key, hash, hash_length, entropy, sizeof(entropy), signature);
    }
    crypto_wipe(entropy, sizeof(entropy));
    return result;
}

crypto_result_t crypto_ec_verify(int curve, const uint8_t *public_key, const uint8_t *hash, size_t hash_length,
                                 const uint8_t *signature) {
    uint8_t padded[CRYPTO_SIGNED_HASH_MAX_BYTES];
    if (crypto_curve_bytes(curve) == 0 || hash_length == 0 || hash_length > CRYPTO_SIGNED_HASH_MAX_BYTES) {
        return CRYPTO_ARGUMENT;
    }
    size_t padded_length = pad_hash(curve, hash, hash_length, padded);
    return verify_padded(curve, public_key, padded, padded_length, signature);
}

// --- ECDH ------------------------------------------------------------------------------------------

crypto_result_t crypto_ec_shared_secret(const crypto_ec_key_t *key, const uint8_t *public_key, uint8_t *out) {
    // The library writes 66 bytes for P-521 whatever length it is told.
    uint8_t x[CRYPTO_FIELD_MAX_BYTES];
    work_t *private_work = NULL;
    work_t *public_work = NULL;
    crypto_result_t result = crypto_ec_check(key);
    if (result == CRYPTO_OK) {
        result = work_new(key->curve, &private_work);
    }
    if (result != CRYPTO_OK) {
        return result;
    }
    result = work_new(key->curve, &public_work);
    if (result == CRYPTO_OK) {
        result = load_public(public_work, public_key);
        if (result == CRYPTO_OK) {
            result = load_private(private_work, key->private_key);
        }
        if (result == CRYPTO_OK) {
            word32 length = sizeof(x);
            int error = wc_ecc_shared_secret(&private_work->key, &public_work->key, x, &length);
            result = crypto_from_library(error);
            if (result == CRYPTO_OK && length != crypto_curve_bytes(key->curve)) {
                result = CRYPTO_FAILED;
            }
        }
        work_free(public_work);
    }
    work_free(private_work);
    if (result == CRYPTO_OK) {
        memcpy(out, x, crypto_curve_bytes(key->curve));
    }
    crypto_wipe(x, sizeof(x));
    return result;
}

// --- DER -------------------------------------------------------------------------------------------

static size_t integer_to_der(const uint8_t *number, size_t length, uint8_t *der) {
    while (length > 1 && number[0] == 0) {
        number++;
        length--;
    }
    size_t padding = number[0] >> 7; // INTEGER is signed
    der[0] = 0x02;
    der[1] = (uint8_t)(length + padding);
    der[2] = 0x00;
    memcpy(der + 2 + padding, number, length);
    return 2 + padding + length;
}

size_t crypto_ec_signature_to_der(const uint8_t *signature, size_t number_length, uint8_t *der) {
    uint8_t body[2 * (3 + CRYPTO_FIELD_MAX_BYTES)];
    size_t length = integer_to_der(signature, number_length, body);
    length += integer_to_der(signature + number_length, number_length, body + length);
    size_t header = 2;
    der[0] = 0x30;
    if (length >= 0x80) {
        der[1] = 0x81;
        header = 3;
    }
    der[header - 1] = (uint8_t)length;
    memcpy(der + header, body, length);
    return header + length;
}
