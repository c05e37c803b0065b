// SPDX-License-Identifier: GPL-2.0-or-later
// HdNode: a node of a tree of keys.
#include "hd_node.h"

#include "cipher.h"
#include "handle.h"
#include "pool.h"

static crypto_hd_node_t *node_get(mp_obj_t object) {
    return hsm_crypto_handle_get(object, &hsm_crypto_type_hd_node);
}

/// HdNode.from_seed(scheme: int, seed: Buffer) -> HdNode
/// The master node of a seed of 1..64 bytes, in a buffer that the caller wipes.
static mp_obj_t node_from_seed(mp_obj_t scheme_in, mp_obj_t seed_in) {
    int scheme = hsm_crypto_integer(scheme_in, CRYPTO_HD_SECP256K1, CRYPTO_HD_SYMMETRIC);
    mp_buffer_info_t seed = hsm_crypto_read(seed_in);
    hsm_crypto_handle_t *self = hsm_crypto_handle_new(&hsm_crypto_type_hd_node);
    crypto_hd_node_t *node = NULL;
    hsm_crypto_check(crypto_hd_from_seed(scheme, seed.buf, seed.len, &node));
    self->handle = node;
    return MP_OBJ_FROM_PTR(self);
}
static MP_DEFINE_CONST_FUN_OBJ_2(node_from_seed_fun, node_from_seed);
static MP_DEFINE_CONST_STATICMETHOD_OBJ(node_from_seed_obj, MP_ROM_PTR(&node_from_seed_fun));

/// HdNode.generate(scheme: int) -> HdNode
/// The master node of 64 random bytes. CryptoError(REASON_ENTROPY).
static mp_obj_t node_generate(mp_obj_t scheme_in) {
    int scheme = hsm_crypto_integer(scheme_in, CRYPTO_HD_SECP256K1, CRYPTO_HD_SYMMETRIC);
    hsm_crypto_handle_t *self = hsm_crypto_handle_new(&hsm_crypto_type_hd_node);
    crypto_hd_node_t *node = NULL;
    hsm_crypto_check(crypto_hd_generate(scheme, &node));
    self->handle = node;
    return MP_OBJ_FROM_PTR(self);
}
static MP_DEFINE_CONST_FUN_OBJ_1(node_generate_fun, node_generate);
static MP_DEFINE_CONST_STATICMETHOD_OBJ(node_generate_obj, MP_ROM_PTR(&node_generate_fun));

/// HdNode.child(self, index: int) -> HdNode
/// Private child ([SLIP-0010]) of a node on a curve; index 0..2**32-1, hardened with bit 31.
static mp_obj_t node_child(mp_obj_t self_in, mp_obj_t index_in) {
    crypto_hd_node_t *parent = node_get(self_in);
    uint32_t index = hsm_crypto_word(index_in);
    hsm_crypto_handle_t *made = hsm_crypto_handle_new(&hsm_crypto_type_hd_node);
    crypto_hd_node_t *node = NULL;
    hsm_crypto_check(crypto_hd_child(parent, index, &node));
    made->handle = node;
    return MP_OBJ_FROM_PTR(made);
}
static MP_DEFINE_CONST_FUN_OBJ_2(node_child_obj, node_child);

/// HdNode.labelled_child(self, label: Buffer) -> HdNode
/// Child of a symmetric node ([SLIP-0021]); label 0..255 bytes.
static mp_obj_t node_labelled_child(mp_obj_t self_in, mp_obj_t label_in) {
    crypto_hd_node_t *parent = node_get(self_in);
    mp_buffer_info_t label = hsm_crypto_read(label_in);
    hsm_crypto_handle_t *made = hsm_crypto_handle_new(&hsm_crypto_type_hd_node);
    crypto_hd_node_t *node = NULL;
    hsm_crypto_check(crypto_hd_labelled_child(parent, label.buf, label.len, &node));
    made->handle = node;
    return MP_OBJ_FROM_PTR(made);
}
static MP_DEFINE_CONST_FUN_OBJ_2(node_labelled_child_obj, node_labelled_child);

/// HdNode.public(self) -> bytes
/// What may be shown ([SCHSM] 22): 78 bytes 0488B21E || depth(1) || parent's fingerprint(4) || index(4) ||
/// chain code(32) || public key(33); of a symmetric node 77 bytes, with SHA-256 applied twice to chain code and
/// key, 32 bytes each, and zeros for fingerprint and index.
static mp_obj_t node_public(mp_obj_t self_in) {
    uint8_t shown[CRYPTO_HD_PUBLIC_MAX_BYTES];
    size_t length = 0;
    hsm_crypto_check(crypto_hd_public(node_get(self_in), shown, &length));
    return mp_obj_new_bytes(shown, length);
}
static MP_DEFINE_CONST_FUN_OBJ_1(node_public_obj, node_public);

/// HdNode.key(self) -> EcKey
/// The node's private key, of a node on a curve.
static mp_obj_t node_key(mp_obj_t self_in) {
    crypto_hd_node_t *node = node_get(self_in);
    hsm_crypto_handle_t *made = hsm_crypto_handle_new(&hsm_crypto_type_ec_key);
    crypto_ec_key_t *key = NULL;
    hsm_crypto_check(crypto_hd_key(node, &key));
    made->handle = key;
    return MP_OBJ_FROM_PTR(made);
}
static MP_DEFINE_CONST_FUN_OBJ_1(node_key_obj, node_key);

