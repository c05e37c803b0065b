// SPDX-License-Identifier: GPL-2.0-or-later
// Self-test requests, each a few lines around one function of the crypto core.
#include "selftest.h"

#include <stdbool.h>
#include <string.h>

#include "crypto_host.h"
#include "drbg.h"
#include "ec.h"
#include "fold.h"
#include "kdf.h"
#include "object.h"
#include "parts.h"
#include "pool.h"
#include "rsa.h"
#include "seal.h"

// What keys are sealed under on their way through here.
static crypto_secret_t zero_secret = {.length = CRYPTO_SEAL_KEY_BYTES};

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

static crypto_result_t serve_hmac(reader_t *in, writer_t *out) {
    crypto_hash_t hash = (crypto_hash_t)selftest_read_word(in);
    part_t key = selftest_read(in);
    part_t message = selftest_read(in);
    crypto_mac_t *mac;
    crypto_result_t result = crypto_mac_new(hash, key.bytes, key.length, &mac);
    if (result == CRYPTO_OK) {
        crypto_mac_update(mac, message.bytes, message.length);
        result = crypto_mac_final(mac, selftest_write(out, crypto_digest_length(hash)));
    }
    return result;
}

static crypto_result_t serve_hkdf(reader_t *in, writer_t *out) {
    part_t key = selftest_read(in);
    part_t salt = selftest_read(in);
    part_t info = selftest_read(in);
    size_t length = selftest_read_word(in);
    return crypto_hkdf(key.bytes, key.length, salt.length != 0 ? salt.bytes : NULL, salt.length, info.bytes,
                       info.length, selftest_write(out, length), length);
}

static crypto_result_t serve_pbkdf2(reader_t *in, writer_t *out) {
    part_t password = selftest_read(in);
    part_t salt = selftest_read(in);
    uint32_t iterations = selftest_read_word(in);
    return crypto_pbkdf2(password.bytes, password.length, salt.bytes, salt.length, iterations,
                         selftest_write(out, CRYPTO_STRETCH_BYTES));
}

