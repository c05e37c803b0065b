// SPDX-License-Identifier: GPL-2.0-or-later
// The inside of an RSA key: memory, derived parameters, stored form.
#include "rsa_key.h"

#include "number.h"
#include "pool.h"

bool crypto_rsa_is_size(unsigned bits) {
    return bits == 1024 || bits == 1536 || bits == 2048 || bits == 3072 || bits == 4096;
}

bool crypto_rsa_is_exponent(unsigned bits, uint32_t exponent) {
    uint32_t least = bits >= 2048 ? 65537 : 3;
    return exponent % 2 == 1 && exponent >= least && exponent <= 0x7FFFFFFF;
}

crypto_result_t crypto_rsa_key_new(unsigned bits, uint32_t exponent, crypto_rsa_key_t **key) {
    if (!crypto_rsa_is_size(bits) || !crypto_rsa_is_exponent(bits, exponent)) {
        return CRYPTO_ARGUMENT;
    }
    size_t whole = crypto_number_size(bits);
    size_t half = crypto_number_size(bits / 2);
    *key = crypto_pool_alloc_handle(sizeof(**key) + 3 * whole + 5 * half);
    if (*key == NULL) {
        return CRYPTO_MEMORY;
    }
    crypto_rsa_key_t *made = *key;
    made->bits = (uint16_t)bits;
    made->exponent = exponent;
    uint8_t *memory = (uint8_t *)made->numbers;
    mp_int **const wholes[] = {&made->n, &made->blind, &made->unblind};
    mp_int **const halves[] = {&made->p, &made->q, &made->dp, &made->dq, &made->q_inverse};
    for (size_t i = 0; i < sizeof(wholes) / sizeof(wholes[0]); i++, memory += whole) {
        *wholes[i] = crypto_number_at(memory, bits);
    }
    for (size_t i = 0; i < sizeof(halves) / sizeof(halves[0]); i++, memory += half) {
        *halves[i] = crypto_number_at(memory, bits / 2);
    }
    return CRYPTO_OK;
}

// --- Derived parameters ----------------------------------------------------------------------------

// 1/value modulo m, for 0 < value < m; 0 if there is none.
static uint32_t invert_word(uint32_t value, uint32_t m) {
    int64_t old_factor = 0;
    int64_t factor = 1;
    uint32_t old_rest = m;
    uint32_t rest = value;
    while (rest > 1) {
        uint32_t quotient = old_rest / rest;
        uint32_t next_rest = old_rest % rest;
        int64_t next_factor = old_factor - (int64_t)quotient * factor;
        old_rest = rest;
        old_factor = factor;
        rest = next_rest;
        factor = next_factor;
    }
    if (rest == 0) {
        return 0;
    }
    return (uint32_t)(factor < 0 ? factor + m : factor);
}

// inverse = 1/e modulo m, for an e of one word: (1 + m * (-1/m mod e)) / e. Divides by a public word only.
// `inverse` needs room for 32 bits more than m.
static int invert_exponent(uint32_t e, const mp_int *m, mp_int *inverse) {
    mp_digit rest = 0;
    int error = mp_mod_d((mp_int *)m, e, &rest);
    uint32_t factor = error == 0 && rest != 0 ? invert_word(rest, e) : 0;
    if (factor == 0) {
        return MP_VAL;
    }
    error = mp_mul_d(m, e - factor, inverse);
    if (error == 0) {
        error = mp_add_d(inverse, 1, inverse);
    }
    return error != 0 ? error : mp_div_d(inverse, e, inverse, NULL);
}

// exponent = 1/e modulo (prime - 1)
static int crt_exponent(const crypto_rsa_key_t *key, const mp_int *prime, mp_int *exponent) {
    mp_int *order = crypto_number_new(key->bits / 2);
    mp_int *inverse = crypto_number_new(key->bits / 2 + 64);
    int error = order != NULL && inverse != NULL ? mp_sub_d(prime, 1, order) : MP_MEM;
    if (error == 0) {
        error = invert_exponent(key->exponent, order, inverse);
    }
    if (error == 0) {
        error = mp_copy(inverse, exponent);
    }
    crypto_pool_free(inverse);
    crypto_pool_free(order);
    return error;
}

// q_inverse = q^(p-2) mod p: Fermat, because the library's constant-time power is at hand and its inversion
// branches on its arguments.
static int coefficient(const crypto_rsa_key_t *key) {
    mp_int *exponent = crypto_number_new(key->bits / 2);
    mp_int *inverse = crypto_number_new(key->bits + 32);
    int error = exponent != NULL && inverse != NULL ? mp_sub_d(key->p, 2, exponent) : MP_MEM;
    if (error == 0) {
        error = mp_exptmod(key->q, exponent, key->p, inverse);
    }
    if (error == 0) {
        error = mp_copy(inverse, key->q_inverse);
    }
    crypto_pool_free(inverse);
    crypto_pool_free(exponent);
    return error;
}

