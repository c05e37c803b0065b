// Health tests of a noise source with one bit per sample ([SP800-90B] 4.4).
// SPDX-License-Identifier: GPL-2.0-or-later
#include "health.h"

#include <string.h>

// True while the stream is sound.
static bool stream_add(health_stream_t *stream, uint8_t bit) {
    if (bit == stream->last) {
        stream->repetitions++;
    } else {
        stream->last = bit;
        stream->repetitions = 1;
    }
    if (stream->window_index == 0) {
        stream->reference = bit;
        stream->window_matches = 0;
    }
    stream->window_matches += bit == stream->reference;
    stream->window_index = (stream->window_index + 1) % HEALTH_WINDOW_SAMPLES;
    return stream->repetitions < HEALTH_REPETITION_CUTOFF && stream->window_matches < HEALTH_PROPORTION_CUTOFF;
}

void health_init(health_t *health) {
    memset(health, 0, sizeof(*health));
}

void health_add(health_t *health, uint8_t bit) {
    bool sound = stream_add(&health->samples, bit);
    sound = stream_add(&health->changes, bit ^ health->last) && sound;
    health->last = bit;
    health->failed = health->failed || !sound;
}
