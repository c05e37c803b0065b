// SPDX-License-Identifier: GPL-2.0-or-later
// PKCS #1 signatures: EMSA-PKCS1-v1_5 and EMSA-PSS ([RFC8017] 9) around the private operation.
#include <string.h>

#include "drbg.h"
#include "mgf1.h"
#include "pool.h"
#include "rsa.h"
#include "rsa_padding.h"
#include "wipe.h"

// [RFC8017] 9.2 note 1: DigestInfo up to the digest.
#define PREFIX_MAX_BYTES 19
typedef struct {
    uint8_t length;
    uint8_t bytes[PREFIX_MAX_BYTES];
} digest_info_t;

static const digest_info_t digest_infos[] = {
    [CRYPTO_HASH_SHA1] = {15, {0x30, 0x21, 0x30, 0x09, 0x06, 0x05, 0x2B, 0x0E, 0x03, 0x02, 0x1A, 0x05, 0x00, 0x04,
                               0x14}},
    [CRYPTO_HASH_SHA224] = {19, {0x30, 0x2D, 0x30, 0x0D, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02,
                                 0x04, 0x05, 0x00, 0x04, 0x1C}},
    [CRYPTO_HASH_SHA256] = {19, {0x30, 0x31, 0x30, 0x0D, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02,
                                 0x01, 0x05, 0x00, 0x04, 0x20}},
    [CRYPTO_HASH_SHA384] = {19, {0x30, 0x41, 0x30, 0x0D, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02,
                                 0x02, 0x05, 0x00, 0x04, 0x30}},
    [CRYPTO_HASH_SHA512] = {19, {0x30, 0x51, 0x30, 0x0D, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02,
                                 0x03, 0x05, 0x00, 0x04, 0x40}},
};

crypto_result_t crypto_rsa_encode_pkcs1(crypto_hash_t hash, const uint8_t *digest, size_t digest_length,
                                        uint8_t *block, size_t length) {
    size_t prefix_length = 0;
    if (hash != CRYPTO_HASH_NONE) {
        if (crypto_digest_length(hash) != digest_length || digest_length == 0) {
            return CRYPTO_ARGUMENT;
        }
        prefix_length = digest_infos[hash].length;
    }
    size_t info_length = prefix_length + digest_length;
    if (info_length == 0 || info_length + 11 > length) {
        return CRYPTO_ARGUMENT;
    }
    size_t info_at = length - info_length;
    memset(block, 0xFF, length);
    block[0] = 0x00;
    block[1] = 0x01;
    block[info_at - 1] = 0x00;
    if (prefix_length != 0) {
        memcpy(block + info_at, digest_infos[hash].bytes, prefix_length);
    }
    memcpy(block + info_at + prefix_length, digest, digest_length);
    return CRYPTO_OK;
}

crypto_result_t crypto_rsa_sign_pkcs1(crypto_rsa_key_t *key, crypto_hash_t hash, const uint8_t *digest,
                                      size_t digest_length, uint8_t *signature) {
    size_t length = crypto_rsa_bits(key) / 8;
    uint8_t *block = crypto_pool_alloc(length);
    if (block == NULL) {
        return CRYPTO_MEMORY;
    }
    crypto_result_t result = crypto_rsa_encode_pkcs1(hash, digest, digest_length, block, length);
    if (result == CRYPTO_OK) {
        result = crypto_rsa_private(key, block, signature);
    }
    crypto_pool_free(block);
    return result;
}

// --- PSS -------------------------------------------------------------------------------------------

// EMSA-PSS ([RFC8017] 9.1.1) with emBits = modulus bits - 1, into a zeroed block of `length` bytes:
// (PS || 01 || salt) masked || H || BC.
static crypto_result_t encode_pss(crypto_hash_t hash, const uint8_t *digest, const uint8_t *salt, size_t salt_length,
                                  uint8_t *block, size_t length) {
    static const uint8_t zeros[8];
    size_t hash_length = crypto_digest_length(hash);
    size_t masked_length = length - hash_length - 1;
    uint8_t *h = block + masked_length;
    const crypto_part_t parts[] = {{zeros, sizeof(zeros)}, {digest, hash_length}, {salt, salt_length}};
    crypto_result_t result = crypto_hash_parts(hash, parts, 3, h);
    if (result != CRYPTO_OK) {
        return result;
    }
    block[masked_length - salt_length - 1] = 0x01;
    memcpy(block + masked_length - salt_length, salt, salt_length);
    result = crypto_mgf1_mask(hash, h, hash_length, block, masked_length);
    block[0] &= 0x7F;
    block[length - 1] = 0xBC;
    return result;
}

crypto_result_t crypto_rsa_sign_pss_with(crypto_rsa_key_t *key, crypto_hash_t hash, const uint8_t *digest,
                                         const uint8_t *salt, size_t salt_length, uint8_t *signature) {
    size_t length = crypto_rsa_bits(key) / 8;
    size_t hash_length = crypto_digest_length(hash);
    if (hash_length == 0 || hash_length + salt_length + 2 > length) {
        return CRYPTO_ARGUMENT;
    }
    uint8_t *block = crypto_pool_alloc(length);
    if (block == NULL) {
        return CRYPTO_MEMORY;
    }
    crypto_result_t result = encode_pss(hash, digest, salt, salt_length, block, length);
    if (result == CRYPTO_OK) {
        result = crypto_rsa_private(key, block, signature);
    }
    crypto_pool_free(block);
    return result;
}

crypto_result_t crypto_rsa_sign_pss(crypto_rsa_key_t *key, crypto_hash_t hash, const uint8_t *digest,
                                    uint8_t *signature) {
    uint8_t salt[CRYPTO_DIGEST_MAX_BYTES];
    size_t salt_length = crypto_digest_length(hash);
    crypto_result_t result = crypto_random(salt, salt_length);
    return result != CRYPTO_OK ? result
                               : crypto_rsa_sign_pss_with(key, hash, digest, salt, salt_length, signature);
}
