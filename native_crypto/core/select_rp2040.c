// SPDX-License-Identifier: GPL-2.0-or-later
// One row of a secret number out of a table for Cortex-M0+: all rows are read, one is kept.
#include "select.h"

// What fits in low registers beside a pointer, a mask and a count.
#define WORDS_AT_ONCE 4

void crypto_select_row(crypto_word_t *row, const crypto_word_t *table, size_t rows, size_t groups,
                       crypto_word_t index) {
    for (size_t part = 0; part < groups * CRYPTO_SELECT_GROUP_WORDS; part += WORDS_AT_ONCE) {
        size_t group = part / CRYPTO_SELECT_GROUP_WORDS;
        const crypto_word_t *from = table + group * rows * CRYPTO_SELECT_GROUP_WORDS + part % CRYPTO_SELECT_GROUP_WORDS;
        crypto_word_t sum0 = 0;
        crypto_word_t sum1 = 0;
        crypto_word_t sum2 = 0;
        crypto_word_t sum3 = 0;
        for (crypto_word_t at = 0; at < rows; at++) {
            // 1 for the row that is wanted, else 0. Multiplications of one cycle are as fast as masks.
            crypto_word_t wanted = ((at ^ index) - 1) >> 31;
            sum0 += wanted * from[0];
            sum1 += wanted * from[1];
            sum2 += wanted * from[2];
            sum3 += wanted * from[3];
            from += CRYPTO_SELECT_GROUP_WORDS;
        }
        row[part] = sum0;
        row[part + 1] = sum1;
        row[part + 2] = sum2;
        row[part + 3] = sum3;
    }
}
