// SPDX-License-Identifier: GPL-2.0-or-later
// Self-test requests for what is made of keys: key blobs, secure channels, trees of keys.
#include <string.h>

#include "hd_node.h"
#include "key_blob.h"
#include "pool.h"
#include "secure_channel.h"
#include "services.h"

// --- Key blobs -----------------------------------------------------------------------------------------

static crypto_result_t read_dkek(reader_t *in, crypto_secret_t **dkek) {
    part_t bytes = selftest_read(in);
    crypto_result_t result = crypto_secret_new(bytes.length, dkek);
    if (result == CRYPTO_OK) {
        memcpy((*dkek)->bytes, bytes.bytes, bytes.length);
    }
    return result;
}

crypto_result_t selftest_wrap(reader_t *in, writer_t *out) {
    crypto_secret_t *dkek;
    crypto_object_kind_t kind;
    void *handle = NULL;
    size_t length = 0;
    crypto_result_t result = read_dkek(in, &dkek);
    if (result != CRYPTO_OK) {
        return result;
    }
    part_t algorithms = selftest_read(in);
    part_t sealed = selftest_read(in);
    uint8_t *blob = crypto_pool_alloc(CRYPTO_BLOB_MAX_BYTES);
    result = crypto_object_open(&selftest_zero_secret, NULL, 0, sealed.bytes, sealed.length, &kind, &handle);
    if (result == CRYPTO_OK) {
        result = crypto_blob_wrap(dkek, kind, handle, algorithms.bytes, algorithms.length, blob, &length);
        crypto_pool_free(handle);
    }
    if (result == CRYPTO_OK) {
        memcpy(selftest_write(out, length), blob, length);
    }
    crypto_pool_free(blob);
    crypto_pool_free(dkek);
    return result;
}

crypto_result_t selftest_unwrap(reader_t *in, writer_t *out) {
    crypto_secret_t *dkek;
    crypto_blob_t opened;
    crypto_result_t result = read_dkek(in, &dkek);
    if (result != CRYPTO_OK) {
        return result;
    }
    part_t blob = selftest_read(in);
    result = crypto_blob_unwrap(dkek, blob.bytes, blob.length, &opened);
    crypto_pool_free(dkek);
    if (result == CRYPTO_OK) {
        size_t length = crypto_object_sealed_length(opened.kind, opened.handle);
        memcpy(selftest_write(out, opened.algorithms_length), opened.algorithms, opened.algorithms_length);
        result = crypto_object_seal(&selftest_zero_secret, NULL, 0, opened.kind, opened.handle,
                                    selftest_write(out, length));
        crypto_pool_free(opened.handle);
    }
    return result;
}

// --- Secure channels -----------------------------------------------------------------------------------

static crypto_result_t read_channel(reader_t *in, crypto_channel_t **channel) {
    int curve = (int)selftest_read_word(in);
    size_t length = crypto_curve_bytes(curve);
    part_t private_key = selftest_read_exactly(in, length);
    part_t public_key = selftest_read_exactly(in, 2 * length);
    part_t nonce = selftest_read_exactly(in, CRYPTO_CHANNEL_NONCE_BYTES);
    uint32_t steps = selftest_read_word(in);
    crypto_ec_key_t *key;
    crypto_result_t result =
        in->failed ? CRYPTO_ARGUMENT : crypto_ec_from_private(curve, private_key.bytes, &key);
    if (result != CRYPTO_OK) {
        return result;
    }
    result = crypto_channel_new(key, public_key.bytes, nonce.bytes, channel);
    crypto_pool_free(key);
    for (uint32_t i = 0; result == CRYPTO_OK && i < steps; i++) {
        result = crypto_channel_advance(*channel);
    }
    return result;
}

crypto_result_t selftest_channel_send(reader_t *in, writer_t *out) {
    crypto_channel_t *channel;
    crypto_result_t result = read_channel(in, &channel);
    if (result != CRYPTO_OK) {
        return result;
    }
    part_t data = selftest_read(in);
    const crypto_part_t part = {data.bytes, data.length};
    size_t length = data.length / CRYPTO_CHANNEL_BLOCK_BYTES * CRYPTO_CHANNEL_BLOCK_BYTES + CRYPTO_CHANNEL_BLOCK_BYTES;
    result = crypto_channel_mac(channel, CRYPTO_CHANNEL_WITHOUT_COUNTER, &part, 1,
                                selftest_write(out, CRYPTO_CHANNEL_MAC_BYTES));
    if (result == CRYPTO_OK) {
        result = crypto_channel_mac(channel, CRYPTO_CHANNEL_WITH_COUNTER, &part, 1,
                                    selftest_write(out, CRYPTO_CHANNEL_MAC_BYTES));
    }
    if (result == CRYPTO_OK) {
        result = crypto_channel_encrypt(channel, data.bytes, data.length, selftest_write(out, length), &length);
    }
    crypto_pool_free(channel);
    return result;
}

