// SPDX-License-Identifier: GPL-2.0-or-later
// Nodes of a tree of keys: [BIP32], [SLIP-0010], [SLIP-0021] ([SCHSM] 22).
#include "hd_node.h"

#include <string.h>

#include "cipher.h"
#include "drbg.h"
#include "kdf.h"
#include "library.h"
#include "mgf1.h"
#include "pool.h"
#include "wipe.h"

#define HALF_BYTES CRYPTO_HD_HALF_BYTES
#define DIGEST_BYTES (2 * HALF_BYTES)
#define COMPRESSED_BYTES (1 + HALF_BYTES)
#define TRIES_MAX 16 // each is needed with probability 2^-32 or less

static int curve_of(int scheme) {
    return scheme == CRYPTO_HD_SECP256K1   ? CRYPTO_CURVE_SECP256K1
           : scheme == CRYPTO_HD_SECP256R1 ? CRYPTO_CURVE_SECP256R1
                                           : 0;
}

static crypto_result_t hmac(const uint8_t *key, size_t key_length, const crypto_part_t *parts, size_t count,
                            uint8_t out[DIGEST_BYTES]) {
    crypto_mac_t *mac;
    crypto_result_t result = crypto_mac_new(CRYPTO_HASH_SHA512, key, key_length, &mac);
    if (result != CRYPTO_OK) {
        return result;
    }
    for (size_t i = 0; result == CRYPTO_OK && i < count; i++) {
        result = crypto_mac_update(mac, parts[i].bytes, parts[i].length);
    }
    crypto_result_t last = crypto_mac_final(mac, out);
    return result != CRYPTO_OK ? result : last;
}

static crypto_result_t new_node(int scheme, crypto_hd_node_t **node) {
    if (scheme < CRYPTO_HD_SECP256K1 || scheme > CRYPTO_HD_SYMMETRIC) {
        return CRYPTO_ARGUMENT;
    }
    *node = crypto_pool_alloc_handle(sizeof(**node));
    if (*node == NULL) {
        return CRYPTO_MEMORY;
    }
    (*node)->scheme = (uint8_t)scheme;
    return CRYPTO_OK;
}

static crypto_result_t finish(crypto_hd_node_t **node, crypto_result_t result) {
    if (result != CRYPTO_OK) {
        crypto_pool_free(*node);
    }
    return result;
}

// --- Master nodes ------------------------------------------------------------------------------------

// The halves of `digest` if the first is a scalar of the curve; CRYPTO_ARGUMENT if it is not.
static crypto_result_t set_master(crypto_hd_node_t *node, const uint8_t digest[DIGEST_BYTES]) {
    crypto_result_t result = CRYPTO_OK;
    if (node->scheme == CRYPTO_HD_SYMMETRIC) {
        memcpy(node->chain, digest, HALF_BYTES); // [SLIP-0021]: the left half derives, the right half is used
        memcpy(node->key, digest + HALF_BYTES, HALF_BYTES);
        return CRYPTO_OK;
    }
    crypto_ec_key_t *key;
    result = crypto_ec_from_private(curve_of(node->scheme), digest, &key);
    if (result == CRYPTO_OK) {
        memcpy(node->key, digest, HALF_BYTES);
        memcpy(node->chain, digest + HALF_BYTES, HALF_BYTES);
        crypto_pool_free(key);
    }
    return result;
}

crypto_result_t crypto_hd_from_seed(int scheme, const uint8_t *seed, size_t seed_length, crypto_hd_node_t **node) {
    static const char *const keys[] = {
        [CRYPTO_HD_SECP256K1] = "Bitcoin seed",
        [CRYPTO_HD_SECP256R1] = "Nist256p1 seed",
        [CRYPTO_HD_SYMMETRIC] = "Symmetric key seed",
    };
    if (seed_length == 0 || seed_length > CRYPTO_HD_SEED_MAX_BYTES) {
        return CRYPTO_ARGUMENT;
    }
    crypto_result_t result = new_node(scheme, node);
    if (result != CRYPTO_OK) {
        return result;
    }
    const uint8_t *hmac_key = (const uint8_t *)keys[scheme];
    uint8_t digest[DIGEST_BYTES];
    crypto_part_t part = {seed, seed_length};
    result = CRYPTO_ARGUMENT;
    for (int i = 0; result == CRYPTO_ARGUMENT && i < TRIES_MAX; i++) {
        result = hmac(hmac_key, strlen(keys[scheme]), &part, 1, digest);
        if (result == CRYPTO_OK) {
            result = set_master(*node, digest);
        }
        part = (crypto_part_t){digest, sizeof(digest)}; // [SLIP-0010]: again, with the result as seed
    }
    crypto_wipe(digest, sizeof(digest));
    return finish(node, result == CRYPTO_ARGUMENT ? CRYPTO_FAILED : result);
}

crypto_result_t crypto_hd_generate(int scheme, crypto_hd_node_t **node) {
    uint8_t seed[CRYPTO_HD_SEED_MAX_BYTES];
    crypto_result_t result = crypto_random(seed, sizeof(seed));
    if (result == CRYPTO_OK) {
        result = crypto_hd_from_seed(scheme, seed, sizeof(seed), node);
    }
    crypto_wipe(seed, sizeof(seed));
    return result;
}

