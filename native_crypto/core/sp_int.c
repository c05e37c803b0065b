// SPDX-License-Identifier: GPL-2.0-or-later
// wolfSSL's generic integers (secp256k1, brainpool, RSA-1024, blinding) over products and reductions of our own.
//
// The library multiplies column by column into memory that it allocates for each product. What it computes
// with numbers of the sizes in use goes to rows.h; the rest stays. How the macros below work: sp_repairs.h.
#include <wolfssl/wolfcrypt/settings.h>

#include <string.h>

#include <wolfssl/wolfcrypt/sp_int.h>

#include "rows.h"

// r = a * b, both of `words` words; r may be either.
static void product(const sp_int *a, const sp_int *b, sp_int *r) {
    size_t words = a->used;
    sp_int_digit copy[CRYPTO_ROWS_MAX_WORDS];
    const sp_int_digit *x = a->dp;
    const sp_int_digit *y = b->dp;
    if (r == a || r == b) {
        memcpy(copy, r->dp, words * sizeof(*copy));
        x = r == a ? copy : x;
        y = r == b ? copy : y;
    }
    crypto_rows_product(r->dp, x, y, words);
    r->used = (unsigned)(2 * words);
}

// a = a - m if `above` (the word above a) is set or a >= m, for a < 2 m.
static void subtract_once(sp_int_digit *a, const sp_int_digit *high, sp_int_digit above, const sp_int *m) {
    sp_int_word borrow = 0;
    for (unsigned i = 0; i < m->used; i++) {
        borrow = (sp_int_word)high[i] - m->dp[i] - borrow;
        a[i] = (sp_int_digit)borrow;
        borrow = (borrow >> 32) & 1;
    }
    sp_int_digit keep = 0 - ((sp_int_digit)borrow & ~above & 1);
    for (unsigned i = 0; i < m->used; i++) {
        a[i] ^= (a[i] ^ high[i]) & keep;
    }
}

// a / 2^(32 words) mod m. The words of a above those in use are taken for zero by a mask: how many a secret
// has is secret as well.
static void reduce(sp_int *a, const sp_int *m, sp_int_digit mp) {
    unsigned words = m->used;
    for (unsigned i = 0; i < 2 * words; i++) {
        a->dp[i] &= (sp_int_digit)((int32_t)(i - a->used) >> 31);
    }
    sp_int_digit above = crypto_rows_reduce(a->dp, m->dp, mp, words);
    subtract_once(a->dp, a->dp + words, above, m);
    a->used = words;
}

static int library_sp_mul_nxn(const sp_int *a, const sp_int *b, sp_int *r);
static int library_sp_sqr(const sp_int *a, sp_int *r);
static int library_sp_mont_red(sp_int *a, const sp_int *m, sp_int_digit mp, int ct);
static void sp_clamp_ct(sp_int *a);

static int multiply_rows(const sp_int *a, const sp_int *b, sp_int *r) {
    if (!crypto_rows_has(a->used)) {
        return library_sp_mul_nxn(a, b, r);
    }
    product(a, b, r);
    sp_clamp_ct(r);
    return MP_OKAY;
}

static int square_rows(const sp_int *a, sp_int *r) {
    if (!crypto_rows_has(a->used)) {
        return library_sp_sqr(a, r);
    }
    product(a, a, r);
    sp_clamp_ct(r);
    return MP_OKAY;
}

// The library divides by 2^bits of m, which must be whole words here.
static int reduce_rows(sp_int *a, const sp_int *m, sp_int_digit mp, int ct) {
    if (!crypto_rows_has(m->used) || m->dp[m->used - 1] >> 31 == 0) {
        return library_sp_mont_red(a, m, mp, ct);
    }
    reduce(a, m, mp);
    sp_clamp_ct(a);
    return MP_OKAY;
}

#define _sp_mul_nxn(first, b, r) MULTIPLY_##first, b, r)
#define MULTIPLY_const library_sp_mul_nxn(const
#define MULTIPLY_a multiply_rows(a

#define _sp_sqr(first, r) SQUARE_##first, r)
#define SQUARE_const library_sp_sqr(const
#define SQUARE_a square_rows(a

#define _sp_mont_red(first, m, mp, ct) REDUCE_##first, m, mp, ct)
#define REDUCE_sp_int library_sp_mont_red(sp_int
#define REDUCE_a reduce_rows(a
#define REDUCE_pre reduce_rows(pre
#define REDUCE_r reduce_rows(r
#define REDUCE_t reduce_rows(t
#define REDUCE_tr reduce_rows(tr

#include "wolfcrypt/src/sp_int.c"
