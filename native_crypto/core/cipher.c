// SPDX-License-Identifier: GPL-2.0-or-later
// Ciphers: the modes of AES ([SP800-38A] to [SP800-38E]) and ChaCha20-Poly1305 ([RFC8439]).
#include "cipher.h"

#include <string.h>

#include "library.h"
#include "pool.h"
#include "wipe.h"

#define CHACHA_KEY_BYTES 32
#define CHACHA_NONCE_BYTES 12
#define CCM_NONCE_MIN_BYTES 7
#define CCM_NONCE_MAX_BYTES 13
#define GCM_NONCE_MAX_BYTES 512

typedef union {
    Aes aes;
    XtsAes xts;
} state_t;

// --- What suits --------------------------------------------------------------------------------------

size_t crypto_cipher_tag_bytes(crypto_cipher_t cipher) {
    return cipher == CRYPTO_CIPHER_AES_GCM || cipher == CRYPTO_CIPHER_AES_CCM ||
                   cipher == CRYPTO_CIPHER_CHACHA20_POLY1305
               ? CRYPTO_CIPHER_TAG_BYTES
               : 0;
}

static bool key_suits(crypto_cipher_t cipher, size_t length) {
    switch (cipher) {
        case CRYPTO_CIPHER_CHACHA20_POLY1305:
            return length == CHACHA_KEY_BYTES;
        case CRYPTO_CIPHER_AES_XTS:
            return length == 32 || length == 64;
        default:
            return length == 16 || length == 24 || length == 32;
    }
}

static bool iv_suits(crypto_cipher_t cipher, size_t length) {
    switch (cipher) {
        case CRYPTO_CIPHER_AES_ECB:
            return length == 0;
        case CRYPTO_CIPHER_AES_GCM:
            return length >= 1 && length <= GCM_NONCE_MAX_BYTES;
        case CRYPTO_CIPHER_AES_CCM:
            return length >= CCM_NONCE_MIN_BYTES && length <= CCM_NONCE_MAX_BYTES;
        case CRYPTO_CIPHER_CHACHA20_POLY1305:
            return length == CHACHA_NONCE_BYTES;
        default:
            return length == CRYPTO_CIPHER_BLOCK_BYTES;
    }
}

static bool data_suits(crypto_cipher_t cipher, size_t length) {
    switch (cipher) {
        case CRYPTO_CIPHER_AES_ECB:
        case CRYPTO_CIPHER_AES_CBC:
            return length % CRYPTO_CIPHER_BLOCK_BYTES == 0;
        case CRYPTO_CIPHER_AES_XTS:
            return length >= CRYPTO_CIPHER_BLOCK_BYTES;
        default:
            return true;
    }
}

bool crypto_cipher_suits(const crypto_cipher_use_t *use, size_t length) {
    return use->cipher >= CRYPTO_CIPHER_AES_ECB && use->cipher <= CRYPTO_CIPHER_LAST &&
           key_suits(use->cipher, use->key_length) && iv_suits(use->cipher, use->iv_length) &&
           data_suits(use->cipher, length) && length <= CRYPTO_CIPHER_DATA_MAX_BYTES &&
           (use->associated_length == 0 || crypto_cipher_tag_bytes(use->cipher) != 0);
}

// --- One mode each -----------------------------------------------------------------------------------

typedef enum {
    ENCRYPT,
    DECRYPT,
} direction_t;

// The modes without a tag that begin with an expanded key and an IV.
static int run_aes(const crypto_cipher_use_t *use, direction_t direction, Aes *aes, const uint8_t *in, word32 length,
                   uint8_t *out) {
    bool inverse = direction == DECRYPT &&
                   (use->cipher == CRYPTO_CIPHER_AES_ECB || use->cipher == CRYPTO_CIPHER_AES_CBC);
    const uint8_t *iv = use->iv_length != 0 ? use->iv : NULL;
    int error = wc_AesInit(aes, NULL, INVALID_DEVID);
    if (error == 0) {
        error = wc_AesSetKeyDirect(aes, use->key, (word32)use->key_length, iv,
                                   inverse ? AES_DECRYPTION : AES_ENCRYPTION);
    }
    if (error != 0) {
        return error;
    }
    switch (use->cipher) {
        case CRYPTO_CIPHER_AES_ECB:
            return inverse ? wc_AesEcbDecrypt(aes, out, in, length) : wc_AesEcbEncrypt(aes, out, in, length);
        case CRYPTO_CIPHER_AES_CBC:
            return inverse ? wc_AesCbcDecrypt(aes, out, in, length) : wc_AesCbcEncrypt(aes, out, in, length);
        case CRYPTO_CIPHER_AES_OFB:
            return wc_AesOfbEncrypt(aes, out, in, length);
        case CRYPTO_CIPHER_AES_CFB:
            return direction == DECRYPT ? wc_AesCfbDecrypt(aes, out, in, length)
                                        : wc_AesCfbEncrypt(aes, out, in, length);
        default:
            return wc_AesCtrEncrypt(aes, out, in, length);
    }
}

