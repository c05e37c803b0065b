// SPDX-License-Identifier: GPL-2.0-or-later
// A hash that a key carries of itself: a bit that flips between two uses is found at the second.
#include "self_check.h"

#include <string.h>

#include "digest.h"
#include "wipe.h"

crypto_result_t crypto_self_check_make(const void *key, size_t length, uint8_t check[CRYPTO_SELF_CHECK_BYTES]) {
    uint8_t full[CRYPTO_DIGEST_MAX_BYTES];
    crypto_digest_t *digest;
    crypto_result_t result = crypto_digest_new(CRYPTO_HASH_SHA256, &digest);
    if (result != CRYPTO_OK) {
        return result;
    }
    result = crypto_digest_update(digest, key, length);
    crypto_result_t last = crypto_digest_final(digest, full);
    memcpy(check, full, CRYPTO_SELF_CHECK_BYTES);
    crypto_wipe(full, sizeof(full));
    return result != CRYPTO_OK ? result : last;
}

crypto_result_t crypto_self_check_verify(const void *key, size_t length,
                                         const uint8_t check[CRYPTO_SELF_CHECK_BYTES]) {
    uint8_t now[CRYPTO_SELF_CHECK_BYTES];
    crypto_result_t result = crypto_self_check_make(key, length, now);
    return result == CRYPTO_OK && !crypto_equal(now, check, sizeof(now)) ? CRYPTO_FAULT : result;
}
