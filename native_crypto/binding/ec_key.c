// SPDX-License-Identifier: GPL-2.0-or-later
// EcKey: a private key on a short Weierstrass curve.
#include <string.h>

#include "handle.h"

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

/// EcKey.ecdh_into(self, point: Buffer, buffer: bytearray | memoryview) -> int
/// X coordinate (field width) of the shared point with 04||X||Y. CryptoError(REASON_POINT).
static mp_obj_t key_ecdh_into(mp_obj_t self_in, mp_obj_t point_in, mp_obj_t buffer_in) {
    crypto_ec_key_t *key = key_get(self_in);
    size_t length = crypto_curve_bytes(key->curve);
    mp_buffer_info_t point = hsm_crypto_read(point_in);
    mp_buffer_info_t buffer = hsm_crypto_write(buffer_in, length);
    const uint8_t *bytes = point.buf;
    // What does not even have a point's form comes from the peer as well: the same error as a bad point.
    if (point.len != 1 + 2 * length || bytes[0] != 0x04) {
        hsm_crypto_check(CRYPTO_POINT);
    }
    hsm_crypto_check(crypto_ec_shared_secret(key, bytes + 1, buffer.buf));
    return mp_obj_new_int_from_uint(length);
}
static MP_DEFINE_CONST_FUN_OBJ_3(key_ecdh_into_obj, key_ecdh_into);

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
};
static MP_DEFINE_CONST_DICT(key_locals, key_locals_table);

MP_DEFINE_CONST_OBJ_TYPE(hsm_crypto_type_ec_key, MP_QSTR_EcKey, MP_TYPE_FLAG_NONE, attr, key_attr, locals_dict,
                         &key_locals);