static int run_xts(const crypto_cipher_use_t *use, direction_t direction, XtsAes *xts, const uint8_t *in,
                   word32 length, uint8_t *out) {
    int error = wc_AesXtsSetKey(xts, use->key, (word32)use->key_length,
                                direction == DECRYPT ? AES_DECRYPTION : AES_ENCRYPTION, NULL, INVALID_DEVID);
    if (error != 0) {
        return error;
    }
    return direction == DECRYPT ? wc_AesXtsDecrypt(xts, out, in, length, use->iv, (word32)use->iv_length)
                                : wc_AesXtsEncrypt(xts, out, in, length, use->iv, (word32)use->iv_length);
}

static int run_gcm(const crypto_cipher_use_t *use, direction_t direction, Aes *aes, const uint8_t *in, word32 length,
                   uint8_t *out, uint8_t *tag) {
    int error = wc_AesInit(aes, NULL, INVALID_DEVID);
    if (error == 0) {
        error = wc_AesGcmSetKey(aes, use->key, (word32)use->key_length);
    }
    if (error != 0) {
        return error;
    }
    return direction == DECRYPT
               ? wc_AesGcmDecrypt(aes, out, in, length, use->iv, (word32)use->iv_length, tag, CRYPTO_CIPHER_TAG_BYTES,
                                  use->associated, (word32)use->associated_length)
               : wc_AesGcmEncrypt(aes, out, in, length, use->iv, (word32)use->iv_length, tag, CRYPTO_CIPHER_TAG_BYTES,
                                  use->associated, (word32)use->associated_length);
}

static int run_ccm(const crypto_cipher_use_t *use, direction_t direction, Aes *aes, const uint8_t *in, word32 length,
                   uint8_t *out, uint8_t *tag) {
    int error = wc_AesInit(aes, NULL, INVALID_DEVID);
    if (error == 0) {
        error = wc_AesCcmSetKey(aes, use->key, (word32)use->key_length);
    }
    if (error != 0) {
        return error;
    }
    return direction == DECRYPT
               ? wc_AesCcmDecrypt(aes, out, in, length, use->iv, (word32)use->iv_length, tag, CRYPTO_CIPHER_TAG_BYTES,
                                  use->associated, (word32)use->associated_length)
               : wc_AesCcmEncrypt(aes, out, in, length, use->iv, (word32)use->iv_length, tag, CRYPTO_CIPHER_TAG_BYTES,
                                  use->associated, (word32)use->associated_length);
}

static int run_chacha(const crypto_cipher_use_t *use, direction_t direction, const uint8_t *in, word32 length,
                      uint8_t *out, uint8_t *tag) {
    return direction == DECRYPT
               ? wc_ChaCha20Poly1305_Decrypt(use->key, use->iv, use->associated, (word32)use->associated_length, in,
                                             length, tag, out)
               : wc_ChaCha20Poly1305_Encrypt(use->key, use->iv, use->associated, (word32)use->associated_length, in,
                                             length, out, tag);
}

