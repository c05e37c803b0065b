// SPDX-License-Identifier: GPL-2.0-or-later
// The inside of an RSA key, for the core's own files.
#ifndef CRYPTO_RSA_KEY_H
#define CRYPTO_RSA_KEY_H

#include "library.h"
#include "rsa.h"

struct crypto_rsa_key {
    uint16_t bits;
    uint32_t exponent;
    mp_int *n;
    mp_int *p; // p > q
    mp_int *q;
    mp_int *dp;
    mp_int *dq;
    mp_int *q_inverse; // of q modulo p
    // Blinding ([RFC8017] has none; the idea is Kocher's): r^e and 1/r, in Montgomery form modulo n, made
    // at the first private operation and squared after each.
    bool has_blinding;
    mp_digit rho; // -1/n modulo 2^32
    mp_int *blind;
    mp_int *unblind;
    uint32_t numbers[]; // the mp_int above
};

// A key of that size with all numbers zero.
crypto_result_t crypto_rsa_key_new(unsigned bits, uint32_t exponent, crypto_rsa_key_t **key);

// Fill in n, dp, dq and q_inverse from p > q and e. CRYPTO_ARGUMENT if e has no inverse, n is not of
// full length or d is too short ([FIPS186-5] A.1.1 criterion 3).
crypto_result_t crypto_rsa_key_complete(crypto_rsa_key_t *key);

// d = 1/e modulo lcm(p-1, q-1), into a number with room for 96 bits more than n. Returns a library error, 0 if well.
int crypto_rsa_key_exponent(const crypto_rsa_key_t *key, mp_int *d);

// Read and write p, q, dp, dq and q_inverse, bits/16 bytes each: what object.c seals.
#define CRYPTO_RSA_PARTS 5
crypto_result_t crypto_rsa_key_store(const crypto_rsa_key_t *key, uint8_t *out);
crypto_result_t crypto_rsa_key_load(unsigned bits, uint32_t exponent, const uint8_t *in, crypto_rsa_key_t **key);

#endif // CRYPTO_RSA_KEY_H
