// SPDX-License-Identifier: GPL-2.0-or-later
// RsaKey: an RSA private key with CRT parameters.
#include "handle.h"
#include "pool.h"

static crypto_rsa_key_t *key_get(mp_obj_t object) {
    return hsm_crypto_handle_get(object, &hsm_crypto_type_rsa_key);
}

static size_t length_of(const crypto_rsa_key_t *key) {
    return crypto_rsa_bits(key) / 8;
}

/// RsaKey.generate(bits: int, exponent: int = 65537) -> RsaKey
/// `bits` 1024, 1536, 2048, 3072 or 4096; `exponent` odd, 3..2**31-1 and >= 65537 by [FIPS186-5] for >= 2048.
/// CryptoError(REASON_ENTROPY, REASON_CANCELLED).
static mp_obj_t key_generate(size_t count, const mp_obj_t *positional, mp_map_t *keywords) {
    static const mp_arg_t allowed[] = {
        // Objects: MP_ARG_INT would take the low bits of a long integer.
        {MP_QSTR_bits, MP_ARG_REQUIRED | MP_ARG_OBJ, {.u_obj = MP_OBJ_NULL}},
        {MP_QSTR_exponent, MP_ARG_OBJ, {.u_obj = MP_OBJ_NEW_SMALL_INT(65537)}},
    };
    mp_arg_val_t arguments[MP_ARRAY_SIZE(allowed)];
    mp_arg_parse_all(count, positional, keywords, MP_ARRAY_SIZE(allowed), allowed, arguments);
    unsigned bits = (unsigned)hsm_crypto_integer(arguments[0].u_obj, 0, CRYPTO_RSA_MAX_BITS);
    uint32_t exponent = (uint32_t)hsm_crypto_integer(arguments[1].u_obj, 0, INT32_MAX);
    hsm_crypto_require(crypto_rsa_is_size(bits) && crypto_rsa_is_exponent(bits, exponent));
    hsm_crypto_handle_t *self = hsm_crypto_handle_new(&hsm_crypto_type_rsa_key);
    crypto_rsa_key_t *key = NULL;
    hsm_crypto_check(crypto_rsa_generate(bits, exponent, &key));
    self->handle = key;
    return MP_OBJ_FROM_PTR(self);
}
static MP_DEFINE_CONST_FUN_OBJ_KW(key_generate_fun, 1, key_generate);
static MP_DEFINE_CONST_STATICMETHOD_OBJ(key_generate_obj, MP_ROM_PTR(&key_generate_fun));

/// RsaKey.modulus(self) -> bytes
/// bits/8 bytes.
static mp_obj_t key_modulus(mp_obj_t self_in) {
    crypto_rsa_key_t *key = key_get(self_in);
    vstr_t out;
    vstr_init_len(&out, length_of(key));
    hsm_crypto_check(crypto_rsa_modulus(key, (uint8_t *)out.buf));
    return mp_obj_new_bytes_from_vstr(&out);
}
static MP_DEFINE_CONST_FUN_OBJ_1(key_modulus_obj, key_modulus);

/// RsaKey.exponent(self) -> int
/// Odd, 3..2**31-1.
static mp_obj_t key_exponent(mp_obj_t self_in) {
    return mp_obj_new_int_from_uint(crypto_rsa_exponent(key_get(self_in)));
}
static MP_DEFINE_CONST_FUN_OBJ_1(key_exponent_obj, key_exponent);

/// RsaKey.raw_into(self, block: Buffer, buffer: bytearray | memoryview) -> int
/// block^d mod n; `block` is exactly bits/8 bytes and below n. CryptoError(REASON_FAULT).
static mp_obj_t key_raw_into(mp_obj_t self_in, mp_obj_t block_in, mp_obj_t buffer_in) {
    crypto_rsa_key_t *key = key_get(self_in);
    size_t length = length_of(key);
    mp_buffer_info_t block = hsm_crypto_read_exactly(block_in, length);
    mp_buffer_info_t buffer = hsm_crypto_write(buffer_in, length);
    hsm_crypto_require_apart(&buffer, &block);
    hsm_crypto_check(crypto_rsa_private(key, block.buf, buffer.buf));
    return mp_obj_new_int_from_uint(length);
}
static MP_DEFINE_CONST_FUN_OBJ_3(key_raw_into_obj, key_raw_into);

/// RsaKey.sign_pkcs1(self, hash: int, digest: Buffer) -> bytes
/// RSASSA-PKCS1-v1_5 over a digest of the given hash ([RFC8017] 8.2); hash 0: `digest` is a
/// complete DigestInfo.
static mp_obj_t key_sign_pkcs1(mp_obj_t self_in, mp_obj_t hash_in, mp_obj_t digest_in) {
    crypto_rsa_key_t *key = key_get(self_in);
    crypto_hash_t hash = (crypto_hash_t)hsm_crypto_integer(hash_in, CRYPTO_HASH_NONE, CRYPTO_HASH_SHA512);
    mp_buffer_info_t digest = hsm_crypto_read(digest_in);
    vstr_t out;
    vstr_init_len(&out, length_of(key));
    hsm_crypto_check(crypto_rsa_sign_pkcs1(key, hash, digest.buf, digest.len, (uint8_t *)out.buf));
    return mp_obj_new_bytes_from_vstr(&out);
}
static MP_DEFINE_CONST_FUN_OBJ_3(key_sign_pkcs1_obj, key_sign_pkcs1);

