// SPDX-License-Identifier: GPL-2.0-or-later
// EcKey: a private key on a short Weierstrass curve.
#include <string.h>

#include "handle.h"
#include "pool.h"
#include "secure_channel.h"

static crypto_ec_key_t *key_get(mp_obj_t object) {
    return hsm_crypto_handle_get(object, &hsm_crypto_type_ec_key);
}

/// EcKey.generate(curve: int) -> EcKey
/// CryptoError(REASON_ENTROPY).
static mp_obj_t key_generate(mp_obj_t curve_in) {
    int curve = hsm_crypto_integer(curve_in, 1, CRYPTO_CURVE_WEIERSTRASS_LAST);
    hsm_crypto_handle_t *self = hsm_crypto_handle_new(&hsm_crypto_type_ec_key);
    crypto_ec_key_t *key = NULL;
    hsm_crypto_check(crypto_ec_generate(curve, &key));
    self->handle = key;
    return MP_OBJ_FROM_PTR(self);
}
static MP_DEFINE_CONST_FUN_OBJ_1(key_generate_fun, key_generate);
static MP_DEFINE_CONST_STATICMETHOD_OBJ(key_generate_obj, MP_ROM_PTR(&key_generate_fun));

/// EcKey.public(self) -> bytes
/// 04 || X || Y.
static mp_obj_t key_public(mp_obj_t self_in) {
    crypto_ec_key_t *key = key_get(self_in);
    size_t length = 2 * crypto_curve_bytes(key->curve);
    vstr_t point;
    vstr_init_len(&point, 1 + length);
    point.buf[0] = 0x04;
    memcpy(point.buf + 1, key->public_key, length);
    return mp_obj_new_bytes_from_vstr(&point);
}
static MP_DEFINE_CONST_FUN_OBJ_1(key_public_obj, key_public);

/// EcKey.sign(self, hash: Buffer, der: bool = False) -> bytes
/// ECDSA over `hash` (1..66 bytes, leftmost bits of the order's length), hedged nonce, computed twice and
/// compared before output. r||s of the order's width each, or DER SEQUENCE{r, s}. CryptoError(REASON_FAULT).
static mp_obj_t key_sign(size_t count, const mp_obj_t *positional, mp_map_t *keywords) {
    static const mp_arg_t allowed[] = {
        {MP_QSTR_self, MP_ARG_REQUIRED | MP_ARG_OBJ, {.u_obj = MP_OBJ_NULL}},
        {MP_QSTR_hash, MP_ARG_REQUIRED | MP_ARG_OBJ, {.u_obj = MP_OBJ_NULL}},
        {MP_QSTR_der, MP_ARG_BOOL, {.u_bool = false}},
    };
    mp_arg_val_t arguments[MP_ARRAY_SIZE(allowed)];
    mp_arg_parse_all(count, positional, keywords, MP_ARRAY_SIZE(allowed), allowed, arguments);
    crypto_ec_key_t *key = key_get(arguments[0].u_obj);
    mp_buffer_info_t hash = hsm_crypto_read(arguments[1].u_obj);
    hsm_crypto_require(hash.len >= 1 && hash.len <= CRYPTO_SIGNED_HASH_MAX_BYTES);
    uint8_t signature[CRYPTO_SIGNATURE_MAX_BYTES];
    hsm_crypto_check(crypto_ec_sign(key, hash.buf, hash.len, signature));
    size_t number_length = crypto_curve_bytes(key->curve);
    if (!arguments[2].u_bool) {
        return mp_obj_new_bytes(signature, 2 * number_length);
    }
    uint8_t der[CRYPTO_SIGNATURE_DER_MAX_BYTES];
    return mp_obj_new_bytes(der, crypto_ec_signature_to_der(signature, number_length, der));
}
static MP_DEFINE_CONST_FUN_OBJ_KW(key_sign_obj, 2, key_sign);

// A peer's 04 || X || Y for this key; what does not even have that form is the same error as a bad point.
static const uint8_t *read_point(const crypto_ec_key_t *key, mp_obj_t point_in) {
    mp_buffer_info_t point = hsm_crypto_read(point_in);
    const uint8_t *bytes = point.buf;
    if (point.len != 1 + 2 * crypto_curve_bytes(key->curve) || bytes[0] != 0x04) {
        hsm_crypto_check(CRYPTO_POINT);
    }
    return bytes + 1;
}

/// EcKey.ecdh_into(self, point: Buffer, buffer: bytearray | memoryview) -> int
/// X coordinate (field width) of the shared point with 04||X||Y. CryptoError(REASON_POINT).
static mp_obj_t key_ecdh_into(mp_obj_t self_in, mp_obj_t point_in, mp_obj_t buffer_in) {
    crypto_ec_key_t *key = key_get(self_in);
    size_t length = crypto_curve_bytes(key->curve);
    const uint8_t *public_key = read_point(key, point_in);
    mp_buffer_info_t point = hsm_crypto_read(point_in);
    mp_buffer_info_t buffer = hsm_crypto_write(buffer_in, length);
    hsm_crypto_require_apart(&buffer, &point);
    hsm_crypto_check(crypto_ec_shared_secret(key, public_key, buffer.buf));
    return mp_obj_new_int_from_uint(length);
}
static MP_DEFINE_CONST_FUN_OBJ_3(key_ecdh_into_obj, key_ecdh_into);

