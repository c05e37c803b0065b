// Seeds for the crypto core: raw noise, conditioned with SHA-256 ([SP800-90B] 3.1.5).
// SPDX-License-Identifier: GPL-2.0-or-later
#include <string.h>

#include "crypto_host.h"
#include "digest.h"
#include "memory.h"
#include "noise.h"

#define CONDITIONED_BYTES 32

static bool next_block(uint8_t *block) {
    uint8_t raw[NOISE_BLOCK_BYTES];
    crypto_digest_t *digest = NULL;
    bool sound = noise_collect(raw) && crypto_digest_new(CRYPTO_HASH_SHA256, &digest) == CRYPTO_OK;
    if (sound) {
        bool updated = crypto_digest_update(digest, raw, sizeof(raw)) == CRYPTO_OK;
        sound = crypto_digest_final(digest, block) == CRYPTO_OK && updated;
    }
    memory_wipe(raw, sizeof(raw));
    return sound;
}

int crypto_host_entropy(uint8_t *out, size_t length) {
    uint8_t block[CONDITIONED_BYTES];
    bool sound = true;
    size_t filled = 0;
    while (sound && filled < length) {
        sound = next_block(block);
        size_t part = length - filled < sizeof(block) ? length - filled : sizeof(block);
        if (sound) {
            memcpy(out + filled, block, part);
        }
        filled += part;
    }
    memory_wipe(block, sizeof(block));
    return sound ? 0 : -1;
}
