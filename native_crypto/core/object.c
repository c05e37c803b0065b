// SPDX-License-Identifier: GPL-2.0-or-later
// Handles of any kind, and their sealed form: a key leaves C memory only encrypted.
#include "object.h"

#include <string.h>

#include "digest.h"
#include "pool.h"
#include "rsa_key.h"
#include "wipe.h"

#define KIND_BYTES 1
#define CURVE_BYTES 1
#define RSA_HEADER_BYTES 6

crypto_result_t crypto_secret_new(size_t length, crypto_secret_t **secret) {
    if (length == 0 || length > CRYPTO_SECRET_MAX_BYTES) {
        return CRYPTO_ARGUMENT;
    }
    *secret = crypto_pool_alloc_handle(sizeof(**secret));
    if (*secret == NULL) {
        return CRYPTO_MEMORY;
    }
    (*secret)->length = (uint8_t)length;
    return CRYPTO_OK;
}

void crypto_secret_combine(const crypto_secret_t *a, const crypto_secret_t *b, crypto_secret_t *result) {
    for (size_t i = 0; i < result->length; i++) {
        result->bytes[i] = a->bytes[i] ^ b->bytes[i];
    }
}

crypto_result_t crypto_secret_check_value(const crypto_secret_t *secret, uint8_t out[CRYPTO_CHECK_VALUE_BYTES]) {
    crypto_digest_t *digest;
    crypto_result_t result = crypto_digest_new(CRYPTO_HASH_SHA256, &digest);
    if (result != CRYPTO_OK) {
        return result;
    }
    uint8_t hash[CRYPTO_DIGEST_MAX_BYTES];
    result = crypto_digest_update(digest, secret->bytes, secret->length);
    crypto_result_t last = crypto_digest_final(digest, hash);
    memcpy(out, hash, CRYPTO_CHECK_VALUE_BYTES);
    crypto_wipe(hash, sizeof(hash));
    return result != CRYPTO_OK ? result : last;
}

static crypto_result_t prepare_seal_keys(crypto_secret_t *secret) {
    if (secret->length != CRYPTO_SEAL_KEY_BYTES) {
        return CRYPTO_ARGUMENT;
    }
    if (secret->has_seal_keys) {
        return CRYPTO_OK;
    }
    crypto_result_t result = crypto_seal_keys(secret->bytes, secret->seal_keys);
    secret->has_seal_keys = result == CRYPTO_OK;
    return result;
}

crypto_result_t crypto_seal(crypto_secret_t *secret, const uint8_t *associated, size_t associated_length,
                            const uint8_t *plain, size_t length, uint8_t *out) {
    crypto_result_t result = prepare_seal_keys(secret);
    return result != CRYPTO_OK ? result
                               : crypto_siv_encrypt(secret->seal_keys, sizeof(secret->seal_keys), associated,
                                                    associated_length, plain, length, out);
}

crypto_result_t crypto_open(crypto_secret_t *secret, const uint8_t *associated, size_t associated_length,
                            const uint8_t *sealed, size_t sealed_length, uint8_t *out) {
    crypto_result_t result = prepare_seal_keys(secret);
    return result != CRYPTO_OK ? result
                               : crypto_siv_decrypt(secret->seal_keys, sizeof(secret->seal_keys), associated,
                                                    associated_length, sealed, sealed_length, out);
}

static size_t plain_length(crypto_object_kind_t kind, const void *handle) {
    switch (kind) {
        case CRYPTO_OBJECT_SECRET:
            return KIND_BYTES + ((const crypto_secret_t *)handle)->length;
        case CRYPTO_OBJECT_EC:
            return KIND_BYTES + CURVE_BYTES + 3 * crypto_curve_bytes(((const crypto_ec_key_t *)handle)->curve);
        case CRYPTO_OBJECT_AES:
            return KIND_BYTES + ((const crypto_aes_key_t *)handle)->length;
        case CRYPTO_OBJECT_EDWARDS:
            return KIND_BYTES + CURVE_BYTES + 2 * crypto_edwards_bytes(((const crypto_edwards_key_t *)handle)->curve);
        case CRYPTO_OBJECT_MONTGOMERY:
            return KIND_BYTES + CURVE_BYTES +
                   2 * crypto_montgomery_bytes(((const crypto_montgomery_key_t *)handle)->curve);
        case CRYPTO_OBJECT_HD:
            return KIND_BYTES + sizeof(crypto_hd_node_t);
        case CRYPTO_OBJECT_RSA:
            return KIND_BYTES + RSA_HEADER_BYTES + CRYPTO_RSA_PARTS * (crypto_rsa_bits(handle) / 16);
    }
    return 0;
}

