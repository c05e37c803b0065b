// SPDX-License-Identifier: GPL-2.0-or-later
// wolfSSL's elliptic curves, with multiples of the generators that have tables here (generator.c).
//
// What the library multiplies by a key, in key generation and ECDSA, is always the generator. How the macros tell
// this call from the others: sp_repairs.h.
#include <wolfssl/wolfcrypt/settings.h>

#include <string.h>

#include <wolfssl/wolfcrypt/ecc.h>
#include <wolfssl/wolfcrypt/error-crypt.h>

#include "generator.h"
#include "wipe.h"

// The library's number of so many words; the length is found in time that depends on `words` only.
static void store(mp_int *number, const crypto_word_t *from, size_t words) {
    unsigned used = 0;
    for (unsigned i = 0; i < words; i++) {
        number->dp[i] = from[i];
        crypto_word_t is_set = (from[i] | (0 - from[i])) >> 31;
        used ^= (used ^ (i + 1)) & (0 - is_set);
    }
    number->used = used;
}

static int multiply_generator(const mp_int *k, ecc_point *base, ecc_point *r, mp_int *a, mp_int *prime, mp_int *order,
                              WC_RNG *rng, int map, void *heap) {
    crypto_word_t scalar[CRYPTO_GENERATOR_MAX_WORDS];
    crypto_jacobian_t point;
    size_t words = prime->used;
    if (map != 0 || !crypto_generator_has(prime->dp, words)) {
        return wc_ecc_mulmod_ex2(k, base, r, a, prime, order, rng, map, heap);
    }
    for (unsigned i = 0; i < words; i++) {
        scalar[i] = k->dp[i] & (crypto_word_t)((int)(i - k->used) >> 31);
    }
    crypto_result_t result = crypto_generator_multiple(prime->dp, words, scalar, &point);
    if (result == CRYPTO_OK) {
        store(r->x, point.x, words);
        store(r->y, point.y, words);
        store(r->z, point.z, words);
    }
    crypto_wipe(scalar, sizeof(scalar));
    crypto_wipe(&point, sizeof(point));
    return result == CRYPTO_OK ? MP_OKAY : result == CRYPTO_MEMORY ? MEMORY_E : RNG_FAILURE_E;
}

#define wc_ecc_mulmod_ex2(first, g, r, a, modulus, order, rng, map, heap) \
    MULMOD_##first, g, r, a, modulus, order, rng, map, heap)
#define MULMOD_const wc_ecc_mulmod_ex2(const
#define MULMOD_k wc_ecc_mulmod_ex2(k
#define MULMOD_ecc_get_k multiply_generator(ecc_get_k

#include "wolfcrypt/src/ecc.c"
