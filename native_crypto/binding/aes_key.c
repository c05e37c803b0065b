// SPDX-License-Identifier: GPL-2.0-or-later
// AesKey: a secret key for ciphers, MACs and derivation.
#include <string.h>

#include "cipher.h"
#include "handle.h"
#include "kdf.h"
#include "pool.h"

#define BLOCK_BYTES CRYPTO_CIPHER_BLOCK_BYTES
#define ITERATIONS_MAX 10000000
#define DERIVED_MAX_BYTES 4096

static crypto_aes_key_t *key_get(mp_obj_t object) {
    return hsm_crypto_handle_get(object, &hsm_crypto_type_aes_key);
}

/// AesKey.generate(bits: int) -> AesKey
/// CryptoError(REASON_ENTROPY).
static mp_obj_t key_generate(mp_obj_t bits_in) {
    unsigned bits = (unsigned)hsm_crypto_integer(bits_in, 0, 8 * CRYPTO_AES_KEY_MAX_BYTES);
    hsm_crypto_require(bits % 8 == 0 && crypto_aes_key_is_length(bits / 8));
    hsm_crypto_handle_t *self = hsm_crypto_handle_new(&hsm_crypto_type_aes_key);
    crypto_aes_key_t *key = NULL;
    hsm_crypto_check(crypto_aes_key_generate(bits / 8, &key));
    self->handle = key;
    return MP_OBJ_FROM_PTR(self);
}
static MP_DEFINE_CONST_FUN_OBJ_1(key_generate_fun, key_generate);
static MP_DEFINE_CONST_STATICMETHOD_OBJ(key_generate_obj, MP_ROM_PTR(&key_generate_fun));

// --- Ciphers -----------------------------------------------------------------------------------------

static const mp_arg_t cipher_arguments[] = {
    {MP_QSTR_self, MP_ARG_REQUIRED | MP_ARG_OBJ, {.u_obj = MP_OBJ_NULL}},
    {MP_QSTR_cipher, MP_ARG_REQUIRED | MP_ARG_OBJ, {.u_obj = MP_OBJ_NULL}},
    {MP_QSTR_data, MP_ARG_REQUIRED | MP_ARG_OBJ, {.u_obj = MP_OBJ_NULL}},
    {MP_QSTR_buffer, MP_ARG_REQUIRED | MP_ARG_OBJ, {.u_obj = MP_OBJ_NULL}},
    {MP_QSTR_iv, MP_ARG_OBJ, {.u_rom_obj = MP_ROM_PTR(&mp_const_empty_bytes_obj)}},
    {MP_QSTR_associated_data, MP_ARG_OBJ, {.u_rom_obj = MP_ROM_PTR(&mp_const_empty_bytes_obj)}},
};

typedef struct {
    crypto_cipher_use_t use;
    mp_buffer_info_t data;
    mp_buffer_info_t buffer;
} cipher_call_t;

static void cipher_parse(size_t count, const mp_obj_t *positional, mp_map_t *keywords, cipher_call_t *call) {
    mp_arg_val_t arguments[MP_ARRAY_SIZE(cipher_arguments)];
    mp_arg_parse_all(count, positional, keywords, MP_ARRAY_SIZE(cipher_arguments), cipher_arguments, arguments);
    crypto_aes_key_t *key = key_get(arguments[0].u_obj);
    int cipher = hsm_crypto_integer(arguments[1].u_obj, CRYPTO_CIPHER_AES_ECB, CRYPTO_CIPHER_LAST);
    mp_buffer_info_t iv = hsm_crypto_read(arguments[4].u_obj);
    mp_buffer_info_t associated = hsm_crypto_read(arguments[5].u_obj);
    call->data = hsm_crypto_read(arguments[2].u_obj);
    call->buffer = hsm_crypto_write(arguments[3].u_obj, 0);
    hsm_crypto_require_apart(&call->buffer, &call->data);
    hsm_crypto_require_apart(&call->buffer, &iv);
    hsm_crypto_require_apart(&call->buffer, &associated);
    call->use = (crypto_cipher_use_t){.cipher = (crypto_cipher_t)cipher,
                                      .key = key->bytes,
                                      .key_length = key->length,
                                      .iv = iv.buf,
                                      .iv_length = iv.len,
                                      .associated = associated.buf,
                                      .associated_length = associated.len};
}

