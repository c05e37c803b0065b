// SPDX-License-Identifier: GPL-2.0-or-later
// The mask generation of PSS and OAEP ([RFC8017] B.2.1), and a hash over parts.
#ifndef CRYPTO_MGF1_H
#define CRYPTO_MGF1_H

#include <stddef.h>
#include <stdint.h>

#include "digest.h"
#include "result.h"

typedef struct {
    const uint8_t *bytes;
    size_t length;
} crypto_part_t;

crypto_result_t crypto_hash_parts(crypto_hash_t hash, const crypto_part_t *parts, size_t count, uint8_t *out);

// data ^= MGF1(seed); at most 512 bytes.
crypto_result_t crypto_mgf1_mask(crypto_hash_t hash, const uint8_t *seed, size_t seed_length, uint8_t *data,
                                 size_t length);

#endif // CRYPTO_MGF1_H
