// SPDX-License-Identifier: GPL-2.0-or-later
// wolfSSL's single-precision code for Cortex-M0+, with the fast products shared by RSA and the NIST curves.
//
// The library unrolls its products of 8 and 12 words for RSA (WOLFSSL_SP_LARGE_CODE) but loops in those
// for P-256 and P-384, which compute the same: a P-256 signature takes 22 % fewer cycles with the former.
// How the macros below work: sp_repairs.h.
#include "sp_comb.h"
#include "sp_rows.h"

#define sp_256_mul_8(first, a, b) MUL_8_##first, a, b)
#define MUL_8_sp_digit library_256_mul_8(sp_digit
#define MUL_8_r sp_2048_mul_8(r
#define MUL_8_k sp_2048_mul_8(k
#define MUL_8_x sp_2048_mul_8(x
#define MUL_8_s sp_2048_mul_8(s
#define MUL_8_t2 sp_2048_mul_8(t2

#define sp_256_sqr_8(first, a) SQR_8_##first, a)
#define SQR_8_sp_digit library_256_sqr_8(sp_digit
#define SQR_8_r sp_2048_sqr_8(r
#define SQR_8_t1 sp_2048_sqr_8(t1
#define SQR_8_t2 sp_2048_sqr_8(t2

#define sp_384_mul_12(first, a, b) MUL_12_##first, a, b)
#define MUL_12_sp_digit library_384_mul_12(sp_digit
#define MUL_12_r sp_3072_mul_12(r
#define MUL_12_k sp_3072_mul_12(k
#define MUL_12_x sp_3072_mul_12(x
#define MUL_12_s sp_3072_mul_12(s
#define MUL_12_t2 sp_3072_mul_12(t2

#define sp_384_sqr_12(first, a) SQR_12_##first, a)
#define SQR_12_sp_digit library_384_sqr_12(sp_digit
#define SQR_12_r sp_3072_sqr_12(r
#define SQR_12_t1 sp_3072_sqr_12(t1
#define SQR_12_t2 sp_3072_sqr_12(t2

#define sp_256_mont_reduce_order_8(first, m, mp) REDUCE_256_8_##first, m, mp)
#define REDUCE_256_8_sp_digit library_256_mont_reduce_order_8(sp_digit
#define REDUCE_256_8_r rows_reduce(8, sp_256_cond_sub_8, r

#include "wolfcrypt/src/sp_armthumb.c"

#include "sp_comb_curves.h"

// For P-521 and the generic integers: Karatsuba's method over unrolled products of 8 and 12 words.
void crypto_rows_product(crypto_word_t *r, const crypto_word_t *a, const crypto_word_t *b, size_t words) {
    bool square = a == b;
    switch (words) {
        case 8:
            square ? sp_2048_sqr_8(r, a) : sp_2048_mul_8(r, a, b);
            break;
        case 12:
            square ? sp_3072_sqr_12(r, a) : sp_3072_mul_12(r, a, b);
            break;
        case 16:
            square ? sp_2048_sqr_16(r, a) : sp_2048_mul_16(r, a, b);
            break;
        case 24:
            square ? sp_3072_sqr_24(r, a) : sp_3072_mul_24(r, a, b);
            break;
        case 32:
            square ? sp_2048_sqr_32(r, a) : sp_2048_mul_32(r, a, b);
            break;
        case 48:
            square ? sp_3072_sqr_48(r, a) : sp_3072_mul_48(r, a, b);
            break;
        case 64:
            square ? sp_2048_sqr_64(r, a) : sp_2048_mul_64(r, a, b);
            break;
    }
}
