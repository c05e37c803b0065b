// SPDX-License-Identifier: GPL-2.0-or-later
// Products and Montgomery reductions under the library's integers, in assembly of our own.
//
// Numbers are words of 32 bits, the lowest first. Time and addresses depend on `words` only. On the RP2350 one word
// behind the operand that is gone through (a, m) is read and not used.
#ifndef CRYPTO_ROWS_H
#define CRYPTO_ROWS_H

#include <stdbool.h>
#include <stddef.h>

// The library's digit: 32 bits.
typedef unsigned int crypto_word_t;

#define CRYPTO_ROWS_MAX_WORDS 64

// Whether there is a product of numbers of so many words.
static inline bool crypto_rows_has(size_t words) {
    return words == 8 || words == 12 || words == 16 || words == 24 || words == 32 || words == 48 || words == 64;
}

// r = a * b, for a number of words that crypto_rows_has. r has 2 * words words and overlaps neither.
void crypto_rows_product(crypto_word_t *r, const crypto_word_t *a, const crypto_word_t *b, size_t words);

// a / 2^(32 words) modulo m, up to one m, for a multiple of four words: the upper half of a becomes its lower
// words, what is returned (0 or 1) the word above. a has 2 * words words; minus_inverse is -1/m mod 2^32.
crypto_word_t crypto_rows_reduce(crypto_word_t *a, const crypto_word_t *m, crypto_word_t minus_inverse, size_t words);

// sum += number * factor for a multiple of four words; returns the word above.
crypto_word_t crypto_rows_add(crypto_word_t *sum, const crypto_word_t *number, crypto_word_t factor, size_t words);

#endif // CRYPTO_ROWS_H
