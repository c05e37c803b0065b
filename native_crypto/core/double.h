// SPDX-License-Identifier: GPL-2.0-or-later
// Doubling in GF(2^128), which makes CMAC's subkeys and AES-SIV's chain of components.
#ifndef CRYPTO_DOUBLE_H
#define CRYPTO_DOUBLE_H

#include <stddef.h>
#include <stdint.h>

#define CRYPTO_BLOCK_BYTES 16

// out = in times x ([RFC5297] 2.3), without a branch on the secret top bit; `out` may be `in`.
static inline void crypto_double(uint8_t *out, const uint8_t *in) {
    uint8_t carry = (uint8_t)(0u - (in[0] >> 7)) & 0x87;
    for (size_t i = 0; i < CRYPTO_BLOCK_BYTES - 1; i++) {
        out[i] = (uint8_t)(in[i] << 1) | (in[i + 1] >> 7);
    }
    out[CRYPTO_BLOCK_BYTES - 1] = (uint8_t)(in[CRYPTO_BLOCK_BYTES - 1] << 1) ^ carry;
}

#endif // CRYPTO_DOUBLE_H
