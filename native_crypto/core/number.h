// SPDX-License-Identifier: GPL-2.0-or-later
// Long integers of chosen size from the pool (the library's own type would take 1 KiB each).
#ifndef CRYPTO_NUMBER_H
#define CRYPTO_NUMBER_H

#include <stddef.h>
#include <stdint.h>

#include "library.h"

// Zero, with room for `bits`; NULL when the pool is exhausted. Freed with `crypto_pool_free`.
mp_int *crypto_number_new(size_t bits);

// Lay a zero number of `bits` at `memory` (`crypto_number_size(bits)` bytes, aligned to 4).
mp_int *crypto_number_at(void *memory, size_t bits);
size_t crypto_number_size(size_t bits);

// A secret of `length` bytes, big endian, in all the words that take so many bytes. The library's own reader drops
// leading zero words, and what computes with the number then tells by its path how many there were.
// Returns a library error if there is no room, 0 if well.
int crypto_number_read_secret(mp_int *number, const uint8_t *bytes, size_t length);

// Give a number, which has room for them and no more, all of `words` words: the library drops leading zeros.
void crypto_number_widen(mp_int *number, unsigned words);

// r = a * b / 2^(32 * words of n) mod n: Montgomery multiplication in time that depends on sizes only.
// `product` is scratch with room for twice n's bits and a word. Returns a library error, 0 if well.
int crypto_number_montgomery(const mp_int *a, const mp_int *b, const mp_int *n, mp_digit rho, mp_int *product,
                             mp_int *r);

// The same, r in all the words of n: for what is secret and not blinded. The library divides and compares numbers
// without leading zeros only.
int crypto_number_montgomery_wide(const mp_int *a, const mp_int *b, const mp_int *n, mp_digit rho, mp_int *product,
                                  mp_int *r);

#endif // CRYPTO_NUMBER_H
