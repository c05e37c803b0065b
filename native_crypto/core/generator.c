// SPDX-License-Identifier: GPL-2.0-or-later
// Multiples of the generators of secp256k1 and the brainpool curves, by signed combs (comb.h).
//
// The library's ladder doubles and adds once per bit; a comb of six teeth does so once per six bits.
#include "generator.h"

#include "comb.h"
#include "drbg.h"
#include "pool.h"

#define MAX_WORDS CRYPTO_GENERATOR_MAX_WORDS

typedef struct {
    const crypto_word_t *prime;
    const crypto_word_t *order;
    const crypto_word_t *a;   // Montgomery form
    const crypto_word_t *one; // Montgomery form
    const crypto_word_t *table;
    crypto_word_t minus_inverse; // of the prime modulo 2^32
    uint8_t words;
    uint8_t columns;
    uint8_t teeth;
} comb_curve_t;

#include "comb_curves.h"

typedef crypto_word_t field_t[MAX_WORDS];

typedef struct {
    const comb_curve_t *curve;
    crypto_jacobian_t *sum;
    field_t x; // of the term
    field_t y;
    field_t odd;
    field_t t1;
    field_t t2;
    field_t t3;
    field_t t4;
    field_t t5;
    field_t difference;
    crypto_word_t wide[2 * MAX_WORDS];
} work_t;

// --- The field -------------------------------------------------------------------------------------------

// r = above : a modulo the prime, for less than twice the prime. r may be a.
static void reduce_once(work_t *work, crypto_word_t *r, const crypto_word_t *a, crypto_word_t above) {
    size_t words = work->curve->words;
    crypto_word_t *difference = work->difference;
    crypto_word_t borrow = comb_subtract(difference, a, work->curve->prime, words);
    crypto_word_t keep = 0 - (borrow & ~above & 1);
    for (size_t i = 0; i < words; i++) {
        r[i] = difference[i] ^ ((difference[i] ^ a[i]) & keep);
    }
}

static void multiply(work_t *work, crypto_word_t *r, const crypto_word_t *a, const crypto_word_t *b) {
    const comb_curve_t *curve = work->curve;
    crypto_rows_product(work->wide, a, b, curve->words);
    crypto_word_t above = crypto_rows_reduce(work->wide, curve->prime, curve->minus_inverse, curve->words);
    reduce_once(work, r, work->wide + curve->words, above);
}

static void square(work_t *work, crypto_word_t *r, const crypto_word_t *a) {
    multiply(work, r, a, a);
}

static void add(work_t *work, crypto_word_t *r, const crypto_word_t *a, const crypto_word_t *b) {
    unsigned long long carry = 0;
    for (size_t i = 0; i < work->curve->words; i++) {
        carry += (unsigned long long)a[i] + b[i];
        work->wide[i] = (crypto_word_t)carry;
        carry >>= 32;
    }
    reduce_once(work, r, work->wide, (crypto_word_t)carry);
}

static void subtract(work_t *work, crypto_word_t *r, const crypto_word_t *a, const crypto_word_t *b) {
    const crypto_word_t *prime = work->curve->prime;
    crypto_word_t mask = 0 - comb_subtract(r, a, b, work->curve->words);
    unsigned long long carry = 0;
    for (size_t i = 0; i < work->curve->words; i++) {
        carry += (unsigned long long)r[i] + (prime[i] & mask);
        r[i] = (crypto_word_t)carry;
        carry >>= 32;
    }
}

static void copy(const work_t *work, crypto_word_t *to, const crypto_word_t *from) {
    memcpy(to, from, work->curve->words * sizeof(*to));
}

// --- Points ----------------------------------------------------------------------------------------------

// sum = 2 sum: dbl-2007-bl (Bernstein, Lange: Explicit-Formulas Database).
static void double_sum(work_t *work) {
    crypto_jacobian_t *p = work->sum;
    crypto_word_t *xx = work->t1, *yy = work->t2, *zz = work->t3, *s = work->t4, *m = work->t5;
    square(work, xx, p->x);
    square(work, yy, p->y);
    square(work, zz, p->z);
    add(work, p->z, p->y, p->z); // Z3 = (Y1 + Z1)^2 - YY - ZZ
    square(work, p->z, p->z);
    subtract(work, p->z, p->z, yy);
    subtract(work, p->z, p->z, zz);
    square(work, zz, zz); // M = 3 XX + a ZZ^2
    multiply(work, m, zz, work->curve->a);
    add(work, m, m, xx);
    add(work, m, m, xx);
    add(work, m, m, xx);
    multiply(work, s, p->x, yy); // S = 4 X1 YY
    add(work, s, s, s);
    add(work, s, s, s);
    square(work, p->x, m); // X3 = M^2 - 2 S
    subtract(work, p->x, p->x, s);
    subtract(work, p->x, p->x, s);
    square(work, yy, yy); // Y3 = M (S - X3) - 8 YY^2
    add(work, yy, yy, yy);
    add(work, yy, yy, yy);
    add(work, yy, yy, yy);
    subtract(work, s, s, p->x);
    multiply(work, p->y, m, s);
    subtract(work, p->y, p->y, yy);
}

