// SPDX-License-Identifier: GPL-2.0-or-later
// Multiples of the generators of the NIST curves by the combs of comb.h, in the place of wolfSSL's.
//
// The library's have 256 sums per curve: reading all of them for each digit was half of a P-256 signature on
// the RP2350.
//
// Included before the library's source: sp_comb_curves.h, after it, has the functions. sp_repairs.h: the macros.
#ifndef CRYPTO_SP_COMB_H
#define CRYPTO_SP_COMB_H

#include <string.h>

#include "comb.h"
#include "sp_repairs.h"

#include "sp_comb_tables.h"

struct sp_point_256;
struct sp_point_384;
struct sp_point_521;

static int comb_256(struct sp_point_256 *r, const void *g, const void *table, const sp_digit *k, int map, int ct,
                    void *heap);
static int comb_384(struct sp_point_384 *r, const void *g, const void *table, const sp_digit *k, int map, int ct,
                    void *heap);
static int comb_521(struct sp_point_521 *r, const void *g, const void *table, const sp_digit *k, int map, int ct,
                    void *heap);

#define sp_256_ecc_mulmod_stripe_8(first, g, table, k, map, ct, heap) STRIPE_256_##first, g, table, k, map, ct, heap)
#define STRIPE_256_sp_point_256 library_256_ecc_mulmod_stripe_8(sp_point_256
#define STRIPE_256_r comb_256(r

#define sp_384_ecc_mulmod_stripe_12(first, g, table, k, map, ct, heap) STRIPE_384_##first, g, table, k, map, ct, heap)
#define STRIPE_384_sp_point_384 library_384_ecc_mulmod_stripe_12(sp_point_384
#define STRIPE_384_r comb_384(r

#define sp_521_ecc_mulmod_stripe_17(first, g, table, k, map, ct, heap) STRIPE_521_##first, g, table, k, map, ct, heap)
#define STRIPE_521_sp_point_521 library_521_ecc_mulmod_stripe_17(sp_point_521
#define STRIPE_521_r comb_521(r

#endif // CRYPTO_SP_COMB_H
