// SPDX-License-Identifier: GPL-2.0-or-later
// What the handle types share: an object that owns a block in the crypto pool.
#ifndef HSM_CRYPTO_HANDLE_H
#define HSM_CRYPTO_HANDLE_H

#include "py/obj.h"
#include "py/runtime.h"

#include "ec.h"
#include "object.h"
#include "result.h"
#include "rsa.h"

extern const mp_obj_type_t hsm_crypto_type_error;
extern const mp_obj_type_t hsm_crypto_type_secret;
extern const mp_obj_type_t hsm_crypto_type_ec_key;
extern const mp_obj_type_t hsm_crypto_type_rsa_key;
extern const mp_obj_type_t hsm_crypto_type_aes_key;
extern const mp_obj_type_t hsm_crypto_type_edwards_key;
extern const mp_obj_type_t hsm_crypto_type_montgomery_key;
extern const mp_obj_type_t hsm_crypto_type_hd_node;
extern const mp_obj_type_t hsm_crypto_type_secure_channel;

typedef struct {
    mp_obj_base_t base;
    void *handle; // in the pool; NULL once wiped
} hsm_crypto_handle_t;

// A new object that owns nothing yet. Made before the block it will own: allocating may raise.
hsm_crypto_handle_t *hsm_crypto_handle_new(const mp_obj_type_t *type);

// The block of a live object of that type; TypeError for another type, ValueError once wiped.
void *hsm_crypto_handle_get(mp_obj_t object, const mp_obj_type_t *type);

// wipe(), __exit__ and the finaliser.
extern const mp_obj_fun_builtin_fixed_t hsm_crypto_handle_wipe_obj;
extern const mp_obj_fun_builtin_var_t hsm_crypto_handle_exit_obj;

// Raise what a result stands for; nothing for CRYPTO_OK.
void hsm_crypto_check(crypto_result_t result);

// A readable buffer, or one that can be written and holds at least `length` bytes.
mp_buffer_info_t hsm_crypto_read(mp_obj_t object);
mp_buffer_info_t hsm_crypto_read_exactly(mp_obj_t object, size_t length);
mp_buffer_info_t hsm_crypto_write(mp_obj_t object, size_t length);

// An integer in the range; ValueError for another, of whatever size, TypeError for what is no integer.
mp_int_t hsm_crypto_integer(mp_obj_t object, mp_int_t minimum, mp_int_t maximum);

// The same for 0..2^32-1, and for a hash's number.
uint32_t hsm_crypto_word(mp_obj_t object);
crypto_hash_t hsm_crypto_hash(mp_obj_t object);

// ValueError for a buffer to write that shares bytes with one to read.
void hsm_crypto_require_apart(const mp_buffer_info_t *written, const mp_buffer_info_t *read);

// TypeError unless arguments[first..count-1] are buffers: before anything is taken from the pool.
void hsm_crypto_require_buffers(size_t first, size_t count, const mp_obj_t *arguments);

// Raise ValueError (without text) unless the condition holds.
void hsm_crypto_require(bool condition);

// Rows that open the locals dictionary of each handle type.
#define HSM_CRYPTO_HANDLE_ROWS                                                                                        \
    {MP_ROM_QSTR(MP_QSTR_wipe), MP_ROM_PTR(&hsm_crypto_handle_wipe_obj)},                                             \
        {MP_ROM_QSTR(MP_QSTR___del__), MP_ROM_PTR(&hsm_crypto_handle_wipe_obj)},                                      \
        {MP_ROM_QSTR(MP_QSTR___enter__), MP_ROM_PTR(&mp_identity_obj)},                                               \
        {MP_ROM_QSTR(MP_QSTR___exit__), MP_ROM_PTR(&hsm_crypto_handle_exit_obj)}

#endif // HSM_CRYPTO_HANDLE_H
