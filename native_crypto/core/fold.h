// SPDX-License-Identifier: GPL-2.0-or-later
// A keyed multiset hash: elements are added and taken away in any order.
#ifndef CRYPTO_FOLD_H
#define CRYPTO_FOLD_H

#include <stddef.h>
#include <stdint.h>

#include "result.h"

#define CRYPTO_FOLD_BYTES 32
// Key and element fill one block of SHA-256 with its padding: one compression, whatever their lengths.
#define CRYPTO_FOLD_INPUT_MAX_BYTES 55

typedef enum {
    CRYPTO_FOLD_ADD = 1,
    CRYPTO_FOLD_REMOVE = -1,
} crypto_fold_sign_t;

// MSet-Add-Hash (Clarke, Devadas, van Dijk, Gassend, Suh: Incremental Multiset Hash Functions, ASIACRYPT 2003):
// accumulator += or -= SHA-256(key | element), both taken as little-endian integers, modulo 2^256.
// The sum is for a MAC to cover: whoever sees it and may choose elements could look for another set with the same
// sum. CRYPTO_ARGUMENT for more than CRYPTO_FOLD_INPUT_MAX_BYTES; after any failure the accumulator is as before.
crypto_result_t crypto_fold(const uint8_t *key, size_t key_length, const uint8_t *element, size_t element_length,
                            crypto_fold_sign_t sign, uint8_t accumulator[CRYPTO_FOLD_BYTES]);

#endif // CRYPTO_FOLD_H
