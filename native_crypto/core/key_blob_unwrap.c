// SPDX-License-Identifier: GPL-2.0-or-later
// Reading key blobs; key_blob.h has their form. What is read was authenticated before; it may still be anything.
#include <string.h>

#include "cipher.h"
#include "key_blob.h"
#include "pool.h"
#include "rsa_key.h"
#include "wipe.h"

#define BLOCK_BYTES CRYPTO_CIPHER_BLOCK_BYTES
#define HEADER_MIN_BYTES (CRYPTO_CHECK_VALUE_BYTES + 1 + 4 * 2)

typedef struct {
    const uint8_t *bytes;
    size_t length;
} field_t;

typedef struct {
    const uint8_t *at;
    const uint8_t *end;
    bool failed; // a field that ends behind the end
} reader_t;

static size_t get_word(reader_t *reader) {
    if (reader->end - reader->at < 2) {
        reader->failed = true;
        return 0;
    }
    size_t value = ((size_t)reader->at[0] << 8) | reader->at[1];
    reader->at += 2;
    return value;
}

static field_t get(reader_t *reader) {
    size_t length = get_word(reader);
    field_t field = {reader->at, 0};
    if (length > (size_t)(reader->end - reader->at)) {
        reader->failed = true;
        return field;
    }
    field.length = length;
    reader->at += length;
    return field;
}

static field_t without_zeros(field_t field) {
    while (field.length > 0 && field.bytes[0] == 0) {
        field.bytes++;
        field.length--;
    }
    return field;
}

static field_t get_number(reader_t *reader) {
    return without_zeros(get(reader));
}

// A number in `width` bytes; false if it is too long. Leading zeros of one that fits are not looked for: how many a
// secret has is secret.
static bool widen(field_t number, uint8_t *out, size_t width) {
    while (number.length > width && number.bytes[0] == 0) {
        number.bytes++;
        number.length--;
    }
    if (number.length > width) {
        return false;
    }
    memset(out, 0, width - number.length);
    memcpy(out + width - number.length, number.bytes, number.length);
    return true;
}

// A public key that the blob gives must be the one that belongs to its private key.
static crypto_result_t compare_public(const field_t *field, const uint8_t *public_key, size_t length) {
    bool agrees = field->length == 0 || (field->length == length && crypto_equal(field->bytes, public_key, length));
    return agrees ? CRYPTO_OK : CRYPTO_FAILED;
}

// --- Keys on curves ----------------------------------------------------------------------------------

static crypto_result_t read_weierstrass(int curve, const field_t *scalar, const field_t *public_key, void **handle) {
    uint8_t private_key[CRYPTO_FIELD_MAX_BYTES];
    size_t length = crypto_curve_bytes(curve);
    uint8_t point[CRYPTO_POINT_MAX_BYTES] = {0x04};
    crypto_ec_key_t *key = NULL;
    crypto_result_t result = widen(*scalar, private_key, length) ? CRYPTO_OK : CRYPTO_FAILED;
    if (result == CRYPTO_OK) {
        result = crypto_ec_from_private(curve, private_key, &key);
    }
    crypto_wipe(private_key, sizeof(private_key));
    if (result == CRYPTO_OK) {
        memcpy(point + 1, key->public_key, 2 * length);
        result = compare_public(public_key, point, 1 + 2 * length);
        *handle = key;
    }
    return result;
}

static crypto_result_t read_edwards(int curve, const field_t *seed, const field_t *public_key, void **handle) {
    crypto_edwards_key_t *key = NULL;
    size_t length = crypto_edwards_bytes(curve);
    if (seed->length != length) {
        return CRYPTO_FAILED;
    }
    crypto_result_t result = crypto_edwards_from_seed(curve, seed->bytes, &key);
    if (result == CRYPTO_OK) {
        result = compare_public(public_key, key->public_key, length);
        *handle = key;
    }
    return result;
}

static crypto_result_t read_montgomery(int curve, const field_t *private_key, const field_t *public_key,
                                       void **handle) {
    crypto_montgomery_key_t *key = NULL;
    size_t length = crypto_montgomery_bytes(curve);
    if (private_key->length != length) {
        return CRYPTO_FAILED;
    }
    crypto_result_t result = crypto_montgomery_from_private(curve, private_key->bytes, &key);
    if (result == CRYPTO_OK) {
        result = compare_public(public_key, key->public_key, length);
        *handle = key;
    }
    return result;
}

