// SPDX-License-Identifier: GPL-2.0-or-later
// RSA signature checks: RSASSA-PKCS1-v1_5 and RSASSA-PSS ([RFC8017] 8).
#include <string.h>

#include "mgf1.h"
#include "pool.h"
#include "rsa.h"
#include "rsa_padding.h"
#include "wipe.h"

// The encoded message that a signature stands for, from the pool; a number that is not below n is a wrong signature.
static crypto_result_t open_signature(const crypto_rsa_public_t *key, const uint8_t *signature, uint8_t **encoded) {
    if (!crypto_rsa_is_size(key->bits) || key->exponent < 3 || key->exponent % 2 == 0) {
        return CRYPTO_ARGUMENT;
    }
    *encoded = crypto_pool_alloc(key->bits / 8);
    if (*encoded == NULL) {
        return CRYPTO_MEMORY;
    }
    crypto_result_t result = crypto_rsa_public(key->bits, key->modulus, key->exponent, signature, *encoded);
    if (result != CRYPTO_OK) {
        crypto_pool_free(*encoded);
    }
    return result == CRYPTO_ARGUMENT ? CRYPTO_AUTHENTICATION : result;
}

// Compared twice: one skipped instruction must not accept a forgery.
static crypto_result_t compare(const uint8_t *a, const uint8_t *b, size_t length) {
    crypto_result_t result = crypto_equal(a, b, length) ? CRYPTO_OK : CRYPTO_AUTHENTICATION;
    if (!crypto_equal(b, a, length)) {
        result = CRYPTO_AUTHENTICATION;
    }
    return result;
}

crypto_result_t crypto_rsa_verify_pkcs1(const crypto_rsa_public_t *key, crypto_hash_t hash, const uint8_t *digest,
                                        size_t digest_length, const uint8_t *signature) {
    uint8_t *encoded;
    crypto_result_t result = open_signature(key, signature, &encoded);
    if (result != CRYPTO_OK) {
        return result;
    }
    size_t length = key->bits / 8;
    uint8_t *expected = crypto_pool_alloc(length);
    result = CRYPTO_MEMORY;
    if (expected != NULL) {
        // [RFC8017] 8.2.2 4: encode and compare; parsing what was signed is where forgeries come from.
        result = crypto_rsa_encode_pkcs1(hash, digest, digest_length, expected, length);
    }
    if (result == CRYPTO_OK) {
        result = compare(encoded, expected, length);
    }
    crypto_pool_free(expected);
    crypto_pool_free(encoded);
    return result;
}

// [RFC8017] 9.1.2 with emBits = modulus bits - 1 and a salt as long as the hash. Changes `encoded`.
static crypto_result_t check_pss(crypto_hash_t hash, const uint8_t *digest, uint8_t *encoded, size_t length) {
    static const uint8_t zeros[8];
    uint8_t expected[CRYPTO_DIGEST_MAX_BYTES];
    size_t hash_length = crypto_digest_length(hash);
    size_t masked_length = length - hash_length - 1;
    const uint8_t *h = encoded + masked_length;
    if (encoded[length - 1] != 0xBC || (encoded[0] & 0x80) != 0) {
        return CRYPTO_AUTHENTICATION;
    }
    crypto_result_t result = crypto_mgf1_mask(hash, h, hash_length, encoded, masked_length);
    if (result != CRYPTO_OK) {
        return result;
    }
    encoded[0] &= 0x7F;
    size_t salt_at = masked_length - hash_length;
    unsigned wrong = encoded[salt_at - 1] ^ 0x01;
    for (size_t i = 0; i < salt_at - 1; i++) {
        wrong |= encoded[i];
    }
    if (wrong != 0) {
        return CRYPTO_AUTHENTICATION;
    }
    const crypto_part_t parts[] = {{zeros, sizeof(zeros)}, {digest, hash_length}, {encoded + salt_at, hash_length}};
    result = crypto_hash_parts(hash, parts, 3, expected);
    return result == CRYPTO_OK ? compare(h, expected, hash_length) : result;
}

crypto_result_t crypto_rsa_verify_pss(const crypto_rsa_public_t *key, crypto_hash_t hash, const uint8_t *digest,
                                      size_t digest_length, const uint8_t *signature) {
    size_t hash_length = crypto_digest_length(hash);
    if (hash_length == 0 || digest_length != hash_length || 2 * hash_length + 2 > key->bits / 8) {
        return CRYPTO_ARGUMENT;
    }
    uint8_t *encoded;
    crypto_result_t result = open_signature(key, signature, &encoded);
    if (result == CRYPTO_OK) {
        result = check_pss(hash, digest, encoded, key->bits / 8);
        crypto_pool_free(encoded);
    }
    return result;
}
