// SPDX-License-Identifier: GPL-2.0-or-later
// How the Montgomery ladders are given the random coordinates that they start from.
#ifndef CRYPTO_LADDER_H
#define CRYPTO_LADDER_H

#include <stdint.h>

#define CRYPTO_LADDER_25519_BYTES 32
#define CRYPTO_LADDER_448_BYTES 56

// For all ladders from now on, until the next call.
void crypto_ladder_25519_blind(const uint8_t random[CRYPTO_LADDER_25519_BYTES]);
void crypto_ladder_448_blind(const uint8_t random[CRYPTO_LADDER_448_BYTES]);

#endif // CRYPTO_LADDER_H
