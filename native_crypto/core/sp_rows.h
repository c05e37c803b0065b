// SPDX-License-Identifier: GPL-2.0-or-later
// wolfSSL's single-precision code over reductions and products of our own (rows.h): what both chips exchange.
//
// The library's reductions store and load every word of the sum once per word of the modulus, which was half of
// an RSA signature and of one with P-384. How the macros work: sp_repairs.h.
#ifndef CRYPTO_SP_ROWS_H
#define CRYPTO_SP_ROWS_H

#include <string.h>

#include "rows.h"
#include "sp_repairs.h"

#define ROWS_521 16 // words of P-521's numbers without the last one

// --- Montgomery reductions -------------------------------------------------------------------------------

typedef sp_digit (*subtract_if_t)(sp_digit *, const sp_digit *, const sp_digit *, sp_digit);

// As the library leaves it: below 2^(32 words), possibly not below m.
static inline void rows_reduce(size_t words, subtract_if_t subtract_if, sp_digit *a, const sp_digit *m, sp_digit mp) {
    sp_digit carry = crypto_rows_reduce(a, m, mp, words);
    subtract_if(a, a + words, m, 0 - carry);
}

#define sp_2048_mont_reduce_32(first, m, mp) REDUCE_2048_32_##first, m, mp)
#define REDUCE_2048_32_sp_digit library_2048_mont_reduce_32(sp_digit
#define REDUCE_2048_32_r rows_reduce(32, sp_2048_cond_sub_32, r

#define sp_2048_mont_reduce_64(first, m, mp) REDUCE_2048_64_##first, m, mp)
#define REDUCE_2048_64_sp_digit library_2048_mont_reduce_64(sp_digit
#define REDUCE_2048_64_r rows_reduce(64, sp_2048_cond_sub_64, r

#define sp_3072_mont_reduce_48(first, m, mp) REDUCE_3072_48_##first, m, mp)
#define REDUCE_3072_48_sp_digit library_3072_mont_reduce_48(sp_digit
#define REDUCE_3072_48_r rows_reduce(48, sp_3072_cond_sub_48, r

#define sp_3072_mont_reduce_96(first, m, mp) REDUCE_3072_96_##first, m, mp)
#define REDUCE_3072_96_sp_digit library_3072_mont_reduce_96(sp_digit
#define REDUCE_3072_96_r rows_reduce(96, sp_3072_cond_sub_96, r

#define sp_4096_mont_reduce_128(first, m, mp) REDUCE_4096_128_##first, m, mp)
#define REDUCE_4096_128_sp_digit library_4096_mont_reduce_128(sp_digit
#define REDUCE_4096_128_r rows_reduce(128, sp_4096_cond_sub_128, r

// --- Montgomery reductions modulo P-384's prime and order ---------------------------------------------------

#define P384_WORDS 12
#define P384_BELOW 4 // words below q that are zero, for the terms that begin above word 0

// Modulo p = 2^384 - 2^128 - 2^96 + 2^32 - 1, whose multiples need no multiplication: a + q p has 384 zeros at its end
// for q = a + 2^32 q - 2^96 q - 2^128 q modulo 2^384, word by word. The upper half of a + q p goes to the upper
// half of a; returns the word above.
static sp_digit reduce_p384(sp_digit *a) {
    sp_digit terms[P384_BELOW + 2 * P384_WORDS] = {0};
    sp_digit *q = terms + P384_BELOW;
    int64_t sum = 0;
    for (int i = 0; i < P384_WORDS; i++) {
        sum += (int64_t)a[i] + q[i - 1] - q[i - 3] - q[i - 4];
        q[i] = (sp_digit)sum;
        sum >>= 32;
    }
    for (int i = P384_WORDS; i < P384_WORDS + P384_BELOW; i++) {
        sum += (int64_t)a[i] + q[i - 1] - q[i - 3] - q[i - 4] + q[i - P384_WORDS];
        a[i] = (sp_digit)sum;
        sum >>= 32;
    }
    for (int i = P384_WORDS + P384_BELOW; i < 2 * P384_WORDS; i++) {
        sum += (int64_t)a[i] + q[i - P384_WORDS];
        a[i] = (sp_digit)sum;
        sum >>= 32;
    }
    return (sp_digit)sum;
}

static inline void rows_reduce_384(const sp_digit *prime, subtract_if_t subtract_if, sp_digit *a, const sp_digit *m,
                                   sp_digit mp) {
    sp_digit carry = m == prime ? reduce_p384(a) : crypto_rows_reduce(a, m, mp, P384_WORDS);
    subtract_if(a, a + P384_WORDS, m, 0 - carry);
}

#define sp_384_mont_reduce_12(first, m, mp) REDUCE_384_12_##first, m, mp)
#define REDUCE_384_12_sp_digit library_384_mont_reduce_12(sp_digit
#define REDUCE_384_12_r rows_reduce_384(p384_mod, sp_384_cond_sub_12, r

// --- Products of P-521 -----------------------------------------------------------------------------------

// 17 words: sixteen of them at once, then the last word of either with the other's. r may be a or b.
static void product_521(sp_digit *r, const sp_digit *a, const sp_digit *b) {
    sp_digit result[2 * (ROWS_521 + 1)];
    crypto_rows_product(result, a, b, ROWS_521);
    sp_int_word top = (sp_int_word)a[ROWS_521] * b[ROWS_521];
    top += crypto_rows_add(result + ROWS_521, a, b[ROWS_521], ROWS_521);
    top += crypto_rows_add(result + ROWS_521, b, a[ROWS_521], ROWS_521);
    result[2 * ROWS_521] = (sp_digit)top;
    result[2 * ROWS_521 + 1] = (sp_digit)(top >> 32);
    memcpy(r, result, sizeof(result));
}

static inline void square_521(sp_digit *r, const sp_digit *a) {
    product_521(r, a, a);
}

#define sp_521_mul_17(first, a, b) MUL_521_17_##first, a, b)
#define MUL_521_17_sp_digit library_521_mul_17(sp_digit
#define MUL_521_17_k product_521(k
#define MUL_521_17_r product_521(r
#define MUL_521_17_s product_521(s
#define MUL_521_17_t2 product_521(t2
#define MUL_521_17_x product_521(x

#define sp_521_sqr_17(first, a) SQR_521_17_##first, a)
#define SQR_521_17_sp_digit library_521_sqr_17(sp_digit
#define SQR_521_17_r square_521(r
#define SQR_521_17_t1 square_521(t1
#define SQR_521_17_t2 square_521(t2

#endif // CRYPTO_SP_ROWS_H
