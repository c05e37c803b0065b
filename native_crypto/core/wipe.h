// SPDX-License-Identifier: GPL-2.0-or-later
// Destroying and comparing bytes that may be secret.
#ifndef CRYPTO_WIPE_H
#define CRYPTO_WIPE_H

#include <stdbool.h>
#include <stddef.h>

// Set `length` bytes to zero; the compiler cannot drop it, whatever it knows of the bytes' future.
void crypto_wipe(void *bytes, size_t length);

// Compare in time that depends on `length` only.
bool crypto_equal(const void *a, const void *b, size_t length);

#endif // CRYPTO_WIPE_H
