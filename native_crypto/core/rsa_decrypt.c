// SPDX-License-Identifier: GPL-2.0-or-later
// RSA decryption: RSAES-PKCS1-v1_5 and RSAES-OAEP ([RFC8017] 7) around the private operation.
//
// What is wrong with a padding is found in time that does not depend on it, and all faults are one answer. That a
// padding was wrong is what the host is told, and the oracle of Bleichenbacher lives on that alone: the
// interface has it, and a host that cares asks for the raw operation or for OAEP.
#include <string.h>

#include "mgf1.h"
#include "pool.h"
#include "rsa.h"
#include "wipe.h"

// All ones if the condition holds, without a branch. Arguments below 2^31.
static uint32_t is_zero(uint32_t value) {
    return 0u - ((value - 1) >> 31);
}

static uint32_t is_below(uint32_t value, uint32_t bound) {
    return 0u - ((value - bound) >> 31);
}

// The index of the first byte from `start` on that is `wanted`; *others is not 0 if a byte before it is not 0. The
// result is `length` if there is none.
static uint32_t find(const uint8_t *bytes, uint32_t start, uint32_t length, uint8_t wanted, uint32_t *others) {
    uint32_t index = length;
    uint32_t before = ~0u;
    for (uint32_t i = start; i < length; i++) {
        uint32_t here = before & is_zero((uint32_t)(bytes[i] ^ wanted));
        index = (index & ~here) | (i & here);
        before &= ~here;
        *others |= before & bytes[i];
    }
    return index;
}

// block^d; an input that is not below n is as wrong as its padding would be.
static crypto_result_t decrypt_block(crypto_rsa_key_t *key, const uint8_t *block, uint8_t *encoded) {
    crypto_result_t result = crypto_rsa_private(key, block, encoded);
    return result == CRYPTO_ARGUMENT ? CRYPTO_AUTHENTICATION : result;
}

// Give bytes [start, length) of `encoded` out if `wrong` is 0.
static crypto_result_t give_out(const uint8_t *encoded, uint32_t start, uint32_t length, uint32_t wrong, uint8_t *out,
                                size_t *out_length) {
    if (wrong != 0) {
        return CRYPTO_AUTHENTICATION;
    }
    *out_length = length - start;
    memcpy(out, encoded + start, length - start);
    return CRYPTO_OK;
}

// 00 02 PS 00 M, at least eight bytes of PS that are not 0 ([RFC8017] 7.2.2)
static crypto_result_t decode_pkcs1(const uint8_t *encoded, uint32_t length, uint8_t *out, size_t *out_length) {
    uint32_t ignored = 0;
    uint32_t zero_at = find(encoded, 2, length, 0x00, &ignored);
    uint32_t wrong = encoded[0] | (encoded[1] ^ 0x02u);
    wrong |= is_below(zero_at, 10) | ~is_below(zero_at, length);
    return give_out(encoded, zero_at + 1, length, wrong, out, out_length);
}

// 00 masked-seed masked-DB; DB = hash of the empty label, zeros, 01, M ([RFC8017] 7.1.2)
static crypto_result_t decode_oaep(crypto_hash_t hash, uint8_t *encoded, uint32_t length, uint8_t *out,
                                   size_t *out_length) {
    uint8_t label[CRYPTO_DIGEST_MAX_BYTES];
    size_t hash_length = crypto_digest_length(hash);
    uint8_t *seed = encoded + 1;
    uint8_t *data = seed + hash_length;
    uint32_t data_length = length - 1 - (uint32_t)hash_length;
    crypto_result_t result = crypto_hash_parts(hash, NULL, 0, label);
    if (result == CRYPTO_OK) {
        result = crypto_mgf1_mask(hash, data, data_length, seed, hash_length);
    }
    if (result == CRYPTO_OK) {
        result = crypto_mgf1_mask(hash, seed, hash_length, data, data_length);
    }
    if (result != CRYPTO_OK) {
        return result;
    }
    uint32_t wrong = encoded[0];
    for (size_t i = 0; i < hash_length; i++) {
        wrong |= data[i] ^ label[i];
    }
    uint32_t one_at = find(data, (uint32_t)hash_length, data_length, 0x01, &wrong);
    wrong |= ~is_below(one_at, data_length);
    return give_out(data, one_at + 1, data_length, wrong, out, out_length);
}

crypto_result_t crypto_rsa_decrypt_pkcs1(crypto_rsa_key_t *key, const uint8_t *block, uint8_t *out,
                                         size_t *out_length) {
    size_t length = crypto_rsa_bits(key) / 8;
    uint8_t *encoded = crypto_pool_alloc(length);
    if (encoded == NULL) {
        return CRYPTO_MEMORY;
    }
    crypto_result_t result = decrypt_block(key, block, encoded);
    if (result == CRYPTO_OK) {
        result = decode_pkcs1(encoded, (uint32_t)length, out, out_length);
    }
    crypto_pool_free(encoded);
    return result;
}

crypto_result_t crypto_rsa_decrypt_oaep(crypto_rsa_key_t *key, crypto_hash_t hash, const uint8_t *block, uint8_t *out,
                                        size_t *out_length) {
    size_t length = crypto_rsa_bits(key) / 8;
    size_t hash_length = crypto_digest_length(hash);
    if (hash_length == 0 || 2 * hash_length + 2 > length) {
        return CRYPTO_ARGUMENT;
    }
    uint8_t *encoded = crypto_pool_alloc(length);
    if (encoded == NULL) {
        return CRYPTO_MEMORY;
    }
    crypto_result_t result = decrypt_block(key, block, encoded);
    if (result == CRYPTO_OK) {
        result = decode_oaep(hash, encoded, (uint32_t)length, out, out_length);
    }
    crypto_pool_free(encoded);
    return result;
}