static crypto_result_t serve_stretch(reader_t *in, writer_t *out) {
    part_t pin = selftest_read(in);
    part_t salt = selftest_read_exactly(in, CRYPTO_STRETCH_SALT_BYTES);
    uint32_t iterations = selftest_read_word(in);
    part_t pepper = selftest_read(in);
    return crypto_stretch(pin.bytes, pin.length, salt.bytes, iterations, pepper.bytes, pepper.length,
                          selftest_write(out, CRYPTO_STRETCH_BYTES));
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

// --- Elliptic curves -----------------------------------------------------------------------------------

// Every key goes once through its sealed form, so that each vector tests that as well.
static crypto_result_t through_seal(crypto_object_kind_t kind, void **handle) {
    size_t length = crypto_object_sealed_length(kind, *handle);
    uint8_t *sealed = crypto_pool_alloc(length);
    if (sealed == NULL) {
        return CRYPTO_MEMORY;
    }
    crypto_result_t result = crypto_object_seal(&zero_secret, NULL, 0, kind, *handle, sealed);
    crypto_pool_free(*handle);
    *handle = NULL;
    crypto_object_kind_t opened = kind;
    if (result == CRYPTO_OK) {
        result = crypto_object_open(&zero_secret, NULL, 0, sealed, length, &opened, handle);
    }
    crypto_pool_free(sealed);
    return result == CRYPTO_OK && opened != kind ? CRYPTO_FAILED : result;
}

static crypto_result_t read_ec_key(reader_t *in, crypto_ec_key_t **key) {
    int curve = (int)selftest_read_word(in);
    part_t private_key = selftest_read_exactly(in, crypto_curve_bytes(curve));
    if (in->failed) {
        return CRYPTO_ARGUMENT;
    }
    crypto_result_t result = crypto_ec_from_private(curve, private_key.bytes, key);
    return result == CRYPTO_OK ? through_seal(CRYPTO_OBJECT_EC, (void **)key) : result;
}

static crypto_result_t serve_ec_public(reader_t *in, writer_t *out) {
    crypto_ec_key_t *key;
    crypto_result_t result = read_ec_key(in, &key);
    if (result == CRYPTO_OK) {
        size_t length = 2 * crypto_curve_bytes(key->curve);
        memcpy(selftest_write(out, length), key->public_key, length);
        crypto_pool_free(key);
    }
    return result;
}

static crypto_result_t serve_ec_generate(reader_t *in, writer_t *out) {
    crypto_ec_key_t *key;
    crypto_result_t result = crypto_ec_generate((int)selftest_read_word(in), &key);
    if (result == CRYPTO_OK) {
        size_t length = crypto_curve_bytes(key->curve);
        memcpy(selftest_write(out, length), key->private_key, length);
        memcpy(selftest_write(out, 2 * length), key->public_key, 2 * length);
        crypto_pool_free(key);
    }
    return result;
}

static crypto_result_t serve_ecdsa_sign(reader_t *in, writer_t *out) {
    crypto_ec_key_t *key;
    crypto_result_t result = read_ec_key(in, &key);
    if (result != CRYPTO_OK) {
        return result;
    }
    part_t hash = selftest_read(in);
    part_t entropy = selftest_read(in);
    size_t length = crypto_curve_bytes(key->curve);
    uint8_t *signature = selftest_write(out, 2 * length);
    result = crypto_ec_sign_with(key, hash.bytes, hash.length, entropy.bytes, entropy.length, signature);
    if (result == CRYPTO_OK) {
        uint8_t der[CRYPTO_SIGNATURE_DER_MAX_BYTES];
        size_t der_length = crypto_ec_signature_to_der(signature, length, der);
        memcpy(selftest_write(out, der_length), der, der_length);
    }
    crypto_pool_free(key);
    return result;
}

static crypto_result_t serve_ecdsa_hedged(reader_t *in, writer_t *out) {
    crypto_ec_key_t *key;
    crypto_result_t result = read_ec_key(in, &key);
    if (result == CRYPTO_OK) {
        part_t hash = selftest_read(in);
        uint8_t *signature = selftest_write(out, 2 * crypto_curve_bytes(key->curve));
        result = crypto_ec_sign(key, hash.bytes, hash.length, signature);
        crypto_pool_free(key);
    }
    return result;
}

static crypto_result_t serve_ecdsa_verify(reader_t *in, writer_t *out) {
    (void)out;
    int curve = (int)selftest_read_word(in);
    size_t length = 2 * crypto_curve_bytes(curve);
    part_t public_key = selftest_read_exactly(in, length);
    part_t hash = selftest_read(in);
    part_t signature = selftest_read_exactly(in, length);
    return in->failed ? CRYPTO_ARGUMENT
                      : crypto_ec_verify(curve, public_key.bytes, hash.bytes, hash.length, signature.bytes);
}

static crypto_result_t serve_ecdh(reader_t *in, writer_t *out) {
    crypto_ec_key_t *key;
    crypto_result_t result = read_ec_key(in, &key);
    if (result == CRYPTO_OK) {
        size_t length = crypto_curve_bytes(key->curve);
        part_t public_key = selftest_read_exactly(in, 2 * length);
        result = in->failed ? CRYPTO_ARGUMENT
                            : crypto_ec_shared_secret(key, public_key.bytes, selftest_write(out, length));
        crypto_pool_free(key);
    }
    return result;
}

static crypto_result_t serve_curve(reader_t *in, writer_t *out) {
    int curve = (int)selftest_read_word(in);
    size_t length = crypto_curve_bytes(curve);
    if (length == 0) {
        return CRYPTO_ARGUMENT;
    }
    const uint8_t *prime = out->at + sizeof(uint32_t);
    for (int parameter = CRYPTO_CURVE_PRIME; parameter <= CRYPTO_CURVE_ORDER; parameter++) {
        crypto_curve_parameter(curve, (crypto_curve_parameter_t)parameter, selftest_write(out, length));
    }
    return crypto_curve_from_prime(prime, length) == curve ? CRYPTO_OK : CRYPTO_FAILED;
}

// --- RSA -----------------------------------------------------------------------------------------------

static crypto_result_t read_rsa_key(reader_t *in, crypto_rsa_key_t **key) {
    unsigned bits = selftest_read_word(in);
    uint32_t exponent = selftest_read_word(in);
    part_t p = selftest_read_exactly(in, bits / 16);
    part_t q = selftest_read_exactly(in, bits / 16);
    if (in->failed) {
        return CRYPTO_ARGUMENT;
    }
    crypto_result_t result = crypto_rsa_from_primes(bits, exponent, p.bytes, q.bytes, key);
    return result == CRYPTO_OK ? through_seal(CRYPTO_OBJECT_RSA, (void **)key) : result;
}

static crypto_result_t serve_rsa_public(reader_t *in, writer_t *out) {
    unsigned bits = selftest_read_word(in);
    part_t modulus = selftest_read_exactly(in, bits / 8);
    uint32_t exponent = selftest_read_word(in);
    part_t block = selftest_read_exactly(in, bits / 8);
    return in->failed ? CRYPTO_ARGUMENT
                      : crypto_rsa_public(bits, modulus.bytes, exponent, block.bytes, selftest_write(out, bits / 8));
}

static crypto_result_t serve_rsa_private(reader_t *in, writer_t *out) {
    crypto_rsa_key_t *key;
    crypto_result_t result = read_rsa_key(in, &key);
    if (result != CRYPTO_OK) {
        return result;
    }
    size_t length = crypto_rsa_bits(key) / 8;
    part_t block = selftest_read_exactly(in, length);
    uint32_t count = selftest_read_word(in);
    uint8_t *power = selftest_write(out, length);
    result = in->failed ? CRYPTO_ARGUMENT : CRYPTO_OK;
    for (uint32_t i = 0; result == CRYPTO_OK && i < count; i++) {
        result = crypto_rsa_private(key, block.bytes, power);
    }
    crypto_pool_free(key);
    return result;
}

static crypto_result_t serve_rsa_pkcs1(reader_t *in, writer_t *out) {
    crypto_rsa_key_t *key;
    crypto_result_t result = read_rsa_key(in, &key);
    if (result == CRYPTO_OK) {
        crypto_hash_t hash = (crypto_hash_t)selftest_read_word(in);
        part_t digest = selftest_read(in);
        result = crypto_rsa_sign_pkcs1(key, hash, digest.bytes, digest.length,
                                       selftest_write(out, crypto_rsa_bits(key) / 8));
        crypto_pool_free(key);
    }
    return result;
}

static crypto_result_t serve_rsa_pss(reader_t *in, writer_t *out) {
    crypto_rsa_key_t *key;
    crypto_result_t result = read_rsa_key(in, &key);
    if (result == CRYPTO_OK) {
        crypto_hash_t hash = (crypto_hash_t)selftest_read_word(in);
        part_t digest = selftest_read_exactly(in, crypto_digest_length(hash));
        part_t salt = selftest_read(in);
        uint8_t *signature = selftest_write(out, crypto_rsa_bits(key) / 8);
        if (in->failed) {
            result = CRYPTO_ARGUMENT;
        } else if (salt.length == 0) {
            result = crypto_rsa_sign_pss(key, hash, digest.bytes, signature);
        } else {
            result = crypto_rsa_sign_pss_with(key, hash, digest.bytes, salt.bytes, salt.length, signature);
        }
        crypto_pool_free(key);
    }
    return result;
}

static crypto_result_t serve_rsa_generate(reader_t *in, writer_t *out) {
    unsigned bits = selftest_read_word(in);
    uint32_t exponent = selftest_read_word(in);
    if (!crypto_rsa_is_size(bits) || !crypto_rsa_is_exponent(bits, exponent)) {
        return CRYPTO_ARGUMENT;
    }
    crypto_rsa_key_t *key;
    crypto_result_t result = crypto_rsa_generate(bits, exponent, &key);
    if (result == CRYPTO_OK) {
        size_t length = crypto_object_sealed_length(CRYPTO_OBJECT_RSA, key);
        result = crypto_rsa_modulus(key, selftest_write(out, bits / 8));
        if (result == CRYPTO_OK) {
            result = crypto_object_seal(&zero_secret, NULL, 0, CRYPTO_OBJECT_RSA, key, selftest_write(out, length));
        }
        crypto_pool_free(key);
    }
    return result;
}

// --- Dispatch ------------------------------------------------------------------------------------------

typedef crypto_result_t (*serve_t)(reader_t *in, writer_t *out);

static const serve_t services[] = {
    [SELFTEST_DIGEST] = serve_digest,
    [SELFTEST_HMAC] = serve_hmac,
    [SELFTEST_HKDF] = serve_hkdf,
    [SELFTEST_PBKDF2] = serve_pbkdf2,
    [SELFTEST_STRETCH] = serve_stretch,
    [SELFTEST_SIV_ENCRYPT] = serve_siv_encrypt,
    [SELFTEST_SIV_DECRYPT] = serve_siv_decrypt,
    [SELFTEST_SEAL] = serve_seal,
    [SELFTEST_OPEN] = serve_open,
    [SELFTEST_DRBG_ANSWER] = serve_drbg_answer,
    [SELFTEST_RANDOM] = serve_random,
    [SELFTEST_RESEED] = serve_reseed,
    [SELFTEST_EC_PUBLIC] = serve_ec_public,
    [SELFTEST_EC_GENERATE] = serve_ec_generate,
    [SELFTEST_ECDSA_SIGN] = serve_ecdsa_sign,
    [SELFTEST_ECDSA_HEDGED] = serve_ecdsa_hedged,
    [SELFTEST_ECDSA_VERIFY] = serve_ecdsa_verify,
    [SELFTEST_ECDH] = serve_ecdh,
    [SELFTEST_CURVE] = serve_curve,
    [SELFTEST_RSA_PUBLIC] = serve_rsa_public,
    [SELFTEST_RSA_PRIVATE] = serve_rsa_private,
    [SELFTEST_RSA_PKCS1] = serve_rsa_pkcs1,
    [SELFTEST_RSA_PSS] = serve_rsa_pss,
    [SELFTEST_RSA_GENERATE] = serve_rsa_generate,
    [SELFTEST_ENTROPY] = serve_entropy,
    [SELFTEST_CANCEL] = serve_cancel,
    [SELFTEST_POOL] = serve_pool,
    [SELFTEST_FOLD] = serve_fold,
    [SELFTEST_COMBINE] = serve_combine,
    [SELFTEST_CHECK_VALUE] = serve_check_value,
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
