// SPDX-License-Identifier: GPL-2.0-or-later
// Hashes: [FIPS180-4] SHA-1 and SHA-2, over one part or many.
#ifndef CRYPTO_DIGEST_H
#define CRYPTO_DIGEST_H

#include <stddef.h>
#include <stdint.h>

#include "result.h"

typedef enum {
    CRYPTO_HASH_NONE = 0,
    CRYPTO_HASH_SHA1 = 1,
    CRYPTO_HASH_SHA224 = 2,
    CRYPTO_HASH_SHA256 = 3,
    CRYPTO_HASH_SHA384 = 4,
    CRYPTO_HASH_SHA512 = 5,
} crypto_hash_t;

#define CRYPTO_DIGEST_MAX_BYTES 64

typedef struct crypto_digest crypto_digest_t;

// 20, 28, 32, 48 or 64; 0 for a number that names no hash.
size_t crypto_digest_length(crypto_hash_t hash);

// A hash in progress, from the pool. `crypto_digest_final` frees it, on every path.
crypto_result_t crypto_digest_new(crypto_hash_t hash, crypto_digest_t **digest);
crypto_result_t crypto_digest_update(crypto_digest_t *digest, const uint8_t *data, size_t length);
crypto_result_t crypto_digest_final(crypto_digest_t *digest, uint8_t *out);

#endif // CRYPTO_DIGEST_H