// `tag` is written or compared; ignored by the modes that have none.
static crypto_result_t run(const crypto_cipher_use_t *use, direction_t direction, const uint8_t *in, size_t length,
                           uint8_t *out, uint8_t *tag) {
    state_t *state = crypto_pool_alloc(sizeof(*state));
    if (state == NULL) {
        return CRYPTO_MEMORY;
    }
    int error;
    switch (use->cipher) {
        case CRYPTO_CIPHER_AES_XTS:
            error = run_xts(use, direction, &state->xts, in, (word32)length, out);
            break;
        case CRYPTO_CIPHER_AES_GCM:
            error = run_gcm(use, direction, &state->aes, in, (word32)length, out, tag);
            break;
        case CRYPTO_CIPHER_AES_CCM:
            error = run_ccm(use, direction, &state->aes, in, (word32)length, out, tag);
            break;
        case CRYPTO_CIPHER_CHACHA20_POLY1305:
            error = run_chacha(use, direction, in, (word32)length, out, tag);
            break;
        default:
            error = run_aes(use, direction, &state->aes, in, (word32)length, out);
    }
    crypto_pool_free(state);
    if (error == AES_GCM_AUTH_E || error == AES_CCM_AUTH_E || error == MAC_CMP_FAILED_E) {
        return CRYPTO_AUTHENTICATION;
    }
    return crypto_from_library(error);
}

// --- Both directions ---------------------------------------------------------------------------------

// With equal halves XTS gives away where a block repeats its position ([FIPS140-3] IG C.I).
static bool is_weak(const crypto_cipher_use_t *use) {
    size_t half = use->key_length / 2;
    return use->cipher == CRYPTO_CIPHER_AES_XTS && crypto_equal(use->key, use->key + half, half);
}

crypto_result_t crypto_encrypt(const crypto_cipher_use_t *use, const uint8_t *in, size_t length, uint8_t *out) {
    if (!crypto_cipher_suits(use, length)) {
        return CRYPTO_ARGUMENT;
    }
    if (is_weak(use)) {
        return CRYPTO_FAILED;
    }
    crypto_result_t result = run(use, ENCRYPT, in, length, out, out + length);
    if (result != CRYPTO_OK) {
        crypto_wipe(out, length + crypto_cipher_tag_bytes(use->cipher));
    }
    return result;
}

crypto_result_t crypto_decrypt(const crypto_cipher_use_t *use, const uint8_t *in, size_t length, uint8_t *out) {
    size_t tag_length = crypto_cipher_tag_bytes(use->cipher);
    if (length < tag_length || !crypto_cipher_suits(use, length - tag_length)) {
        return CRYPTO_ARGUMENT;
    }
    if (is_weak(use)) {
        return CRYPTO_FAILED;
    }
    uint8_t tag[CRYPTO_CIPHER_TAG_BYTES];
    length -= tag_length;
    memcpy(tag, in + length, tag_length);
    crypto_result_t result = run(use, DECRYPT, in, length, out, tag);
    if (result == CRYPTO_OK && tag_length != 0) {
        // The library compares the tag once. All of it again: one skipped instruction must not accept a forgery.
        result = run(use, DECRYPT, in, length, out, tag);
    }
    if (result != CRYPTO_OK) {
        crypto_wipe(out, length);
    }
    return result;
}

// --- CMAC --------------------------------------------------------------------------------------------

struct crypto_cmac {
    Cmac cmac;
};

crypto_result_t crypto_cmac_new(const uint8_t *key, size_t key_length, crypto_cmac_t **cmac) {
    if (!key_suits(CRYPTO_CIPHER_AES_ECB, key_length)) {
        return CRYPTO_ARGUMENT;
    }
    *cmac = crypto_pool_alloc(sizeof(**cmac));
    if (*cmac == NULL) {
        return CRYPTO_MEMORY;
    }
    int error = wc_InitCmac(&(*cmac)->cmac, key, (word32)key_length, WC_CMAC_AES, NULL);
    if (error != 0) {
        crypto_pool_free(*cmac);
    }
    return crypto_from_library(error);
}

crypto_result_t crypto_cmac_update(crypto_cmac_t *cmac, const uint8_t *data, size_t length) {
    return crypto_from_library(length == 0 ? 0 : wc_CmacUpdate(&cmac->cmac, data, (word32)length));
}

crypto_result_t crypto_cmac_final(crypto_cmac_t *cmac, uint8_t out[CRYPTO_CIPHER_BLOCK_BYTES]) {
    word32 length = CRYPTO_CIPHER_BLOCK_BYTES;
    int error = wc_CmacFinalNoFree(&cmac->cmac, out, &length);
    crypto_pool_free(cmac);
    return crypto_from_library(error);
}