/// AesKey.encrypt_into(self, cipher: int, data: Buffer, buffer: bytearray | memoryview, iv: Buffer = b'',
///     associated_data: Buffer = b'') -> int
/// ECB, CBC ([SP800-38A]): whole blocks. OFB, CFB128, CTR: any length. XTS ([SP800-38E]): one data unit of
/// 16 bytes or more. GCM ([SP800-38D]), CCM ([SP800-38C]), ChaCha20-Poly1305 ([RFC8439]): ciphertext || tag(16).
///
/// `data` is at most 65,519 bytes. `iv`: none for ECB; 16 bytes for CBC, OFB, CFB, CTR (the first counter
/// block) and XTS (the tweak); 1..512 for GCM, 7..13 for CCM, 12 for ChaCha20. Only the last three take
/// `associated_data`. ValueError for a key that the cipher does not take: ChaCha20 takes 256 bits, XTS 256 or
/// 512, the others 128, 192 or 256.
static mp_obj_t key_encrypt_into(size_t count, const mp_obj_t *positional, mp_map_t *keywords) {
    cipher_call_t call;
    cipher_parse(count, positional, keywords, &call);
    size_t length = call.data.len + crypto_cipher_tag_bytes(call.use.cipher);
    hsm_crypto_require(call.buffer.len >= length);
    hsm_crypto_check(crypto_encrypt(&call.use, call.data.buf, call.data.len, call.buffer.buf));
    return mp_obj_new_int_from_uint(length);
}
static MP_DEFINE_CONST_FUN_OBJ_KW(key_encrypt_into_obj, 4, key_encrypt_into);

/// AesKey.decrypt_into(self, cipher: int, data: Buffer, buffer: bytearray | memoryview, iv: Buffer = b'',
///     associated_data: Buffer = b'') -> int
/// The reverse. CryptoError(REASON_AUTHENTICATION) for a wrong tag, and nothing is written.
static mp_obj_t key_decrypt_into(size_t count, const mp_obj_t *positional, mp_map_t *keywords) {
    cipher_call_t call;
    cipher_parse(count, positional, keywords, &call);
    size_t tag_length = crypto_cipher_tag_bytes(call.use.cipher);
    if (call.data.len < tag_length) {
        hsm_crypto_check(CRYPTO_AUTHENTICATION);
    }
    size_t length = call.data.len - tag_length;
    hsm_crypto_require(call.buffer.len >= length);
    hsm_crypto_check(crypto_decrypt(&call.use, call.data.buf, call.data.len, call.buffer.buf));
    return mp_obj_new_int_from_uint(length);
}
static MP_DEFINE_CONST_FUN_OBJ_KW(key_decrypt_into_obj, 4, key_decrypt_into);

// --- MACs --------------------------------------------------------------------------------------------

/// AesKey.cmac(self, *parts: Buffer) -> bytes
/// AES-CMAC ([SP800-38B]) of the concatenated parts, 16 bytes; not with 512 bits.
static mp_obj_t key_cmac(size_t count, const mp_obj_t *arguments) {
    crypto_aes_key_t *key = key_get(arguments[0]);
    hsm_crypto_require_buffers(1, count, arguments);
    uint8_t tag[BLOCK_BYTES];
    crypto_cmac_t *cmac;
    hsm_crypto_check(crypto_cmac_new(key->bytes, key->length, &cmac));
    crypto_result_t result = CRYPTO_OK;
    for (size_t i = 1; result == CRYPTO_OK && i < count; i++) {
        mp_buffer_info_t part = hsm_crypto_read(arguments[i]);
        result = crypto_cmac_update(cmac, part.buf, part.len);
    }
    crypto_result_t last = crypto_cmac_final(cmac, tag);
    hsm_crypto_check(result);
    hsm_crypto_check(last);
    return mp_obj_new_bytes(tag, sizeof(tag));
}
static MP_DEFINE_CONST_FUN_OBJ_VAR(key_cmac_obj, 1, key_cmac);

