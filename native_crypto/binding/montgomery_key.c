// SPDX-License-Identifier: GPL-2.0-or-later
// MontgomeryKey: a private key for X25519 or X448.
#include "handle.h"
#include "pool.h"

static crypto_montgomery_key_t *key_get(mp_obj_t object) {
    return hsm_crypto_handle_get(object, &hsm_crypto_type_montgomery_key);
}

/// MontgomeryKey.generate(curve: int) -> MontgomeryKey
/// CryptoError(REASON_ENTROPY).
static mp_obj_t key_generate(mp_obj_t curve_in) {
    int curve = hsm_crypto_integer(curve_in, CRYPTO_CURVE_X25519, CRYPTO_CURVE_X448);
    hsm_crypto_handle_t *self = hsm_crypto_handle_new(&hsm_crypto_type_montgomery_key);
    crypto_montgomery_key_t *key = NULL;
    hsm_crypto_check(crypto_montgomery_generate(curve, &key));
    self->handle = key;
    return MP_OBJ_FROM_PTR(self);
}
static MP_DEFINE_CONST_FUN_OBJ_1(key_generate_fun, key_generate);
static MP_DEFINE_CONST_STATICMETHOD_OBJ(key_generate_obj, MP_ROM_PTR(&key_generate_fun));

/// MontgomeryKey.public(self) -> bytes
/// 32 or 56 bytes.
static mp_obj_t key_public(mp_obj_t self_in) {
    crypto_montgomery_key_t *key = key_get(self_in);
    return mp_obj_new_bytes(key->public_key, crypto_montgomery_bytes(key->curve));
}
static MP_DEFINE_CONST_FUN_OBJ_1(key_public_obj, key_public);

/// MontgomeryKey.ecdh_into(self, public: Buffer, buffer: bytearray | memoryview) -> int
/// The shared u coordinate, 32 or 56 bytes. CryptoError(REASON_POINT) for another length or small order.
static mp_obj_t key_ecdh_into(mp_obj_t self_in, mp_obj_t public_in, mp_obj_t buffer_in) {
    crypto_montgomery_key_t *key = key_get(self_in);
    size_t length = crypto_montgomery_bytes(key->curve);
    mp_buffer_info_t public = hsm_crypto_read(public_in);
    mp_buffer_info_t buffer = hsm_crypto_write(buffer_in, length);
    // What is not even as long as a public key comes from the peer as well: the same error as a bad one.
    if (public.len != length) {
        hsm_crypto_check(CRYPTO_POINT);
    }
    hsm_crypto_require_apart(&buffer, &public);
    hsm_crypto_check(crypto_montgomery_shared_secret(key, public.buf, buffer.buf));
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
    {MP_ROM_QSTR(MP_QSTR_ecdh_into), MP_ROM_PTR(&key_ecdh_into_obj)},
};
static MP_DEFINE_CONST_DICT(key_locals, key_locals_table);

MP_DEFINE_CONST_OBJ_TYPE(hsm_crypto_type_montgomery_key, MP_QSTR_MontgomeryKey, MP_TYPE_FLAG_NONE, attr, key_attr,
                         locals_dict, &key_locals);
