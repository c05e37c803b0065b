// SPDX-License-Identifier: GPL-2.0-or-later
// ECDSA nonces: [RFC6979] with fresh entropy as additional data (3.6), so that neither source alone is trusted.
#ifndef CRYPTO_NONCE_H
#define CRYPTO_NONCE_H

#include <stddef.h>
#include <stdint.h>

#include "result.h"

#define CRYPTO_NONCE_ENTROPY_BYTES 32

// k in 1..n-1, `crypto_curve_bytes(curve)` long. `private_key` has the same length; `hash` is the value
// to be signed (1..66 bytes). With `entropy_length` 0 the result is exactly RFC 6979's, with SHA-256 for
// orders up to 256 bits and SHA-512 above.
crypto_result_t crypto_nonce(int curve, const uint8_t *private_key, const uint8_t *hash, size_t hash_length,
                             const uint8_t *entropy, size_t entropy_length, uint8_t *k);

#endif // CRYPTO_NONCE_H
