// SPDX-License-Identifier: GPL-2.0-or-later
// Randomness: [SP800-90A] Hash_DRBG with SHA-256, seeded by the host's noise source.
#ifndef CRYPTO_DRBG_H
#define CRYPTO_DRBG_H

#include <stddef.h>
#include <stdint.h>

#include "result.h"

// Fill `out`; the first call instantiates the generator. CRYPTO_ENTROPY when the noise source failed,
// now or at any time since reset.
crypto_result_t crypto_random(uint8_t *out, size_t length);

// Mix 48 fresh bytes of the noise source into the generator's state.
crypto_result_t crypto_reseed(void);

// The generator for the library's own calls (struct WC_RNG). CRYPTO_ENTROPY or CRYPTO_MEMORY: it must not be used.
crypto_result_t crypto_drbg(void **library_generator);

// Why the generator failed inside an operation of the library: CRYPTO_ENTROPY, or CRYPTO_MEMORY.
crypto_result_t crypto_drbg_failure(void);

// Known answers of the generator itself ([SP800-90A] CAVP, no prediction resistance): instantiate with
// `entropy` and `nonce`, reseed with `reseed_entropy` unless it is NULL, generate twice, give the second
// 128 bytes out. The running generator is not touched.
#define CRYPTO_DRBG_ANSWER_BYTES 128
crypto_result_t crypto_drbg_answer(const uint8_t *entropy, size_t entropy_length, const uint8_t *nonce,
                                   size_t nonce_length, const uint8_t *reseed_entropy, size_t reseed_length,
                                   uint8_t out[CRYPTO_DRBG_ANSWER_BYTES]);

#endif // CRYPTO_DRBG_H
