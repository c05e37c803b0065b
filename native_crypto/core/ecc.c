// SPDX-License-Identifier: GPL-2.0-or-later
// wolfSSL's elliptic curves, with multiples of the generators that have tables here (generator.c), and signatures
// whose path does not depend on the key.
//
// What the library multiplies by a key, in key generation and ECDSA, is always the generator. How the macros tell
// this call from the others: sp_repairs.h.
#include <wolfssl/wolfcrypt/settings.h>

#include <string.h>

#include <wolfssl/wolfcrypt/ecc.h>
#include <wolfssl/wolfcrypt/error-crypt.h>

#include "generator.h"
#include "library.h"
#include "number.h"
#include "pool.h"
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

// The library compares from the highest word on until two differ, private keys with the order, too.
static int compare_in_one_path(const mp_int *a, const mp_int *b) {
    unsigned words = a->used > b->used ? a->used : b->used;
    mp_digit is_greater = 0;
    mp_digit is_less = 0;
    for (unsigned i = 0; i < words; i++) {
        uint64_t x = i < a->used ? a->dp[i] : 0;
        uint64_t y = i < b->used ? b->dp[i] : 0;
        mp_digit greater = (mp_digit)((y - x) >> 63);
        mp_digit less = (mp_digit)((x - y) >> 63);
        is_greater = greater | (is_greater & ~less);
        is_less = less | (is_less & ~greater);
    }
    return (int)is_greater - (int)is_less;
}

#undef mp_cmp
#define mp_cmp compare_in_one_path

// The position of the highest bit that is set, and one; the library looks for it from above.
static int count_bits_in_one_path(const mp_int *number) {
    mp_digit bits = 0;
    for (unsigned i = 0; i < number->used; i++) {
        mp_digit rest = number->dp[i];
        mp_digit is_set = (rest | (0 - rest)) >> 31;
        mp_digit count = is_set;
        for (unsigned shift = 16; shift > 0; shift /= 2) {
            mp_digit high = rest >> shift;
            mp_digit keep = 0 - ((high | (0 - high)) >> 31);
            count += shift & keep;
            rest ^= (rest ^ high) & keep;
        }
        bits ^= (bits ^ (32 * i + count)) & (0 - is_set);
    }
    return (int)bits;
}

#undef mp_count_bits
#define mp_count_bits count_bits_in_one_path

// From Jacobian coordinates in Montgomery form to affine ones without the library's divisions.
static int map_in_one_path(ecc_point *point, mp_int *modulus, mp_digit rho, int ct);

#define ecc_map_ex(first, modulus, mp, ct) MAP_##first, modulus, mp, ct)
#define MAP_ecc_point ecc_map_ex(ecc_point
#define MAP_P ecc_map_ex(P
#define MAP_pub map_in_one_path(pub
#define MAP_result map_in_one_path(result

// `curve` is the library's ecc_curve_spec, a type of its source.
static int sign_in_one_path(ecc_key *key, ecc_key *nonce, WC_RNG *rng, void *curve, mp_int *e, mp_int *r, mp_int *s);

#define ecc_sign_hash_sw(first, pubkey, rng, curve, e, r, s) SIGN_##first, pubkey, rng, curve, e, r, s)
#define SIGN_ecc_key library_ecc_sign_hash_sw(ecc_key
#define SIGN_key sign_in_one_path(key

#include "wolfcrypt/src/ecc.c"

// --- Points ----------------------------------------------------------------------------------------------

// x = x / z^2, y = y / z^3
static int divide_by_z(ecc_point *point, const mp_int *modulus, mp_digit rho, mp_int *t, mp_int *square,
                       mp_int *product) {
    int error = mp_invmod_mont_ct(point->z, (mp_int *)modulus, t, rho);
    if (error == 0) {
        error = crypto_number_montgomery_wide(t, t, modulus, rho, product, square);
    }
    if (error == 0) {
        error = crypto_number_montgomery_wide(point->x, square, modulus, rho, product, point->x);
    }
    if (error == 0) {
        error = crypto_number_montgomery_wide(t, square, modulus, rho, product, t);
    }
    if (error == 0) {
        error = crypto_number_montgomery_wide(point->y, t, modulus, rho, product, point->y);
    }
    if (error == 0) {
        error = mp_montgomery_reduce_ct(point->x, modulus, rho);
    }
    return error != 0 ? error : mp_montgomery_reduce_ct(point->y, modulus, rho);
}