// A, B, P, N, G, d, Q; the curve is told by P and G.
static crypto_result_t read_ec(reader_t *reader, crypto_blob_t *opened) {
    get(reader); // A: empty in blobs of some writers
    get(reader);
    field_t prime = get(reader);
    get(reader);
    field_t generator = get(reader);
    field_t raw = get(reader);
    field_t public_key = get(reader);
    if (reader->failed) {
        return CRYPTO_FAILED;
    }
    int curve = crypto_curve_from_prime(prime.bytes, prime.length, generator.bytes, generator.length);
    if (crypto_edwards_bytes(curve) != 0) {
        opened->kind = CRYPTO_OBJECT_EDWARDS;
        return read_edwards(curve, &raw, &public_key, &opened->handle);
    }
    if (crypto_montgomery_bytes(curve) != 0) {
        opened->kind = CRYPTO_OBJECT_MONTGOMERY;
        return read_montgomery(curve, &raw, &public_key, &opened->handle);
    }
    if (curve == 0) {
        return CRYPTO_FAILED;
    }
    opened->kind = CRYPTO_OBJECT_EC;
    return read_weierstrass(curve, &raw, &public_key, &opened->handle);
}

// --- RSA keys ----------------------------------------------------------------------------------------

static bool get_exponent(const field_t *field, uint32_t *exponent) {
    *exponent = 0;
    for (size_t i = 0; i < field->length && i < 4; i++) {
        *exponent = (*exponent << 8) | field->bytes[i];
    }
    return field->length >= 1 && field->length <= 4;
}

// The key, if its modulus is the one that the blob gives and its private operation undoes the public one.
static crypto_result_t check_rsa(crypto_rsa_key_t *key, const field_t *modulus) {
    size_t length = crypto_rsa_bits(key) / 8;
    uint8_t *number = crypto_pool_alloc(length);
    if (number == NULL) {
        return CRYPTO_MEMORY;
    }
    crypto_result_t result = crypto_rsa_modulus(key, number);
    if (result == CRYPTO_OK && (modulus->length != length || !crypto_equal(number, modulus->bytes, length))) {
        result = CRYPTO_FAILED;
    }
    crypto_pool_free(number);
    return result == CRYPTO_OK ? crypto_rsa_check_pair(key) : result;
}

static crypto_result_t from_primes(unsigned bits, uint32_t exponent, const field_t *p, const field_t *q,
                                   crypto_rsa_key_t **key) {
    size_t half = bits / 16;
    uint8_t *primes = crypto_pool_alloc(2 * half);
    if (primes == NULL) {
        return CRYPTO_MEMORY;
    }
    crypto_result_t result =
        widen(*p, primes, half) && widen(*q, primes + half, half)
            ? crypto_rsa_from_primes(bits, exponent, primes, primes + half, key)
            : CRYPTO_FAILED;
    crypto_pool_free(primes);
    return result;
}

// d, n, e; or dP, dQ, p, 1/q mod p, q, n, e, of which the derived ones are computed anew.
static crypto_result_t read_rsa(reader_t *reader, bool has_primes, crypto_blob_t *opened) {
    field_t d = {0};
    field_t p = {0};
    field_t q = {0};
    if (has_primes) {
        get(reader);
        get(reader);
        p = get_number(reader);
        get(reader);
        q = get_number(reader);
    } else {
        d = get_number(reader);
    }
    field_t modulus = get_number(reader);
    field_t public_exponent = get_number(reader);
    uint32_t exponent;
    unsigned bits = 8 * (unsigned)modulus.length;
    if (reader->failed || !get_exponent(&public_exponent, &exponent) || !crypto_rsa_is_size(bits)) {
        return CRYPTO_FAILED;
    }
    crypto_rsa_key_t *key = NULL;
    crypto_result_t result =
        has_primes ? from_primes(bits, exponent, &p, &q, &key)
                   : crypto_rsa_from_exponents(bits, exponent, modulus.bytes, d.bytes, d.length, &key);
    opened->kind = CRYPTO_OBJECT_RSA;
    opened->handle = key;
    return result == CRYPTO_OK ? check_rsa(key, &modulus) : result;
}

// --- The blob ----------------------------------------------------------------------------------------

// The fields behind the size, which the numbers tell as well; AES has nothing else.
static crypto_result_t read_key(reader_t *reader, uint8_t type, crypto_blob_t *opened) {
    if (type == CRYPTO_BLOB_AES) {
        field_t key = get(reader);
        opened->kind = CRYPTO_OBJECT_AES;
        return reader->failed
                   ? CRYPTO_FAILED
                   : crypto_aes_key_from_bytes(key.bytes, key.length, (crypto_aes_key_t **)&opened->handle);
    }
    get_word(reader);
    if (type == CRYPTO_BLOB_EC) {
        return read_ec(reader, opened);
    }
    if (type == CRYPTO_BLOB_RSA || type == CRYPTO_BLOB_RSA_CRT) {
        return read_rsa(reader, type == CRYPTO_BLOB_RSA_CRT, opened);
    }
    return CRYPTO_FAILED;
}

