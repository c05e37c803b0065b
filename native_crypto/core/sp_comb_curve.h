// SPDX-License-Identifier: GPL-2.0-or-later
// One curve's comb: a template for COMB_BITS and COMB_WORDS, which it undefines.

#define COMB_JOIN_(a, b, c) a##b##c
#define COMB_JOIN(a, b, c) COMB_JOIN_(a, b, c)
#define COMB_OF_BITS(before, after) COMB_JOIN(before, COMB_BITS, after)
#define COMB_OF_WORDS(name) COMB_JOIN(COMB_OF_BITS(sp_, name), COMB_WORDS, )

#define COMB_POINT COMB_OF_BITS(sp_point_, )
#define COMB_WORK COMB_OF_BITS(comb_work_, _t)
#define COMB_ROW_GROUPS ((2 * COMB_WORDS + CRYPTO_SELECT_GROUP_WORDS - 1) / CRYPTO_SELECT_GROUP_WORDS)
#define COMB_COLUMNS COMB_OF_BITS(COMB_, _COLUMNS)
#define COMB_TEETH COMB_OF_BITS(COMB_, _TEETH)
#define COMB_ROWS (1u << (COMB_TEETH - 1))

typedef struct {
    COMB_POINT sum;
    COMB_POINT term;
    sp_digit odd[COMB_WORDS];
    sp_digit row[COMB_ROW_GROUPS * CRYPTO_SELECT_GROUP_WORDS];
    sp_digit scratch[2 * COMB_WORDS * 6];
} COMB_WORK;

// y = -y modulo the prime where mask is all ones. No point here has y = 0.
static void COMB_OF_BITS(comb_negate_if_, )(COMB_WORK *work, sp_digit *y, sp_digit mask) {
    comb_subtract(work->scratch, COMB_OF_BITS(p, _mod), y, COMB_WORDS);
    comb_assign_if(y, work->scratch, mask, COMB_WORDS);
}

// The sum of the column's digits times their teeth. Where the highest tooth is -1, it is the negative of a row.
static void COMB_OF_BITS(comb_load_, )(COMB_WORK *work, COMB_POINT *point, unsigned column) {
    unsigned digits = comb_digits(work->odd, COMB_BITS, column, COMB_COLUMNS, COMB_TEETH);
    sp_digit negative = (digits >> (COMB_TEETH - 1)) - 1;
    crypto_select_row(work->row, COMB_OF_BITS(comb_, _table), COMB_ROWS, COMB_ROW_GROUPS,
                      (digits ^ negative) & (COMB_ROWS - 1));
    memcpy(point->x, work->row, COMB_WORDS * sizeof(sp_digit));
    memcpy(point->y, work->row + COMB_WORDS, COMB_WORDS * sizeof(sp_digit));
    COMB_OF_BITS(comb_negate_if_, )(work, point->y, negative);
}

// The neutral element, as the library writes it, where k is zero.
static void COMB_OF_BITS(comb_set_neutral_if_zero_, )(COMB_POINT *point, const sp_digit *k) {
    sp_digit any = 0;
    for (size_t i = 0; i < COMB_WORDS; i++) {
        any |= k[i];
    }
    sp_digit is_zero = ((any | (0 - any)) >> 31) ^ 1;
    for (size_t i = 0; i < COMB_WORDS; i++) {
        point->x[i] &= is_zero - 1;
        point->y[i] &= is_zero - 1;
    }
    comb_assign_if(point->z, COMB_OF_BITS(p, _norm_mod), 0 - is_zero, COMB_WORDS);
    point->infinity = (int)is_zero;
}

// r = k times the generator, in affine coordinates if `map` is set; 0 or MEMORY_E.
static int COMB_OF_BITS(comb_, )(COMB_POINT *r, const void *g, const void *table, const sp_digit *k, int map, int ct,
                                 void *heap) {
    (void)g;
    (void)table;
    (void)ct;
    (void)heap;
    COMB_WORK *work = (COMB_WORK *)XMALLOC(sizeof(*work), heap, DYNAMIC_TYPE_ECC);
    if (work == NULL) {
        return MEMORY_E;
    }
    sp_digit negated = comb_make_odd(work->odd, k, COMB_OF_BITS(p, _order), COMB_WORDS, work->scratch);
    unsigned column = COMB_COLUMNS - 1;
    memcpy(work->sum.z, COMB_OF_BITS(p, _norm_mod), COMB_WORDS * sizeof(sp_digit));
    memcpy(work->term.z, COMB_OF_BITS(p, _norm_mod), COMB_WORDS * sizeof(sp_digit));
    work->sum.infinity = 0;
    work->term.infinity = 0;
    COMB_OF_BITS(comb_load_, )(work, &work->sum, column);
    while (column-- > 0) {
        COMB_OF_WORDS(_proj_point_dbl_)(&work->sum, &work->sum, work->scratch);
        COMB_OF_BITS(comb_load_, )(work, &work->term, column);
        COMB_OF_WORDS(_proj_point_add_qz1_)(&work->sum, &work->sum, &work->term, work->scratch);
    }
    COMB_OF_BITS(comb_negate_if_, )(work, work->sum.y, negated);
    COMB_OF_BITS(comb_set_neutral_if_zero_, )(&work->sum, k);
    if (map) {
        COMB_OF_WORDS(_map_)(r, &work->sum, work->scratch);
    } else {
        memcpy(r, &work->sum, sizeof(*r));
    }
    XFREE(work, heap, DYNAMIC_TYPE_ECC);
    return 0;
}

#undef COMB_BITS
#undef COMB_WORDS
#undef COMB_JOIN_
#undef COMB_JOIN
#undef COMB_OF_BITS
#undef COMB_OF_WORDS
#undef COMB_POINT
#undef COMB_WORK
#undef COMB_ROW_GROUPS
#undef COMB_COLUMNS
#undef COMB_TEETH
#undef COMB_ROWS
