// SPDX-License-Identifier: GPL-2.0-or-later
// What the handle types share: an object that owns a block in the crypto pool.
#include "handle.h"

#include "py/objexcept.h"
#include "py/objint.h"

#include "pool.h"

MP_DEFINE_CONST_OBJ_TYPE(hsm_crypto_type_error, MP_QSTR_CryptoError, MP_TYPE_FLAG_NONE, make_new,
                         mp_obj_exception_make_new, print, mp_obj_exception_print, attr, mp_obj_exception_attr, parent,
                         &mp_type_Exception);

hsm_crypto_handle_t *hsm_crypto_handle_new(const mp_obj_type_t *type) {
    hsm_crypto_handle_t *self = mp_obj_malloc_with_finaliser(hsm_crypto_handle_t, type);
    self->handle = NULL;
    return self;
}

void *hsm_crypto_handle_get(mp_obj_t object, const mp_obj_type_t *type) {
    if (!mp_obj_is_exact_type(object, type)) {
        mp_raise_TypeError(NULL);
    }
    hsm_crypto_handle_t *self = MP_OBJ_TO_PTR(object);
    hsm_crypto_require(self->handle != NULL);
    return self->handle;
}

static bool is_handle(mp_obj_t object) {
    static const mp_obj_type_t *const types[] = {
        &hsm_crypto_type_secret,      &hsm_crypto_type_ec_key,         &hsm_crypto_type_rsa_key,
        &hsm_crypto_type_aes_key,     &hsm_crypto_type_edwards_key,    &hsm_crypto_type_montgomery_key,
        &hsm_crypto_type_hd_node,     &hsm_crypto_type_secure_channel,
    };
    for (size_t i = 0; i < MP_ARRAY_SIZE(types); i++) {
        if (mp_obj_is_exact_type(object, types[i])) {
            return true;
        }
    }
    return false;
}

/// Secret.wipe(self) -> None
/// EcKey.wipe(self) -> None
/// EdwardsKey.wipe(self) -> None
/// MontgomeryKey.wipe(self) -> None
/// RsaKey.wipe(self) -> None
/// AesKey.wipe(self) -> None
/// SecureChannel.wipe(self) -> None
/// HdNode.wipe(self) -> None
/// Destroy the contents now; allowed again and again.
static mp_obj_t handle_wipe(mp_obj_t object) {
    if (!is_handle(object)) {
        mp_raise_TypeError(NULL);
    }
    hsm_crypto_handle_t *self = MP_OBJ_TO_PTR(object);
    crypto_pool_free(self->handle);
    self->handle = NULL;
    return mp_const_none;
}
MP_DEFINE_CONST_FUN_OBJ_1(hsm_crypto_handle_wipe_obj, handle_wipe);

/// Secret.__enter__(self) -> Self
/// EcKey.__enter__(self) -> Self
/// EdwardsKey.__enter__(self) -> Self
/// MontgomeryKey.__enter__(self) -> Self
/// RsaKey.__enter__(self) -> Self
/// AesKey.__enter__(self) -> Self
/// SecureChannel.__enter__(self) -> Self
/// HdNode.__enter__(self) -> Self
/// Secret.__exit__(self, *exc: object) -> None
/// EcKey.__exit__(self, *exc: object) -> None
/// EdwardsKey.__exit__(self, *exc: object) -> None
/// MontgomeryKey.__exit__(self, *exc: object) -> None
/// RsaKey.__exit__(self, *exc: object) -> None
/// AesKey.__exit__(self, *exc: object) -> None
/// SecureChannel.__exit__(self, *exc: object) -> None
/// HdNode.__exit__(self, *exc: object) -> None
/// `with` wipes on exit, whatever happened inside.
static mp_obj_t handle_exit(size_t count, const mp_obj_t *arguments) {
    (void)count;
    return handle_wipe(arguments[0]);
}
MP_DEFINE_CONST_FUN_OBJ_VAR_BETWEEN(hsm_crypto_handle_exit_obj, 1, 4, handle_exit);

void hsm_crypto_check(crypto_result_t result) {
    if (result == CRYPTO_OK) {
        return;
    }
    if (result == CRYPTO_MEMORY) {
        mp_raise_type(&mp_type_MemoryError);
    }
    if (result == CRYPTO_ARGUMENT) {
        mp_raise_ValueError(NULL);
    }
    nlr_raise(mp_obj_new_exception_arg1(&hsm_crypto_type_error, MP_OBJ_NEW_SMALL_INT(result)));
}

void hsm_crypto_require(bool condition) {
    if (!condition) {
        mp_raise_ValueError(NULL);
    }
}

// mp_obj_get_int takes the low bits of a long integer: 2**32 would be 0.
static long long integer_value(mp_obj_t object) {
    if (mp_obj_is_int(object) && !mp_obj_is_small_int(object)) {
        return ((const mp_obj_int_t *)MP_OBJ_TO_PTR(object))->val;
    }
    return mp_obj_get_int(object);
}

mp_int_t hsm_crypto_integer(mp_obj_t object, mp_int_t minimum, mp_int_t maximum) {
    long long value = integer_value(object);
    hsm_crypto_require(value >= minimum && value <= maximum);
    return (mp_int_t)value;
}

uint32_t hsm_crypto_word(mp_obj_t object) {
    long long value = integer_value(object);
    hsm_crypto_require(value >= 0 && value <= UINT32_MAX);
    return (uint32_t)value;
}

crypto_hash_t hsm_crypto_hash(mp_obj_t object) {
    return (crypto_hash_t)hsm_crypto_integer(object, CRYPTO_HASH_SHA1, CRYPTO_HASH_SHA512);
}

void hsm_crypto_require_apart(const mp_buffer_info_t *written, const mp_buffer_info_t *read) {
    const uint8_t *to = written->buf;
    const uint8_t *from = read->buf;
    hsm_crypto_require(to + written->len <= from || from + read->len <= to || written->len == 0 || read->len == 0);
}

void hsm_crypto_require_buffers(size_t first, size_t count, const mp_obj_t *arguments) {
    for (size_t i = first; i < count; i++) {
        hsm_crypto_read(arguments[i]);
    }
}

mp_buffer_info_t hsm_crypto_read(mp_obj_t object) {
    mp_buffer_info_t buffer;
    mp_get_buffer_raise(object, &buffer, MP_BUFFER_READ);
    return buffer;
}

mp_buffer_info_t hsm_crypto_read_exactly(mp_obj_t object, size_t length) {
    mp_buffer_info_t buffer = hsm_crypto_read(object);
    hsm_crypto_require(buffer.len == length);
    return buffer;
}

mp_buffer_info_t hsm_crypto_write(mp_obj_t object, size_t length) {
    mp_buffer_info_t buffer;
    mp_get_buffer_raise(object, &buffer, MP_BUFFER_WRITE);
    hsm_crypto_require(buffer.len >= length);
    return buffer;
}
