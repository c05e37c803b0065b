// SPDX-License-Identifier: GPL-2.0-or-later
// One row of a secret number out of a table, without telling by time or addresses which.
#ifndef CRYPTO_SELECT_H
#define CRYPTO_SELECT_H

#include <stddef.h>

#include "rows.h"

#define CRYPTO_SELECT_GROUP_WORDS 8

// Rows have `groups` groups of CRYPTO_SELECT_GROUP_WORDS words. A table begins with the first groups of all its rows.
void crypto_select_row(crypto_word_t *row, const crypto_word_t *table, size_t rows, size_t groups,
                       crypto_word_t index);

#endif // CRYPTO_SELECT_H
