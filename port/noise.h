// The chip's physical noise source, its health tests included: one file per chip behind it.
// SPDX-License-Identifier: GPL-2.0-or-later
#ifndef HSM_NOISE_H
#define HSM_NOISE_H

#include <stdbool.h>
#include <stdint.h>

#include "pico.h"

// Raw noise for 32 bytes of output: at least 320 bits of min-entropy by the source's claim, as a
// vetted conditioner needs for full entropy ([SP800-90C] 3.1; SHA-256 is one).
#if PICO_RP2040
#define NOISE_BLOCK_BYTES 128
#else
#define NOISE_BLOCK_BYTES 48
#endif

// Fills `out` with NOISE_BLOCK_BYTES of raw noise. False if a health test failed; for RP2040's source
// that is for good.
bool noise_collect(uint8_t *out);

#endif // HSM_NOISE_H
