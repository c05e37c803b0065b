// SPDX-License-Identifier: GPL-2.0-or-later
// Domain parameters of the Montgomery and Edwards curves ([RFC7748] 4, [RFC8032] 5).
#ifndef CRYPTO_CURVES_EDWARDS_H
#define CRYPTO_CURVES_EDWARDS_H

#include <stddef.h>
#include <stdint.h>

#include "curves.h"

typedef struct {
    const uint8_t *bytes;
    size_t length;
} crypto_curve_part_t;

// Numbers big endian; the generator as a public key, little endian.
typedef struct {
    crypto_curve_t curve;
    uint8_t public_bytes;
    uint8_t cofactor;
    crypto_curve_part_t prime;
    crypto_curve_part_t a;
    crypto_curve_part_t b; // of Edwards curves: d
    crypto_curve_part_t generator;
    crypto_curve_part_t order;
} crypto_edwards_curve_t;

// NULL if it is none of CRYPTO_CURVE_ED25519, ED448, X25519, X448.
const crypto_edwards_curve_t *crypto_edwards_curve(int curve);

#endif // CRYPTO_CURVES_EDWARDS_H
