// SPDX-License-Identifier: GPL-2.0-or-later
// wolfSSL's X448 with a ladder that starts from random coordinates; see curve25519_ladder.c.
#include <wolfssl/wolfcrypt/settings.h>

#include <wolfssl/wolfcrypt/fe_448.h>

#include "ladder.h"

#define LIMBS 16

static fe448 blinding[LIMBS] = {1};

static void copy_blinded(fe448 *to, const fe448 *from) {
    fe448_mul(to, from, blinding);
}

static void one_blinded(fe448 *to) {
    fe448_copy(to, blinding);
}

void crypto_ladder_448_blind(const uint8_t random[CRYPTO_LADDER_448_BYTES]) {
    fe448_from_bytes(blinding, random);
}

#define fe448_copy(first, from) FE448_COPY_##first, from)
#define FE448_COPY_sword32 fe448_copy(sword32
#define FE448_COPY_x3 copy_blinded(x3

#define fe448_1(first) FE448_1_##first)
#define FE448_1_sword32 fe448_1(sword32
#define FE448_1_x2 fe448_1(x2
#define FE448_1_z3 one_blinded(z3

#include "wolfcrypt/src/fe_448.c"
