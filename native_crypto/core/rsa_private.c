// SPDX-License-Identifier: GPL-2.0-or-later
// The RSA private operation: blinded, and checked before output.
//
// The library's fast path (SP) neither blinds nor checks: it takes the number generator and ignores it.
// So: c' = c * r^e; s' = c'^d by CRT; s = s' / r; s^e must be c. The check also stops the attack of
// Boneh, DeMillo and Lipton, where one fault in one half of the CRT gives a factor of n away.
#include <string.h>

#include "drbg.h"
#include "number.h"
#include "pool.h"
#include "rsa_key.h"
#include "wipe.h"

// --- Powers ----------------------------------------------------------------------------------------

static int public_power(unsigned bits, const mp_int *n, uint32_t exponent, const mp_int *base, mp_int *power) {
    mp_int *e = crypto_number_new(64);
    int error = e != NULL ? mp_set_int(e, exponent) : MP_MEM;
    if (error == 0) {
        uint8_t *block = crypto_pool_alloc(bits / 8);
        word32 length = bits / 8;
        error = block != NULL ? mp_to_unsigned_bin_len((mp_int *)base, block, (int)length) : MP_MEM;
        if (error == 0 && bits == 2048) {
            error = sp_RsaPublic_2048(block, length, e, n, block, &length);
        } else if (error == 0 && bits == 3072) {
            error = sp_RsaPublic_3072(block, length, e, n, block, &length);
        } else if (error == 0 && bits == 4096) {
            error = sp_RsaPublic_4096(block, length, e, n, block, &length);
        } else if (error == 0) {
            error = mp_exptmod_nct(base, e, n, power);
        }
        if (error == 0 && bits >= 2048) {
            error = mp_read_unsigned_bin(power, block, length);
        }
        crypto_pool_free(block);
    }
    crypto_pool_free(e);
    return error;
}

// One half of the CRT for sizes that have no code of their own: half = base^exponent mod prime.
static int half_power(const mp_int *base, const mp_int *exponent, const mp_int *prime, mp_int *half) {
    int error = mp_mod(base, prime, half);
    return error != 0 ? error : mp_exptmod_ex(half, exponent, (int)prime->used, prime, half);
}

// [RFC8017] 5.1.2 2.b: power = m2 + q * ((m1 - m2) * q_inverse mod p)
static int generic_crt(const crypto_rsa_key_t *key, const mp_int *base, mp_int *power) {
    mp_int *m1 = crypto_number_new(key->bits + 32);
    mp_int *m2 = crypto_number_new(key->bits + 32);
    int error = m1 != NULL && m2 != NULL ? half_power(base, key->dp, key->p, m1) : MP_MEM;
    if (error == 0) {
        error = half_power(base, key->dq, key->q, m2);
    }
    if (error == 0) {
        // m2 < q < p
        error = mp_submod_ct(m1, m2, key->p, m1);
    }
    if (error == 0) {
        error = mp_mulmod(m1, key->q_inverse, key->p, m1);
    }
    if (error == 0) {
        error = mp_mul(m1, key->q, power);
    }
    if (error == 0) {
        error = mp_add(power, m2, power);
    }
    crypto_pool_free(m2);
    crypto_pool_free(m1);
    return error;
}

// Not inlined: what it executes must not depend on the key, while what is around it depends on the public modulus, so
// that the two have to be told apart where paths are compared.
__attribute__((noinline)) static int private_power(const crypto_rsa_key_t *key, const mp_int *base, mp_int *power) {
    if (key->bits < 2048) {
        return generic_crt(key, base, power);
    }
    word32 length = key->bits / 8u;
    uint8_t *block = crypto_pool_alloc(length);
    int error = block != NULL ? mp_to_unsigned_bin_len((mp_int *)base, block, (int)length) : MP_MEM;
    // The first number of these calls, d, is not used with CRT.
    if (error == 0 && key->bits == 2048) {
        error = sp_RsaPrivate_2048(block, length, NULL, key->p, key->q, key->dp, key->dq, key->q_inverse, key->n, block,
                                   &length);
    } else if (error == 0 && key->bits == 3072) {
        error = sp_RsaPrivate_3072(block, length, NULL, key->p, key->q, key->dp, key->dq, key->q_inverse, key->n, block,
                                   &length);
    } else if (error == 0) {
        error = sp_RsaPrivate_4096(block, length, NULL, key->p, key->q, key->dp, key->dq, key->q_inverse, key->n, block,
                                   &length);
    }
    if (error == 0) {
        error = mp_read_unsigned_bin(power, block, length);
    }
    crypto_pool_free(block);
    return error;
}

// --- Blinding --------------------------------------------------------------------------------------

// r has 256 bits: r^e is as unpredictable as its exponentiation needs, and 1/r modulo n costs a division by
// a short number instead of Euclid's algorithm on long ones (a third of a private operation on RP2350).
#define BLINDING_BYTES 32
#define BLINDING_BITS (8 * BLINDING_BYTES)

