// SPDX-License-Identifier: GPL-2.0-or-later
// Multiples of the generators of the NIST curves by a signed comb, in the place of wolfSSL's.
//
// The library's comb has 256 sums per curve, of which it reads all for each digit so that no address depends on
// a secret: half of a P-256 signature on the RP2350. With digits of 1 and -1 instead of 0 and 1 (Hamburg: Fast
// and compact elliptic-curve cryptography, ePrint 2012/309, 3.3), half the sums or less do, and none is neutral.
//
// Included before the library's source: sp_comb_curves.h, after it, has the functions. sp_repairs.h: the macros.
#ifndef CRYPTO_SP_COMB_H
#define CRYPTO_SP_COMB_H

#include <string.h>

#include "sp_repairs.h"

#include "sp_comb_tables.h"

// a - b; returns the borrow.
static sp_digit comb_subtract(sp_digit *r, const sp_digit *a, const sp_digit *b, size_t words) {
    sp_digit borrow = 0;
    for (size_t i = 0; i < words; i++) {
        sp_int_word difference = (sp_int_word)a[i] - b[i] - borrow;
        r[i] = (sp_digit)difference;
        borrow = (sp_digit)(difference >> 32) & 1;
    }
    return borrow;
}

// r = a where mask is all ones; unchanged where it is zero.
static void comb_assign_if(sp_digit *r, const sp_digit *a, sp_digit mask, size_t words) {
    for (size_t i = 0; i < words; i++) {
        r[i] ^= (r[i] ^ a[i]) & mask;
    }
}

// odd = k or order - k modulo the order, whichever is odd (the order for k = 0); returns all ones for the second.
// `difference` is scratch of as many words.
static sp_digit comb_make_odd(sp_digit *odd, const sp_digit *k, const sp_digit *order, size_t words,
                              sp_digit *difference) {
    memcpy(odd, k, words * sizeof(*k));
    // The library's scalars are below 2^bits, not always below the order.
    sp_digit borrow = comb_subtract(difference, odd, order, words);
    comb_assign_if(odd, difference, borrow - 1, words);
    comb_subtract(difference, order, odd, words);
    sp_digit negated = (odd[0] & 1) - 1;
    comb_assign_if(odd, difference, negated, words);
    return negated;
}

// The digits of one column: bit m is set where tooth m is 1 and not -1. An odd number is the sum of digits
// 2 b(i + 1) - 1, where b are its bits, below a highest one that is always 1.
static unsigned comb_digits(const sp_digit *odd, unsigned bits, unsigned column, unsigned columns, unsigned teeth) {
    unsigned digits = 0;
    for (unsigned tooth = 0; tooth < teeth; tooth++) {
        unsigned bit = column + tooth * columns + 1;
        unsigned value = bit == teeth * columns ? 1 : bit < bits ? (odd[bit / 32] >> (bit % 32)) & 1 : 0;
        digits |= value << tooth;
    }
    return digits;
}

// Row `index` of a table, of which every word is read. `row_words` is a multiple of 4.
static void comb_select(sp_digit *row, const sp_digit *table, size_t rows, size_t row_words, sp_digit index) {
    for (size_t i = 0; i < row_words; i += 4) {
        const sp_digit *from = table + i;
        sp_digit sum0 = 0, sum1 = 0, sum2 = 0, sum3 = 0;
        for (sp_digit at = 0; at < rows; at++) {
            // 1 for the row that is wanted, else 0. Multiplications of one cycle beat masks.
            sp_digit wanted = ((at ^ index) - 1) >> 31;
            sum0 += wanted * from[0];
            sum1 += wanted * from[1];
            sum2 += wanted * from[2];
            sum3 += wanted * from[3];
            from += row_words;
        }
        row[i] = sum0;
        row[i + 1] = sum1;
        row[i + 2] = sum2;
        row[i + 3] = sum3;
    }
}

struct sp_point_256;
struct sp_point_384;
struct sp_point_521;

static int comb_256(struct sp_point_256 *r, const void *g, const void *table, const sp_digit *k, int map, int ct,
                    void *heap);
static int comb_384(struct sp_point_384 *r, const void *g, const void *table, const sp_digit *k, int map, int ct,
                    void *heap);
static int comb_521(struct sp_point_521 *r, const void *g, const void *table, const sp_digit *k, int map, int ct,
                    void *heap);

#define sp_256_ecc_mulmod_stripe_8(first, g, table, k, map, ct, heap) STRIPE_256_##first, g, table, k, map, ct, heap)
#define STRIPE_256_sp_point_256 library_256_ecc_mulmod_stripe_8(sp_point_256
#define STRIPE_256_r comb_256(r

#define sp_384_ecc_mulmod_stripe_12(first, g, table, k, map, ct, heap) STRIPE_384_##first, g, table, k, map, ct, heap)
#define STRIPE_384_sp_point_384 library_384_ecc_mulmod_stripe_12(sp_point_384
#define STRIPE_384_r comb_384(r

#define sp_521_ecc_mulmod_stripe_17(first, g, table, k, map, ct, heap) STRIPE_521_##first, g, table, k, map, ct, heap)
#define STRIPE_521_sp_point_521 library_521_ecc_mulmod_stripe_17(sp_point_521
#define STRIPE_521_r comb_521(r

#endif // CRYPTO_SP_COMB_H
