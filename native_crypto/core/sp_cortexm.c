// SPDX-License-Identifier: GPL-2.0-or-later
// wolfSSL's single-precision code for Cortex-M33 over products of our own (rows_rp2350.S).
//
// In 5.7.2 the squarings of 12 and 17 words lose a carry (operands with many bits set): ECDH on P-384 and
// P-521 then gives a wrong secret for 14 and 20 of Wycheproof's edge cases, and RSA-3072 uses the same code.
// What replaces products and squarings from 12 words on takes half of the library's time or less.
// P-256 keeps the library's: its prime has a reduction of its own. How the macros below work: sp_repairs.h.
#include "sp_comb.h"
#include "sp_rows.h"

#define PRODUCT_MAX_WORDS 48

// r may be a or b.
static void rows_product(size_t words, sp_digit *r, const sp_digit *a, const sp_digit *b) {
    sp_digit copy[PRODUCT_MAX_WORDS];
    if (r == a || r == b) {
        memcpy(copy, r, words * sizeof(*r));
        a = r == a ? copy : a;
        b = r == b ? copy : b;
    }
    crypto_rows_product(r, a, b, words);
}

static inline void rows_square(size_t words, sp_digit *r, const sp_digit *a) {
    rows_product(words, r, a, a);
}

// RSA-4096's 64 words stay three products of 32.
#define sp_2048_mul_32(first, a, b) MUL_2048_32_##first, a, b)
#define MUL_2048_32_sp_digit library_2048_mul_32(sp_digit
#define MUL_2048_32_r rows_product(32, r
#define MUL_2048_32_tmpa rows_product(32, tmpa
#define MUL_2048_32_z0 rows_product(32, z0
#define MUL_2048_32_z1 rows_product(32, z1
#define MUL_2048_32_z2 rows_product(32, z2

#define sp_2048_sqr_32(first, a) SQR_2048_32_##first, a)
#define SQR_2048_32_sp_digit library_2048_sqr_32(sp_digit
#define SQR_2048_32_r rows_square(32, r
#define SQR_2048_32_z0 rows_square(32, z0
#define SQR_2048_32_z1 rows_square(32, z1
#define SQR_2048_32_z2 rows_square(32, z2

#define sp_3072_mul_48(first, a, b) MUL_3072_48_##first, a, b)
#define MUL_3072_48_sp_digit library_3072_mul_48(sp_digit
#define MUL_3072_48_r rows_product(48, r
#define MUL_3072_48_tmpa rows_product(48, tmpa
#define MUL_3072_48_z0 rows_product(48, z0
#define MUL_3072_48_z1 rows_product(48, z1
#define MUL_3072_48_z2 rows_product(48, z2

#define sp_3072_sqr_48(first, a) SQR_3072_48_##first, a)
#define SQR_3072_48_sp_digit library_3072_sqr_48(sp_digit
#define SQR_3072_48_r rows_square(48, r
#define SQR_3072_48_z0 rows_square(48, z0
#define SQR_3072_48_z1 rows_square(48, z1
#define SQR_3072_48_z2 rows_square(48, z2

#define sp_384_mul_12(first, a, b) MUL_384_12_##first, a, b)
#define MUL_384_12_sp_digit library_384_mul_12(sp_digit
#define MUL_384_12_k rows_product(12, k
#define MUL_384_12_r rows_product(12, r
#define MUL_384_12_s rows_product(12, s
#define MUL_384_12_t2 rows_product(12, t2
#define MUL_384_12_x rows_product(12, x

#define sp_384_sqr_12(first, a) SQR_384_12_##first, a)
#define SQR_384_12_sp_digit library_384_sqr_12(sp_digit
#define SQR_384_12_r rows_square(12, r
#define SQR_384_12_t1 rows_square(12, t1
#define SQR_384_12_t2 rows_square(12, t2

#include "wolfcrypt/src/sp_cortexm.c"

#include "sp_comb_curves.h"