/// AesKey.hmac(self, hash: int, *parts: Buffer) -> bytes
/// HMAC ([FIPS198-1]) of the concatenated parts.
static mp_obj_t key_hmac(size_t count, const mp_obj_t *arguments) {
    crypto_aes_key_t *key = key_get(arguments[0]);
    crypto_hash_t hash = hsm_crypto_hash(arguments[1]);
    hsm_crypto_require_buffers(2, count, arguments);
    uint8_t tag[CRYPTO_DIGEST_MAX_BYTES];
    crypto_mac_t *mac;
    hsm_crypto_check(crypto_mac_new(hash, key->bytes, key->length, &mac));
    crypto_result_t result = CRYPTO_OK;
    for (size_t i = 2; result == CRYPTO_OK && i < count; i++) {
        mp_buffer_info_t part = hsm_crypto_read(arguments[i]);
        result = crypto_mac_update(mac, part.buf, part.len);
    }
    crypto_result_t last = crypto_mac_final(mac, tag);
    hsm_crypto_check(result);
    hsm_crypto_check(last);
    return mp_obj_new_bytes(tag, crypto_digest_length(hash));
}
static MP_DEFINE_CONST_FUN_OBJ_VAR(key_hmac_obj, 2, key_hmac);

// --- Derivation --------------------------------------------------------------------------------------

/// AesKey.hkdf_into(self, hash: int, salt: Buffer, info: Buffer, length: int, buffer: bytearray | memoryview) -> int
/// HKDF ([RFC5869]), extract and expand; length 1..255 hashes.
static mp_obj_t key_hkdf_into(size_t count, const mp_obj_t *arguments) {
    (void)count;
    crypto_aes_key_t *key = key_get(arguments[0]);
    crypto_hash_t hash = hsm_crypto_hash(arguments[1]);
    mp_buffer_info_t salt = hsm_crypto_read(arguments[2]);
    mp_buffer_info_t info = hsm_crypto_read(arguments[3]);
    size_t length = (size_t)hsm_crypto_integer(arguments[4], 1, 255 * crypto_digest_length(hash));
    mp_buffer_info_t buffer = hsm_crypto_write(arguments[5], length);
    hsm_crypto_require_apart(&buffer, &salt);
    hsm_crypto_require_apart(&buffer, &info);
    const uint8_t *salt_bytes = salt.len != 0 ? salt.buf : NULL;
    hsm_crypto_check(crypto_hkdf(hash, key->bytes, key->length, salt_bytes, salt.len, info.buf, info.len, buffer.buf,
                                 length));
    return mp_obj_new_int_from_uint(length);
}
static MP_DEFINE_CONST_FUN_OBJ_VAR_BETWEEN(key_hkdf_into_obj, 6, 6, key_hkdf_into);

