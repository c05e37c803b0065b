// SPDX-License-Identifier: GPL-2.0-or-later
// Multiples of the generators of secp256k1 and the brainpool curves.
#ifndef CRYPTO_GENERATOR_H
#define CRYPTO_GENERATOR_H

#include "result.h"
#include "rows.h"

// As many as brainpoolP512r1's coordinates have.
#define CRYPTO_GENERATOR_MAX_WORDS 16

// Jacobian coordinates in Montgomery form: x / z^2, y / z^3.
typedef struct {
    crypto_word_t x[CRYPTO_GENERATOR_MAX_WORDS];
    crypto_word_t y[CRYPTO_GENERATOR_MAX_WORDS];
    crypto_word_t z[CRYPTO_GENERATOR_MAX_WORDS];
} crypto_jacobian_t;

// Whether the curve over this prime has a table here.
bool crypto_generator_has(const crypto_word_t *prime, size_t words);

// k times the generator, for 0 < k < order. The coordinates it computes with begin random.
// CRYPTO_MEMORY, CRYPTO_ENTROPY; CRYPTO_ARGUMENT for a curve that is not here.
crypto_result_t crypto_generator_multiple(const crypto_word_t *prime, size_t words, const crypto_word_t *k,
                                          crypto_jacobian_t *r);

#endif // CRYPTO_GENERATOR_H
