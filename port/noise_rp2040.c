// Noise of RP2040: the phase of the ring oscillator against the crystal ([RP2040] 2.17.5).
// SPDX-License-Identifier: GPL-2.0-or-later
//
// RANDOMBIT is the oscillator's level at the moment of the read. Samples are at least 0.5 us apart,
// which is what the tests between them take at 200 MHz: one period of the slowest oscillator within
// its specification (1.8 MHz), more than three of a typical one (6.5 MHz). The claim is 0.5 bit a
// sample: an assumption, not a measurement; what the health tests find is a source that is stuck,
// biased or locked, not one that is merely worse.
#include <string.h>

#include "hardware/structs/rosc.h"
#include "health.h"
#include "noise.h"
#include "pico/platform.h"

// The distance varies, so that no frequency of the oscillator stays in step with the sampling.
#define PACE_STEP 13
#define PACE_MASK 31

static bool started;
static health_t health;

static bool oscillator_is_stable(void) {
    uint32_t needed = ROSC_STATUS_STABLE_BITS | ROSC_STATUS_ENABLED_BITS;
    return (rosc_hw->status & needed) == needed;
}

bool noise_collect(uint8_t *out) {
    if (!started) {
        started = true;
        health_init(&health);
    }
    memset(out, 0, NOISE_BLOCK_BYTES);
    for (uint32_t i = 0; i < 8 * NOISE_BLOCK_BYTES; i++) {
        busy_wait_at_least_cycles(i * PACE_STEP & PACE_MASK);
        uint32_t bit = rosc_hw->randombit & 1;
        health_add(&health, bit);
        out[i / 8] |= (uint8_t)(bit << (i % 8));
    }
    // A block is as long as the start-up test: nothing leaves before that has passed.
    _Static_assert(8 * NOISE_BLOCK_BYTES >= HEALTH_WINDOW_SAMPLES, "start-up test covers the first block");
    return oscillator_is_stable() && !health.failed;
}