/// EcKey.agree(self, point: Buffer) -> Secret
/// The same as a secret, for curves of up to 512 bits: XKEK ([SCHSM] 17.3), secure lock ([SCHSM] 23).
static mp_obj_t key_agree(mp_obj_t self_in, mp_obj_t point_in) {
    crypto_ec_key_t *key = key_get(self_in);
    const uint8_t *public_key = read_point(key, point_in);
    size_t length = crypto_curve_bytes(key->curve);
    hsm_crypto_require(length <= CRYPTO_SECRET_MAX_BYTES);
    hsm_crypto_handle_t *made = hsm_crypto_handle_new(&hsm_crypto_type_secret);
    crypto_secret_t *secret = NULL;
    hsm_crypto_check(crypto_secret_new(length, &secret));
    made->handle = secret;
    crypto_result_t result = crypto_ec_shared_secret(key, public_key, secret->bytes);
    if (result != CRYPTO_OK) {
        crypto_pool_free(secret);
        made->handle = NULL;
        hsm_crypto_check(result);
    }
    return MP_OBJ_FROM_PTR(made);
}
static MP_DEFINE_CONST_FUN_OBJ_2(key_agree_obj, key_agree);

/// EcKey.derive(self, offset: Buffer) -> EcKey
/// The key whose scalar is this one plus `offset` modulo the group's order ([SCHSM] 18).
///
/// `offset` is a big-endian number, 1 byte to the order's width. CryptoError(REASON_FAILED) if the sum is 0.
static mp_obj_t key_derive(mp_obj_t self_in, mp_obj_t offset_in) {
    crypto_ec_key_t *key = key_get(self_in);
    mp_buffer_info_t offset = hsm_crypto_read(offset_in);
    hsm_crypto_handle_t *made = hsm_crypto_handle_new(&hsm_crypto_type_ec_key);
    crypto_ec_key_t *derived = NULL;
    hsm_crypto_check(crypto_ec_derive(key, offset.buf, offset.len, &derived));
    made->handle = derived;
    return MP_OBJ_FROM_PTR(made);
}
static MP_DEFINE_CONST_FUN_OBJ_2(key_derive_obj, key_derive);

/// EcKey.secure_channel(self, point: Buffer, nonce: Buffer) -> SecureChannel
/// Chip authentication ([TR-03110-3] A.2.3.2, id-CA-ECDH-AES-CBC-CMAC-128): the keys are the first 16 bytes
/// of SHA-1(X || nonce || counter), X of the shared point, counter 1 to encrypt and 2 for the MAC.
///
/// `nonce` is 8 bytes. CryptoError(REASON_POINT).
static mp_obj_t key_secure_channel(mp_obj_t self_in, mp_obj_t point_in, mp_obj_t nonce_in) {
    crypto_ec_key_t *key = key_get(self_in);
    const uint8_t *public_key = read_point(key, point_in);
    mp_buffer_info_t nonce = hsm_crypto_read_exactly(nonce_in, CRYPTO_CHANNEL_NONCE_BYTES);
    hsm_crypto_handle_t *made = hsm_crypto_handle_new(&hsm_crypto_type_secure_channel);
    crypto_channel_t *channel = NULL;
    hsm_crypto_check(crypto_channel_new(key, public_key, nonce.buf, &channel));
    made->handle = channel;
    return MP_OBJ_FROM_PTR(made);
}
static MP_DEFINE_CONST_FUN_OBJ_3(key_secure_channel_obj, key_secure_channel);

static void key_attr(mp_obj_t self_in, qstr attribute, mp_obj_t *destination) {
    if (destination[0] != MP_OBJ_NULL) {
        return; // read only
    }
    if (attribute == MP_QSTR_curve) {
        destination[0] = MP_OBJ_NEW_SMALL_INT(key_get(self_in)->curve);
    } else {
        destination[1] = MP_OBJ_SENTINEL; // go on in the locals dictionary
    }
}

static const mp_rom_map_elem_t key_locals_table[] = {
    HSM_CRYPTO_HANDLE_ROWS,
    {MP_ROM_QSTR(MP_QSTR_generate), MP_ROM_PTR(&key_generate_obj)},
    {MP_ROM_QSTR(MP_QSTR_public), MP_ROM_PTR(&key_public_obj)},
    {MP_ROM_QSTR(MP_QSTR_sign), MP_ROM_PTR(&key_sign_obj)},
    {MP_ROM_QSTR(MP_QSTR_ecdh_into), MP_ROM_PTR(&key_ecdh_into_obj)},
    {MP_ROM_QSTR(MP_QSTR_agree), MP_ROM_PTR(&key_agree_obj)},
    {MP_ROM_QSTR(MP_QSTR_derive), MP_ROM_PTR(&key_derive_obj)},
    {MP_ROM_QSTR(MP_QSTR_secure_channel), MP_ROM_PTR(&key_secure_channel_obj)},
};
static MP_DEFINE_CONST_DICT(key_locals, key_locals_table);

MP_DEFINE_CONST_OBJ_TYPE(hsm_crypto_type_ec_key, MP_QSTR_EcKey, MP_TYPE_FLAG_NONE, attr, key_attr, locals_dict,
                         &key_locals);
