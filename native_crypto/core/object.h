// SPDX-License-Identifier: GPL-2.0-or-later
// Handles of any kind, and their sealed form: a key leaves C memory only encrypted.
#ifndef CRYPTO_OBJECT_H
#define CRYPTO_OBJECT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "aes_key.h"
#include "ec.h"
#include "edwards.h"
#include "hd_node.h"
#include "montgomery.h"
#include "result.h"
#include "rsa.h"
#include "seal.h"

#define CRYPTO_SECRET_MAX_BYTES 64
#define CRYPTO_CHECK_VALUE_BYTES 8

typedef struct {
    uint8_t length; // 1..64
    bool has_seal_keys;
    uint8_t bytes[CRYPTO_SECRET_MAX_BYTES];
    uint8_t seal_keys[CRYPTO_SEAL_KEYS_BYTES]; // derived at the first use: HKDF costs more than a short seal
} crypto_secret_t;

// A zeroed secret of `length` bytes (1..64), from the pool.
crypto_result_t crypto_secret_new(size_t length, crypto_secret_t **secret);

// result = a ^ b, all three of one length, which the caller has checked.
void crypto_secret_combine(const crypto_secret_t *a, const crypto_secret_t *b, crypto_secret_t *result);

// The first bytes of SHA-256(secret): tells keys apart, for a host that may know it. It confirms a guess, so it is
// only for secrets that nobody can guess.
crypto_result_t crypto_secret_check_value(const crypto_secret_t *secret, uint8_t out[CRYPTO_CHECK_VALUE_BYTES]);

// AES-SIV under a secret of 32 bytes (CRYPTO_ARGUMENT for another length); see seal.h for the buffers.
crypto_result_t crypto_seal(crypto_secret_t *secret, const uint8_t *associated, size_t associated_length,
                            const uint8_t *plain, size_t length, uint8_t *out);
crypto_result_t crypto_open(crypto_secret_t *secret, const uint8_t *associated, size_t associated_length,
                            const uint8_t *sealed, size_t sealed_length, uint8_t *out);

typedef enum {
    CRYPTO_OBJECT_SECRET = 1,
    CRYPTO_OBJECT_EC = 2,
    CRYPTO_OBJECT_RSA = 3,
    CRYPTO_OBJECT_AES = 4,
    CRYPTO_OBJECT_EDWARDS = 5,
    CRYPTO_OBJECT_MONTGOMERY = 6,
    CRYPTO_OBJECT_HD = 7,
} crypto_object_kind_t;

// Length of the sealed form: tag, kind, and
//   SECRET      bytes
//   EC          curve(1) || private key || X || Y
//   RSA         bits(2) || e(4) || p || q || dp || dq || 1/q mod p
//   AES         bytes
//   EDWARDS     curve(1) || seed || public key
//   MONTGOMERY  curve(1) || private key || public key
//   HD          scheme(1) || depth(1) || fingerprint(4) || index(4) || chain code || key
// with numbers big endian and of fixed width.
size_t crypto_object_sealed_length(crypto_object_kind_t kind, const void *handle);

// Seal `handle` under a 32-byte secret; `out` has room for `crypto_object_sealed_length`.
crypto_result_t crypto_object_seal(crypto_secret_t *secret, const uint8_t *associated, size_t associated_length,
                                   crypto_object_kind_t kind, const void *handle, uint8_t *out);

// A new handle in the pool. CRYPTO_AUTHENTICATION; CRYPTO_FAILED for authentic bytes that are no object.
crypto_result_t crypto_object_open(crypto_secret_t *secret, const uint8_t *associated, size_t associated_length,
                                   const uint8_t *sealed, size_t sealed_length, crypto_object_kind_t *kind,
                                   void **handle);

#endif // CRYPTO_OBJECT_H
