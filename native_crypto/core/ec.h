// SPDX-License-Identifier: GPL-2.0-or-later
// Elliptic curve keys: generate, ECDSA ([FIPS186-5] 6), ECDH ([SP800-56A] 5.7.1.2).
#ifndef CRYPTO_EC_H
#define CRYPTO_EC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "curves.h"
#include "result.h"
#include "self_check.h"

// A private key in the pool; numbers are big endian and `crypto_curve_bytes(curve)` long.
typedef struct {
    uint8_t curve;
    uint8_t private_key[CRYPTO_FIELD_MAX_BYTES];
    uint8_t public_key[2 * CRYPTO_FIELD_MAX_BYTES]; // X || Y
    uint8_t check[CRYPTO_SELF_CHECK_BYTES];
} crypto_ec_key_t;

#define CRYPTO_SIGNATURE_MAX_BYTES (2 * CRYPTO_FIELD_MAX_BYTES)
#define CRYPTO_SIGNED_HASH_MAX_BYTES 66

// Whether a number of `crypto_curve_bytes` bytes is 1..n-1; in time that depends on the curve only.
bool crypto_ec_is_scalar(int curve, const uint8_t *number);

// A fresh key; the public point is computed twice and must agree.
crypto_result_t crypto_ec_generate(int curve, crypto_ec_key_t **key);

// A key from its scalar, 1..n-1 (CRYPTO_ARGUMENT otherwise); the public point is computed.
crypto_result_t crypto_ec_from_private(int curve, const uint8_t *private_key, crypto_ec_key_t **key);

// The key whose scalar is this one's plus `offset`, a number of 1 to `crypto_curve_bytes` bytes, modulo the order.
// CRYPTO_FAILED if that is 0.
crypto_result_t crypto_ec_derive(const crypto_ec_key_t *key, const uint8_t *offset, size_t offset_length,
                                 crypto_ec_key_t **derived);

// CRYPTO_FAULT unless the key's bytes are what they were when it was made.
crypto_result_t crypto_ec_check(const crypto_ec_key_t *key);

// A key from all its numbers, trusted to belong together: what object.c opens.
crypto_result_t crypto_ec_load(int curve, const uint8_t *private_key, const uint8_t *public_key,
                               crypto_ec_key_t **key);

// r || s over `hash` (1..66 bytes) with a hedged nonce, computed twice and compared before output.
// CRYPTO_FAULT when the results differ or the key's bytes have changed.
crypto_result_t crypto_ec_sign(const crypto_ec_key_t *key, const uint8_t *hash, size_t hash_length, uint8_t *signature);

// The same with the nonce's additional entropy given: for known answers, `entropy_length` 0.
crypto_result_t crypto_ec_sign_with(const crypto_ec_key_t *key, const uint8_t *hash, size_t hash_length,
                                    const uint8_t *entropy, size_t entropy_length, uint8_t *signature);

// CRYPTO_OK, CRYPTO_AUTHENTICATION for a wrong signature, CRYPTO_POINT for a bad public key X || Y.
crypto_result_t crypto_ec_verify(int curve, const uint8_t *public_key, const uint8_t *hash, size_t hash_length,
                                 const uint8_t *signature);

// The X coordinate of the shared point, `crypto_curve_bytes` long. CRYPTO_POINT for a bad X || Y.
crypto_result_t crypto_ec_shared_secret(const crypto_ec_key_t *key, const uint8_t *public_key, uint8_t *out);

// SEQUENCE { INTEGER r, INTEGER s } ([RFC3279] 2.2.3) from r || s; returns its length (at most 141).
#define CRYPTO_SIGNATURE_DER_MAX_BYTES (3 + 2 * (3 + CRYPTO_FIELD_MAX_BYTES))
size_t crypto_ec_signature_to_der(const uint8_t *signature, size_t number_length, uint8_t *der);

#endif // CRYPTO_EC_H
