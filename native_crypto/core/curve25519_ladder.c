// SPDX-License-Identifier: GPL-2.0-or-later
// wolfSSL's X25519, with a ladder that starts from random coordinates.
//
// In 5.7.2 the ladder computes the same field elements again and again for the same key and point; later versions
// hide them, which is worth having against a probe near the chip. Here (x3 : z3) starts as (r u : r) instead of
// (u : 1), the same point. How the macros tell the ladder's calls from the definitions: sp_repairs.h.
#include <wolfssl/wolfcrypt/settings.h>

#include <wolfssl/wolfcrypt/fe_operations.h>

#include "ladder.h"

static fe blinding = {1};

static void copy_blinded(fe to, const fe from) {
    fe_mul(to, from, blinding);
}

static void one_blinded(fe to) {
    fe_copy(to, blinding);
}

void crypto_ladder_25519_blind(const uint8_t random[CRYPTO_LADDER_25519_BYTES]) {
    fe_frombytes(blinding, random);
}

#define fe_copy(first, from) FE_COPY_##first, from)
#define FE_COPY_fe fe_copy(fe
#define FE_COPY_x3 copy_blinded(x3

#define fe_1(first) FE_1_##first)
#define FE_1_fe fe_1(fe
#define FE_1_x2 fe_1(x2
#define FE_1_z3 one_blinded(z3

// The library loads all limbs of both before it selects, which eight low registers do not hold.
#define fe_cmov library_fe_cmov

#include "wolfcrypt/src/fe_operations.c"

#undef fe_cmov

void fe_cmov(fe f, const fe g, int b) {
    int mask = -b;
#pragma GCC unroll 10
    for (size_t i = 0; i < sizeof(fe) / sizeof(f[0]); i++) {
        f[i] ^= (f[i] ^ g[i]) & mask;
    }
}