size_t crypto_object_sealed_length(crypto_object_kind_t kind, const void *handle) {
    return CRYPTO_SEAL_TAG_BYTES + plain_length(kind, handle);
}

// --- Writing ---------------------------------------------------------------------------------------

static void store_ec(const crypto_ec_key_t *key, uint8_t *out) {
    size_t length = crypto_curve_bytes(key->curve);
    out[0] = key->curve;
    memcpy(out + CURVE_BYTES, key->private_key, length);
    memcpy(out + CURVE_BYTES + length, key->public_key, 2 * length);
}

static void store_edwards(const crypto_edwards_key_t *key, uint8_t *out) {
    size_t length = crypto_edwards_bytes(key->curve);
    out[0] = key->curve;
    memcpy(out + CURVE_BYTES, key->seed, length);
    memcpy(out + CURVE_BYTES + length, key->public_key, length);
}

static void store_montgomery(const crypto_montgomery_key_t *key, uint8_t *out) {
    size_t length = crypto_montgomery_bytes(key->curve);
    out[0] = key->curve;
    memcpy(out + CURVE_BYTES, key->private_key, length);
    memcpy(out + CURVE_BYTES + length, key->public_key, length);
}

static crypto_result_t store_rsa(const crypto_rsa_key_t *key, uint8_t *out) {
    unsigned bits = crypto_rsa_bits(key);
    uint32_t exponent = crypto_rsa_exponent(key);
    out[0] = (uint8_t)(bits >> 8);
    out[1] = (uint8_t)bits;
    for (size_t i = 0; i < 4; i++) {
        out[2 + i] = (uint8_t)(exponent >> (24 - 8 * i));
    }
    return crypto_rsa_key_store(key, out + RSA_HEADER_BYTES);
}

static crypto_result_t store(crypto_object_kind_t kind, const void *handle, uint8_t *out) {
    out[0] = (uint8_t)kind;
    out += KIND_BYTES;
    switch (kind) {
        case CRYPTO_OBJECT_SECRET:
            memcpy(out, ((const crypto_secret_t *)handle)->bytes, ((const crypto_secret_t *)handle)->length);
            return CRYPTO_OK;
        case CRYPTO_OBJECT_EC:
            store_ec(handle, out);
            return CRYPTO_OK;
        case CRYPTO_OBJECT_AES:
            memcpy(out, ((const crypto_aes_key_t *)handle)->bytes, ((const crypto_aes_key_t *)handle)->length);
            return CRYPTO_OK;
        case CRYPTO_OBJECT_EDWARDS:
            store_edwards(handle, out);
            return CRYPTO_OK;
        case CRYPTO_OBJECT_MONTGOMERY:
            store_montgomery(handle, out);
            return CRYPTO_OK;
        case CRYPTO_OBJECT_HD:
            memcpy(out, handle, sizeof(crypto_hd_node_t)); // bytes only: no padding, no order
            return CRYPTO_OK;
        case CRYPTO_OBJECT_RSA:
            return store_rsa(handle, out);
    }
    return CRYPTO_ARGUMENT;
}

crypto_result_t crypto_object_seal(crypto_secret_t *secret, const uint8_t *associated, size_t associated_length,
                                   crypto_object_kind_t kind, const void *handle, uint8_t *out) {
    size_t length = plain_length(kind, handle);
    uint8_t *plain = crypto_pool_alloc(length);
    if (plain == NULL) {
        return CRYPTO_MEMORY;
    }
    crypto_result_t result = store(kind, handle, plain);
    if (result == CRYPTO_OK) {
        result = crypto_seal(secret, associated, associated_length, plain, length, out);
    }
    crypto_pool_free(plain);
    return result;
}

// --- Reading ---------------------------------------------------------------------------------------

static crypto_result_t load_secret(const uint8_t *in, size_t length, void **handle) {
    crypto_secret_t *secret;
    crypto_result_t result = crypto_secret_new(length, &secret);
    if (result == CRYPTO_OK) {
        memcpy(secret->bytes, in, length);
        *handle = secret;
    }
    return result;
}

