// SPDX-License-Identifier: GPL-2.0-or-later
// Encodings that signing and verifying share, for the core's own files.
#ifndef CRYPTO_RSA_PADDING_H
#define CRYPTO_RSA_PADDING_H

#include <stddef.h>
#include <stdint.h>

#include "digest.h"
#include "result.h"

// EMSA-PKCS1-v1_5 ([RFC8017] 9.2) into `length` bytes; `hash` NONE takes `digest` as a complete DigestInfo.
// CRYPTO_ARGUMENT for a digest of another length than the hash's, or too long for the block.
crypto_result_t crypto_rsa_encode_pkcs1(crypto_hash_t hash, const uint8_t *digest, size_t digest_length,
                                        uint8_t *block, size_t length);

#endif // CRYPTO_RSA_PADDING_H
