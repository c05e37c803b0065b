// SPDX-License-Identifier: GPL-2.0-or-later
// Repairs of wolfSSL 5.7.2's single-precision code, made while its source stays as it is.
//
// A macro with the name of a static function sees the function's definition and its calls. They differ in
// the first token of the first argument: the definition's is the type `sp_digit`. The definition becomes
// library_<name>; a call goes where the macro for its first token says, and one that begins with a token not
// listed here does not compile.
#ifndef CRYPTO_SP_REPAIRS_H
#define CRYPTO_SP_REPAIRS_H

#include <wolfssl/wolfcrypt/settings.h>

#include <wolfssl/wolfcrypt/sp_int.h>

// --- Division of two words by one --------------------------------------------------------------------

// The library calls its quotient "approximate, may be 1 larger"; in 5.7.2 it can be 1 too small, which the
// long division around it does not expect: a remainder modulo the order of a curve is then wrong. Wycheproof's
// valid signatures for P-256 with s = 3 or u2 = 1 are refused because of it.
typedef sp_digit (*sp_divide_t)(sp_digit high, sp_digit low, sp_digit divisor);

// The exact quotient, for high < divisor. Takes the same time for all operands.
static inline sp_digit exact_quotient(sp_divide_t divide, sp_digit high, sp_digit low, sp_digit divisor) {
    sp_digit quotient = divide(high, low, divisor);
    sp_int_word rest = (((sp_int_word)high << 32) | low) - (sp_int_word)quotient * divisor;
    return quotient + ((sp_digit)((rest - divisor) >> 63) ^ 1);
}

// P-521's division forgets what the others do when the high word equals the divisor: it passes one less, and must
// get the largest quotient. The divisor is 2^32 - 1 there, so that the largest is at most 1 too large
// for that high word itself, and what is too large is corrected.
static inline sp_digit quotient_521(sp_divide_t divide, sp_digit high, sp_digit low, sp_digit divisor) {
    sp_digit difference = high ^ (divisor - 1);
    sp_digit is_limit = ((difference | (0 - difference)) >> 31) ^ 1;
    return exact_quotient(divide, high, low, divisor) | (0 - is_limit);
}

#define div_2048_word_32(first, low, divisor) DIV_2048_32_##first, low, divisor)
#define DIV_2048_32_sp_digit library_div_2048_word_32(sp_digit
#define DIV_2048_32_hi exact_quotient(library_div_2048_word_32, hi

#define div_2048_word_64(first, low, divisor) DIV_2048_64_##first, low, divisor)
#define DIV_2048_64_sp_digit library_div_2048_word_64(sp_digit
#define DIV_2048_64_hi exact_quotient(library_div_2048_word_64, hi
#define DIV_2048_64_t1 exact_quotient(library_div_2048_word_64, t1

#define div_3072_word_48(first, low, divisor) DIV_3072_48_##first, low, divisor)
#define DIV_3072_48_sp_digit library_div_3072_word_48(sp_digit
#define DIV_3072_48_hi exact_quotient(library_div_3072_word_48, hi

#define div_3072_word_96(first, low, divisor) DIV_3072_96_##first, low, divisor)
#define DIV_3072_96_sp_digit library_div_3072_word_96(sp_digit
#define DIV_3072_96_hi exact_quotient(library_div_3072_word_96, hi
#define DIV_3072_96_t1 exact_quotient(library_div_3072_word_96, t1

#define div_4096_word_128(first, low, divisor) DIV_4096_128_##first, low, divisor)
#define DIV_4096_128_sp_digit library_div_4096_word_128(sp_digit
#define DIV_4096_128_hi exact_quotient(library_div_4096_word_128, hi
#define DIV_4096_128_t1 exact_quotient(library_div_4096_word_128, t1

#define div_256_word_8(first, low, divisor) DIV_256_8_##first, low, divisor)
#define DIV_256_8_sp_digit library_div_256_word_8(sp_digit
#define DIV_256_8_hi exact_quotient(library_div_256_word_8, hi

#define div_384_word_12(first, low, divisor) DIV_384_12_##first, low, divisor)
#define DIV_384_12_sp_digit library_div_384_word_12(sp_digit
#define DIV_384_12_hi exact_quotient(library_div_384_word_12, hi

#define div_521_word_17(first, low, divisor) DIV_521_17_##first, low, divisor)
#define DIV_521_17_sp_digit library_div_521_word_17(sp_digit
#define DIV_521_17_hi quotient_521(library_div_521_word_17, hi

#endif // CRYPTO_SP_REPAIRS_H