/// AesKey.pbkdf2_into(self, hash: int, salt: Buffer, iterations: int, length: int, buffer: bytearray | memoryview) ->
///     int
/// PBKDF2-HMAC ([RFC8018] 5.2) with this key as password; iterations 1..10_000_000, length 1..4096.
/// CryptoError(REASON_CANCELLED).
static mp_obj_t key_pbkdf2_into(size_t count, const mp_obj_t *arguments) {
    (void)count;
    crypto_aes_key_t *key = key_get(arguments[0]);
    crypto_hash_t hash = hsm_crypto_hash(arguments[1]);
    mp_buffer_info_t salt = hsm_crypto_read(arguments[2]);
    uint32_t iterations = (uint32_t)hsm_crypto_integer(arguments[3], 1, ITERATIONS_MAX);
    size_t length = (size_t)hsm_crypto_integer(arguments[4], 1, DERIVED_MAX_BYTES);
    mp_buffer_info_t buffer = hsm_crypto_write(arguments[5], length);
    hsm_crypto_require_apart(&buffer, &salt);
    hsm_crypto_check(
        crypto_pbkdf2(hash, key->bytes, key->length, salt.buf, salt.len, iterations, buffer.buf, length));
    return mp_obj_new_int_from_uint(length);
}
static MP_DEFINE_CONST_FUN_OBJ_VAR_BETWEEN(key_pbkdf2_into_obj, 6, 6, key_pbkdf2_into);

/// AesKey.x963_into(self, hash: int, info: Buffer, length: int, buffer: bytearray | memoryview) -> int
/// The KDF of [SEC1] 3.6.1 (ANSI X9.63) with this key as shared secret; length 1..4096.
static mp_obj_t key_x963_into(size_t count, const mp_obj_t *arguments) {
    (void)count;
    crypto_aes_key_t *key = key_get(arguments[0]);
    crypto_hash_t hash = hsm_crypto_hash(arguments[1]);
    mp_buffer_info_t info = hsm_crypto_read(arguments[2]);
    size_t length = (size_t)hsm_crypto_integer(arguments[3], 1, DERIVED_MAX_BYTES);
    mp_buffer_info_t buffer = hsm_crypto_write(arguments[4], length);
    hsm_crypto_require_apart(&buffer, &info);
    hsm_crypto_check(crypto_x963(hash, key->bytes, key->length, info.buf, info.len, buffer.buf, length));
    return mp_obj_new_int_from_uint(length);
}
static MP_DEFINE_CONST_FUN_OBJ_VAR_BETWEEN(key_x963_into_obj, 5, 5, key_x963_into);

// --- PBES2 -------------------------------------------------------------------------------------------

typedef struct {
    crypto_aes_key_t *password;
    crypto_pbes2_t use;
    mp_buffer_info_t data;
    mp_buffer_info_t buffer;
} pbes2_call_t;

static void pbes2_parse(const mp_obj_t *arguments, pbes2_call_t *call) {
    call->password = key_get(arguments[0]);
    mp_buffer_info_t salt = hsm_crypto_read(arguments[2]);
    unsigned bits = (unsigned)hsm_crypto_integer(arguments[4], 128, 256);
    hsm_crypto_require(bits % 64 == 0);
    mp_buffer_info_t iv = hsm_crypto_read_exactly(arguments[5], BLOCK_BYTES);
    call->data = hsm_crypto_read(arguments[6]);
    call->buffer = hsm_crypto_write(arguments[7], 0);
    hsm_crypto_require_apart(&call->buffer, &salt);
    hsm_crypto_require_apart(&call->buffer, &iv);
    hsm_crypto_require_apart(&call->buffer, &call->data);
    call->use = (crypto_pbes2_t){.hash = hsm_crypto_hash(arguments[1]),
                                 .salt = salt.buf,
                                 .salt_length = salt.len,
                                 .iterations = (uint32_t)hsm_crypto_integer(arguments[3], 1, ITERATIONS_MAX),
                                 .key_length = bits / 8,
                                 .iv = iv.buf};
}