crypto_result_t crypto_hd_load(const uint8_t *bytes, size_t length, crypto_hd_node_t **node) {
    if (length != sizeof(**node)) {
        return CRYPTO_ARGUMENT;
    }
    crypto_result_t result = new_node(bytes[0], node);
    if (result == CRYPTO_OK) {
        memcpy(*node, bytes, length);
    }
    return result;
}

// --- Children on curves ------------------------------------------------------------------------------

static void compress(const crypto_ec_key_t *key, uint8_t out[COMPRESSED_BYTES]) {
    out[0] = 0x02 | (key->public_key[2 * HALF_BYTES - 1] & 1);
    memcpy(out + 1, key->public_key, HALF_BYTES);
}

// The first bytes of RIPEMD-160(SHA-256(compressed public key)) ([BIP32]).
static crypto_result_t make_fingerprint(const uint8_t compressed[COMPRESSED_BYTES],
                                        uint8_t out[CRYPTO_HD_FINGERPRINT_BYTES]) {
    uint8_t hash[CRYPTO_DIGEST_MAX_BYTES];
    const crypto_part_t part = {compressed, COMPRESSED_BYTES};
    crypto_result_t result = crypto_hash_parts(CRYPTO_HASH_SHA256, &part, 1, hash);
    if (result != CRYPTO_OK) {
        return result;
    }
    RipeMd ripemd;
    int error = wc_InitRipeMd(&ripemd);
    if (error == 0) {
        error = wc_RipeMdUpdate(&ripemd, hash, WC_SHA256_DIGEST_SIZE);
    }
    if (error == 0) {
        error = wc_RipeMdFinal(&ripemd, hash);
    }
    memcpy(out, hash, CRYPTO_HD_FINGERPRINT_BYTES);
    return crypto_from_library(error);
}

// child->key and child->chain from `digest` = I; CRYPTO_ARGUMENT if the left half is no offset or the sum is 0.
static crypto_result_t set_child(const crypto_ec_key_t *key, const uint8_t digest[DIGEST_BYTES],
                                 crypto_hd_node_t *child) {
    crypto_ec_key_t *derived = NULL;
    crypto_result_t result =
        crypto_ec_is_scalar(key->curve, digest) ? crypto_ec_derive(key, digest, HALF_BYTES, &derived) : CRYPTO_ARGUMENT;
    if (result == CRYPTO_OK) {
        memcpy(child->key, derived->private_key, HALF_BYTES);
        memcpy(child->chain, digest + HALF_BYTES, HALF_BYTES);
        crypto_pool_free(derived);
    }
    return result == CRYPTO_FAILED ? CRYPTO_ARGUMENT : result;
}

// [SLIP-0010]: I = HMAC(chain, 00 | private | index) or HMAC(chain, public | index), and again from 01 | right half
// of I | index when that gives no key.
static crypto_result_t derive_child(const crypto_hd_node_t *parent, const crypto_ec_key_t *key,
                                    const uint8_t compressed[COMPRESSED_BYTES], crypto_hd_node_t *child) {
    uint8_t digest[DIGEST_BYTES];
    uint8_t data[1 + HALF_BYTES];
    bool hardened = (child->index[0] & 0x80) != 0;
    memcpy(data, compressed, sizeof(data));
    if (hardened) {
        data[0] = 0x00;
        memcpy(data + 1, parent->key, HALF_BYTES);
    }
    const crypto_part_t parts[] = {{data, sizeof(data)}, {child->index, sizeof(child->index)}};
    crypto_result_t result = CRYPTO_ARGUMENT;
    for (int i = 0; result == CRYPTO_ARGUMENT && i < TRIES_MAX; i++) {
        result = hmac(parent->chain, HALF_BYTES, parts, 2, digest);
        if (result == CRYPTO_OK) {
            result = set_child(key, digest, child);
        }
        data[0] = 0x01;
        memcpy(data + 1, digest + HALF_BYTES, HALF_BYTES);
    }
    crypto_wipe(digest, sizeof(digest));
    crypto_wipe(data, sizeof(data));
    return result == CRYPTO_ARGUMENT ? CRYPTO_FAILED : result;
}

crypto_result_t crypto_hd_key(const crypto_hd_node_t *node, crypto_ec_key_t **key) {
    int curve = curve_of(node->scheme);
    return curve != 0 ? crypto_ec_from_private(curve, node->key, key) : CRYPTO_ARGUMENT;
}

