// SPDX-License-Identifier: GPL-2.0-or-later
// Nodes of a tree of keys: [BIP32], [SLIP-0010], [SLIP-0021] ([SCHSM] 22).
#ifndef CRYPTO_HD_NODE_H
#define CRYPTO_HD_NODE_H

#include <stddef.h>
#include <stdint.h>

#include "ec.h"
#include "result.h"

typedef enum {
    CRYPTO_HD_SECP256K1 = 1,
    CRYPTO_HD_SECP256R1 = 2,
    CRYPTO_HD_SYMMETRIC = 3,
} crypto_hd_scheme_t;

#define CRYPTO_HD_HALF_BYTES 32
#define CRYPTO_HD_SEED_MAX_BYTES 64
#define CRYPTO_HD_LABEL_MAX_BYTES 255
#define CRYPTO_HD_FINGERPRINT_BYTES 4
#define CRYPTO_HD_PUBLIC_MAX_BYTES 78

// In the pool. A symmetric node's halves are what [SLIP-0021] derives with and what it uses.
typedef struct {
    uint8_t scheme;
    uint8_t depth;
    uint8_t fingerprint[CRYPTO_HD_FINGERPRINT_BYTES]; // of the parent
    uint8_t index[4];
    uint8_t chain[CRYPTO_HD_HALF_BYTES];
    uint8_t key[CRYPTO_HD_HALF_BYTES];
} crypto_hd_node_t;

// A master node from a seed of 1..64 bytes, or from 64 random bytes.
crypto_result_t crypto_hd_from_seed(int scheme, const uint8_t *seed, size_t seed_length, crypto_hd_node_t **node);
crypto_result_t crypto_hd_generate(int scheme, crypto_hd_node_t **node);

// A node from its bytes, trusted to be one: what object.c opens. CRYPTO_ARGUMENT for another length or scheme.
crypto_result_t crypto_hd_load(const uint8_t *bytes, size_t length, crypto_hd_node_t **node);

// A private child. CRYPTO_ARGUMENT for a node of the other kind, CRYPTO_FAILED below depth 255.
crypto_result_t crypto_hd_child(const crypto_hd_node_t *parent, uint32_t index, crypto_hd_node_t **child);
crypto_result_t crypto_hd_labelled_child(const crypto_hd_node_t *parent, const uint8_t *label, size_t label_length,
                                         crypto_hd_node_t **child);

// What may be shown: 78 bytes of a node on a curve, 77 of a symmetric one (hashes of its halves).
crypto_result_t crypto_hd_public(const crypto_hd_node_t *node, uint8_t out[CRYPTO_HD_PUBLIC_MAX_BYTES],
                                 size_t *out_length);

// The private key of a node on a curve.
crypto_result_t crypto_hd_key(const crypto_hd_node_t *node, crypto_ec_key_t **key);

// AES-256-CBC of whole blocks under HMAC-SHA-512(key, label): key(32) | IV(16), unless `iv` (16 bytes) is given. Of a
// symmetric node; CRYPTO_ARGUMENT for another and for a length that is no multiple of 16.
typedef enum {
    CRYPTO_HD_ENCRYPT,
    CRYPTO_HD_DECRYPT,
} crypto_hd_direction_t;
crypto_result_t crypto_hd_cipher(const crypto_hd_node_t *node, crypto_hd_direction_t direction, const uint8_t *label,
                                 size_t label_length, const uint8_t *iv, const uint8_t *in, size_t length,
                                 uint8_t *out);

#endif // CRYPTO_HD_NODE_H
