// SPDX-License-Identifier: GPL-2.0-or-later
// wolfSSL's single-precision code for Cortex-M33, without its broken squarings.
#include "sp_repairs.h"

// In 5.7.2 the squarings of 12 and 17 words lose a carry (operands with many bits set): ECDH on P-384 and
// P-521 then gives a wrong secret for 14 and 20 of Wycheproof's edge cases, and RSA-3072 uses the same code.
// The products are right and cost a fifth more. How the macros below work: sp_repairs.h.
static inline void square_by_product(void (*multiply)(sp_digit *, const sp_digit *, const sp_digit *), sp_digit *r,
                                     const sp_digit *a) {
    multiply(r, a, a);
}

#define sp_3072_sqr_12(first, a) SQR_3072_12_##first, a)
#define SQR_3072_12_sp_digit library_3072_sqr_12(sp_digit
#define SQR_3072_12_z0 square_by_product(sp_3072_mul_12, z0
#define SQR_3072_12_z1 square_by_product(sp_3072_mul_12, z1
#define SQR_3072_12_z2 square_by_product(sp_3072_mul_12, z2

#define sp_384_sqr_12(first, a) SQR_384_12_##first, a)
#define SQR_384_12_sp_digit library_384_sqr_12(sp_digit
#define SQR_384_12_r square_by_product(sp_384_mul_12, r
#define SQR_384_12_t1 square_by_product(sp_384_mul_12, t1
#define SQR_384_12_t2 square_by_product(sp_384_mul_12, t2

#define sp_521_sqr_17(first, a) SQR_521_17_##first, a)
#define SQR_521_17_sp_digit library_521_sqr_17(sp_digit
#define SQR_521_17_r square_by_product(sp_521_mul_17, r
#define SQR_521_17_t1 square_by_product(sp_521_mul_17, t1
#define SQR_521_17_t2 square_by_product(sp_521_mul_17, t2

#include "wolfcrypt/src/sp_cortexm.c"
