// SPDX-License-Identifier: GPL-2.0-or-later
// How every function of the core answers.
#ifndef CRYPTO_RESULT_H
#define CRYPTO_RESULT_H

// The values 1..6 are the REASON_ numbers that the MicroPython module shows; the rest never leave C.
// CRYPTO_OK is far from the others and from zero in Hamming distance, so that neither a cleared
// register nor one flipped bit reads as success.
typedef enum {
    CRYPTO_OK = 0x3CA5,
    CRYPTO_FAILED = 1,
    CRYPTO_AUTHENTICATION = 2,
    CRYPTO_ENTROPY = 3,
    CRYPTO_CANCELLED = 4,
    CRYPTO_POINT = 5,
    CRYPTO_FAULT = 6,
    CRYPTO_MEMORY = 16,
    CRYPTO_ARGUMENT = 17,
} crypto_result_t;

#endif // CRYPTO_RESULT_H
