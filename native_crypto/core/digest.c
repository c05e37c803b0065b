// SPDX-License-Identifier: GPL-2.0-or-later
// Hashes: [FIPS180-4] SHA-1 and SHA-2, over one part or many.
#include "digest.h"

#include "library.h"
#include "pool.h"

struct crypto_digest {
    enum wc_HashType type;
    wc_HashAlg algorithm;
};

static const enum wc_HashType library_types[] = {
    [CRYPTO_HASH_NONE] = WC_HASH_TYPE_NONE,     [CRYPTO_HASH_SHA1] = WC_HASH_TYPE_SHA,
    [CRYPTO_HASH_SHA224] = WC_HASH_TYPE_SHA224, [CRYPTO_HASH_SHA256] = WC_HASH_TYPE_SHA256,
    [CRYPTO_HASH_SHA384] = WC_HASH_TYPE_SHA384, [CRYPTO_HASH_SHA512] = WC_HASH_TYPE_SHA512,
};

enum wc_HashType crypto_library_hash(crypto_hash_t hash) {
    return (size_t)hash <= CRYPTO_HASH_SHA512 ? library_types[hash] : WC_HASH_TYPE_NONE;
}

size_t crypto_digest_length(crypto_hash_t hash) {
    enum wc_HashType type = crypto_library_hash(hash);
    return type == WC_HASH_TYPE_NONE ? 0 : (size_t)wc_HashGetDigestSize(type);
}

crypto_result_t crypto_digest_new(crypto_hash_t hash, crypto_digest_t **digest) {
    enum wc_HashType type = crypto_library_hash(hash);
    if (type == WC_HASH_TYPE_NONE) {
        return CRYPTO_ARGUMENT;
    }
    *digest = crypto_pool_alloc(sizeof(**digest));
    if (*digest == NULL) {
        return CRYPTO_MEMORY;
    }
    (*digest)->type = type;
    if (wc_HashInit(&(*digest)->algorithm, type) != 0) {
        crypto_pool_free(*digest);
        return CRYPTO_FAILED;
    }
    return CRYPTO_OK;
}

crypto_result_t crypto_digest_update(crypto_digest_t *digest, const uint8_t *data, size_t length) {
    if (length == 0) {
        return CRYPTO_OK;
    }
    int error = wc_HashUpdate(&digest->algorithm, digest->type, data, length);
    return error == 0 ? CRYPTO_OK : CRYPTO_FAILED;
}

crypto_result_t crypto_digest_final(crypto_digest_t *digest, uint8_t *out) {
    int error = wc_HashFinal(&digest->algorithm, digest->type, out);
    wc_HashFree(&digest->algorithm, digest->type);
    crypto_pool_free(digest);
    return error == 0 ? CRYPTO_OK : CRYPTO_FAILED;
}
