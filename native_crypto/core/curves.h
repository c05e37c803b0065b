// SPDX-License-Identifier: GPL-2.0-or-later
// The curves: their numbers and domain parameters ([SEC2], [RFC5639], [RFC7748], [RFC8032]; [SCHSM] 27, 30).
#ifndef CRYPTO_CURVES_H
#define CRYPTO_CURVES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum {
    // Short Weierstrass curves: cofactor 1, a prime order as wide as the field.
    CRYPTO_CURVE_SECP192R1 = 1,
    CRYPTO_CURVE_SECP256R1 = 2,
    CRYPTO_CURVE_SECP384R1 = 3,
    CRYPTO_CURVE_SECP521R1 = 4,
    CRYPTO_CURVE_SECP192K1 = 5,
    CRYPTO_CURVE_SECP256K1 = 6,
    CRYPTO_CURVE_BRAINPOOLP256R1 = 7,
    CRYPTO_CURVE_BRAINPOOLP384R1 = 8,
    CRYPTO_CURVE_BRAINPOOLP512R1 = 9,
    // What follows has keys of its own kind: edwards.h and montgomery.h.
    CRYPTO_CURVE_ED25519 = 10,
    CRYPTO_CURVE_ED448 = 11,
    CRYPTO_CURVE_X25519 = 12,
    CRYPTO_CURVE_X448 = 13,
} crypto_curve_t;

#define CRYPTO_CURVE_WEIERSTRASS_LAST CRYPTO_CURVE_BRAINPOOLP512R1
#define CRYPTO_CURVE_LAST CRYPTO_CURVE_X448
#define CRYPTO_FIELD_MAX_BYTES 66
#define CRYPTO_POINT_MAX_BYTES (1 + 2 * CRYPTO_FIELD_MAX_BYTES)

typedef enum {
    CRYPTO_CURVE_PRIME,
    CRYPTO_CURVE_A,
    CRYPTO_CURVE_B,
    CRYPTO_CURVE_GENERATOR_X,
    CRYPTO_CURVE_GENERATOR_Y,
    CRYPTO_CURVE_ORDER,
    CRYPTO_CURVE_GENERATOR, // only for crypto_curve_encoded
} crypto_curve_parameter_t;

// Bytes of a field element and of a scalar of a Weierstrass curve (they are equal); 0 if it is none.
size_t crypto_curve_bytes(int curve);

// Bits of the order.
size_t crypto_curve_order_bits(int curve);

// One parameter of a Weierstrass curve, big endian, `crypto_curve_bytes` long.
void crypto_curve_parameter(int curve, crypto_curve_parameter_t parameter, uint8_t *out);

// One parameter of any curve as certificates and key blobs carry it; returns its length, 0 if there is no such curve.
// The generator has the form of a public key; other numbers are big endian, of Weierstrass curves
// `crypto_curve_bytes` long. b is d of an Edwards curve.
size_t crypto_curve_encoded(int curve, crypto_curve_parameter_t parameter, uint8_t out[CRYPTO_POINT_MAX_BYTES]);

unsigned crypto_curve_cofactor(int curve);

// The curve with this field prime (leading zero bytes allowed), or 0. A generator of 32 bytes that begin with 09 or
// of 56 that begin with 05 tells X25519 and X448 from the Edwards curves over the same fields ([SCHSM] 13.1).
int crypto_curve_from_prime(const uint8_t *prime, size_t length, const uint8_t *generator, size_t generator_length);

#endif // CRYPTO_CURVES_H
