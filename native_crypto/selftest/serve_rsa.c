// SPDX-License-Identifier: GPL-2.0-or-later
// Self-test requests to RSA keys.
#include <string.h>

#include "pool.h"
#include "services.h"

static crypto_result_t read_rsa_key(reader_t *in, crypto_rsa_key_t **key) {
    unsigned bits = selftest_read_word(in);
    uint32_t exponent = selftest_read_word(in);
    part_t p = selftest_read_exactly(in, bits / 16);
    part_t q = selftest_read_exactly(in, bits / 16);
    if (in->failed) {
        return CRYPTO_ARGUMENT;
    }
    crypto_result_t result = crypto_rsa_from_primes(bits, exponent, p.bytes, q.bytes, key);
    return result == CRYPTO_OK ? selftest_through_seal(CRYPTO_OBJECT_RSA, (void **)key) : result;
}

crypto_result_t selftest_rsa_public(reader_t *in, writer_t *out) {
    unsigned bits = selftest_read_word(in);
    part_t modulus = selftest_read_exactly(in, bits / 8);
    uint32_t exponent = selftest_read_word(in);
    part_t block = selftest_read_exactly(in, bits / 8);
    return in->failed ? CRYPTO_ARGUMENT
                      : crypto_rsa_public(bits, modulus.bytes, exponent, block.bytes, selftest_write(out, bits / 8));
}

crypto_result_t selftest_rsa_private(reader_t *in, writer_t *out) {
    crypto_rsa_key_t *key;
    crypto_result_t result = read_rsa_key(in, &key);
    if (result != CRYPTO_OK) {
        return result;
    }
    size_t length = crypto_rsa_bits(key) / 8;
    part_t block = selftest_read_exactly(in, length);
    uint32_t count = selftest_read_word(in);
    uint8_t *power = selftest_write(out, length);
    result = in->failed ? CRYPTO_ARGUMENT : CRYPTO_OK;
    for (uint32_t i = 0; result == CRYPTO_OK && i < count; i++) {
        result = crypto_rsa_private(key, block.bytes, power);
    }
    crypto_pool_free(key);
    return result;
}

crypto_result_t selftest_rsa_pkcs1(reader_t *in, writer_t *out) {
    crypto_rsa_key_t *key;
    crypto_result_t result = read_rsa_key(in, &key);
    if (result == CRYPTO_OK) {
        crypto_hash_t hash = (crypto_hash_t)selftest_read_word(in);
        part_t digest = selftest_read(in);
        result = crypto_rsa_sign_pkcs1(key, hash, digest.bytes, digest.length,
                                       selftest_write(out, crypto_rsa_bits(key) / 8));
        crypto_pool_free(key);
    }
    return result;
}

crypto_result_t selftest_rsa_pss(reader_t *in, writer_t *out) {
    crypto_rsa_key_t *key;
    crypto_result_t result = read_rsa_key(in, &key);
    if (result == CRYPTO_OK) {
        crypto_hash_t hash = (crypto_hash_t)selftest_read_word(in);
        part_t digest = selftest_read_exactly(in, crypto_digest_length(hash));
        part_t salt = selftest_read(in);
        uint8_t *signature = selftest_write(out, crypto_rsa_bits(key) / 8);
        if (in->failed) {
            result = CRYPTO_ARGUMENT;
        } else if (salt.length == 0) {
            result = crypto_rsa_sign_pss(key, hash, digest.bytes, signature);
        } else {
            result = crypto_rsa_sign_pss_with(key, hash, digest.bytes, salt.bytes, salt.length, signature);
        }
        crypto_pool_free(key);
    }
    return result;
}

crypto_result_t selftest_rsa_generate(reader_t *in, writer_t *out) {
    unsigned bits = selftest_read_word(in);
    uint32_t exponent = selftest_read_word(in);
    if (!crypto_rsa_is_size(bits) || !crypto_rsa_is_exponent(bits, exponent)) {
        return CRYPTO_ARGUMENT;
    }
    crypto_rsa_key_t *key;
    crypto_result_t result = crypto_rsa_generate(bits, exponent, &key);
    if (result == CRYPTO_OK) {
        size_t length = crypto_object_sealed_length(CRYPTO_OBJECT_RSA, key);
        result = crypto_rsa_modulus(key, selftest_write(out, bits / 8));
        if (result == CRYPTO_OK) {
            result = crypto_object_seal(&selftest_zero_secret, NULL, 0, CRYPTO_OBJECT_RSA, key,
                                        selftest_write(out, length));
        }
        crypto_pool_free(key);
    }
    return result;
}

// --- Decryption ----------------------------------------------------------------------------------------

static crypto_result_t decrypt(reader_t *in, writer_t *out, crypto_hash_t hash) {
    crypto_rsa_key_t *key;
    crypto_result_t result = read_rsa_key(in, &key);
    if (result != CRYPTO_OK) {
        return result;
    }
    size_t length = crypto_rsa_bits(key) / 8;
    part_t block = selftest_read_exactly(in, length);
    uint8_t *message = crypto_pool_alloc(length);
    size_t message_length = 0;
    if (in->failed) {
        result = CRYPTO_ARGUMENT;
    } else if (hash == CRYPTO_HASH_NONE) {
        result = crypto_rsa_decrypt_pkcs1(key, block.bytes, message, &message_length);
    } else {
        result = crypto_rsa_decrypt_oaep(key, hash, block.bytes, message, &message_length);
    }
    if (result == CRYPTO_OK) {
        memcpy(selftest_write(out, message_length), message, message_length);
    }
    crypto_pool_free(message);
    crypto_pool_free(key);
    return result;
}

crypto_result_t selftest_rsa_decrypt_pkcs1(reader_t *in, writer_t *out) {
    return decrypt(in, out, CRYPTO_HASH_NONE);
}

crypto_result_t selftest_rsa_decrypt_oaep(reader_t *in, writer_t *out) {
    return decrypt(in, out, (crypto_hash_t)selftest_read_word(in));
}

// --- Signature checks ----------------------------------------------------------------------------------

typedef crypto_result_t (*verify_t)(const crypto_rsa_public_t *, crypto_hash_t, const uint8_t *, size_t,
                                    const uint8_t *);

static crypto_result_t verify(reader_t *in, verify_t function) {
    crypto_rsa_public_t key = {.bits = selftest_read_word(in)};
    key.modulus = selftest_read_exactly(in, key.bits / 8).bytes;
    key.exponent = selftest_read_word(in);
    crypto_hash_t hash = (crypto_hash_t)selftest_read_word(in);
    part_t digest = selftest_read(in);
    part_t signature = selftest_read_exactly(in, key.bits / 8);
    return in->failed ? CRYPTO_ARGUMENT : function(&key, hash, digest.bytes, digest.length, signature.bytes);
}

crypto_result_t selftest_rsa_verify_pkcs1(reader_t *in, writer_t *out) {
    (void)out;
    return verify(in, crypto_rsa_verify_pkcs1);
}

crypto_result_t selftest_rsa_verify_pss(reader_t *in, writer_t *out) {
    (void)out;
    return verify(in, crypto_rsa_verify_pss);
}