crypto_result_t selftest_channel_receive(reader_t *in, writer_t *out) {
    crypto_channel_t *channel;
    crypto_result_t result = read_channel(in, &channel);
    if (result != CRYPTO_OK) {
        return result;
    }
    part_t data = selftest_read(in);
    uint8_t *plain = crypto_pool_alloc(data.length);
    size_t length = 0;
    result = crypto_channel_decrypt(channel, data.bytes, data.length, plain, &length);
    if (result == CRYPTO_OK) {
        memcpy(selftest_write(out, length), plain, length);
    }
    crypto_pool_free(plain);
    crypto_pool_free(channel);
    return result;
}

// --- Trees of keys -------------------------------------------------------------------------------------

// One step of a path: an index of 4 bytes, big endian, or a label after its length.
static crypto_result_t step(crypto_hd_node_t **node, const uint8_t **at) {
    const uint8_t *bytes = *at;
    crypto_hd_node_t *child = NULL;
    crypto_result_t result;
    if ((*node)->scheme == CRYPTO_HD_SYMMETRIC) {
        result = crypto_hd_labelled_child(*node, bytes + 1, bytes[0], &child);
        *at += 1 + bytes[0];
    } else {
        uint32_t index =
            ((uint32_t)bytes[0] << 24) | ((uint32_t)bytes[1] << 16) | ((uint32_t)bytes[2] << 8) | bytes[3];
        result = crypto_hd_child(*node, index, &child);
        *at += 4;
    }
    crypto_pool_free(*node);
    *node = child;
    return result == CRYPTO_OK ? selftest_through_seal(CRYPTO_OBJECT_HD, (void **)node) : result;
}

static crypto_result_t read_node(reader_t *in, crypto_hd_node_t **node) {
    int scheme = (int)selftest_read_word(in);
    part_t seed = selftest_read(in);
    part_t path = selftest_read(in);
    const uint8_t *at = path.bytes;
    crypto_result_t result = crypto_hd_from_seed(scheme, seed.bytes, seed.length, node);
    while (result == CRYPTO_OK && at < path.bytes + path.length) {
        result = step(node, &at);
    }
    return result;
}

crypto_result_t selftest_hd_node(reader_t *in, writer_t *out) {
    crypto_hd_node_t *node;
    crypto_result_t result = read_node(in, &node);
    if (result == CRYPTO_OK) {
        uint8_t shown[CRYPTO_HD_PUBLIC_MAX_BYTES];
        size_t length = 0;
        result = crypto_hd_public(node, shown, &length);
        memcpy(selftest_write(out, length), shown, length);
        memcpy(selftest_write(out, CRYPTO_HD_HALF_BYTES), node->chain, CRYPTO_HD_HALF_BYTES);
        memcpy(selftest_write(out, CRYPTO_HD_HALF_BYTES), node->key, CRYPTO_HD_HALF_BYTES);
        crypto_pool_free(node);
    }
    return result;
}

crypto_result_t selftest_hd_cipher(reader_t *in, writer_t *out) {
    crypto_hd_node_t *node;
    crypto_result_t result = read_node(in, &node);
    if (result == CRYPTO_OK) {
        crypto_hd_direction_t direction = (crypto_hd_direction_t)selftest_read_word(in);
        part_t label = selftest_read(in);
        part_t iv = selftest_read(in);
        part_t data = selftest_read(in);
        result = crypto_hd_cipher(node, direction, label.bytes, label.length, iv.length != 0 ? iv.bytes : NULL,
                                  data.bytes, data.length, selftest_write(out, data.length));
        crypto_pool_free(node);
    }
    return result;
}

crypto_result_t selftest_hd_generate(reader_t *in, writer_t *out) {
    crypto_hd_node_t *node;
    crypto_ec_key_t *key;
    crypto_result_t result = crypto_hd_generate((int)selftest_read_word(in), &node);
    if (result != CRYPTO_OK) {
        return result;
    }
    result = crypto_hd_key(node, &key);
    if (result == CRYPTO_OK) {
        memcpy(selftest_write(out, CRYPTO_HD_HALF_BYTES), node->chain, CRYPTO_HD_HALF_BYTES);
        memcpy(selftest_write(out, CRYPTO_HD_HALF_BYTES), key->private_key, CRYPTO_HD_HALF_BYTES);
        memcpy(selftest_write(out, 2 * CRYPTO_HD_HALF_BYTES), key->public_key, 2 * CRYPTO_HD_HALF_BYTES);
        crypto_pool_free(key);
    }
    crypto_pool_free(node);
    return result;
}
