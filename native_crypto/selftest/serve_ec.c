// SPDX-License-Identifier: GPL-2.0-or-later
// Self-test requests on elliptic curves.
#include <string.h>

#include "pool.h"
#include "services.h"

static crypto_result_t read_ec_key(reader_t *in, crypto_ec_key_t **key) {
    int curve = (int)selftest_read_word(in);
    part_t private_key = selftest_read_exactly(in, crypto_curve_bytes(curve));
    if (in->failed) {
        return CRYPTO_ARGUMENT;
    }
    crypto_result_t result = crypto_ec_from_private(curve, private_key.bytes, key);
    return result == CRYPTO_OK ? selftest_through_seal(CRYPTO_OBJECT_EC, (void **)key) : result;
}

crypto_result_t selftest_ec_public(reader_t *in, writer_t *out) {
    crypto_ec_key_t *key;
    crypto_result_t result = read_ec_key(in, &key);
    if (result == CRYPTO_OK) {
        size_t length = 2 * crypto_curve_bytes(key->curve);
        memcpy(selftest_write(out, length), key->public_key, length);
        crypto_pool_free(key);
    }
    return result;
}

crypto_result_t selftest_ec_generate(reader_t *in, writer_t *out) {
    crypto_ec_key_t *key;
    crypto_result_t result = crypto_ec_generate((int)selftest_read_word(in), &key);
    if (result == CRYPTO_OK) {
        size_t length = crypto_curve_bytes(key->curve);
        memcpy(selftest_write(out, length), key->private_key, length);
        memcpy(selftest_write(out, 2 * length), key->public_key, 2 * length);
        crypto_pool_free(key);
    }
    return result;
}

crypto_result_t selftest_ecdsa_sign(reader_t *in, writer_t *out) {
    crypto_ec_key_t *key;
    crypto_result_t result = read_ec_key(in, &key);
    if (result != CRYPTO_OK) {
        return result;
    }
    part_t hash = selftest_read(in);
    part_t entropy = selftest_read(in);
    size_t length = crypto_curve_bytes(key->curve);
    uint8_t *signature = selftest_write(out, 2 * length);
    result = crypto_ec_sign_with(key, hash.bytes, hash.length, entropy.bytes, entropy.length, signature);
    if (result == CRYPTO_OK) {
        uint8_t der[CRYPTO_SIGNATURE_DER_MAX_BYTES];
        size_t der_length = crypto_ec_signature_to_der(signature, length, der);
        memcpy(selftest_write(out, der_length), der, der_length);
    }
    crypto_pool_free(key);
    return result;
}

crypto_result_t selftest_ecdsa_hedged(reader_t *in, writer_t *out) {
    crypto_ec_key_t *key;
    crypto_result_t result = read_ec_key(in, &key);
    if (result == CRYPTO_OK) {
        part_t hash = selftest_read(in);
        uint8_t *signature = selftest_write(out, 2 * crypto_curve_bytes(key->curve));
        result = crypto_ec_sign(key, hash.bytes, hash.length, signature);
        crypto_pool_free(key);
    }
    return result;
}

crypto_result_t selftest_ecdsa_verify(reader_t *in, writer_t *out) {
    (void)out;
    int curve = (int)selftest_read_word(in);
    size_t length = 2 * crypto_curve_bytes(curve);
    part_t public_key = selftest_read_exactly(in, length);
    part_t hash = selftest_read(in);
    part_t signature = selftest_read_exactly(in, length);
    return in->failed ? CRYPTO_ARGUMENT
                      : crypto_ec_verify(curve, public_key.bytes, hash.bytes, hash.length, signature.bytes);
}

crypto_result_t selftest_ecdh(reader_t *in, writer_t *out) {
    crypto_ec_key_t *key;
    crypto_result_t result = read_ec_key(in, &key);
    if (result == CRYPTO_OK) {
        size_t length = crypto_curve_bytes(key->curve);
        part_t public_key = selftest_read_exactly(in, 2 * length);
        result = in->failed ? CRYPTO_ARGUMENT
                            : crypto_ec_shared_secret(key, public_key.bytes, selftest_write(out, length));
        crypto_pool_free(key);
    }
    return result;
}

crypto_result_t selftest_ec_derive(reader_t *in, writer_t *out) {
    crypto_ec_key_t *key;
    crypto_ec_key_t *derived;
    crypto_result_t result = read_ec_key(in, &key);
    if (result != CRYPTO_OK) {
        return result;
    }
    part_t offset = selftest_read(in);
    result = crypto_ec_derive(key, offset.bytes, offset.length, &derived);
    crypto_pool_free(key);
    if (result == CRYPTO_OK) {
        size_t length = crypto_curve_bytes(derived->curve);
        memcpy(selftest_write(out, length), derived->private_key, length);
        memcpy(selftest_write(out, 2 * length), derived->public_key, 2 * length);
        crypto_pool_free(derived);
    }
    return result;
}

crypto_result_t selftest_curve(reader_t *in, writer_t *out) {
    static const crypto_curve_parameter_t parameters[] = {CRYPTO_CURVE_PRIME, CRYPTO_CURVE_A, CRYPTO_CURVE_B,
                                                          CRYPTO_CURVE_ORDER, CRYPTO_CURVE_GENERATOR};
    int curve = (int)selftest_read_word(in);
    uint8_t generator[CRYPTO_POINT_MAX_BYTES];
    uint8_t value[CRYPTO_POINT_MAX_BYTES];
    size_t generator_length = crypto_curve_encoded(curve, CRYPTO_CURVE_GENERATOR, generator);
    if (generator_length == 0) {
        return CRYPTO_ARGUMENT;
    }
    size_t length = crypto_curve_encoded(curve, CRYPTO_CURVE_PRIME, value);
    if (crypto_curve_from_prime(value, length, generator, generator_length) != curve) {
        return CRYPTO_FAILED;
    }
    for (size_t i = 0; i < sizeof(parameters) / sizeof(parameters[0]); i++) {
        length = crypto_curve_encoded(curve, parameters[i], value);
        memcpy(selftest_write(out, length), value, length);
    }
    selftest_write_word(out, crypto_curve_cofactor(curve));
    return CRYPTO_OK;
}
