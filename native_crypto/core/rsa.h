// SPDX-License-Identifier: GPL-2.0-or-later
// RSA keys: generate ([FIPS186-5] A.1.3), private operation, PKCS #1 signatures and decryption ([RFC8017]).
#ifndef CRYPTO_RSA_H
#define CRYPTO_RSA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "digest.h"
#include "result.h"

#define CRYPTO_RSA_MAX_BITS 4096
#define CRYPTO_RSA_MAX_BYTES (CRYPTO_RSA_MAX_BITS / 8)

// A private key with CRT parameters and its current blinding pair, in the pool.
typedef struct crypto_rsa_key crypto_rsa_key_t;

// True for 1024, 1536, 2048, 3072 and 4096.
bool crypto_rsa_is_size(unsigned bits);

// True for an odd exponent 3..2^31-1, and >= 65537 when `bits` >= 2048 ([FIPS186-5] A.1.1).
bool crypto_rsa_is_exponent(unsigned bits, uint32_t exponent);

// CRYPTO_CANCELLED as soon as the host ended the command; CRYPTO_ENTROPY.
crypto_result_t crypto_rsa_generate(unsigned bits, uint32_t exponent, crypto_rsa_key_t **key);

// A key from its primes, bits/16 bytes each, big endian; the rest is computed. CRYPTO_ARGUMENT if they
// do not make an RSA key of that size with that exponent (primality is not tested).
crypto_result_t crypto_rsa_from_primes(unsigned bits, uint32_t exponent, const uint8_t *p, const uint8_t *q,
                                       crypto_rsa_key_t **key);

// A key from its modulus (bits/8 bytes) and both exponents; `d` may be reduced modulo (p-1)(q-1) or their least common
// multiple. CRYPTO_ARGUMENT if they do not belong together; then *key is NULL.
crypto_result_t crypto_rsa_from_exponents(unsigned bits, uint32_t exponent, const uint8_t *modulus, const uint8_t *d,
                                          size_t d_length, crypto_rsa_key_t **key);

// Pairwise consistency ([FIPS140-3] IG 10.3.A): a private operation, which checks itself with e.
crypto_result_t crypto_rsa_check_pair(crypto_rsa_key_t *key);

unsigned crypto_rsa_bits(const crypto_rsa_key_t *key);
uint32_t crypto_rsa_exponent(const crypto_rsa_key_t *key);

// bits/8 bytes, big endian.
crypto_result_t crypto_rsa_modulus(const crypto_rsa_key_t *key, uint8_t *out);
crypto_result_t crypto_rsa_private_exponent(const crypto_rsa_key_t *key, uint8_t *out);

// block^d mod n, blinded, and checked with the public exponent before it is given out. Both buffers are
// bits/8 bytes and may be the same. CRYPTO_ARGUMENT unless block < n; CRYPTO_FAULT.
crypto_result_t crypto_rsa_private(crypto_rsa_key_t *key, const uint8_t *block, uint8_t *out);

// block^e mod n of any modulus of a permitted size: bits/8 bytes each.
crypto_result_t crypto_rsa_public(unsigned bits, const uint8_t *modulus, uint32_t exponent, const uint8_t *block,
                                  uint8_t *out);

// RSASSA-PKCS1-v1_5 ([RFC8017] 8.2): `hash` NONE takes `digest` as a complete DigestInfo. bits/8 bytes.
crypto_result_t crypto_rsa_sign_pkcs1(crypto_rsa_key_t *key, crypto_hash_t hash, const uint8_t *digest,
                                      size_t digest_length, uint8_t *signature);

// RSASSA-PSS ([RFC8017] 8.1), MGF1 with the same hash. The first form draws a salt as long as the hash.
crypto_result_t crypto_rsa_sign_pss(crypto_rsa_key_t *key, crypto_hash_t hash, const uint8_t *digest,
                                    uint8_t *signature);
crypto_result_t crypto_rsa_sign_pss_with(crypto_rsa_key_t *key, crypto_hash_t hash, const uint8_t *digest,
                                         const uint8_t *salt, size_t salt_length, uint8_t *signature);

// RSAES-PKCS1-v1_5 and RSAES-OAEP ([RFC8017] 7; MGF1 with the same hash, empty label): the message, whose length is
// set; `out` has room for bits/8 - 11 and bits/8 - 2 - 2 * hash bytes. CRYPTO_AUTHENTICATION for any
// fault of the padding and for a block that is not below n.
crypto_result_t crypto_rsa_decrypt_pkcs1(crypto_rsa_key_t *key, const uint8_t *block, uint8_t *out,
                                         size_t *out_length);
crypto_result_t crypto_rsa_decrypt_oaep(crypto_rsa_key_t *key, crypto_hash_t hash, const uint8_t *block, uint8_t *out,
                                        size_t *out_length);

// A public key: a modulus of a permitted size, bits/8 bytes.
typedef struct {
    unsigned bits;
    const uint8_t *modulus;
    uint32_t exponent;
} crypto_rsa_public_t;

// Checks of a signature of bits/8 bytes; PSS with MGF1 of the same hash and a salt as long as the hash.
// CRYPTO_AUTHENTICATION for a wrong one, CRYPTO_ARGUMENT for another size, exponent or digest length.
crypto_result_t crypto_rsa_verify_pkcs1(const crypto_rsa_public_t *key, crypto_hash_t hash, const uint8_t *digest,
                                        size_t digest_length, const uint8_t *signature);
crypto_result_t crypto_rsa_verify_pss(const crypto_rsa_public_t *key, crypto_hash_t hash, const uint8_t *digest,
                                      size_t digest_length, const uint8_t *signature);

#endif // CRYPTO_RSA_H
