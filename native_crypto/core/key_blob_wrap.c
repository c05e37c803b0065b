// SPDX-License-Identifier: GPL-2.0-or-later
// Writing key blobs; key_blob.h has their form.
#include <string.h>

#include "cipher.h"
#include "drbg.h"
#include "kdf.h"
#include "key_blob.h"
#include "pool.h"
#include "wipe.h"

#define BLOCK_BYTES CRYPTO_CIPHER_BLOCK_BYTES
#define PLAIN_MAX_BYTES 1056

static const uint8_t oid_rsa[] = {0x04, 0x00, 0x7F, 0x00, 0x07, 0x02, 0x02, 0x02, 0x01, 0x02};
static const uint8_t oid_ec[] = {0x04, 0x00, 0x7F, 0x00, 0x07, 0x02, 0x02, 0x02, 0x02, 0x03};
static const uint8_t oid_aes[] = {0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x01};

crypto_result_t crypto_blob_keys(const crypto_secret_t *dkek, crypto_blob_keys_t *keys) {
    if (dkek->length != sizeof(keys->encrypt)) {
        return CRYPTO_ARGUMENT;
    }
    // Two blocks of that KDF, one after the other.
    return crypto_x963(CRYPTO_HASH_SHA256, dkek->bytes, dkek->length, NULL, 0, (uint8_t *)keys, sizeof(*keys));
}

crypto_result_t crypto_blob_mac(const crypto_blob_keys_t *keys, const uint8_t *blob, size_t length,
                                uint8_t mac[CRYPTO_BLOB_MAC_BYTES]) {
    crypto_cmac_t *cmac;
    crypto_result_t result = crypto_cmac_new(keys->mac, sizeof(keys->mac), &cmac);
    if (result != CRYPTO_OK) {
        return result;
    }
    result = crypto_cmac_update(cmac, blob, length);
    crypto_result_t last = crypto_cmac_final(cmac, mac);
    return result != CRYPTO_OK ? result : last;
}

// --- Fields ------------------------------------------------------------------------------------------

// Callers know that there is room: the longest plain text is that of RSA-4096.
typedef struct {
    uint8_t *at;
} writer_t;

static void put_word(writer_t *writer, size_t value) {
    writer->at[0] = (uint8_t)(value >> 8);
    writer->at[1] = (uint8_t)value;
    writer->at += 2;
}

static void put(writer_t *writer, const uint8_t *bytes, size_t length) {
    put_word(writer, length);
    memcpy(writer->at, bytes, length);
    writer->at += length;
}

// Without leading zeros: what other readers expect of private keys.
static void put_number(writer_t *writer, const uint8_t *bytes, size_t length) {
    while (length > 1 && bytes[0] == 0) {
        bytes++;
        length--;
    }
    put(writer, bytes, length);
}

static void put_domain(writer_t *writer, int curve) {
    static const crypto_curve_parameter_t order[] = {CRYPTO_CURVE_A, CRYPTO_CURVE_B, CRYPTO_CURVE_PRIME,
                                                     CRYPTO_CURVE_ORDER, CRYPTO_CURVE_GENERATOR};
    uint8_t value[CRYPTO_POINT_MAX_BYTES];
    put_word(writer, 8 * crypto_curve_encoded(curve, CRYPTO_CURVE_PRIME, value));
    for (size_t i = 0; i < sizeof(order) / sizeof(order[0]); i++) {
        size_t length = crypto_curve_encoded(curve, order[i], value);
        put(writer, value, length);
    }
}

static void put_ec(writer_t *writer, const crypto_ec_key_t *key) {
    size_t length = crypto_curve_bytes(key->curve);
    uint8_t point[CRYPTO_POINT_MAX_BYTES];
    put_domain(writer, key->curve);
    put_number(writer, key->private_key, length);
    point[0] = 0x04;
    memcpy(point + 1, key->public_key, 2 * length);
    put(writer, point, 1 + 2 * length);
}

static crypto_result_t put_rsa(writer_t *writer, const crypto_rsa_key_t *key) {
    size_t length = crypto_rsa_bits(key) / 8;
    uint32_t exponent = crypto_rsa_exponent(key);
    uint8_t bytes[4] = {(uint8_t)(exponent >> 24), (uint8_t)(exponent >> 16), (uint8_t)(exponent >> 8),
                        (uint8_t)exponent};
    uint8_t *number = crypto_pool_alloc(length);
    if (number == NULL) {
        return CRYPTO_MEMORY;
    }
    put_word(writer, 8 * length);
    crypto_result_t result = crypto_rsa_private_exponent(key, number);
    if (result == CRYPTO_OK) {
        put_number(writer, number, length);
        result = crypto_rsa_modulus(key, number);
    }
    if (result == CRYPTO_OK) {
        put(writer, number, length);
        put_number(writer, bytes, sizeof(bytes));
    }
    crypto_pool_free(number);
    return result;
}

