// SPDX-License-Identifier: GPL-2.0-or-later
// A hash that a key carries of itself: a bit that flips between two uses is found at the second.
#ifndef CRYPTO_SELF_CHECK_H
#define CRYPTO_SELF_CHECK_H

#include <stddef.h>
#include <stdint.h>

#include "result.h"

#define CRYPTO_SELF_CHECK_BYTES 8

// The first bytes of SHA-256 over the key.
crypto_result_t crypto_self_check_make(const void *key, size_t length, uint8_t check[CRYPTO_SELF_CHECK_BYTES]);

// CRYPTO_FAULT unless it is still the same.
crypto_result_t crypto_self_check_verify(const void *key, size_t length,
                                         const uint8_t check[CRYPTO_SELF_CHECK_BYTES]);

#endif // CRYPTO_SELF_CHECK_H
