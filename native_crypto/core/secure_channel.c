// SPDX-License-Identifier: GPL-2.0-or-later
// Secure messaging after chip authentication: id-CA-ECDH-AES-CBC-CMAC-128 ([TR-03110-3] A.2.3, F; [SCHSM] 21).
#include "secure_channel.h"

#include <string.h>

#include "cipher.h"
#include "pool.h"
#include "wipe.h"

#define BLOCK_BYTES CRYPTO_CHANNEL_BLOCK_BYTES

// [TR-03110-3] A.2.3.2: SHA-1(secret | nonce | counter), cut to the key's length
static crypto_result_t derive(const uint8_t *secret, size_t secret_length, const uint8_t *nonce, uint8_t counter,
                              uint8_t key[CRYPTO_CHANNEL_KEY_BYTES]) {
    uint8_t hash[CRYPTO_DIGEST_MAX_BYTES];
    const uint8_t number[4] = {0, 0, 0, counter};
    const crypto_part_t parts[] = {{secret, secret_length}, {nonce, CRYPTO_CHANNEL_NONCE_BYTES}, {number, 4}};
    crypto_result_t result = crypto_hash_parts(CRYPTO_HASH_SHA1, parts, 3, hash);
    if (result == CRYPTO_OK) {
        memcpy(key, hash, CRYPTO_CHANNEL_KEY_BYTES);
    }
    crypto_wipe(hash, sizeof(hash));
    return result;
}

crypto_result_t crypto_channel_new(const crypto_ec_key_t *key, const uint8_t *public_key,
                                   const uint8_t nonce[CRYPTO_CHANNEL_NONCE_BYTES], crypto_channel_t **channel) {
    uint8_t secret[CRYPTO_FIELD_MAX_BYTES];
    size_t length = crypto_curve_bytes(key->curve);
    *channel = crypto_pool_alloc_handle(sizeof(**channel));
    if (*channel == NULL) {
        return CRYPTO_MEMORY;
    }
    crypto_result_t result = crypto_ec_shared_secret(key, public_key, secret);
    if (result == CRYPTO_OK) {
        result = derive(secret, length, nonce, 1, (*channel)->encrypt);
    }
    if (result == CRYPTO_OK) {
        result = derive(secret, length, nonce, 2, (*channel)->mac);
    }
    crypto_wipe(secret, sizeof(secret));
    if (result != CRYPTO_OK) {
        crypto_pool_free(*channel);
    }
    return result;
}

crypto_result_t crypto_channel_advance(crypto_channel_t *channel) {
    for (size_t i = BLOCK_BYTES; i-- > 0;) {
        if (++channel->counter[i] != 0) {
            return CRYPTO_OK;
        }
    }
    return CRYPTO_FAILED;
}

crypto_result_t crypto_channel_mac(const crypto_channel_t *channel, crypto_channel_input_t input,
                                   const crypto_part_t *parts, size_t count, uint8_t mac[CRYPTO_CHANNEL_MAC_BYTES]) {
    uint8_t full[BLOCK_BYTES];
    crypto_cmac_t *cmac;
    crypto_result_t result = crypto_cmac_new(channel->mac, sizeof(channel->mac), &cmac);
    if (result != CRYPTO_OK) {
        return result;
    }
    if (input == CRYPTO_CHANNEL_WITH_COUNTER) {
        result = crypto_cmac_update(cmac, channel->counter, BLOCK_BYTES);
    }
    for (size_t i = 0; result == CRYPTO_OK && i < count; i++) {
        result = crypto_cmac_update(cmac, parts[i].bytes, parts[i].length);
    }
    crypto_result_t last = crypto_cmac_final(cmac, full);
    memcpy(mac, full, CRYPTO_CHANNEL_MAC_BYTES);
    crypto_wipe(full, sizeof(full));
    return result != CRYPTO_OK ? result : last;
}

// --- Encryption --------------------------------------------------------------------------------------

typedef crypto_result_t (*cipher_t)(const crypto_cipher_use_t *, const uint8_t *, size_t, uint8_t *);

// AES-CBC of whole blocks; the IV is the counter, encrypted ([TR-03110-3] F.2.1).
static crypto_result_t run(cipher_t cipher, const crypto_channel_t *channel, const uint8_t *in, size_t length,
                           uint8_t *out) {
    uint8_t iv[BLOCK_BYTES];
    crypto_cipher_use_t use = {.cipher = CRYPTO_CIPHER_AES_ECB,
                               .key = channel->encrypt,
                               .key_length = sizeof(channel->encrypt)};
    crypto_result_t result = crypto_encrypt(&use, channel->counter, BLOCK_BYTES, iv);
    if (result == CRYPTO_OK) {
        use.cipher = CRYPTO_CIPHER_AES_CBC;
        use.iv = iv;
        use.iv_length = BLOCK_BYTES;
        result = cipher(&use, in, length, out);
    }
    return result;
}

crypto_result_t crypto_channel_encrypt(const crypto_channel_t *channel, const uint8_t *in, size_t length, uint8_t *out,
                                       size_t *out_length) {
    size_t padded_length = length / BLOCK_BYTES * BLOCK_BYTES + BLOCK_BYTES;
    uint8_t *padded = crypto_pool_alloc(padded_length);
    if (padded == NULL) {
        return CRYPTO_MEMORY;
    }
    memcpy(padded, in, length);
    padded[length] = 0x80; // the pool gives zeros
    crypto_result_t result = run(crypto_encrypt, channel, padded, padded_length, out);
    *out_length = padded_length;
    crypto_pool_free(padded);
    return result;
}

crypto_result_t crypto_channel_decrypt(const crypto_channel_t *channel, const uint8_t *in, size_t length, uint8_t *out,
                                       size_t *out_length) {
    if (length == 0 || length % BLOCK_BYTES != 0) {
        return CRYPTO_AUTHENTICATION;
    }
    crypto_result_t result = run(crypto_decrypt, channel, in, length, out);
    if (result != CRYPTO_OK) {
        return result;
    }
    // What is padded was authenticated by its MAC: its time is no oracle.
    size_t end = length;
    while (end > length - BLOCK_BYTES && out[end - 1] == 0) {
        end--;
    }
    if (end == length - BLOCK_BYTES || out[end - 1] != 0x80) {
        crypto_wipe(out, length);
        return CRYPTO_AUTHENTICATION;
    }
    out[end - 1] = 0;
    *out_length = end - 1;
    return CRYPTO_OK;
}