// Size and fields of a key.
static crypto_result_t put_key(writer_t *writer, crypto_object_kind_t kind, const void *handle) {
    const crypto_aes_key_t *aes = handle;
    const crypto_edwards_key_t *edwards = handle;
    const crypto_montgomery_key_t *montgomery = handle;
    switch (kind) {
        case CRYPTO_OBJECT_RSA:
            return put_rsa(writer, handle);
        case CRYPTO_OBJECT_EC:
            put_ec(writer, handle);
            return CRYPTO_OK;
        case CRYPTO_OBJECT_EDWARDS:
            put_domain(writer, edwards->curve);
            put(writer, edwards->seed, crypto_edwards_bytes(edwards->curve));
            put(writer, edwards->public_key, crypto_edwards_bytes(edwards->curve));
            return CRYPTO_OK;
        case CRYPTO_OBJECT_MONTGOMERY:
            put_domain(writer, montgomery->curve);
            put(writer, montgomery->private_key, crypto_montgomery_bytes(montgomery->curve));
            put(writer, montgomery->public_key, crypto_montgomery_bytes(montgomery->curve));
            return CRYPTO_OK;
        case CRYPTO_OBJECT_AES:
            put(writer, aes->bytes, aes->length); // here the size is in bytes, and the length at the same time
            return CRYPTO_OK;
        default:
            return CRYPTO_ARGUMENT;
    }
}

// --- The blob ----------------------------------------------------------------------------------------

static void put_header(writer_t *writer, crypto_object_kind_t kind, const uint8_t *algorithms,
                       size_t algorithms_length) {
    bool is_rsa = kind == CRYPTO_OBJECT_RSA;
    bool is_aes = kind == CRYPTO_OBJECT_AES;
    *writer->at++ = is_rsa ? CRYPTO_BLOB_RSA : is_aes ? CRYPTO_BLOB_AES : CRYPTO_BLOB_EC;
    if (is_aes) {
        put(writer, oid_aes, sizeof(oid_aes));
    } else {
        put(writer, is_rsa ? oid_rsa : oid_ec, sizeof(oid_rsa));
    }
    put(writer, algorithms, algorithms_length);
    put_word(writer, 0); // access conditions
    put_word(writer, 0); // key OID
}

// random | size | fields | 80 00.., encrypted to the writer.
static crypto_result_t put_ciphertext(writer_t *writer, const crypto_blob_keys_t *keys, crypto_object_kind_t kind,
                                      const void *handle) {
    static const uint8_t zeros[BLOCK_BYTES];
    uint8_t *plain = crypto_pool_alloc(PLAIN_MAX_BYTES);
    if (plain == NULL) {
        return CRYPTO_MEMORY;
    }
    writer_t inner = {plain + CRYPTO_BLOB_RANDOM_BYTES};
    crypto_result_t result = crypto_random(plain, CRYPTO_BLOB_RANDOM_BYTES);
    if (result == CRYPTO_OK) {
        result = put_key(&inner, kind, handle);
    }
    if (result == CRYPTO_OK) {
        *inner.at++ = 0x80; // the pool gives zeros
        size_t length = ((size_t)(inner.at - plain) + BLOCK_BYTES - 1) / BLOCK_BYTES * BLOCK_BYTES;
        crypto_cipher_use_t cbc = {.cipher = CRYPTO_CIPHER_AES_CBC,
                                   .key = keys->encrypt,
                                   .key_length = sizeof(keys->encrypt),
                                   .iv = zeros,
                                   .iv_length = BLOCK_BYTES};
        result = crypto_encrypt(&cbc, plain, length, writer->at);
        writer->at += length;
    }
    crypto_pool_free(plain);
    return result;
}

crypto_result_t crypto_blob_wrap(const crypto_secret_t *dkek, crypto_object_kind_t kind, const void *handle,
                                 const uint8_t *algorithms, size_t algorithms_length, uint8_t *out,
                                 size_t *out_length) {
    crypto_blob_keys_t keys;
    writer_t writer = {out + CRYPTO_CHECK_VALUE_BYTES};
    if (algorithms_length > CRYPTO_BLOB_ALGORITHMS_MAX_BYTES) {
        return CRYPTO_ARGUMENT;
    }
    crypto_result_t result = crypto_blob_keys(dkek, &keys);
    if (result == CRYPTO_OK) {
        result = crypto_secret_check_value(dkek, out);
    }
    if (result == CRYPTO_OK) {
        put_header(&writer, kind, algorithms, algorithms_length);
        result = put_ciphertext(&writer, &keys, kind, handle);
    }
    if (result == CRYPTO_OK) {
        result = crypto_blob_mac(&keys, out, (size_t)(writer.at - out), writer.at);
        *out_length = (size_t)(writer.at - out) + CRYPTO_BLOB_MAC_BYTES;
    }
    crypto_wipe(&keys, sizeof(keys));
    return result;
}