static bool is_zero(const work_t *work, const crypto_word_t *a) {
    crypto_word_t any = 0;
    for (size_t i = 0; i < work->curve->words; i++) {
        any |= a[i];
    }
    return any == 0;
}

// sum = sum + (x, y): madd (the same database), whose H and r are zero if both are the same.
static void add_term(work_t *work) {
    crypto_jacobian_t *p = work->sum;
    crypto_word_t *h = work->t1, *r = work->t2, *hh = work->t3, *v = work->t4, *t = work->t5;
    square(work, hh, p->z);
    multiply(work, h, work->x, hh);
    multiply(work, r, p->z, hh);
    multiply(work, r, r, work->y);
    subtract(work, h, h, p->x); // H = X2 Z1^2 - X1
    subtract(work, r, r, p->y); // r = Y2 Z1^3 - Y1
    if (is_zero(work, h)) {
        double_sum(work);
        return;
    }
    multiply(work, p->z, p->z, h); // Z3 = Z1 H
    square(work, hh, h);
    multiply(work, v, p->x, hh); // V = X1 H^2
    multiply(work, hh, hh, h);
    multiply(work, t, p->y, hh);
    square(work, p->x, r); // X3 = r^2 - H^3 - 2 V
    subtract(work, p->x, p->x, hh);
    subtract(work, p->x, p->x, v);
    subtract(work, p->x, p->x, v);
    subtract(work, v, v, p->x); // Y3 = r (V - X3) - Y1 H^3
    multiply(work, p->y, r, v);
    subtract(work, p->y, p->y, t);
}

// --- The comb --------------------------------------------------------------------------------------------

// Negates y if mask is all ones. No point here has y = 0.
static void negate_if(work_t *work, crypto_word_t *y, crypto_word_t mask) {
    comb_subtract(work->t1, work->curve->prime, y, work->curve->words);
    comb_assign_if(y, work->t1, mask, work->curve->words);
}

// (x, y) = the sum of the column's digits times their teeth. Where the highest is -1, it is the negative of a row.
static void load_term(work_t *work, unsigned column) {
    const comb_curve_t *curve = work->curve;
    unsigned digits = comb_digits(work->odd, curve->words * 32u, column, curve->columns, curve->teeth);
    crypto_word_t negative = (digits >> (curve->teeth - 1)) - 1;
    size_t rows = (size_t)1 << (curve->teeth - 1);
    crypto_select_row(work->wide, curve->table, rows, 2u * curve->words / CRYPTO_SELECT_GROUP_WORDS,
                      (digits ^ negative) & (rows - 1));
    copy(work, work->x, work->wide);
    copy(work, work->y, work->wide + curve->words);
    negate_if(work, work->y, negative);
}

// The sum begins as the term, in coordinates (x z^2 : y z^3 : z) for a random z.
static crypto_result_t begin(work_t *work) {
    crypto_jacobian_t *p = work->sum;
    crypto_result_t result = crypto_random((uint8_t *)p->z, work->curve->words * sizeof(*p->z));
    reduce_once(work, p->z, p->z, 0);
    if (is_zero(work, p->z)) {
        copy(work, p->z, work->curve->one);
    }
    square(work, work->t1, p->z);
    multiply(work, p->x, work->x, work->t1);
    multiply(work, work->t1, work->t1, p->z);
    multiply(work, p->y, work->y, work->t1);
    return result;
}

static const comb_curve_t *find(const crypto_word_t *prime, size_t words) {
    for (size_t i = 0; i < sizeof(comb_curves) / sizeof(*comb_curves); i++) {
        const comb_curve_t *curve = &comb_curves[i];
        if (curve->words == words && memcmp(curve->prime, prime, words * sizeof(*prime)) == 0) {
            return curve;
        }
    }
    return NULL;
}

bool crypto_generator_has(const crypto_word_t *prime, size_t words) {
    return find(prime, words) != NULL;
}

crypto_result_t crypto_generator_multiple(const crypto_word_t *prime, size_t words, const crypto_word_t *k,
                                          crypto_jacobian_t *r) {
    const comb_curve_t *curve = find(prime, words);
    if (curve == NULL) {
        return CRYPTO_ARGUMENT;
    }
    work_t *work = crypto_pool_alloc(sizeof(*work));
    if (work == NULL) {
        return CRYPTO_MEMORY;
    }
    work->curve = curve;
    work->sum = r;
    crypto_word_t negated = comb_make_odd(work->odd, k, curve->order, words, work->t1);
    unsigned column = curve->columns - 1u;
    load_term(work, column);
    crypto_result_t result = begin(work);
    while (result == CRYPTO_OK && column-- > 0) {
        double_sum(work);
        load_term(work, column);
        add_term(work);
    }
    negate_if(work, r->y, negated);
    crypto_pool_free(work);
    return result;
}