typedef struct {
    mp_int *r;
    mp_int *u;
    mp_int *w;       // r * u
    mp_int *rest;    // n mod w
    mp_int *factor;  // -1/n mod w
    mp_int *square;  // (2^(32 * words))^2 mod n: multiplies a number into Montgomery form
    mp_int *product; // anything up to twice n's length
} blinding_t;

static void blinding_free(blinding_t *t) {
    crypto_pool_free(t->product);
    crypto_pool_free(t->square);
    crypto_pool_free(t->factor);
    crypto_pool_free(t->rest);
    crypto_pool_free(t->w);
    crypto_pool_free(t->u);
    crypto_pool_free(t->r);
}

static bool blinding_new(blinding_t *t, size_t bits) {
    t->r = crypto_number_new(BLINDING_BITS);
    t->u = crypto_number_new(BLINDING_BITS);
    t->w = crypto_number_new(2 * BLINDING_BITS);
    t->rest = crypto_number_new(2 * BLINDING_BITS + 32);
    t->factor = crypto_number_new(4 * BLINDING_BITS + 32);
    t->square = crypto_number_new(bits + 64); // the library starts from 2^bits
    t->product = crypto_number_new(2 * bits + 32);
    return t->r != NULL && t->u != NULL && t->w != NULL && t->rest != NULL && t->factor != NULL &&
           t->square != NULL && t->product != NULL;
}

// Odd, so that it is not zero; shorter than p and q, so that it has an inverse modulo n.
static crypto_result_t random_odd(mp_int *number) {
    uint8_t bytes[BLINDING_BYTES];
    crypto_result_t result = crypto_random(bytes, sizeof(bytes));
    bytes[BLINDING_BYTES - 1] |= 0x01;
    if (result == CRYPTO_OK) {
        result = crypto_from_library(mp_read_unsigned_bin(number, bytes, sizeof(bytes)));
    }
    crypto_wipe(bytes, sizeof(bytes));
    return result;
}

// inverse = 1/w mod n = (1 + n * (-1/n mod w)) / w. Its time depends on w, which is r hidden by u.
static int invert_product(const mp_int *n, const blinding_t *t, mp_int *inverse) {
    int error = mp_mul(t->r, t->u, t->w);
    if (error == 0) {
        error = mp_mod(n, t->w, t->rest);
    }
    if (error == 0) {
        error = mp_invmod(t->rest, t->w, t->factor);
    }
    if (error == 0) {
        error = mp_sub(t->w, t->factor, t->factor);
    }
    if (error == 0) {
        error = mp_mul(n, t->factor, t->product);
    }
    if (error == 0) {
        error = mp_add_d(t->product, 1, t->product);
    }
    if (error == 0) {
        error = mp_div(t->product, t->w, t->product, NULL);
    }
    return error != 0 ? error : mp_copy(t->product, inverse);
}

// square = 2^(2 * 32 * words) mod n, and rho
static int prepare_montgomery(crypto_rsa_key_t *key, const blinding_t *t) {
    int error = mp_montgomery_setup(key->n, &key->rho);
    if (error == 0) {
        error = mp_montgomery_calc_normalization(t->square, key->n);
    }
    if (error == 0) {
        error = mp_sqr(t->square, t->product);
    }
    return error != 0 ? error : mp_mod(t->product, key->n, t->square);
}

static int compute_pair(crypto_rsa_key_t *key, const blinding_t *t) {
    int error = prepare_montgomery(key, t);
    if (error == 0) {
        error = invert_product(key->n, t, key->unblind);
    }
    // 1/r = u * 1/w; the two squares undo the division of one product and bring the result into form.
    const mp_int *const factors[] = {t->u, t->square, t->square};
    for (size_t i = 0; error == 0 && i < sizeof(factors) / sizeof(factors[0]); i++) {
        error = crypto_number_montgomery(key->unblind, factors[i], key->n, key->rho, t->product, key->unblind);
    }
    if (error == 0) {
        error = public_power(key->bits, key->n, key->exponent, t->r, t->product);
    }
    if (error == 0) {
        error = mp_copy(t->product, key->blind);
    }
    if (error == 0) {
        error = crypto_number_montgomery(key->blind, t->square, key->n, key->rho, t->product, key->blind);
    }
    return error;
}

static crypto_result_t make_blinding(crypto_rsa_key_t *key) {
    blinding_t t = {0};
    crypto_result_t result = blinding_new(&t, key->bits) ? random_odd(t.r) : CRYPTO_MEMORY;
    if (result == CRYPTO_OK) {
        result = random_odd(t.u);
    }
    if (result == CRYPTO_OK) {
        result = crypto_from_library(compute_pair(key, &t));
    }
    blinding_free(&t);
    key->has_blinding = result == CRYPTO_OK;
    return result;
}