static int map_in_one_path(ecc_point *point, mp_int *modulus, mp_digit rho, int ct) {
    (void)ct;
    ecc_point *P = point;
    if (mp_iszero(P->z)) {
        return ecc_map_ex(P, modulus, rho, 0); // the neutral element, which the library writes as (0, 0, 1)
    }
    size_t bits = (size_t)mp_count_bits(modulus);
    mp_int *t = crypto_number_new(2 * bits + 32);
    mp_int *square = crypto_number_new(bits + 32);
    mp_int *product = crypto_number_new(2 * bits + 32);
    bool is_ready = t != NULL && square != NULL && product != NULL;
    int error = is_ready ? divide_by_z(point, modulus, rho, t, square, product) : MEMORY_E;
    crypto_pool_free(product);
    crypto_pool_free(square);
    crypto_pool_free(t);
    return error != 0 ? error : mp_set(point->z, 1);
}

// --- ECDSA for curves that have no code of their own -----------------------------------------------------

// The library divides x r and k b by the order, and inverts with branches: by the number of instructions that takes, a
// host that collects signatures learns about x. Here all products are Montgomery's, and the inverse is a power.
typedef struct {
    mp_int *b;       // blinds x, k and e, which are multiplied by it
    mp_int *square;  // 2^(2 * 32 * words) mod n
    mp_int *t;
    mp_int *product;
    const mp_int *order;
    mp_digit rho;
} scalars_t;

static int multiply_scalars(const scalars_t *w, const mp_int *a, const mp_int *b, mp_int *r) {
    return crypto_number_montgomery_wide(a, b, w->order, w->rho, w->product, r);
}

// r = a * b mod n; r may be a.
static int multiply_plain(const scalars_t *w, const mp_int *a, const mp_int *b, mp_int *r) {
    int error = multiply_scalars(w, a, w->square, r);
    return error != 0 ? error : multiply_scalars(w, r, b, r);
}

static int scalars_prepare(scalars_t *w, WC_RNG *rng, int length) {
    int error = mp_montgomery_setup(w->order, &w->rho);
    if (error == 0) {
        error = mp_montgomery_calc_normalization(w->square, w->order);
    }
    if (error == 0) {
        error = mp_sqr(w->square, w->product);
    }
    if (error == 0) {
        error = mp_mod(w->product, w->order, w->square);
    }
    return error != 0 ? error : wc_ecc_gen_k(rng, length, w->b, (mp_int *)w->order);
}

// s = (e b + x b r) / (k b)
static int compute_s(const scalars_t *w, const mp_int *x, mp_int *k, mp_int *e, const mp_int *r, mp_int *s) {
    int error = multiply_plain(w, k, w->b, k);
    if (error == 0) {
        error = multiply_scalars(w, k, w->square, k);
    }
    if (error == 0) {
        error = mp_invmod_mont_ct(k, (mp_int *)w->order, w->t, w->rho);
    }
    if (error == 0) {
        error = multiply_plain(w, x, w->b, s);
    }
    if (error == 0) {
        error = multiply_plain(w, s, r, s);
    }
    if (error == 0) {
        error = multiply_plain(w, e, w->b, e);
    }
    if (error == 0) {
        error = mp_addmod_ct(e, s, (mp_int *)w->order, s);
    }
    return error != 0 ? error : multiply_scalars(w, s, w->t, s);
}

static int sign_with_nonce(const scalars_t *w, ecc_key *key, ecc_key *nonce, WC_RNG *rng, ecc_curve_spec *curve,
                           mp_int *e, mp_int *r, mp_int *s) {
    int error = mp_copy(key->sign_k, nonce->k);
    if (error == 0) {
        error = ecc_make_pub_ex(nonce, curve, NULL, rng);
    }
    if (error == 0) {
        error = mp_mod(nonce->pubkey.x, curve->order, r);
    }
    if (error == 0) {
        error = mp_mod(e, curve->order, e);
    }
    if (error == 0) {
        error = mp_iszero(r) ? RNG_FAILURE_E : compute_s(w, key->k, nonce->k, e, r, s);
    }
    return error == 0 && count_bits_in_one_path(s) == 0 ? RNG_FAILURE_E : error;
}

static int sign_in_one_path(ecc_key *key, ecc_key *nonce, WC_RNG *rng, void *curve, mp_int *e, mp_int *r, mp_int *s) {
    size_t bits = 8 * (size_t)key->dp->size;
    scalars_t w = {
        .b = crypto_number_new(2 * bits + 32),
        .square = crypto_number_new(bits + 64), // the library starts from 2^bits
        .t = crypto_number_new(2 * bits + 32),
        .product = crypto_number_new(2 * bits + 32),
        .order = ((ecc_curve_spec *)curve)->order,
    };
    bool is_ready = key->sign_k != NULL && w.b != NULL && w.square != NULL && w.t != NULL && w.product != NULL;
    int error = is_ready ? scalars_prepare(&w, rng, key->dp->size) : MEMORY_E;
    if (error == 0) {
        error = sign_with_nonce(&w, key, nonce, rng, curve, e, r, s);
    }
    crypto_pool_free(w.product);
    crypto_pool_free(w.t);
    crypto_pool_free(w.square);
    crypto_pool_free(w.b);
    mp_forcezero(nonce->k);
    return error;
}
