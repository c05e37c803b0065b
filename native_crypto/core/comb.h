// SPDX-License-Identifier: GPL-2.0-or-later
// Signed combs: how a scalar is read where sums of multiples of a generator are in a table.
//
// Digits are 1 and -1 instead of 0 and 1 (Hamburg: Fast and compact elliptic-curve cryptography, ePrint 2012/309,
// 3.3), so that half the sums do and none is neutral. No partial sum is neutral either, and none is twice the
// next term or its negative, but for the last of a few scalars: there the last addition is a doubling.
#ifndef CRYPTO_COMB_H
#define CRYPTO_COMB_H

#include <string.h>

#include "select.h"

// a - b; returns the borrow.
static inline crypto_word_t comb_subtract(crypto_word_t *r, const crypto_word_t *a, const crypto_word_t *b,
                                          size_t words) {
    crypto_word_t borrow = 0;
    for (size_t i = 0; i < words; i++) {
        unsigned long long difference = (unsigned long long)a[i] - b[i] - borrow;
        r[i] = (crypto_word_t)difference;
        borrow = (crypto_word_t)(difference >> 32) & 1;
    }
    return borrow;
}

// r = a where mask is all ones; unchanged where it is zero.
static inline void comb_assign_if(crypto_word_t *r, const crypto_word_t *a, crypto_word_t mask, size_t words) {
    for (size_t i = 0; i < words; i++) {
        r[i] ^= (r[i] ^ a[i]) & mask;
    }
}

// odd = k or order - k modulo the order, whichever is odd (the order for k = 0); returns all ones for the second.
// `difference` is scratch of as many words.
static inline crypto_word_t comb_make_odd(crypto_word_t *odd, const crypto_word_t *k, const crypto_word_t *order,
                                          size_t words, crypto_word_t *difference) {
    memcpy(odd, k, words * sizeof(*k));
    // The library's scalars are below 2^bits, not always below the order.
    crypto_word_t borrow = comb_subtract(difference, odd, order, words);
    comb_assign_if(odd, difference, borrow - 1, words);
    comb_subtract(difference, order, odd, words);
    crypto_word_t negated = (odd[0] & 1) - 1;
    comb_assign_if(odd, difference, negated, words);
    return negated;
}

// The digits of one column: bit m is set where tooth m is 1 and not -1. An odd number is the sum of digits
// 2 b(i + 1) - 1, where b are its bits, below a highest one that is always 1.
static inline unsigned comb_digits(const crypto_word_t *odd, unsigned bits, unsigned column, unsigned columns,
                                   unsigned teeth) {
    unsigned digits = 0;
    for (unsigned tooth = 0; tooth < teeth; tooth++) {
        unsigned bit = column + tooth * columns + 1;
        unsigned value = bit == teeth * columns ? 1 : bit < bits ? (odd[bit / 32] >> (bit % 32)) & 1 : 0;
        digits |= value << tooth;
    }
    return digits;
}

#endif // CRYPTO_COMB_H
