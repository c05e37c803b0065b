// SPDX-License-Identifier: GPL-2.0-or-later
// Self-test requests, each a few lines around one function of the crypto core.
#include "selftest.h"

#include <stdbool.h>
#include <string.h>

#include "crypto_host.h"
#include "drbg.h"
#include "fold.h"
#include "pool.h"
#include "services.h"

crypto_secret_t selftest_zero_secret = {.length = CRYPTO_SEAL_KEY_BYTES};

// --- What the core needs of its image: scripted by requests ---------------------------------------------

static uint32_t noise_state = 1;
static bool noise_fails;
static uint32_t polls_left = UINT32_MAX;

// xorshift32: repeatable, and good enough for a generator that hashes it.
int crypto_host_entropy(uint8_t *out, size_t length) {
    if (noise_fails) {
        return -1;
    }
    for (size_t i = 0; i < length; i++) {
        noise_state ^= noise_state << 13;
        noise_state ^= noise_state >> 17;
        noise_state ^= noise_state << 5;
        out[i] = (uint8_t)(noise_state >> 24);
    }
    return 0;
}

bool crypto_host_cancelled(void) {
    if (polls_left != UINT32_MAX && polls_left > 0) {
        polls_left--;
    }
    return polls_left == 0;
}

// --- Symmetric -------------------------------------------------------------------------------------

static crypto_result_t serve_digest(reader_t *in, writer_t *out) {
    crypto_hash_t hash = (crypto_hash_t)selftest_read_word(in);
    part_t message = selftest_read(in);
    crypto_digest_t *digest;
    crypto_result_t result = crypto_digest_new(hash, &digest);
    if (result == CRYPTO_OK) {
        crypto_digest_update(digest, message.bytes, message.length);
        result = crypto_digest_final(digest, selftest_write(out, crypto_digest_length(hash)));
    }
    return result;
}

static crypto_result_t serve_siv_encrypt(reader_t *in, writer_t *out) {
    part_t key = selftest_read(in);
    part_t associated = selftest_read(in);
    part_t plain = selftest_read(in);
    return crypto_siv_encrypt(key.bytes, key.length, associated.bytes, associated.length, plain.bytes, plain.length,
                              selftest_write(out, CRYPTO_SEAL_TAG_BYTES + plain.length));
}

static crypto_result_t serve_siv_decrypt(reader_t *in, writer_t *out) {
    part_t key = selftest_read(in);
    part_t associated = selftest_read(in);
    part_t sealed = selftest_read(in);
    if (sealed.length < CRYPTO_SEAL_TAG_BYTES) {
        return CRYPTO_ARGUMENT;
    }
    return crypto_siv_decrypt(key.bytes, key.length, associated.bytes, associated.length, sealed.bytes, sealed.length,
                              selftest_write(out, sealed.length - CRYPTO_SEAL_TAG_BYTES));
}

static crypto_result_t read_secret(reader_t *in, crypto_secret_t **secret) {
    part_t bytes = selftest_read_exactly(in, CRYPTO_SEAL_KEY_BYTES);
    crypto_result_t result = in->failed ? CRYPTO_ARGUMENT : crypto_secret_new(bytes.length, secret);
    if (result == CRYPTO_OK) {
        memcpy((*secret)->bytes, bytes.bytes, bytes.length);
    }
    return result;
}

static crypto_result_t serve_fold(reader_t *in, writer_t *out) {
    part_t key = selftest_read(in);
    part_t element = selftest_read(in);
    part_t before = selftest_read_exactly(in, CRYPTO_FOLD_BYTES);
    crypto_fold_sign_t sign = selftest_read_word(in) != 0 ? CRYPTO_FOLD_REMOVE : CRYPTO_FOLD_ADD;
    if (in->failed) {
        return CRYPTO_ARGUMENT;
    }
    uint8_t *accumulator = selftest_write(out, CRYPTO_FOLD_BYTES);
    memcpy(accumulator, before.bytes, CRYPTO_FOLD_BYTES);
    return crypto_fold(key.bytes, key.length, element.bytes, element.length, sign, accumulator);
}

static crypto_result_t serve_combine(reader_t *in, writer_t *out) {
    crypto_secret_t secrets[2];
    for (size_t i = 0; i < 2; i++) {
        part_t bytes = selftest_read_exactly(in, CRYPTO_SEAL_KEY_BYTES);
        if (in->failed) {
            return CRYPTO_ARGUMENT;
        }
        secrets[i].length = (uint8_t)bytes.length;
        memcpy(secrets[i].bytes, bytes.bytes, bytes.length);
    }
    crypto_secret_combine(&secrets[0], &secrets[1], &secrets[0]);
    memcpy(selftest_write(out, CRYPTO_SEAL_KEY_BYTES), secrets[0].bytes, CRYPTO_SEAL_KEY_BYTES);
    return CRYPTO_OK;
}

