// SPDX-License-Identifier: GPL-2.0-or-later
// Diffie-Hellman on Montgomery curves: X25519 and X448 ([RFC7748]).
#ifndef CRYPTO_MONTGOMERY_H
#define CRYPTO_MONTGOMERY_H

#include <stddef.h>
#include <stdint.h>

#include "curves.h"
#include "result.h"
#include "self_check.h"

#define CRYPTO_MONTGOMERY_MAX_BYTES 56

// A private key in the pool: the bytes of [RFC7748] 5, as they were drawn or imported.
typedef struct {
    uint8_t curve; // CRYPTO_CURVE_X25519 or CRYPTO_CURVE_X448
    uint8_t private_key[CRYPTO_MONTGOMERY_MAX_BYTES];
    uint8_t public_key[CRYPTO_MONTGOMERY_MAX_BYTES];
    uint8_t check[CRYPTO_SELF_CHECK_BYTES];
} crypto_montgomery_key_t;

// Bytes of a private key, of a public key and of a shared secret; 0 if the curve is none of this kind.
size_t crypto_montgomery_bytes(int curve);

// A fresh key; the public key is computed twice and must agree.
crypto_result_t crypto_montgomery_generate(int curve, crypto_montgomery_key_t **key);

// A key from its bytes; the public key is computed.
crypto_result_t crypto_montgomery_from_private(int curve, const uint8_t *private_key, crypto_montgomery_key_t **key);

// A key from both, trusted to belong together: what object.c opens.
crypto_result_t crypto_montgomery_load(int curve, const uint8_t *private_key, const uint8_t *public_key,
                                       crypto_montgomery_key_t **key);

// The shared u coordinate. CRYPTO_POINT for a public key of small order, whose secret is all zeros.
crypto_result_t crypto_montgomery_shared_secret(const crypto_montgomery_key_t *key, const uint8_t *public_key,
                                                uint8_t *out);

#endif // CRYPTO_MONTGOMERY_H