static crypto_result_t load_ec(const uint8_t *in, size_t length, void **handle) {
    size_t width = length > 0 ? crypto_curve_bytes(in[0]) : 0;
    if (width == 0 || length != CURVE_BYTES + 3 * width) {
        return CRYPTO_ARGUMENT;
    }
    return crypto_ec_load(in[0], in + CURVE_BYTES, in + CURVE_BYTES + width, (crypto_ec_key_t **)handle);
}

static crypto_result_t load_edwards(const uint8_t *in, size_t length, void **handle) {
    size_t width = length > 0 ? crypto_edwards_bytes(in[0]) : 0;
    if (width == 0 || length != CURVE_BYTES + 2 * width) {
        return CRYPTO_ARGUMENT;
    }
    return crypto_edwards_load(in[0], in + CURVE_BYTES, in + CURVE_BYTES + width, (crypto_edwards_key_t **)handle);
}

static crypto_result_t load_montgomery(const uint8_t *in, size_t length, void **handle) {
    size_t width = length > 0 ? crypto_montgomery_bytes(in[0]) : 0;
    if (width == 0 || length != CURVE_BYTES + 2 * width) {
        return CRYPTO_ARGUMENT;
    }
    return crypto_montgomery_load(in[0], in + CURVE_BYTES, in + CURVE_BYTES + width,
                                  (crypto_montgomery_key_t **)handle);
}

static crypto_result_t load_rsa(const uint8_t *in, size_t length, void **handle) {
    if (length < RSA_HEADER_BYTES) {
        return CRYPTO_ARGUMENT;
    }
    unsigned bits = ((unsigned)in[0] << 8) | in[1];
    uint32_t exponent = ((uint32_t)in[2] << 24) | ((uint32_t)in[3] << 16) | ((uint32_t)in[4] << 8) | in[5];
    if (length != RSA_HEADER_BYTES + CRYPTO_RSA_PARTS * (bits / 16)) {
        return CRYPTO_ARGUMENT;
    }
    return crypto_rsa_key_load(bits, exponent, in + RSA_HEADER_BYTES, (crypto_rsa_key_t **)handle);
}

static crypto_result_t load(crypto_object_kind_t kind, const uint8_t *in, size_t length, void **handle) {
    switch (kind) {
        case CRYPTO_OBJECT_SECRET:
            return load_secret(in, length, handle);
        case CRYPTO_OBJECT_EC:
            return load_ec(in, length, handle);
        case CRYPTO_OBJECT_RSA:
            return load_rsa(in, length, handle);
        case CRYPTO_OBJECT_AES:
            return crypto_aes_key_from_bytes(in, length, (crypto_aes_key_t **)handle);
        case CRYPTO_OBJECT_EDWARDS:
            return load_edwards(in, length, handle);
        case CRYPTO_OBJECT_MONTGOMERY:
            return load_montgomery(in, length, handle);
        case CRYPTO_OBJECT_HD:
            return crypto_hd_load(in, length, (crypto_hd_node_t **)handle);
    }
    return CRYPTO_ARGUMENT;
}

crypto_result_t crypto_object_open(crypto_secret_t *secret, const uint8_t *associated, size_t associated_length,
                                   const uint8_t *sealed, size_t sealed_length, crypto_object_kind_t *kind,
                                   void **handle) {
    if (sealed_length <= CRYPTO_SEAL_TAG_BYTES + KIND_BYTES) {
        return CRYPTO_AUTHENTICATION;
    }
    size_t length = sealed_length - CRYPTO_SEAL_TAG_BYTES;
    uint8_t *plain = crypto_pool_alloc(length);
    if (plain == NULL) {
        return CRYPTO_MEMORY;
    }
    crypto_result_t result = crypto_open(secret, associated, associated_length, sealed, sealed_length, plain);
    if (result == CRYPTO_OK) {
        *kind = (crypto_object_kind_t)plain[0];
        result = load(*kind, plain + KIND_BYTES, length - KIND_BYTES, handle);
        // Authentic, so nobody's input: a record that a different version wrote.
        result = result == CRYPTO_ARGUMENT ? CRYPTO_FAILED : result;
    }
    crypto_pool_free(plain);
    return result;
}
