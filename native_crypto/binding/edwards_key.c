// SPDX-License-Identifier: GPL-2.0-or-later
// EdwardsKey: a private key for EdDSA.
#include "handle.h"
#include "pool.h"

static crypto_edwards_key_t *key_get(mp_obj_t object) {
    return hsm_crypto_handle_get(object, &hsm_crypto_type_edwards_key);
}

/// EdwardsKey.generate(curve: int) -> EdwardsKey
/// CryptoError(REASON_ENTROPY).
static mp_obj_t key_generate(mp_obj_t curve_in) {
    int curve = hsm_crypto_integer(curve_in, CRYPTO_CURVE_ED25519, CRYPTO_CURVE_ED448);
    hsm_crypto_handle_t *self = hsm_crypto_handle_new(&hsm_crypto_type_edwards_key);
    crypto_edwards_key_t *key = NULL;
    hsm_crypto_check(crypto_edwards_generate(curve, &key));
    self->handle = key;
    return MP_OBJ_FROM_PTR(self);
}
static MP_DEFINE_CONST_FUN_OBJ_1(key_generate_fun, key_generate);
static MP_DEFINE_CONST_STATICMETHOD_OBJ(key_generate_obj, MP_ROM_PTR(&key_generate_fun));

/// EdwardsKey.public(self) -> bytes
/// 32 or 57 bytes.
static mp_obj_t key_public(mp_obj_t self_in) {
    crypto_edwards_key_t *key = key_get(self_in);
    return mp_obj_new_bytes(key->public_key, crypto_edwards_bytes(key->curve));
}
static MP_DEFINE_CONST_FUN_OBJ_1(key_public_obj, key_public);

/// EdwardsKey.sign(self, message: Buffer) -> bytes
/// Pure EdDSA, 64 or 114 bytes, no context; computed twice and compared. CryptoError(REASON_FAULT).
static mp_obj_t key_sign(mp_obj_t self_in, mp_obj_t message_in) {
    crypto_edwards_key_t *key = key_get(self_in);
    mp_buffer_info_t message = hsm_crypto_read(message_in);
    uint8_t signature[CRYPTO_EDWARDS_SIGNATURE_MAX_BYTES];
    hsm_crypto_check(crypto_edwards_sign(key, message.buf, message.len, signature));
    return mp_obj_new_bytes(signature, 2 * crypto_edwards_bytes(key->curve));
}
static MP_DEFINE_CONST_FUN_OBJ_2(key_sign_obj, key_sign);

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
};
static MP_DEFINE_CONST_DICT(key_locals, key_locals_table);

MP_DEFINE_CONST_OBJ_TYPE(hsm_crypto_type_edwards_key, MP_QSTR_EdwardsKey, MP_TYPE_FLAG_NONE, attr, key_attr,
                         locals_dict, &key_locals);
