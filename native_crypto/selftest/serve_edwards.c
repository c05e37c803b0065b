// SPDX-License-Identifier: GPL-2.0-or-later
// Self-test requests on Edwards and Montgomery curves.
#include <string.h>

#include "pool.h"
#include "services.h"

static crypto_result_t read_edwards_key(reader_t *in, crypto_edwards_key_t **key) {
    int curve = (int)selftest_read_word(in);
    part_t seed = selftest_read_exactly(in, crypto_edwards_bytes(curve));
    if (in->failed) {
        return CRYPTO_ARGUMENT;
    }
    crypto_result_t result = crypto_edwards_from_seed(curve, seed.bytes, key);
    return result == CRYPTO_OK ? selftest_through_seal(CRYPTO_OBJECT_EDWARDS, (void **)key) : result;
}

crypto_result_t selftest_edwards_public(reader_t *in, writer_t *out) {
    crypto_edwards_key_t *key;
    crypto_result_t result = read_edwards_key(in, &key);
    if (result == CRYPTO_OK) {
        size_t length = crypto_edwards_bytes(key->curve);
        memcpy(selftest_write(out, length), key->public_key, length);
        crypto_pool_free(key);
    }
    return result;
}

crypto_result_t selftest_edwards_generate(reader_t *in, writer_t *out) {
    crypto_edwards_key_t *key;
    crypto_result_t result = crypto_edwards_generate((int)selftest_read_word(in), &key);
    if (result == CRYPTO_OK) {
        size_t length = crypto_edwards_bytes(key->curve);
        memcpy(selftest_write(out, length), key->seed, length);
        memcpy(selftest_write(out, length), key->public_key, length);
        crypto_pool_free(key);
    }
    return result;
}

crypto_result_t selftest_edwards_sign(reader_t *in, writer_t *out) {
    crypto_edwards_key_t *key;
    crypto_result_t result = read_edwards_key(in, &key);
    if (result == CRYPTO_OK) {
        part_t message = selftest_read(in);
        uint8_t *signature = selftest_write(out, 2 * crypto_edwards_bytes(key->curve));
        result = crypto_edwards_sign(key, message.bytes, message.length, signature);
        crypto_pool_free(key);
    }
    return result;
}

static crypto_result_t read_montgomery_key(reader_t *in, crypto_montgomery_key_t **key) {
    int curve = (int)selftest_read_word(in);
    part_t private_key = selftest_read_exactly(in, crypto_montgomery_bytes(curve));
    if (in->failed) {
        return CRYPTO_ARGUMENT;
    }
    crypto_result_t result = crypto_montgomery_from_private(curve, private_key.bytes, key);
    return result == CRYPTO_OK ? selftest_through_seal(CRYPTO_OBJECT_MONTGOMERY, (void **)key) : result;
}

crypto_result_t selftest_montgomery_public(reader_t *in, writer_t *out) {
    crypto_montgomery_key_t *key;
    crypto_result_t result = read_montgomery_key(in, &key);
    if (result == CRYPTO_OK) {
        size_t length = crypto_montgomery_bytes(key->curve);
        memcpy(selftest_write(out, length), key->public_key, length);
        crypto_pool_free(key);
    }
    return result;
}

crypto_result_t selftest_montgomery_generate(reader_t *in, writer_t *out) {
    crypto_montgomery_key_t *key;
    crypto_result_t result = crypto_montgomery_generate((int)selftest_read_word(in), &key);
    if (result == CRYPTO_OK) {
        size_t length = crypto_montgomery_bytes(key->curve);
        memcpy(selftest_write(out, length), key->private_key, length);
        memcpy(selftest_write(out, length), key->public_key, length);
        crypto_pool_free(key);
    }
    return result;
}

crypto_result_t selftest_montgomery_ecdh(reader_t *in, writer_t *out) {
    crypto_montgomery_key_t *key;
    crypto_result_t result = read_montgomery_key(in, &key);
    if (result == CRYPTO_OK) {
        size_t length = crypto_montgomery_bytes(key->curve);
        part_t public_key = selftest_read_exactly(in, length);
        result = in->failed ? CRYPTO_ARGUMENT
                            : crypto_montgomery_shared_secret(key, public_key.bytes, selftest_write(out, length));
        crypto_pool_free(key);
    }
    return result;
}