/// RsaKey.sign_pss(self, hash: int, digest: Buffer) -> bytes
/// RSASSA-PSS ([RFC8017] 8.1), MGF1 with the same hash, salt as long as the hash.
static mp_obj_t key_sign_pss(mp_obj_t self_in, mp_obj_t hash_in, mp_obj_t digest_in) {
    crypto_rsa_key_t *key = key_get(self_in);
    crypto_hash_t hash = (crypto_hash_t)hsm_crypto_integer(hash_in, CRYPTO_HASH_SHA1, CRYPTO_HASH_SHA512);
    size_t hash_length = crypto_digest_length(hash);
    mp_buffer_info_t digest = hsm_crypto_read_exactly(digest_in, hash_length);
    vstr_t out;
    vstr_init_len(&out, length_of(key));
    hsm_crypto_check(crypto_rsa_sign_pss(key, hash, digest.buf, (uint8_t *)out.buf));
    return mp_obj_new_bytes_from_vstr(&out);
}
static MP_DEFINE_CONST_FUN_OBJ_3(key_sign_pss_obj, key_sign_pss);

/// RsaKey.decrypt_pkcs1_into(self, block: Buffer, buffer: bytearray | memoryview) -> int
/// RSAES-PKCS1-v1_5 ([RFC8017] 7.2): the message; `buffer` has room for bits/8 - 11 bytes.
/// CryptoError(REASON_AUTHENTICATION) for any fault of the padding, found in time that does not tell which.
static mp_obj_t key_decrypt_pkcs1_into(mp_obj_t self_in, mp_obj_t block_in, mp_obj_t buffer_in) {
    crypto_rsa_key_t *key = key_get(self_in);
    size_t length = length_of(key);
    mp_buffer_info_t block = hsm_crypto_read_exactly(block_in, length);
    mp_buffer_info_t buffer = hsm_crypto_write(buffer_in, length - 11);
    hsm_crypto_require_apart(&buffer, &block);
    hsm_crypto_check(crypto_rsa_decrypt_pkcs1(key, block.buf, buffer.buf, &length));
    return mp_obj_new_int_from_uint(length);
}
static MP_DEFINE_CONST_FUN_OBJ_3(key_decrypt_pkcs1_into_obj, key_decrypt_pkcs1_into);

/// RsaKey.decrypt_oaep_into(self, hash: int, block: Buffer, buffer: bytearray | memoryview) -> int
/// RSAES-OAEP ([RFC8017] 7.1), MGF1 with the same hash, empty label; `buffer` has room for
/// bits/8 - 2 - 2 * hash bytes. CryptoError(REASON_AUTHENTICATION) as above.
static mp_obj_t key_decrypt_oaep_into(size_t count, const mp_obj_t *arguments) {
    (void)count;
    crypto_rsa_key_t *key = key_get(arguments[0]);
    crypto_hash_t hash = hsm_crypto_hash(arguments[1]);
    size_t length = length_of(key);
    size_t overhead = 2 + 2 * crypto_digest_length(hash);
    hsm_crypto_require(overhead <= length);
    mp_buffer_info_t block = hsm_crypto_read_exactly(arguments[2], length);
    mp_buffer_info_t buffer = hsm_crypto_write(arguments[3], length - overhead);
    hsm_crypto_require_apart(&buffer, &block);
    hsm_crypto_check(crypto_rsa_decrypt_oaep(key, hash, block.buf, buffer.buf, &length));
    return mp_obj_new_int_from_uint(length);
}
static MP_DEFINE_CONST_FUN_OBJ_VAR_BETWEEN(key_decrypt_oaep_into_obj, 4, 4, key_decrypt_oaep_into);

static void key_attr(mp_obj_t self_in, qstr attribute, mp_obj_t *destination) {
    if (destination[0] != MP_OBJ_NULL) {
        return; // read only
    }
    if (attribute == MP_QSTR_bits) {
        destination[0] = MP_OBJ_NEW_SMALL_INT(crypto_rsa_bits(key_get(self_in)));
    } else {
        destination[1] = MP_OBJ_SENTINEL; // go on in the locals dictionary
    }
}

static const mp_rom_map_elem_t key_locals_table[] = {
    HSM_CRYPTO_HANDLE_ROWS,
    {MP_ROM_QSTR(MP_QSTR_generate), MP_ROM_PTR(&key_generate_obj)},
    {MP_ROM_QSTR(MP_QSTR_modulus), MP_ROM_PTR(&key_modulus_obj)},
    {MP_ROM_QSTR(MP_QSTR_exponent), MP_ROM_PTR(&key_exponent_obj)},
    {MP_ROM_QSTR(MP_QSTR_raw_into), MP_ROM_PTR(&key_raw_into_obj)},
    {MP_ROM_QSTR(MP_QSTR_sign_pkcs1), MP_ROM_PTR(&key_sign_pkcs1_obj)},
    {MP_ROM_QSTR(MP_QSTR_sign_pss), MP_ROM_PTR(&key_sign_pss_obj)},
    {MP_ROM_QSTR(MP_QSTR_decrypt_pkcs1_into), MP_ROM_PTR(&key_decrypt_pkcs1_into_obj)},
    {MP_ROM_QSTR(MP_QSTR_decrypt_oaep_into), MP_ROM_PTR(&key_decrypt_oaep_into_obj)},
};
static MP_DEFINE_CONST_DICT(key_locals, key_locals_table);

MP_DEFINE_CONST_OBJ_TYPE(hsm_crypto_type_rsa_key, MP_QSTR_RsaKey, MP_TYPE_FLAG_NONE, attr, key_attr, locals_dict,
                         &key_locals);