static crypto_result_t serve_check_value(reader_t *in, writer_t *out) {
    crypto_secret_t *secret;
    crypto_result_t result = read_secret(in, &secret);
    if (result == CRYPTO_OK) {
        result = crypto_secret_check_value(secret, selftest_write(out, CRYPTO_CHECK_VALUE_BYTES));
        crypto_pool_free(secret);
    }
    return result;
}

static crypto_result_t serve_seal(reader_t *in, writer_t *out) {
    crypto_secret_t *secret;
    crypto_result_t result = read_secret(in, &secret);
    if (result == CRYPTO_OK) {
        part_t associated = selftest_read(in);
        part_t plain = selftest_read(in);
        uint8_t *sealed = selftest_write(out, CRYPTO_SEAL_TAG_BYTES + plain.length);
        result = crypto_seal(secret, associated.bytes, associated.length, plain.bytes, plain.length, sealed);
        crypto_pool_free(secret);
    }
    return result;
}

static crypto_result_t serve_open(reader_t *in, writer_t *out) {
    crypto_secret_t *secret;
    crypto_result_t result = read_secret(in, &secret);
    if (result != CRYPTO_OK) {
        return result;
    }
    part_t associated = selftest_read(in);
    part_t sealed = selftest_read(in);
    if (sealed.length < CRYPTO_SEAL_TAG_BYTES) {
        result = CRYPTO_ARGUMENT;
    } else {
        uint8_t *plain = selftest_write(out, sealed.length - CRYPTO_SEAL_TAG_BYTES);
        result = crypto_open(secret, associated.bytes, associated.length, sealed.bytes, sealed.length, plain);
    }
    crypto_pool_free(secret);
    return result;
}

// --- Randomness --------------------------------------------------------------------------------------

static crypto_result_t serve_drbg_answer(reader_t *in, writer_t *out) {
    part_t entropy = selftest_read(in);
    part_t nonce = selftest_read(in);
    part_t reseed = selftest_read(in);
    return crypto_drbg_answer(entropy.bytes, entropy.length, nonce.bytes, nonce.length,
                              reseed.length != 0 ? reseed.bytes : NULL, reseed.length,
                              selftest_write(out, CRYPTO_DRBG_ANSWER_BYTES));
}

static crypto_result_t serve_random(reader_t *in, writer_t *out) {
    size_t length = selftest_read_word(in);
    uint8_t *bytes = selftest_write(out, length);
    return bytes != NULL ? crypto_random(bytes, length) : CRYPTO_ARGUMENT;
}

static crypto_result_t serve_reseed(reader_t *in, writer_t *out) {
    (void)in;
    (void)out;
    return crypto_reseed();
}

static crypto_result_t serve_entropy(reader_t *in, writer_t *out) {
    (void)out;
    uint32_t seed = selftest_read_word(in);
    noise_state = seed != 0 ? seed : 1; // xorshift never leaves zero
    noise_fails = selftest_read_word(in) != 0;
    return CRYPTO_OK;
}

static crypto_result_t serve_cancel(reader_t *in, writer_t *out) {
    (void)out;
    polls_left = selftest_read_word(in);
    return CRYPTO_OK;
}

static crypto_result_t serve_pool(reader_t *in, writer_t *out) {
    (void)in;
    selftest_write_word(out, crypto_pool_used_bytes());
    selftest_write_word(out, crypto_pool_peak_bytes());
    crypto_pool_reset_peak();
    return CRYPTO_OK;
}

// --- Keys on their way through ------------------------------------------------------------------------

crypto_result_t selftest_through_seal(crypto_object_kind_t kind, void **handle) {
    size_t length = crypto_object_sealed_length(kind, *handle);
    uint8_t *sealed = crypto_pool_alloc(length);
    if (sealed == NULL) {
        return CRYPTO_MEMORY;
    }
    crypto_result_t result = crypto_object_seal(&selftest_zero_secret, NULL, 0, kind, *handle, sealed);
    crypto_pool_free(*handle);
    *handle = NULL;
    crypto_object_kind_t opened = kind;
    if (result == CRYPTO_OK) {
        result = crypto_object_open(&selftest_zero_secret, NULL, 0, sealed, length, &opened, handle);
    }
    crypto_pool_free(sealed);
    return result == CRYPTO_OK && opened != kind ? CRYPTO_FAILED : result;
}

// --- Dispatch ------------------------------------------------------------------------------------------

