// SPDX-License-Identifier: GPL-2.0-or-later
// The one memory of the crypto core: a static arena, wiped block by block as it is freed.
#ifndef CRYPTO_POOL_H
#define CRYPTO_POOL_H

#include <stddef.h>

// The most that one operation takes is 30.7 KiB (ECDH on brainpoolP512r1: two of the library's key structures);
// RSA-2048 takes 12.9 KiB, P-256 9.1 KiB. What is above that holds handles: an RSA-4096 key is 2.9 KiB.
#if defined(__ARM_ARCH_6M__)
#define CRYPTO_POOL_SIZE_BYTES (40 * 1024)
#else
#define CRYPTO_POOL_SIZE_BYTES (48 * 1024)
#endif

// Scratch for one operation, zeroed, aligned to 8; NULL when exhausted. Searched from the low end.
void *crypto_pool_alloc(size_t length);

// A block that lives on as a handle: searched from the high end, so that scratch never fragments it.
void *crypto_pool_alloc_handle(size_t length);

// Wipe and give back. NULL is allowed. A pointer that is not a live block is fatal (trap).
void crypto_pool_free(void *block);

size_t crypto_pool_used_bytes(void);

// High-water mark since the last call of `crypto_pool_reset_peak`, headers included.
size_t crypto_pool_peak_bytes(void);
void crypto_pool_reset_peak(void);

#endif // CRYPTO_POOL_H