static crypto_result_t decrypt_key(const crypto_blob_keys_t *keys, uint8_t type, const uint8_t *ciphertext,
                                   size_t length, crypto_blob_t *opened) {
    static const uint8_t zeros[BLOCK_BYTES];
    if (length < BLOCK_BYTES || length % BLOCK_BYTES != 0) {
        return CRYPTO_FAILED;
    }
    uint8_t *plain = crypto_pool_alloc(length);
    if (plain == NULL) {
        return CRYPTO_MEMORY;
    }
    crypto_cipher_use_t cbc = {.cipher = CRYPTO_CIPHER_AES_CBC,
                               .key = keys->encrypt,
                               .key_length = sizeof(keys->encrypt),
                               .iv = zeros,
                               .iv_length = BLOCK_BYTES};
    crypto_result_t result = crypto_decrypt(&cbc, ciphertext, length, plain);
    if (result == CRYPTO_OK) {
        reader_t reader = {plain + CRYPTO_BLOB_RANDOM_BYTES, plain + length, false};
        result = read_key(&reader, type, opened);
    }
    crypto_pool_free(plain);
    if (result != CRYPTO_OK && opened->handle != NULL) {
        crypto_pool_free(opened->handle);
        opened->handle = NULL;
    }
    // Its numbers were authentic: no argument of the caller's was wrong, and nothing else has to be told.
    bool is_ours = result == CRYPTO_OK || result == CRYPTO_MEMORY || result == CRYPTO_ENTROPY;
    return is_ours ? result : CRYPTO_FAILED;
}

// Check value and MAC; compared twice, because this is what a fault must not skip.
static crypto_result_t authenticate(const crypto_secret_t *dkek, const crypto_blob_keys_t *keys, const uint8_t *blob,
                                    size_t length) {
    uint8_t value[CRYPTO_CHECK_VALUE_BYTES];
    uint8_t mac[CRYPTO_BLOB_MAC_BYTES];
    const uint8_t *given = blob + length - CRYPTO_BLOB_MAC_BYTES;
    crypto_result_t result = crypto_secret_check_value(dkek, value);
    if (result == CRYPTO_OK && !crypto_equal(value, blob, sizeof(value))) {
        result = CRYPTO_AUTHENTICATION;
    }
    if (result == CRYPTO_OK) {
        result = crypto_blob_mac(keys, blob, length - CRYPTO_BLOB_MAC_BYTES, mac);
    }
    if (result == CRYPTO_OK && !crypto_equal(mac, given, sizeof(mac))) {
        result = CRYPTO_AUTHENTICATION;
    }
    if (result == CRYPTO_OK && !crypto_equal(given, mac, sizeof(mac))) {
        result = CRYPTO_AUTHENTICATION;
    }
    crypto_wipe(mac, sizeof(mac));
    return result;
}

crypto_result_t crypto_blob_unwrap(const crypto_secret_t *dkek, const uint8_t *blob, size_t length,
                                   crypto_blob_t *opened) {
    crypto_blob_keys_t keys;
    opened->handle = NULL;
    if (length < HEADER_MIN_BYTES + CRYPTO_BLOB_MAC_BYTES) {
        return CRYPTO_AUTHENTICATION;
    }
    crypto_result_t result = crypto_blob_keys(dkek, &keys);
    if (result == CRYPTO_OK) {
        result = authenticate(dkek, &keys, blob, length);
    }
    if (result == CRYPTO_OK) {
        reader_t reader = {blob + CRYPTO_CHECK_VALUE_BYTES + 1, blob + length - CRYPTO_BLOB_MAC_BYTES, false};
        get(&reader);
        field_t algorithms = get(&reader);
        get(&reader);
        get(&reader);
        opened->algorithms = algorithms.bytes;
        opened->algorithms_length = algorithms.length;
        result = reader.failed ? CRYPTO_FAILED
                               : decrypt_key(&keys, blob[CRYPTO_CHECK_VALUE_BYTES], reader.at,
                                             (size_t)(reader.end - reader.at), opened);
    }
    crypto_wipe(&keys, sizeof(keys));
    return result;
}
