// SPDX-License-Identifier: GPL-2.0-or-later
// wolfSSL's single-precision code for Cortex-M0+, with the fast products shared by RSA and the NIST curves.
//
// The library unrolls its products of 8 and 12 words for RSA (WOLFSSL_SP_LARGE_CODE) but loops in those
// for P-256 and P-384, which compute the same: a P-256 signature takes 22 % fewer cycles with the former.
// The source stays as it is. A macro sees both the definition and the calls of such a function; they differ
// in the first token of the first argument: the definition's is the type `sp_digit`. The definition becomes
// an unused function, which the compiler drops; a call with a new first token does not compile.
#define SHARE_sp_256_mul_8(first, a, b) SHARE_MUL_8_##first, a, b)
#define SHARE_MUL_8_sp_digit replaced_256_mul_8(sp_digit
#define SHARE_MUL_8_r sp_2048_mul_8(r
#define SHARE_MUL_8_k sp_2048_mul_8(k
#define SHARE_MUL_8_x sp_2048_mul_8(x
#define SHARE_MUL_8_s sp_2048_mul_8(s
#define SHARE_MUL_8_t2 sp_2048_mul_8(t2
#define sp_256_mul_8(first, a, b) SHARE_sp_256_mul_8(first, a, b)

#define SHARE_sp_256_sqr_8(first, a) SHARE_SQR_8_##first, a)
#define SHARE_SQR_8_sp_digit replaced_256_sqr_8(sp_digit
#define SHARE_SQR_8_r sp_2048_sqr_8(r
#define SHARE_SQR_8_t1 sp_2048_sqr_8(t1
#define SHARE_SQR_8_t2 sp_2048_sqr_8(t2
#define sp_256_sqr_8(first, a) SHARE_sp_256_sqr_8(first, a)

#define SHARE_sp_384_mul_12(first, a, b) SHARE_MUL_12_##first, a, b)
#define SHARE_MUL_12_sp_digit replaced_384_mul_12(sp_digit
#define SHARE_MUL_12_r sp_3072_mul_12(r
#define SHARE_MUL_12_k sp_3072_mul_12(k
#define SHARE_MUL_12_x sp_3072_mul_12(x
#define SHARE_MUL_12_s sp_3072_mul_12(s
#define SHARE_MUL_12_t2 sp_3072_mul_12(t2
#define sp_384_mul_12(first, a, b) SHARE_sp_384_mul_12(first, a, b)

#define SHARE_sp_384_sqr_12(first, a) SHARE_SQR_12_##first, a)
#define SHARE_SQR_12_sp_digit replaced_384_sqr_12(sp_digit
#define SHARE_SQR_12_r sp_3072_sqr_12(r
#define SHARE_SQR_12_t1 sp_3072_sqr_12(t1
#define SHARE_SQR_12_t2 sp_3072_sqr_12(t2
#define sp_384_sqr_12(first, a) SHARE_sp_384_sqr_12(first, a)

#include "wolfcrypt/src/sp_armthumb.c"
