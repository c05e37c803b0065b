// SPDX-License-Identifier: GPL-2.0-or-later
// Authenticated encryption that survives a repeated nonce: AES-SIV ([RFC5297]).
//
// Made here of the library's CMAC and CTR, because the library's own AES-SIV expands the key five
// times, compares the tag once with memcmp, and leaves the unverified plaintext behind.
#include "seal.h"

#include <string.h>

#include "double.h"
#include "kdf.h"
#include "library.h"
#include "pool.h"
#include "wipe.h"

#define BLOCK_BYTES CRYPTO_BLOCK_BYTES

typedef struct {
    Cmac cmac; // key and subkeys are expanded once
    Aes counter_mode;
    uint8_t d[BLOCK_BYTES];   // RFC 5297 2.4: D
    uint8_t mac[BLOCK_BYTES]; // CMAC of the last component
    uint8_t v[BLOCK_BYTES];   // the synthetic IV
} siv_t;

static void xor_into(uint8_t *block, const uint8_t *other, size_t length) {
    for (size_t i = 0; i < length; i++) {
        block[i] ^= other[i];
    }
}

// As after wc_InitCmac, without expanding the key anew or copying the structure, most of which is tables for GCM.
static void restart(Cmac *cmac) {
    memset(cmac->buffer, 0, sizeof(cmac->buffer));
    memset(cmac->digest, 0, sizeof(cmac->digest));
    cmac->bufferSz = 0;
    cmac->totalSz = 0;
}

// CMAC of two parts; either may be empty.
static int cmac(siv_t *siv, const uint8_t *data, size_t length, const uint8_t *tail, size_t tail_length, uint8_t *out) {
    word32 out_length = BLOCK_BYTES;
    restart(&siv->cmac);
    int error = length != 0 ? wc_CmacUpdate(&siv->cmac, data, (word32)length) : 0;
    if (error == 0 && tail_length != 0) {
        error = wc_CmacUpdate(&siv->cmac, tail, (word32)tail_length);
    }
    return error != 0 ? error : wc_CmacFinalNoFree(&siv->cmac, out, &out_length);
}

// S2V over (associated, plain).
static int synthetic_iv(siv_t *siv, const uint8_t *associated, size_t associated_length, const uint8_t *plain,
                        size_t length, uint8_t *out) {
    static const uint8_t zero[BLOCK_BYTES];
    int error = cmac(siv, zero, BLOCK_BYTES, NULL, 0, siv->d);
    if (error == 0) {
        error = cmac(siv, associated, associated_length, NULL, 0, siv->mac);
    }
    if (error != 0) {
        return error;
    }
    crypto_double(siv->d, siv->d);
    xor_into(siv->d, siv->mac, BLOCK_BYTES);
    if (length >= BLOCK_BYTES) {
        size_t head = length - BLOCK_BYTES;
        xor_into(siv->d, plain + head, BLOCK_BYTES); // xorend
        return cmac(siv, plain, head, siv->d, BLOCK_BYTES, out);
    }
    crypto_double(siv->d, siv->d);
    xor_into(siv->d, plain, length);
    siv->d[length] ^= 0x80; // pad
    return cmac(siv, siv->d, BLOCK_BYTES, NULL, 0, out);
}

static int counter_mode(siv_t *siv, const uint8_t *key, size_t key_length, const uint8_t *v, const uint8_t *in,
                        size_t length, uint8_t *out) {
    uint8_t start[BLOCK_BYTES];
    memcpy(start, v, BLOCK_BYTES);
    start[8] &= 0x7F; // [RFC5297] 2.5: lets an implementation count in 32 bits
    start[12] &= 0x7F;
    int error = wc_AesInit(&siv->counter_mode, NULL, INVALID_DEVID);
    if (error == 0) {
        error = wc_AesSetKeyDirect(&siv->counter_mode, key, (word32)key_length, start, AES_ENCRYPTION);
    }
    if (error == 0 && length != 0) {
        error = wc_AesCtrEncrypt(&siv->counter_mode, out, in, (word32)length);
    }
    return error;
}

static crypto_result_t siv_new(const uint8_t *key, size_t key_length, siv_t **siv) {
    if (key_length != 32 && key_length != 64) {
        return CRYPTO_ARGUMENT;
    }
    *siv = crypto_pool_alloc(sizeof(**siv));
    if (*siv == NULL) {
        return CRYPTO_MEMORY;
    }
    int error = wc_InitCmac(&(*siv)->cmac, key, (word32)(key_length / 2), WC_CMAC_AES, NULL);
    if (error != 0) {
        crypto_pool_free(*siv);
    }
    return crypto_from_library(error);
}

crypto_result_t crypto_siv_encrypt(const uint8_t *key, size_t key_length, const uint8_t *associated,
                                   size_t associated_length, const uint8_t *plain, size_t length, uint8_t *out) {
    siv_t *siv;
    crypto_result_t result = siv_new(key, key_length, &siv);
    if (result != CRYPTO_OK) {
        return result;
    }
    int error = synthetic_iv(siv, associated, associated_length, plain, length, siv->v);
    if (error == 0) {
        memcpy(out, siv->v, BLOCK_BYTES);
        error = counter_mode(siv, key + key_length / 2, key_length / 2, siv->v, plain, length, out + BLOCK_BYTES);
    }
    crypto_pool_free(siv);
    return crypto_from_library(error);
}

crypto_result_t crypto_siv_decrypt(const uint8_t *key, size_t key_length, const uint8_t *associated,
                                   size_t associated_length, const uint8_t *sealed, size_t sealed_length,
                                   uint8_t *out) {
    if (sealed_length < BLOCK_BYTES) {
        return CRYPTO_ARGUMENT;
    }
    siv_t *siv;
    crypto_result_t result = siv_new(key, key_length, &siv);
    if (result != CRYPTO_OK) {
        return result;
    }
    size_t length = sealed_length - BLOCK_BYTES;
    int error =
        counter_mode(siv, key + key_length / 2, key_length / 2, sealed, sealed + BLOCK_BYTES, length, out);
    if (error == 0) {
        error = synthetic_iv(siv, associated, associated_length, out, length, siv->v);
    }
    result = crypto_from_library(error);
    // Compared twice: one skipped instruction must not accept a forgery.
    if (result == CRYPTO_OK && !crypto_equal(siv->v, sealed, BLOCK_BYTES)) {
        result = CRYPTO_AUTHENTICATION;
    }
    if (!crypto_equal(sealed, siv->v, BLOCK_BYTES)) {
        result = result == CRYPTO_OK ? CRYPTO_AUTHENTICATION : result;
    }
    crypto_pool_free(siv);
    if (result != CRYPTO_OK) {
        crypto_wipe(out, length);
    }
    return result;
}

crypto_result_t crypto_seal_keys(const uint8_t secret[CRYPTO_SEAL_KEY_BYTES],
                                 uint8_t keys[CRYPTO_SEAL_KEYS_BYTES]) {
    static const uint8_t info[3] = {'s', 'i', 'v'};
    return crypto_hkdf(CRYPTO_HASH_SHA256, secret, CRYPTO_SEAL_KEY_BYTES, NULL, 0, info, sizeof(info), keys,
                       CRYPTO_SEAL_KEYS_BYTES);
}
