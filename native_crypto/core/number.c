// SPDX-License-Identifier: GPL-2.0-or-later
// Long integers of chosen size from the pool (the library's own type would take 1 KiB each).
#include "number.h"

#include <string.h>

#include "pool.h"

// Not MP_BITS_CNT: that has room for a product already, which most numbers here never hold.
static unsigned digits_for(size_t bits) {
    return (unsigned)((bits + SP_WORD_SIZE - 1) / SP_WORD_SIZE);
}

size_t crypto_number_size(size_t bits) {
    return MP_INT_SIZEOF(digits_for(bits));
}

mp_int *crypto_number_at(void *memory, size_t bits) {
    mp_int *number = memory;
    return mp_init_size(number, digits_for(bits)) == 0 ? number : NULL;
}

mp_int *crypto_number_new(size_t bits) {
    void *memory = crypto_pool_alloc(crypto_number_size(bits));
    return memory != NULL ? crypto_number_at(memory, bits) : NULL;
}

int crypto_number_read_secret(mp_int *number, const uint8_t *bytes, size_t length) {
    unsigned words = digits_for(8 * length);
    if (words > number->size) {
        return MP_VAL;
    }
    memset(number->dp, 0, words * sizeof(number->dp[0]));
    for (size_t i = 0; i < length; i++) {
        number->dp[i / sizeof(number->dp[0])] |= (mp_digit)bytes[length - 1 - i] << (8 * (i % sizeof(number->dp[0])));
    }
    number->used = words;
    return 0;
}

void crypto_number_widen(mp_int *number, unsigned words) {
    for (unsigned i = 0; i < words; i++) {
        number->dp[i] &= (mp_digit)((int32_t)(i - number->used) >> 31);
    }
    number->used = words;
}

// product = a * b / 2^(32 * words of n) mod n, without leading zeros
static int multiply_reduced(const mp_int *a, const mp_int *b, const mp_int *n, mp_digit rho, mp_int *product) {
    int error = mp_mul(a, b, product);
    return error != 0 ? error : mp_montgomery_reduce_ct(product, n, rho);
}

int crypto_number_montgomery(const mp_int *a, const mp_int *b, const mp_int *n, mp_digit rho, mp_int *product,
                             mp_int *r) {
    int error = multiply_reduced(a, b, n, rho, product);
    return error != 0 ? error : mp_copy(product, r);
}

int crypto_number_montgomery_wide(const mp_int *a, const mp_int *b, const mp_int *n, mp_digit rho, mp_int *product,
                                  mp_int *r) {
    int error = multiply_reduced(a, b, n, rho, product);
    if (error == 0) {
        crypto_number_widen(product, n->used); // before the copy, which takes as long as there are words
        error = mp_copy(product, r);
    }
    return error;
}
