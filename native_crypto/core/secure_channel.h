// SPDX-License-Identifier: GPL-2.0-or-later
// Secure messaging after chip authentication: id-CA-ECDH-AES-CBC-CMAC-128 ([TR-03110-3] A.2.3, F; [SCHSM] 21).
#ifndef CRYPTO_SECURE_CHANNEL_H
#define CRYPTO_SECURE_CHANNEL_H

#include <stddef.h>
#include <stdint.h>

#include "ec.h"
#include "mgf1.h"
#include "result.h"

#define CRYPTO_CHANNEL_KEY_BYTES 16
#define CRYPTO_CHANNEL_BLOCK_BYTES 16
#define CRYPTO_CHANNEL_NONCE_BYTES 8
#define CRYPTO_CHANNEL_MAC_BYTES 8

// In the pool.
typedef struct {
    uint8_t encrypt[CRYPTO_CHANNEL_KEY_BYTES];
    uint8_t mac[CRYPTO_CHANNEL_KEY_BYTES];
    uint8_t counter[CRYPTO_CHANNEL_BLOCK_BYTES]; // send sequence counter, big endian
} crypto_channel_t;

// Keys from the shared point of the card's key and the terminal's X || Y; the counter is 0. CRYPTO_POINT.
crypto_result_t crypto_channel_new(const crypto_ec_key_t *key, const uint8_t *public_key,
                                   const uint8_t nonce[CRYPTO_CHANNEL_NONCE_BYTES], crypto_channel_t **channel);

// Add 1 to the counter; CRYPTO_FAILED if it would begin again.
crypto_result_t crypto_channel_advance(crypto_channel_t *channel);

// The first bytes of CMAC over the parts, after the counter if there is one.
typedef enum {
    CRYPTO_CHANNEL_WITH_COUNTER,
    CRYPTO_CHANNEL_WITHOUT_COUNTER,
} crypto_channel_input_t;
crypto_result_t crypto_channel_mac(const crypto_channel_t *channel, crypto_channel_input_t input,
                                   const crypto_part_t *parts, size_t count, uint8_t mac[CRYPTO_CHANNEL_MAC_BYTES]);

// AES-CBC with the encrypted counter as IV, padded with 80 00..; *out_length is 1..16 more than `length`.
crypto_result_t crypto_channel_encrypt(const crypto_channel_t *channel, const uint8_t *in, size_t length, uint8_t *out,
                                       size_t *out_length);

// `out` has room for `length`. CRYPTO_AUTHENTICATION for a wrong padding or length.
crypto_result_t crypto_channel_decrypt(const crypto_channel_t *channel, const uint8_t *in, size_t length, uint8_t *out,
                                       size_t *out_length);

#endif // CRYPTO_SECURE_CHANNEL_H
