// SPDX-License-Identifier: GPL-2.0-or-later
// RSA keys by their private exponent, as key blobs of type 05 carry them: d from the primes, and the primes from d.
//
// The primes are found without guessing. With phi = (p-1)(q-1) and lambda = phi / g, e d - 1 = k lambda for a small k,
// so that g (e d - 1) = k phi is just below k n: the fraction of g (e d - 1) / n is almost 1. The smallest such g is
// found by adding; k is one more than the quotient, and p + q = n - phi + 1 gives both. Unlike the
// algorithm of [SP800-56B] C.1 this takes no exponentiation modulo n, which is 30 s for 4096 bits on RP2040.
//
// Its divisions take times that depend on the key: an import, which only its owner can repeat, may.
#include <string.h>

#include "number.h"
#include "pool.h"
#include "rsa_key.h"

// g is gcd(p-1, q-1) or a divisor of it; larger ones are rarer than one in a million.
#define FACTOR_MAX (1u << 20)
#define ROOT_STEPS_MAX 32

typedef struct {
    mp_int *n;
    mp_int *multiple; // e d - 1, times g; then phi
    mp_int *scratch;
    mp_int *quotient;
    mp_int *sum; // p + q
    mp_int *root; // p - q
} work_t;

static bool work_new(work_t *work, size_t bits) {
    size_t room = bits + 192; // e (31 bits) and g (21), a shift by 64, two words more where the library divides
    work->n = crypto_number_new(room);
    work->multiple = crypto_number_new(room);
    work->scratch = crypto_number_new(room);
    work->quotient = crypto_number_new(room);
    work->sum = crypto_number_new(room);
    work->root = crypto_number_new(room);
    return work->n != NULL && work->multiple != NULL && work->scratch != NULL && work->quotient != NULL &&
           work->sum != NULL && work->root != NULL;
}

static void work_free(work_t *work) {
    crypto_pool_free(work->root);
    crypto_pool_free(work->sum);
    crypto_pool_free(work->quotient);
    crypto_pool_free(work->scratch);
    crypto_pool_free(work->multiple);
    crypto_pool_free(work->n);
}

// The smallest g for which the fraction of g * multiple / n is almost 1; 0 if there is none.
static int find_factor(work_t *work, uint32_t *factor) {
    *factor = 0;
    int error = mp_mod(work->multiple, work->n, work->scratch);
    if (error == 0) {
        error = mp_mul_2d(work->scratch, 64, work->scratch);
    }
    if (error == 0) {
        error = mp_div(work->scratch, work->n, work->quotient, NULL);
    }
    if (error != 0) {
        return error;
    }
    uint64_t fraction = 0; // times 2^64
    for (unsigned i = work->quotient->used; i-- > 0;) {
        fraction = (fraction << 32) | work->quotient->dp[i];
    }
    uint64_t sum = 0;
    for (uint32_t g = 1; g <= FACTOR_MAX; g++) {
        sum += fraction; // too small by less than g
        if (0 - sum <= g) {
            *factor = g;
            return 0;
        }
    }
    return MP_VAL;
}

// phi from e d - 1, both in `multiple`.
static int find_phi(work_t *work) {
    uint32_t factor;
    int error = find_factor(work, &factor);
    if (error == 0) {
        error = mp_mul_d(work->multiple, factor, work->multiple);
    }
    if (error == 0) {
        error = mp_div(work->multiple, work->n, work->quotient, NULL);
    }
    if (error == 0) {
        error = mp_add_d(work->quotient, 1, work->quotient);
    }
    if (error == 0) {
        error = mp_div(work->multiple, work->quotient, work->multiple, work->scratch);
    }
    return error == 0 && !mp_iszero(work->scratch) ? MP_VAL : error;
}

// root = floor(sqrt(scratch)) by Newton's iteration from above.
static int square_root(work_t *work) {
    mp_set(work->root, 1);
    int error = mp_mul_2d(work->root, (mp_count_bits(work->scratch) + 1) / 2, work->root);
    for (int step = 0; error == 0 && step < ROOT_STEPS_MAX; step++) {
        error = mp_div(work->scratch, work->root, work->quotient, NULL);
        if (error == 0) {
            error = mp_add(work->quotient, work->root, work->quotient);
        }
        if (error == 0) {
            error = mp_div_2(work->quotient, work->quotient);
        }
        if (error == 0 && mp_cmp(work->quotient, work->root) != MP_LT) {
            return 0;
        }
        if (error == 0) {
            error = mp_copy(work->quotient, work->root);
        }
    }
    return error != 0 ? error : MP_VAL;
}