/// AesKey.pbes2_encrypt_into(self, hash: int, salt: Buffer, iterations: int, bits: int, iv: Buffer, data: Buffer,
///     buffer: bytearray | memoryview) -> int
/// PBES2 ([RFC8018] 6.2): AES-CBC-PAD under PBKDF2 of this key; `bits` 128, 192 or 256; `iv` 16 bytes.
static mp_obj_t key_pbes2_encrypt_into(size_t count, const mp_obj_t *arguments) {
    (void)count;
    pbes2_call_t call;
    pbes2_parse(arguments, &call);
    size_t length = call.data.len / BLOCK_BYTES * BLOCK_BYTES + BLOCK_BYTES;
    hsm_crypto_require(call.buffer.len >= length);
    hsm_crypto_check(
        crypto_pbes2_encrypt(call.password, &call.use, call.data.buf, call.data.len, call.buffer.buf, &length));
    return mp_obj_new_int_from_uint(length);
}
static MP_DEFINE_CONST_FUN_OBJ_VAR_BETWEEN(key_pbes2_encrypt_into_obj, 8, 8, key_pbes2_encrypt_into);

/// AesKey.pbes2_decrypt_into(self, hash: int, salt: Buffer, iterations: int, bits: int, iv: Buffer, data: Buffer,
///     buffer: bytearray | memoryview) -> int
/// The reverse; `buffer` has room for `data`. CryptoError(REASON_AUTHENTICATION) for wrong padding.
static mp_obj_t key_pbes2_decrypt_into(size_t count, const mp_obj_t *arguments) {
    (void)count;
    pbes2_call_t call;
    pbes2_parse(arguments, &call);
    size_t length = 0;
    hsm_crypto_require(call.buffer.len >= call.data.len);
    hsm_crypto_check(
        crypto_pbes2_decrypt(call.password, &call.use, call.data.buf, call.data.len, call.buffer.buf, &length));
    return mp_obj_new_int_from_uint(length);
}
static MP_DEFINE_CONST_FUN_OBJ_VAR_BETWEEN(key_pbes2_decrypt_into_obj, 8, 8, key_pbes2_decrypt_into);

// --- The type ----------------------------------------------------------------------------------------

static void key_attr(mp_obj_t self_in, qstr attribute, mp_obj_t *destination) {
    if (destination[0] != MP_OBJ_NULL) {
        return; // read only
    }
    if (attribute == MP_QSTR_bits) {
        destination[0] = MP_OBJ_NEW_SMALL_INT(8 * key_get(self_in)->length);
    } else {
        destination[1] = MP_OBJ_SENTINEL; // go on in the locals dictionary
    }
}

static const mp_rom_map_elem_t key_locals_table[] = {
    HSM_CRYPTO_HANDLE_ROWS,
    {MP_ROM_QSTR(MP_QSTR_generate), MP_ROM_PTR(&key_generate_obj)},
    {MP_ROM_QSTR(MP_QSTR_encrypt_into), MP_ROM_PTR(&key_encrypt_into_obj)},
    {MP_ROM_QSTR(MP_QSTR_decrypt_into), MP_ROM_PTR(&key_decrypt_into_obj)},
    {MP_ROM_QSTR(MP_QSTR_cmac), MP_ROM_PTR(&key_cmac_obj)},
    {MP_ROM_QSTR(MP_QSTR_hmac), MP_ROM_PTR(&key_hmac_obj)},
    {MP_ROM_QSTR(MP_QSTR_hkdf_into), MP_ROM_PTR(&key_hkdf_into_obj)},
    {MP_ROM_QSTR(MP_QSTR_pbkdf2_into), MP_ROM_PTR(&key_pbkdf2_into_obj)},
    {MP_ROM_QSTR(MP_QSTR_x963_into), MP_ROM_PTR(&key_x963_into_obj)},
    {MP_ROM_QSTR(MP_QSTR_pbes2_encrypt_into), MP_ROM_PTR(&key_pbes2_encrypt_into_obj)},
    {MP_ROM_QSTR(MP_QSTR_pbes2_decrypt_into), MP_ROM_PTR(&key_pbes2_decrypt_into_obj)},
};
static MP_DEFINE_CONST_DICT(key_locals, key_locals_table);

MP_DEFINE_CONST_OBJ_TYPE(hsm_crypto_type_aes_key, MP_QSTR_AesKey, MP_TYPE_FLAG_NONE, attr, key_attr, locals_dict,
                         &key_locals);
