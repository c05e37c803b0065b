// SPDX-License-Identifier: GPL-2.0-or-later
// A keyed multiset hash: elements are added and taken away in any order.
#include "fold.h"

#include "library.h"
#include "wipe.h"

// accumulator +- term; to take away is to add the two's complement.
static void add_or_remove(uint8_t *accumulator, const uint8_t *term, crypto_fold_sign_t sign) {
    uint32_t complement = sign == CRYPTO_FOLD_REMOVE ? 0xFF : 0;
    uint32_t carry = complement & 1;
    for (size_t i = 0; i < CRYPTO_FOLD_BYTES; i++) {
        carry += accumulator[i] + (term[i] ^ complement);
        accumulator[i] = (uint8_t)carry;
        carry >>= 8;
    }
}

crypto_result_t crypto_fold(const uint8_t *key, size_t key_length, const uint8_t *element, size_t element_length,
                            crypto_fold_sign_t sign, uint8_t accumulator[CRYPTO_FOLD_BYTES]) {
    if (key_length > CRYPTO_FOLD_INPUT_MAX_BYTES || element_length > CRYPTO_FOLD_INPUT_MAX_BYTES - key_length) {
        return CRYPTO_ARGUMENT;
    }
    // On the stack, for its speed: a mount does this for every record.
    wc_Sha256 hash;
    uint8_t term[WC_SHA256_DIGEST_SIZE];
    int error = wc_InitSha256(&hash);
    if (error == 0) {
        error = wc_Sha256Update(&hash, key, (word32)key_length);
    }
    if (error == 0) {
        error = wc_Sha256Update(&hash, element, (word32)element_length);
    }
    if (error == 0) {
        error = wc_Sha256Final(&hash, term);
    }
    if (error == 0) {
        add_or_remove(accumulator, term, sign);
    }
    crypto_wipe(&hash, sizeof(hash));
    crypto_wipe(term, sizeof(term));
    return crypto_from_library(error);
}
