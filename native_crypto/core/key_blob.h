// SPDX-License-Identifier: GPL-2.0-or-later
// Keys on their way to another device: the blob that WRAP KEY gives and UNWRAP KEY takes ([SCHSM] 12.3).
//
//     check value of the DKEK(8) | type(1) | length(2) OID | length(2) allowed algorithms |
//     length(2) access conditions | length(2) key OID | ciphertext | MAC(16)
//
// Ciphertext is AES-256-CBC with a zero IV of random(8) | size(2) | fields, each with its length before it (2), padded
// with 80 00..; MAC is AES-CMAC of all before it. The keys are SHA-256(DKEK | 00000001) and (DKEK | 00000002).
#ifndef CRYPTO_KEY_BLOB_H
#define CRYPTO_KEY_BLOB_H

#include <stddef.h>
#include <stdint.h>

#include "object.h"
#include "result.h"

#define CRYPTO_BLOB_ALGORITHMS_MAX_BYTES 255
// RSA-4096: 27 bytes of header with 255 algorithms, 1056 of ciphertext, the MAC.
#define CRYPTO_BLOB_MAX_BYTES 1354

// `out` has room for CRYPTO_BLOB_MAX_BYTES; its length is set. CRYPTO_ARGUMENT unless the DKEK has 32 bytes, the
// handle is a key of the user and the algorithms are not too many.
crypto_result_t crypto_blob_wrap(const crypto_secret_t *dkek, crypto_object_kind_t kind, const void *handle,
                                 const uint8_t *algorithms, size_t algorithms_length, uint8_t *out,
                                 size_t *out_length);

// What a blob holds.
typedef struct {
    crypto_object_kind_t kind;
    void *handle;
    const uint8_t *algorithms; // in the blob
    size_t algorithms_length;
} crypto_blob_t;

// CRYPTO_AUTHENTICATION for another DKEK's check value or a wrong MAC; CRYPTO_FAILED for authentic bytes that are no
// key.
crypto_result_t crypto_blob_unwrap(const crypto_secret_t *dkek, const uint8_t *blob, size_t length,
                                   crypto_blob_t *opened);

// --- For the two files of this unit ------------------------------------------------------------------

typedef enum {
    CRYPTO_BLOB_RSA = 0x05,
    CRYPTO_BLOB_RSA_CRT = 0x06, // read only
    CRYPTO_BLOB_EC = 0x0C,
    CRYPTO_BLOB_AES = 0x0F,
} crypto_blob_type_t;

#define CRYPTO_BLOB_RANDOM_BYTES 8
#define CRYPTO_BLOB_MAC_BYTES 16

typedef struct {
    uint8_t encrypt[32];
    uint8_t mac[32];
} crypto_blob_keys_t;

crypto_result_t crypto_blob_keys(const crypto_secret_t *dkek, crypto_blob_keys_t *keys);
crypto_result_t crypto_blob_mac(const crypto_blob_keys_t *keys, const uint8_t *blob, size_t length,
                                uint8_t mac[CRYPTO_BLOB_MAC_BYTES]);

#endif // CRYPTO_KEY_BLOB_H
