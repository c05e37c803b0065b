// SPDX-License-Identifier: GPL-2.0-or-later
// Self-test requests to ciphers, MACs and key derivation.
#include <string.h>

#include "cipher.h"
#include "kdf.h"
#include "pool.h"
#include "services.h"

crypto_result_t selftest_hmac(reader_t *in, writer_t *out) {
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

crypto_result_t selftest_hkdf(reader_t *in, writer_t *out) {
    crypto_hash_t hash = (crypto_hash_t)selftest_read_word(in);
    part_t key = selftest_read(in);
    part_t salt = selftest_read(in);
    part_t info = selftest_read(in);
    size_t length = selftest_read_word(in);
    uint8_t *derived = selftest_write(out, length);
    return derived == NULL ? CRYPTO_ARGUMENT
                           : crypto_hkdf(hash, key.bytes, key.length, salt.length != 0 ? salt.bytes : NULL, salt.length,
                                         info.bytes, info.length, derived, length);
}

crypto_result_t selftest_pbkdf2(reader_t *in, writer_t *out) {
    crypto_hash_t hash = (crypto_hash_t)selftest_read_word(in);
    part_t password = selftest_read(in);
    part_t salt = selftest_read(in);
    uint32_t iterations = selftest_read_word(in);
    size_t length = selftest_read_word(in);
    return crypto_pbkdf2(hash, password.bytes, password.length, salt.bytes, salt.length, iterations,
                         selftest_write(out, length), length);
}

crypto_result_t selftest_x963(reader_t *in, writer_t *out) {
    crypto_hash_t hash = (crypto_hash_t)selftest_read_word(in);
    part_t secret = selftest_read(in);
    part_t info = selftest_read(in);
    size_t length = selftest_read_word(in);
    return crypto_x963(hash, secret.bytes, secret.length, info.bytes, info.length, selftest_write(out, length), length);
}

crypto_result_t selftest_stretch(reader_t *in, writer_t *out) {
    part_t pin = selftest_read(in);
    part_t salt = selftest_read_exactly(in, CRYPTO_STRETCH_SALT_BYTES);
    uint32_t iterations = selftest_read_word(in);
    part_t pepper = selftest_read(in);
    return crypto_stretch(pin.bytes, pin.length, salt.bytes, iterations, pepper.bytes, pepper.length,
                          selftest_write(out, CRYPTO_STRETCH_BYTES));
}

// --- Ciphers -------------------------------------------------------------------------------------------

// Hosts send data at any address: every part begins with as many bytes to leave out.
static part_t read_at(reader_t *in, size_t skip) {
    part_t part = selftest_read(in);
    if (part.length < skip) {
        in->failed = true;
        return part;
    }
    return (part_t){part.bytes + skip, part.length - skip};
}

static size_t read_cipher(reader_t *in, crypto_cipher_use_t *use, part_t *data) {
    use->cipher = (crypto_cipher_t)selftest_read_word(in);
    size_t skip = selftest_read_word(in);
    part_t key = read_at(in, skip);
    part_t iv = read_at(in, skip);
    part_t associated = read_at(in, skip);
    *data = read_at(in, skip);
    use->key = key.bytes;
    use->key_length = key.length;
    use->iv = iv.bytes;
    use->iv_length = iv.length;
    use->associated = associated.bytes;
    use->associated_length = associated.length;
    return skip;
}

crypto_result_t selftest_encrypt(reader_t *in, writer_t *out) {
    crypto_cipher_use_t use;
    part_t data;
    size_t skip = read_cipher(in, &use, &data);
    uint8_t *sealed = selftest_write(out, skip + data.length + crypto_cipher_tag_bytes(use.cipher));
    return sealed == NULL ? CRYPTO_ARGUMENT : crypto_encrypt(&use, data.bytes, data.length, sealed + skip);
}

crypto_result_t selftest_decrypt(reader_t *in, writer_t *out) {
    crypto_cipher_use_t use;
    part_t data;
    size_t skip = read_cipher(in, &use, &data);
    size_t tag_length = crypto_cipher_tag_bytes(use.cipher);
    if (data.length < tag_length) {
        return CRYPTO_ARGUMENT;
    }
    uint8_t *plain = selftest_write(out, skip + data.length - tag_length);
    return plain == NULL ? CRYPTO_ARGUMENT : crypto_decrypt(&use, data.bytes, data.length, plain + skip);
}

crypto_result_t selftest_cmac(reader_t *in, writer_t *out) {
    size_t skip = selftest_read_word(in);
    part_t key = read_at(in, skip);
    part_t message = read_at(in, skip);
    crypto_cmac_t *cmac;
    crypto_result_t result = crypto_cmac_new(key.bytes, key.length, &cmac);
    if (result == CRYPTO_OK) {
        crypto_cmac_update(cmac, message.bytes, message.length);
        result = crypto_cmac_final(cmac, selftest_write(out, CRYPTO_CIPHER_BLOCK_BYTES));
    }
    return result;
}

// --- Symmetric keys ------------------------------------------------------------------------------------

typedef crypto_result_t (*pbes2_t)(const crypto_aes_key_t *, const crypto_pbes2_t *, const uint8_t *, size_t,
                                   uint8_t *, size_t *);

static crypto_result_t pbes2(reader_t *in, writer_t *out, pbes2_t function) {
    part_t bytes = selftest_read(in);
    crypto_pbes2_t use = {.hash = (crypto_hash_t)selftest_read_word(in)};
    part_t salt = selftest_read(in);
    use.salt = salt.bytes;
    use.salt_length = salt.length;
    use.iterations = selftest_read_word(in);
    use.key_length = selftest_read_word(in);
    use.iv = selftest_read_exactly(in, CRYPTO_CIPHER_BLOCK_BYTES).bytes;
    part_t data = selftest_read(in);
    crypto_aes_key_t *key = NULL;
    crypto_result_t result =
        in->failed ? CRYPTO_ARGUMENT : crypto_aes_key_from_bytes(bytes.bytes, bytes.length, &key);
    if (result == CRYPTO_OK) {
        result = selftest_through_seal(CRYPTO_OBJECT_AES, (void **)&key);
    }
    if (result == CRYPTO_OK) {
        size_t length = 0;
        uint8_t *made = crypto_pool_alloc(data.length + CRYPTO_CIPHER_BLOCK_BYTES);
        result = function(key, &use, data.bytes, data.length, made, &length);
        if (result == CRYPTO_OK) {
            memcpy(selftest_write(out, length), made, length);
        }
        crypto_pool_free(made);
    }
    crypto_pool_free(key);
    return result;
}

crypto_result_t selftest_pbes2_encrypt(reader_t *in, writer_t *out) {
    return pbes2(in, out, crypto_pbes2_encrypt);
}

crypto_result_t selftest_pbes2_decrypt(reader_t *in, writer_t *out) {
    return pbes2(in, out, crypto_pbes2_decrypt);
}

crypto_result_t selftest_aes_generate(reader_t *in, writer_t *out) {
    size_t length = selftest_read_word(in);
    crypto_aes_key_t *key;
    crypto_result_t result = crypto_aes_key_is_length(length) ? crypto_aes_key_generate(length, &key) : CRYPTO_ARGUMENT;
    if (result == CRYPTO_OK) {
        memcpy(selftest_write(out, length), key->bytes, length);
        crypto_pool_free(key);
    }
    return result;
}