// --- The operation ---------------------------------------------------------------------------------

typedef struct {
    mp_int *block;
    mp_int *power;
    mp_int *product;
} operation_t;

// power = block^d mod n through the blinding pair, which is squared for the next time.
static int blinded_power(crypto_rsa_key_t *key, const operation_t *t) {
    int error = crypto_number_montgomery(t->block, key->blind, key->n, key->rho, t->product, t->power);
    if (error == 0) {
        error = private_power(key, t->power, t->power);
    }
    if (error == 0) {
        error = crypto_number_montgomery(t->power, key->unblind, key->n, key->rho, t->product, t->power);
    }
    if (error == 0) {
        error = crypto_number_montgomery(key->blind, key->blind, key->n, key->rho, t->product, key->blind);
    }
    if (error == 0) {
        error = crypto_number_montgomery(key->unblind, key->unblind, key->n, key->rho, t->product, key->unblind);
    }
    key->has_blinding = error == 0;
    return error;
}

// out = power if power^e is the block that came in; compared twice, because this is what a fault must not skip.
static crypto_result_t give_out(const crypto_rsa_key_t *key, const operation_t *t, uint8_t *out) {
    int length = key->bits / 8;
    uint8_t *expected = crypto_pool_alloc((size_t)length);
    uint8_t *actual = crypto_pool_alloc((size_t)length);
    crypto_result_t result = CRYPTO_MEMORY;
    if (expected != NULL && actual != NULL) {
        int error = public_power(key->bits, key->n, key->exponent, t->power, t->product);
        if (error == 0) {
            error = mp_to_unsigned_bin_len(t->product, actual, length);
        }
        if (error == 0) {
            error = mp_to_unsigned_bin_len(t->block, expected, length);
        }
        result = crypto_from_library(error);
        if (result == CRYPTO_OK && !crypto_equal(expected, actual, (size_t)length)) {
            result = CRYPTO_FAULT;
        }
        if (result == CRYPTO_OK) {
            result = crypto_from_library(mp_to_unsigned_bin_len(t->power, out, length));
        }
        if (!crypto_equal(actual, expected, (size_t)length)) {
            crypto_wipe(out, (size_t)length);
            result = CRYPTO_FAULT;
        }
    }
    crypto_pool_free(actual);
    crypto_pool_free(expected);
    return result;
}

crypto_result_t crypto_rsa_private(crypto_rsa_key_t *key, const uint8_t *block, uint8_t *out) {
    crypto_result_t result = key->has_blinding ? CRYPTO_OK : make_blinding(key);
    if (result != CRYPTO_OK) {
        return result;
    }
    operation_t t = {
        .block = crypto_number_new(key->bits),
        .power = crypto_number_new(2u * key->bits + 32),
        .product = crypto_number_new(2u * key->bits + 32),
    };
    result = CRYPTO_MEMORY;
    if (t.block != NULL && t.power != NULL && t.product != NULL) {
        int error = mp_read_unsigned_bin(t.block, block, key->bits / 8u);
        result = crypto_from_library(error);
        if (result == CRYPTO_OK && mp_cmp(t.block, key->n) != MP_LT) {
            result = CRYPTO_ARGUMENT;
        }
        if (result == CRYPTO_OK) {
            result = crypto_from_library(blinded_power(key, &t));
        }
        if (result == CRYPTO_OK) {
            result = give_out(key, &t, out);
        }
    }
    crypto_pool_free(t.product);
    crypto_pool_free(t.power);
    crypto_pool_free(t.block);
    if (result == CRYPTO_FAULT) {
        key->has_blinding = false; // the pair may be what was faulty
    }
    return result;
}

crypto_result_t crypto_rsa_public(unsigned bits, const uint8_t *modulus, uint32_t exponent, const uint8_t *block,
                                  uint8_t *out) {
    if (!crypto_rsa_is_size(bits)) {
        return CRYPTO_ARGUMENT;
    }
    mp_int *n = crypto_number_new(bits);
    mp_int *base = crypto_number_new(bits);
    mp_int *power = crypto_number_new(2 * bits + 32);
    int error = n != NULL && base != NULL && power != NULL ? mp_read_unsigned_bin(n, modulus, bits / 8) : MP_MEM;
    if (error == 0) {
        error = mp_read_unsigned_bin(base, block, bits / 8);
    }
    bool fits = error == 0 && mp_isodd(n) && mp_count_bits(n) == (int)bits && mp_cmp(base, n) == MP_LT;
    if (fits) {
        error = public_power(bits, n, exponent, base, power);
    }
    if (error == 0 && fits) {
        error = mp_to_unsigned_bin_len(power, out, (int)(bits / 8));
    }
    crypto_pool_free(power);
    crypto_pool_free(base);
    crypto_pool_free(n);
    return error == 0 && !fits ? CRYPTO_ARGUMENT : crypto_from_library(error);
}
