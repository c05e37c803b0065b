// SPDX-License-Identifier: GPL-2.0-or-later
// What the crypto core needs from the image it is linked into.
#ifndef CRYPTO_HOST_H
#define CRYPTO_HOST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// Fill `out` with full-entropy bytes from the noise source, health tests passed.
// Returns 0, or a negative number when a health test failed; the core then refuses until reset.
int crypto_host_entropy(uint8_t *out, size_t length);

// True when the host ended the running command. Asked once per prime candidate.
bool crypto_host_cancelled(void);

#endif // CRYPTO_HOST_H
