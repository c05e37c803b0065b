// SPDX-License-Identifier: GPL-2.0-or-later
// The mask generation of PSS and OAEP ([RFC8017] B.2.1), and a hash over parts.
#include "mgf1.h"

#include "wipe.h"

crypto_result_t crypto_hash_parts(crypto_hash_t hash, const crypto_part_t *parts, size_t count, uint8_t *out) {
    crypto_digest_t *digest;
    crypto_result_t result = crypto_digest_new(hash, &digest);
    if (result != CRYPTO_OK) {
        return result;
    }
    for (size_t i = 0; result == CRYPTO_OK && i < count; i++) {
        result = crypto_digest_update(digest, parts[i].bytes, parts[i].length);
    }
    crypto_result_t last = crypto_digest_final(digest, out);
    return result != CRYPTO_OK ? result : last;
}

crypto_result_t crypto_mgf1_mask(crypto_hash_t hash, const uint8_t *seed, size_t seed_length, uint8_t *data,
                                 size_t length) {
    size_t step = crypto_digest_length(hash);
    uint8_t mask[CRYPTO_DIGEST_MAX_BYTES];
    uint8_t counter[4] = {0};
    const crypto_part_t parts[] = {{seed, seed_length}, {counter, sizeof(counter)}};
    crypto_result_t result = CRYPTO_OK;
    for (size_t done = 0; result == CRYPTO_OK && done < length; done += step) {
        counter[3] = (uint8_t)(done / step); // 512 bytes are at most 26 blocks
        result = crypto_hash_parts(hash, parts, 2, mask);
        for (size_t i = 0; i < step && done + i < length; i++) {
            data[done + i] ^= mask[i];
        }
    }
    crypto_wipe(mask, sizeof(mask));
    return result;
}