crypto_result_t crypto_hd_child(const crypto_hd_node_t *parent, uint32_t index, crypto_hd_node_t **child) {
    uint8_t compressed[COMPRESSED_BYTES];
    crypto_ec_key_t *key;
    if (curve_of(parent->scheme) == 0) {
        return CRYPTO_ARGUMENT;
    }
    if (parent->depth == UINT8_MAX) {
        return CRYPTO_FAILED;
    }
    crypto_result_t result = new_node(parent->scheme, child);
    if (result != CRYPTO_OK) {
        return result;
    }
    result = crypto_hd_key(parent, &key);
    if (result == CRYPTO_OK) {
        (*child)->depth = parent->depth + 1;
        for (size_t i = 0; i < 4; i++) {
            (*child)->index[i] = (uint8_t)(index >> (24 - 8 * i));
        }
        compress(key, compressed);
        result = make_fingerprint(compressed, (*child)->fingerprint);
        if (result == CRYPTO_OK) {
            result = derive_child(parent, key, compressed, *child);
        }
        crypto_pool_free(key);
    }
    return finish(child, result);
}

// --- Symmetric children ------------------------------------------------------------------------------

crypto_result_t crypto_hd_labelled_child(const crypto_hd_node_t *parent, const uint8_t *label, size_t label_length,
                                         crypto_hd_node_t **child) {
    static const uint8_t zero[1];
    uint8_t digest[DIGEST_BYTES];
    const crypto_part_t parts[] = {{zero, sizeof(zero)}, {label, label_length}};
    if (parent->scheme != CRYPTO_HD_SYMMETRIC || label_length > CRYPTO_HD_LABEL_MAX_BYTES) {
        return CRYPTO_ARGUMENT;
    }
    if (parent->depth == UINT8_MAX) {
        return CRYPTO_FAILED;
    }
    crypto_result_t result = new_node(parent->scheme, child);
    if (result != CRYPTO_OK) {
        return result;
    }
    result = hmac(parent->chain, HALF_BYTES, parts, 2, digest);
    if (result == CRYPTO_OK) {
        (*child)->depth = parent->depth + 1;
        result = set_master(*child, digest);
    }
    crypto_wipe(digest, sizeof(digest));
    return finish(child, result);
}

crypto_result_t crypto_hd_cipher(const crypto_hd_node_t *node, crypto_hd_direction_t direction, const uint8_t *label,
                                 size_t label_length, const uint8_t *iv, const uint8_t *in, size_t length,
                                 uint8_t *out) {
    uint8_t material[DIGEST_BYTES];
    const crypto_part_t part = {label, label_length};
    if (node->scheme != CRYPTO_HD_SYMMETRIC) {
        return CRYPTO_ARGUMENT;
    }
    crypto_result_t result = hmac(node->key, HALF_BYTES, &part, 1, material);
    if (result == CRYPTO_OK) {
        crypto_cipher_use_t use = {.cipher = CRYPTO_CIPHER_AES_CBC,
                                   .key = material,
                                   .key_length = HALF_BYTES,
                                   .iv = iv != NULL ? iv : material + HALF_BYTES,
                                   .iv_length = CRYPTO_CIPHER_BLOCK_BYTES};
        result = direction == CRYPTO_HD_ENCRYPT ? crypto_encrypt(&use, in, length, out)
                                                : crypto_decrypt(&use, in, length, out);
    }
    crypto_wipe(material, sizeof(material));
    return result;
}

// --- What may be shown -------------------------------------------------------------------------------

// SHA-256 twice: tells halves of symmetric nodes apart without giving them away.
static crypto_result_t hash_twice(const uint8_t half[HALF_BYTES], uint8_t out[HALF_BYTES]) {
    const crypto_part_t first = {half, HALF_BYTES};
    const crypto_part_t second = {out, HALF_BYTES};
    crypto_result_t result = crypto_hash_parts(CRYPTO_HASH_SHA256, &first, 1, out);
    return result == CRYPTO_OK ? crypto_hash_parts(CRYPTO_HASH_SHA256, &second, 1, out) : result;
}

static crypto_result_t put_public_key(const crypto_hd_node_t *node, uint8_t out[COMPRESSED_BYTES]) {
    crypto_ec_key_t *key;
    crypto_result_t result = crypto_hd_key(node, &key);
    if (result == CRYPTO_OK) {
        compress(key, out);
        crypto_pool_free(key);
    }
    return result;
}

crypto_result_t crypto_hd_public(const crypto_hd_node_t *node, uint8_t out[CRYPTO_HD_PUBLIC_MAX_BYTES],
                                 size_t *out_length) {
    static const uint8_t version[4] = {0x04, 0x88, 0xB2, 0x1E};
    memcpy(out, version, sizeof(version));
    out[4] = node->depth;
    memcpy(out + 5, node->fingerprint, sizeof(node->fingerprint));
    memcpy(out + 9, node->index, sizeof(node->index));
    uint8_t *chain = out + 13;
    uint8_t *key = chain + HALF_BYTES;
    if (node->scheme != CRYPTO_HD_SYMMETRIC) {
        memcpy(chain, node->chain, HALF_BYTES);
        *out_length = (size_t)(key - out) + COMPRESSED_BYTES;
        return put_public_key(node, key);
    }
    *out_length = (size_t)(key - out) + HALF_BYTES;
    crypto_result_t result = hash_twice(node->chain, chain);
    return result == CRYPTO_OK ? hash_twice(node->key, key) : result;
}
