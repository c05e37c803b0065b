// SPDX-License-Identifier: GPL-2.0-or-later
// Key derivation and MAC: HMAC, HKDF, PBKDF2, X9.63, and the PIN stretch made of them.
#ifndef CRYPTO_KDF_H
#define CRYPTO_KDF_H

#include <stddef.h>
#include <stdint.h>

#include "digest.h"
#include "result.h"

#define CRYPTO_MAC_BYTES 32
#define CRYPTO_STRETCH_BYTES 32
#define CRYPTO_STRETCH_SALT_BYTES 16

typedef struct crypto_mac crypto_mac_t;

// An HMAC ([FIPS198-1]) in progress, from the pool. `crypto_mac_final` frees it, on every path.
crypto_result_t crypto_mac_new(crypto_hash_t hash, const uint8_t *key, size_t key_length, crypto_mac_t **mac);
crypto_result_t crypto_mac_update(crypto_mac_t *mac, const uint8_t *data, size_t length);
crypto_result_t crypto_mac_final(crypto_mac_t *mac, uint8_t *out);

// HKDF ([RFC5869]), extract and expand; at most 255 hashes. An absent salt is (NULL, 0).
crypto_result_t crypto_hkdf(crypto_hash_t hash, const uint8_t *key, size_t key_length, const uint8_t *salt,
                            size_t salt_length, const uint8_t *info, size_t info_length, uint8_t *out,
                            size_t out_length);

// PBKDF2-HMAC ([RFC8018] 5.2) of a password of at most 64 bytes; asks now and then whether the host ended the
// command (CRYPTO_CANCELLED, `out` is wiped).
#define CRYPTO_PASSWORD_MAX_BYTES 64
crypto_result_t crypto_pbkdf2(crypto_hash_t hash, const uint8_t *password, size_t password_length, const uint8_t *salt,
                              size_t salt_length, uint32_t iterations, uint8_t *out, size_t out_length);

// The KDF of [SEC1] 3.6.1 (ANSI X9.63).
crypto_result_t crypto_x963(crypto_hash_t hash, const uint8_t *secret, size_t secret_length, const uint8_t *info,
                            size_t info_length, uint8_t *out, size_t out_length);

// HKDF-SHA256(salt=pepper, ikm=PBKDF2-HMAC-SHA256(pin, salt, iterations), info="pin"): 32 bytes. A host cannot end it:
// the try that it belongs to is spent.
crypto_result_t crypto_stretch(const uint8_t *pin, size_t pin_length, const uint8_t salt[CRYPTO_STRETCH_SALT_BYTES],
                               uint32_t iterations, const uint8_t *pepper, size_t pepper_length,
                               uint8_t out[CRYPTO_STRETCH_BYTES]);

#endif // CRYPTO_KDF_H
