// SPDX-License-Identifier: GPL-2.0-or-later
// Short Weierstrass curves: their numbers and domain parameters ([SEC2], [RFC5639]; [SCHSM] 27, 30).
#ifndef CRYPTO_CURVES_H
#define CRYPTO_CURVES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// All have cofactor 1 and a prime order as wide as the field.
typedef enum {
    CRYPTO_CURVE_SECP192R1 = 1,
    CRYPTO_CURVE_SECP256R1 = 2,
    CRYPTO_CURVE_SECP384R1 = 3,
    CRYPTO_CURVE_SECP521R1 = 4,
    CRYPTO_CURVE_SECP192K1 = 5,
    CRYPTO_CURVE_SECP256K1 = 6,
    CRYPTO_CURVE_BRAINPOOLP256R1 = 7,
    CRYPTO_CURVE_BRAINPOOLP384R1 = 8,
    CRYPTO_CURVE_BRAINPOOLP512R1 = 9,
} crypto_curve_t;

#define CRYPTO_CURVE_LAST CRYPTO_CURVE_BRAINPOOLP512R1
#define CRYPTO_FIELD_MAX_BYTES 66
#define CRYPTO_POINT_MAX_BYTES (1 + 2 * CRYPTO_FIELD_MAX_BYTES)

typedef enum {
    CRYPTO_CURVE_PRIME,
    CRYPTO_CURVE_A,
    CRYPTO_CURVE_B,
    CRYPTO_CURVE_GENERATOR_X,
    CRYPTO_CURVE_GENERATOR_Y,
    CRYPTO_CURVE_ORDER,
} crypto_curve_parameter_t;

// Bytes of a field element and of a scalar (they are equal for every curve here); 0 if there is no such curve.
size_t crypto_curve_bytes(int curve);

// Bits of the order.
size_t crypto_curve_order_bits(int curve);

// One parameter, big endian, `crypto_curve_bytes` long. The curve must exist.
void crypto_curve_parameter(int curve, crypto_curve_parameter_t parameter, uint8_t *out);

// The curve with this field prime (leading zero bytes allowed), or 0.
int crypto_curve_from_prime(const uint8_t *prime, size_t length);

#endif // CRYPTO_CURVES_H
