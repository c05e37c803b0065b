// SPDX-License-Identifier: GPL-2.0-or-later
// EdDSA keys: pure Ed25519 and Ed448 ([RFC8032]).
#ifndef CRYPTO_EDWARDS_H
#define CRYPTO_EDWARDS_H

#include <stddef.h>
#include <stdint.h>

#include "curves.h"
#include "result.h"
#include "self_check.h"

#define CRYPTO_EDWARDS_MAX_BYTES 57
#define CRYPTO_EDWARDS_SIGNATURE_MAX_BYTES (2 * CRYPTO_EDWARDS_MAX_BYTES)

// A private key in the pool: the seed of [RFC8032] 5.1.5 or 5.2.5.
typedef struct {
    uint8_t curve; // CRYPTO_CURVE_ED25519 or CRYPTO_CURVE_ED448
    uint8_t seed[CRYPTO_EDWARDS_MAX_BYTES];
    uint8_t public_key[CRYPTO_EDWARDS_MAX_BYTES];
    uint8_t check[CRYPTO_SELF_CHECK_BYTES];
} crypto_edwards_key_t;

// Bytes of a seed and of a public key, and half of a signature's; 0 if the curve is none of this kind.
size_t crypto_edwards_bytes(int curve);

// A fresh key; the public key is computed twice and must agree.
crypto_result_t crypto_edwards_generate(int curve, crypto_edwards_key_t **key);

// A key from its seed; the public key is computed.
crypto_result_t crypto_edwards_from_seed(int curve, const uint8_t *seed, crypto_edwards_key_t **key);

// A key from both, trusted to belong together: what object.c opens.
crypto_result_t crypto_edwards_load(int curve, const uint8_t *seed, const uint8_t *public_key,
                                    crypto_edwards_key_t **key);

// Pure EdDSA without a context, computed twice and compared before output. CRYPTO_FAULT when the results differ or
// the key's bytes have changed: with another public key in the hash, two signatures give the key away.
crypto_result_t crypto_edwards_sign(const crypto_edwards_key_t *key, const uint8_t *message, size_t length,
                                    uint8_t *signature);

#endif // CRYPTO_EDWARDS_H
