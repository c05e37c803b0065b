// Health tests of a noise source with one bit per sample ([SP800-90B] 4.4).
// SPDX-License-Identifier: GPL-2.0-or-later
#include "health.h"

#include <string.h>

// True while the stream is sound.
static inline bool stream_add(health_stream_t *stream, uint32_t bit) {
    stream->repetitions = bit == stream->last ? stream->repetitions + 1 : 1;
    stream->last = bit;
    if (stream->window_left == 0) {
        stream->window_left = HEALTH_WINDOW_SAMPLES;
        stream->window_matches = 0;
        stream->reference = bit;
    }
    stream->window_left--;
    stream->window_matches += bit == stream->reference;
    return stream->repetitions < HEALTH_REPETITION_CUTOFF && stream->window_matches < HEALTH_PROPORTION_CUTOFF;
}

void health_init(health_t *health) {
    memset(health, 0, sizeof(*health));
}

void health_add(health_t *health, uint32_t bit) {
    uint32_t change = bit ^ health->samples.last;
    bool sound = stream_add(&health->samples, bit);
    sound &= stream_add(&health->changes, change);
    health->failed |= !sound;
}