static service_t *const services[] = {
    [SELFTEST_DIGEST] = serve_digest,
    [SELFTEST_HMAC] = selftest_hmac,
    [SELFTEST_HKDF] = selftest_hkdf,
    [SELFTEST_PBKDF2] = selftest_pbkdf2,
    [SELFTEST_STRETCH] = selftest_stretch,
    [SELFTEST_SIV_ENCRYPT] = serve_siv_encrypt,
    [SELFTEST_SIV_DECRYPT] = serve_siv_decrypt,
    [SELFTEST_SEAL] = serve_seal,
    [SELFTEST_OPEN] = serve_open,
    [SELFTEST_DRBG_ANSWER] = serve_drbg_answer,
    [SELFTEST_RANDOM] = serve_random,
    [SELFTEST_RESEED] = serve_reseed,
    [SELFTEST_EC_PUBLIC] = selftest_ec_public,
    [SELFTEST_EC_GENERATE] = selftest_ec_generate,
    [SELFTEST_ECDSA_SIGN] = selftest_ecdsa_sign,
    [SELFTEST_ECDSA_HEDGED] = selftest_ecdsa_hedged,
    [SELFTEST_ECDSA_VERIFY] = selftest_ecdsa_verify,
    [SELFTEST_ECDH] = selftest_ecdh,
    [SELFTEST_CURVE] = selftest_curve,
    [SELFTEST_RSA_PUBLIC] = selftest_rsa_public,
    [SELFTEST_RSA_PRIVATE] = selftest_rsa_private,
    [SELFTEST_RSA_PKCS1] = selftest_rsa_pkcs1,
    [SELFTEST_RSA_PSS] = selftest_rsa_pss,
    [SELFTEST_RSA_GENERATE] = selftest_rsa_generate,
    [SELFTEST_ENTROPY] = serve_entropy,
    [SELFTEST_CANCEL] = serve_cancel,
    [SELFTEST_POOL] = serve_pool,
    [SELFTEST_FOLD] = serve_fold,
    [SELFTEST_COMBINE] = serve_combine,
    [SELFTEST_CHECK_VALUE] = serve_check_value,
    [SELFTEST_EC_DERIVE] = selftest_ec_derive,
    [SELFTEST_EDWARDS_PUBLIC] = selftest_edwards_public,
    [SELFTEST_EDWARDS_GENERATE] = selftest_edwards_generate,
    [SELFTEST_EDWARDS_SIGN] = selftest_edwards_sign,
    [SELFTEST_MONTGOMERY_PUBLIC] = selftest_montgomery_public,
    [SELFTEST_MONTGOMERY_GENERATE] = selftest_montgomery_generate,
    [SELFTEST_MONTGOMERY_ECDH] = selftest_montgomery_ecdh,
    [SELFTEST_ENCRYPT] = selftest_encrypt,
    [SELFTEST_DECRYPT] = selftest_decrypt,
    [SELFTEST_CMAC] = selftest_cmac,
    [SELFTEST_X963] = selftest_x963,
    [SELFTEST_PBES2_ENCRYPT] = selftest_pbes2_encrypt,
    [SELFTEST_PBES2_DECRYPT] = selftest_pbes2_decrypt,
    [SELFTEST_AES_GENERATE] = selftest_aes_generate,
    [SELFTEST_RSA_DECRYPT_PKCS1] = selftest_rsa_decrypt_pkcs1,
    [SELFTEST_RSA_DECRYPT_OAEP] = selftest_rsa_decrypt_oaep,
    [SELFTEST_RSA_VERIFY_PKCS1] = selftest_rsa_verify_pkcs1,
    [SELFTEST_RSA_VERIFY_PSS] = selftest_rsa_verify_pss,
    [SELFTEST_WRAP] = selftest_wrap,
    [SELFTEST_UNWRAP] = selftest_unwrap,
    [SELFTEST_CHANNEL_SEND] = selftest_channel_send,
    [SELFTEST_CHANNEL_RECEIVE] = selftest_channel_receive,
    [SELFTEST_HD_NODE] = selftest_hd_node,
    [SELFTEST_HD_CIPHER] = selftest_hd_cipher,
    [SELFTEST_HD_GENERATE] = selftest_hd_generate,
};

uint32_t selftest_serve(uint32_t operation, const uint8_t *parts, size_t parts_length, uint8_t *response,
                        size_t *response_length) {
    reader_t in = {.at = parts, .end = parts + parts_length};
    writer_t out = {.start = response, .at = response, .end = response + SELFTEST_RESPONSE_BYTES};
    *response_length = 0;
    if (operation >= sizeof(services) / sizeof(services[0]) || services[operation] == NULL) {
        return CRYPTO_ARGUMENT;
    }
    crypto_result_t result = services[operation](&in, &out);
    if (in.failed) {
        result = CRYPTO_ARGUMENT;
    }
    if (result == CRYPTO_OK) {
        *response_length = (size_t)(out.at - out.start);
    }
    return result;
}
