// Health tests of a noise source with one bit per sample ([SP800-90B] 4.4).
// SPDX-License-Identifier: GPL-2.0-or-later
#ifndef HSM_HEALTH_H
#define HSM_HEALTH_H

#include <stdbool.h>
#include <stdint.h>

// The source claims H = 0.5 bit of min-entropy a sample; a sound source fails with probability 2^-20.
// Repetition count ([SP800-90B] 4.4.1): 1 + ceil(20 / H).
#define HEALTH_REPETITION_CUTOFF 41
// Adaptive proportion ([SP800-90B] 4.4.2), binary: 1 + critbinom(1024, 2^-H, 1 - 2^-20).
#define HEALTH_WINDOW_SAMPLES 1024
#define HEALTH_PROPORTION_CUTOFF 793

// One run of both tests over one stream of bits. Whole words: there are thousands of samples a seed.
typedef struct {
    uint32_t last;
    uint32_t repetitions;
    uint32_t reference; // first sample of the window
    uint32_t window_left;
    uint32_t window_matches;
} health_stream_t;

// The tests run over the samples, and over the changes from sample to sample: that finds a source
// which only alternates, as an oscillator does that locks to the sampling.
typedef struct {
    health_stream_t samples;
    health_stream_t changes;
    bool failed; // for good: cleared by health_init only
} health_t;

void health_init(health_t *health);

// Takes one sample, 0 or 1. The start-up test is that the first 1,024 pass.
void health_add(health_t *health, uint32_t bit);

#endif // HSM_HEALTH_H