// p and q from n and phi: half the sum and the difference of p + q and sqrt((p + q)^2 - 4 n).
static int split(work_t *work, crypto_rsa_key_t *key) {
    int error = mp_cmp(work->multiple, work->n) == MP_LT ? mp_sub(work->n, work->multiple, work->sum) : MP_VAL;
    if (error == 0) {
        error = mp_add_d(work->sum, 1, work->sum);
    }
    if (error == 0 && mp_count_bits(work->sum) > (int)key->bits / 2 + 1) {
        error = MP_VAL;
    }
    if (error == 0) {
        error = mp_sqr(work->sum, work->scratch);
    }
    if (error == 0) {
        error = mp_mul_2d(work->n, 2, work->quotient);
    }
    if (error == 0 && mp_cmp(work->scratch, work->quotient) != MP_GT) {
        error = MP_VAL;
    }
    if (error == 0) {
        error = mp_sub(work->scratch, work->quotient, work->scratch);
    }
    if (error == 0) {
        error = square_root(work);
    }
    if (error == 0) {
        error = mp_add(work->sum, work->root, work->scratch);
    }
    if (error == 0) {
        error = mp_sub(work->sum, work->root, work->quotient);
    }
    if (error == 0) {
        error = mp_div_2(work->scratch, work->scratch);
    }
    if (error == 0) {
        error = mp_div_2(work->quotient, work->quotient);
    }
    int half = key->bits / 2;
    bool fit = mp_count_bits(work->scratch) == half && mp_count_bits(work->quotient) == half;
    if (error == 0 && (!fit || mp_iseven(work->scratch) || mp_iseven(work->quotient))) {
        error = MP_VAL;
    }
    if (error == 0) {
        error = mp_copy(work->scratch, key->p);
    }
    return error != 0 ? error : mp_copy(work->quotient, key->q);
}

static int find_primes(work_t *work, crypto_rsa_key_t *key, const uint8_t *modulus, const uint8_t *d,
                       size_t d_length) {
    int error = mp_read_unsigned_bin(work->n, modulus, key->bits / 8u);
    if (error == 0) {
        error = mp_read_unsigned_bin(work->multiple, d, (word32)d_length);
    }
    if (error == 0 && (mp_iszero(work->multiple) || mp_count_bits(work->n) != key->bits)) {
        error = MP_VAL;
    }
    if (error == 0) {
        error = mp_mul_d(work->multiple, key->exponent, work->multiple);
    }
    if (error == 0) {
        error = mp_sub_d(work->multiple, 1, work->multiple);
    }
    if (error == 0) {
        error = find_phi(work);
    }
    return error != 0 ? error : split(work, key);
}

crypto_result_t crypto_rsa_from_exponents(unsigned bits, uint32_t exponent, const uint8_t *modulus, const uint8_t *d,
                                          size_t d_length, crypto_rsa_key_t **key) {
    if (d_length == 0 || d_length > bits / 8) {
        return CRYPTO_ARGUMENT;
    }
    crypto_result_t result = crypto_rsa_key_new(bits, exponent, key);
    if (result != CRYPTO_OK) {
        return result;
    }
    work_t work = {0};
    int error = work_new(&work, bits) ? find_primes(&work, *key, modulus, d, d_length) : MP_MEM;
    work_free(&work);
    result = error == MP_VAL ? CRYPTO_ARGUMENT : crypto_from_library(error);
    if (result == CRYPTO_OK) {
        result = crypto_rsa_key_complete(*key);
    }
    if (result != CRYPTO_OK) {
        crypto_pool_free(*key);
        *key = NULL;
    }
    return result;
}

crypto_result_t crypto_rsa_private_exponent(const crypto_rsa_key_t *key, uint8_t *out) {
    mp_int *d = crypto_number_new(key->bits + 96);
    int error = d != NULL ? crypto_rsa_key_exponent(key, d) : MP_MEM;
    if (error == 0) {
        error = mp_to_unsigned_bin_len(d, out, key->bits / 8);
    }
    crypto_pool_free(d);
    return crypto_from_library(error);
}