static mp_obj_t run(crypto_hd_direction_t direction, size_t count, const mp_obj_t *positional, mp_map_t *keywords) {
    static const mp_arg_t allowed[] = {
        {MP_QSTR_self, MP_ARG_REQUIRED | MP_ARG_OBJ, {.u_obj = MP_OBJ_NULL}},
        {MP_QSTR_label, MP_ARG_REQUIRED | MP_ARG_OBJ, {.u_obj = MP_OBJ_NULL}},
        {MP_QSTR_data, MP_ARG_REQUIRED | MP_ARG_OBJ, {.u_obj = MP_OBJ_NULL}},
        {MP_QSTR_buffer, MP_ARG_REQUIRED | MP_ARG_OBJ, {.u_obj = MP_OBJ_NULL}},
        {MP_QSTR_iv, MP_ARG_OBJ, {.u_rom_obj = MP_ROM_PTR(&mp_const_empty_bytes_obj)}},
    };
    mp_arg_val_t arguments[MP_ARRAY_SIZE(allowed)];
    mp_arg_parse_all(count, positional, keywords, MP_ARRAY_SIZE(allowed), allowed, arguments);
    crypto_hd_node_t *node = node_get(arguments[0].u_obj);
    mp_buffer_info_t label = hsm_crypto_read(arguments[1].u_obj);
    mp_buffer_info_t data = hsm_crypto_read(arguments[2].u_obj);
    mp_buffer_info_t buffer = hsm_crypto_write(arguments[3].u_obj, data.len);
    mp_buffer_info_t iv = hsm_crypto_read(arguments[4].u_obj);
    hsm_crypto_require(iv.len == 0 || iv.len == CRYPTO_CIPHER_BLOCK_BYTES);
    hsm_crypto_require_apart(&buffer, &label);
    hsm_crypto_require_apart(&buffer, &data);
    hsm_crypto_require_apart(&buffer, &iv);
    hsm_crypto_check(crypto_hd_cipher(node, direction, label.buf, label.len, iv.len != 0 ? iv.buf : NULL, data.buf,
                                      data.len, buffer.buf));
    return mp_obj_new_int_from_uint(data.len);
}

/// HdNode.encrypt_into(self, label: Buffer, data: Buffer, buffer: bytearray | memoryview, iv: Buffer = b'') -> int
/// AES-256-CBC of whole blocks under the first 32 bytes of HMAC-SHA-512(key, label), of a symmetric node;
/// the IV is the next 16 bytes unless 16 are given ([SCHSM] 22).
static mp_obj_t node_encrypt_into(size_t count, const mp_obj_t *positional, mp_map_t *keywords) {
    return run(CRYPTO_HD_ENCRYPT, count, positional, keywords);
}
static MP_DEFINE_CONST_FUN_OBJ_KW(node_encrypt_into_obj, 4, node_encrypt_into);

/// HdNode.decrypt_into(self, label: Buffer, data: Buffer, buffer: bytearray | memoryview, iv: Buffer = b'') -> int
/// The reverse.
static mp_obj_t node_decrypt_into(size_t count, const mp_obj_t *positional, mp_map_t *keywords) {
    return run(CRYPTO_HD_DECRYPT, count, positional, keywords);
}
static MP_DEFINE_CONST_FUN_OBJ_KW(node_decrypt_into_obj, 4, node_decrypt_into);

static void node_attr(mp_obj_t self_in, qstr attribute, mp_obj_t *destination) {
    if (destination[0] != MP_OBJ_NULL) {
        return; // read only
    }
    if (attribute == MP_QSTR_scheme) {
        destination[0] = MP_OBJ_NEW_SMALL_INT(node_get(self_in)->scheme);
    } else {
        destination[1] = MP_OBJ_SENTINEL; // go on in the locals dictionary
    }
}

static const mp_rom_map_elem_t node_locals_table[] = {
    HSM_CRYPTO_HANDLE_ROWS,
    {MP_ROM_QSTR(MP_QSTR_from_seed), MP_ROM_PTR(&node_from_seed_obj)},
    {MP_ROM_QSTR(MP_QSTR_generate), MP_ROM_PTR(&node_generate_obj)},
    {MP_ROM_QSTR(MP_QSTR_child), MP_ROM_PTR(&node_child_obj)},
    {MP_ROM_QSTR(MP_QSTR_labelled_child), MP_ROM_PTR(&node_labelled_child_obj)},
    {MP_ROM_QSTR(MP_QSTR_public), MP_ROM_PTR(&node_public_obj)},
    {MP_ROM_QSTR(MP_QSTR_key), MP_ROM_PTR(&node_key_obj)},
    {MP_ROM_QSTR(MP_QSTR_encrypt_into), MP_ROM_PTR(&node_encrypt_into_obj)},
    {MP_ROM_QSTR(MP_QSTR_decrypt_into), MP_ROM_PTR(&node_decrypt_into_obj)},
};
static MP_DEFINE_CONST_DICT(node_locals, node_locals_table);

MP_DEFINE_CONST_OBJ_TYPE(hsm_crypto_type_hd_node, MP_QSTR_HdNode, MP_TYPE_FLAG_NONE, attr, node_attr, locals_dict,
                         &node_locals);