int crypto_rsa_key_exponent(const crypto_rsa_key_t *key, mp_int *d) {
    size_t half = key->bits / 2;
    mp_int *p_order = crypto_number_new(half + 64); // the library divides into two words more
    mp_int *q_order = crypto_number_new(half);
    mp_int *gcd = crypto_number_new(half);
    mp_int *lcm = crypto_number_new(key->bits + 32);
    int error = p_order != NULL && q_order != NULL && gcd != NULL && lcm != NULL ? 0 : MP_MEM;
    if (error == 0) {
        error = mp_sub_d(key->p, 1, p_order);
    }
    if (error == 0) {
        error = mp_sub_d(key->q, 1, q_order);
    }
    if (error == 0) {
        error = mp_gcd(p_order, q_order, gcd);
    }
    if (error == 0) {
        error = mp_div(p_order, gcd, p_order, NULL);
    }
    if (error == 0) {
        error = mp_mul(p_order, q_order, lcm);
    }
    if (error == 0) {
        error = invert_exponent(key->exponent, lcm, d);
    }
    crypto_pool_free(lcm);
    crypto_pool_free(gcd);
    crypto_pool_free(q_order);
    crypto_pool_free(p_order);
    return error;
}

// d must be longer than half of n.
static int check_exponent_length(const crypto_rsa_key_t *key) {
    mp_int *d = crypto_number_new(key->bits + 96);
    int error = d != NULL ? crypto_rsa_key_exponent(key, d) : MP_MEM;
    if (error == 0 && mp_count_bits(d) <= (int)key->bits / 2) {
        error = MP_VAL;
    }
    crypto_pool_free(d);
    return error;
}

crypto_result_t crypto_rsa_key_complete(crypto_rsa_key_t *key) {
    int error = mp_mul(key->p, key->q, key->n);
    if (error == 0 && mp_count_bits(key->n) != key->bits) {
        error = MP_VAL;
    }
    if (error == 0) {
        error = crt_exponent(key, key->p, key->dp);
    }
    if (error == 0) {
        error = crt_exponent(key, key->q, key->dq);
    }
    if (error == 0) {
        error = check_exponent_length(key);
    }
    if (error == 0) {
        error = coefficient(key);
    }
    return error == MP_VAL ? CRYPTO_ARGUMENT : crypto_from_library(error);
}

crypto_result_t crypto_rsa_from_primes(unsigned bits, uint32_t exponent, const uint8_t *p, const uint8_t *q,
                                       crypto_rsa_key_t **key) {
    crypto_result_t result = crypto_rsa_key_new(bits, exponent, key);
    if (result != CRYPTO_OK) {
        return result;
    }
    int error = mp_read_unsigned_bin((*key)->p, p, bits / 16);
    if (error == 0) {
        error = mp_read_unsigned_bin((*key)->q, q, bits / 16);
    }
    result = crypto_from_library(error);
    if (result == CRYPTO_OK) {
        if (mp_iseven((*key)->p) || mp_iseven((*key)->q) || mp_cmp((*key)->p, (*key)->q) == MP_EQ) {
            result = CRYPTO_ARGUMENT;
        } else if (mp_cmp((*key)->p, (*key)->q) == MP_LT) {
            mp_int *larger = (*key)->q;
            (*key)->q = (*key)->p;
            (*key)->p = larger;
        }
    }
    if (result == CRYPTO_OK) {
        result = crypto_rsa_key_complete(*key);
    }
    if (result != CRYPTO_OK) {
        crypto_pool_free(*key);
        *key = NULL;
    }
    return result;
}

// --- Stored form -----------------------------------------------------------------------------------

crypto_result_t crypto_rsa_key_store(const crypto_rsa_key_t *key, uint8_t *out) {
    const mp_int *const parts[CRYPTO_RSA_PARTS] = {key->p, key->q, key->dp, key->dq, key->q_inverse};
    int length = key->bits / 16;
    int error = 0;
    for (size_t i = 0; error == 0 && i < CRYPTO_RSA_PARTS; i++, out += length) {
        error = mp_to_unsigned_bin_len((mp_int *)parts[i], out, length);
    }
    return crypto_from_library(error);
}

crypto_result_t crypto_rsa_key_load(unsigned bits, uint32_t exponent, const uint8_t *in, crypto_rsa_key_t **key) {
    crypto_result_t result = crypto_rsa_key_new(bits, exponent, key);
    if (result != CRYPTO_OK) {
        return result;
    }
    mp_int *const parts[CRYPTO_RSA_PARTS] = {(*key)->p, (*key)->q, (*key)->dp, (*key)->dq, (*key)->q_inverse};
    word32 length = bits / 16;
    int error = 0;
    for (size_t i = 0; error == 0 && i < CRYPTO_RSA_PARTS; i++, in += length) {
        error = mp_read_unsigned_bin(parts[i], in, length);
    }
    if (error == 0) {
        error = mp_mul((*key)->p, (*key)->q, (*key)->n);
    }
    if (error == 0 && (mp_iseven((*key)->n) || mp_count_bits((*key)->n) != (int)bits)) {
        error = MP_VAL;
    }
    if (error != 0) {
        crypto_pool_free(*key);
    }
    return crypto_from_library(error);
}

unsigned crypto_rsa_bits(const crypto_rsa_key_t *key) {
    return key->bits;
}

uint32_t crypto_rsa_exponent(const crypto_rsa_key_t *key) {
    return key->exponent;
}

crypto_result_t crypto_rsa_modulus(const crypto_rsa_key_t *key, uint8_t *out) {
    return crypto_from_library(mp_to_unsigned_bin_len(key->n, out, key->bits / 8));
}
