// SPDX-License-Identifier: GPL-2.0-or-later
// The self-test: known-answer requests to the crypto core, and how they travel.
//
// A message is a number (operation or result) and parts; each part is a 32-bit little-endian length and that
// many bytes, padded with zeros to a multiple of 4. Integers in parts are 32-bit little endian.
#ifndef SELFTEST_H
#define SELFTEST_H

#include <stddef.h>
#include <stdint.h>

#define SELFTEST_REQUEST_BYTES (16 * 1024)
#define SELFTEST_RESPONSE_BYTES (8 * 1024)

typedef enum {
    SELFTEST_DIGEST = 1,    // hash, message -> digest
    SELFTEST_HMAC,          // hash, key, message -> tag
    SELFTEST_HKDF,          // hash, key, salt, info, length -> key
    SELFTEST_PBKDF2,        // hash, password, salt, iterations, length -> key
    SELFTEST_STRETCH,       // pin, salt, iterations, pepper -> 32 bytes
    SELFTEST_SIV_ENCRYPT,   // key, associated, plain -> V || C
    SELFTEST_SIV_DECRYPT,   // key, associated, V || C -> plain
    SELFTEST_SEAL,          // secret, associated, plain -> sealed
    SELFTEST_OPEN,          // secret, associated, sealed -> plain
    SELFTEST_DRBG_ANSWER,   // entropy, nonce, reseed entropy (may be empty) -> 128 bytes
    SELFTEST_RANDOM,        // length -> bytes
    SELFTEST_RESEED,        //
    SELFTEST_EC_PUBLIC,     // curve, private -> X || Y
    SELFTEST_EC_GENERATE,   // curve -> private, X || Y
    SELFTEST_ECDSA_SIGN,    // curve, private, hash, entropy of the nonce -> r || s, DER
    SELFTEST_ECDSA_HEDGED,  // curve, private, hash -> r || s
    SELFTEST_ECDSA_VERIFY,  // curve, X || Y, hash, r || s
    SELFTEST_ECDH,          // curve, private, X || Y -> X
    SELFTEST_CURVE,         // curve -> p, a, b, n, G as a public key, cofactor
    SELFTEST_RSA_PUBLIC,    // bits, n, e, block -> block
    SELFTEST_RSA_PRIVATE,   // bits, e, p, q, block, count -> block of the last of `count` operations
    SELFTEST_RSA_PKCS1,     // bits, e, p, q, hash, digest -> signature
    SELFTEST_RSA_PSS,       // bits, e, p, q, hash, digest, salt (empty: random) -> signature
    SELFTEST_RSA_GENERATE,  // bits, e -> n, sealed form of the key under a secret of 32 zero bytes
    SELFTEST_ENTROPY,       // seed, fails (0 or 1): the noise source from now on
    SELFTEST_CANCEL,        // polls until the host cancels; FFFFFFFF: never
    SELFTEST_POOL,          // -> used bytes, peak bytes since the last such request
    SELFTEST_FOLD,          // key, element, accumulator, remove (0 or 1) -> accumulator
    SELFTEST_COMBINE,       // secret, secret -> their XOR
    SELFTEST_CHECK_VALUE,   // secret -> 8 bytes
    SELFTEST_EC_DERIVE,     // curve, private, offset -> private, X || Y
    SELFTEST_EDWARDS_PUBLIC,      // curve, seed -> public
    SELFTEST_EDWARDS_GENERATE,    // curve -> seed, public
    SELFTEST_EDWARDS_SIGN,        // curve, seed, message -> signature
    SELFTEST_MONTGOMERY_PUBLIC,   // curve, private -> public
    SELFTEST_MONTGOMERY_GENERATE, // curve -> private, public
    SELFTEST_MONTGOMERY_ECDH,     // curve, private, public -> u
    // Of the following three, each part begins with `skip` bytes that do not count, the answer as well.
    SELFTEST_ENCRYPT,       // cipher, skip, key, iv, associated, data -> data || tag
    SELFTEST_DECRYPT,       // cipher, skip, key, iv, associated, data || tag -> data
    SELFTEST_CMAC,          // skip, key, message -> tag (nothing left out)
    SELFTEST_X963,          // hash, secret, info, length -> key
    SELFTEST_PBES2_ENCRYPT, // key, hash, salt, iterations, key length, iv, data -> data
    SELFTEST_PBES2_DECRYPT, // key, hash, salt, iterations, key length, iv, data -> data
    SELFTEST_AES_GENERATE,  // length -> key
    SELFTEST_RSA_DECRYPT_PKCS1, // bits, e, p, q, block -> message
    SELFTEST_RSA_DECRYPT_OAEP,  // hash, bits, e, p, q, block -> message
    SELFTEST_RSA_VERIFY_PKCS1,  // bits, n, e, hash, digest, signature
    SELFTEST_RSA_VERIFY_PSS,    // bits, n, e, hash, digest, signature
    SELFTEST_WRAP,              // DKEK, algorithms, key sealed under 32 zero bytes -> blob
    SELFTEST_UNWRAP,            // DKEK, blob -> algorithms, key sealed under 32 zero bytes
    SELFTEST_CHANNEL_SEND,      // curve, private, X || Y, nonce, steps, data -> token, MAC, ciphertext
    SELFTEST_CHANNEL_RECEIVE,   // curve, private, X || Y, nonce, steps, ciphertext -> data
    SELFTEST_HD_NODE,           // scheme, seed, path -> what may be shown, chain code, key
    SELFTEST_HD_CIPHER,         // scheme, seed, path, direction, label, iv, data -> data
    SELFTEST_HD_GENERATE,       // scheme (of a curve) -> chain code, private key, X || Y
} selftest_operation_t;

// Serve one request; writes the response's parts and their length, returns its result (crypto_result_t).
uint32_t selftest_serve(uint32_t operation, const uint8_t *parts, size_t parts_length, uint8_t *response,
                        size_t *response_length);

// --- The mailbox in SRAM (selftest_main.c) ---------------------------------------------------------

// Whoever drives the image writes a request and then a doorbell number that differs from the last one;
// the image answers in the response and then copies the number there.
typedef struct {
    uint32_t doorbell;
    uint32_t number;
    uint32_t length;
    uint8_t parts[SELFTEST_REQUEST_BYTES];
} selftest_request_t;

typedef struct {
    uint32_t doorbell;
    uint32_t number;
    uint32_t length;
    uint8_t parts[SELFTEST_RESPONSE_BYTES];
} selftest_response_t;

extern volatile selftest_request_t selftest_request;
extern volatile selftest_response_t selftest_response;

#endif // SELFTEST_H
