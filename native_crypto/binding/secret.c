// SPDX-License-Identifier: GPL-2.0-or-later
// Secret: 1..64 secret bytes that derive, authenticate and seal.
#include <string.h>

#include "cipher.h"
#include "drbg.h"
#include "fold.h"
#include "handle.h"
#include "kdf.h"
#include "key_blob.h"
#include "pool.h"
#include "wipe.h"

#define PIN_MAX_BYTES 64
#define ITERATIONS_MAX 10000000
#define DKEK_BYTES 32
#define SESSION_NONCE_BYTES 12
#define SESSION_KEY_BYTES 32

static crypto_secret_t *secret_get(mp_obj_t object) {
    return hsm_crypto_handle_get(object, &hsm_crypto_type_secret);
}

// Give the object a fresh block of that length.
static crypto_secret_t *secret_allocate(hsm_crypto_handle_t *self, size_t length) {
    crypto_secret_t *secret = NULL;
    hsm_crypto_check(crypto_secret_new(length, &secret));
    self->handle = secret;
    return secret;
}

// The result of the operation that filled a new object: the object, or nothing and the exception.
static mp_obj_t finish(hsm_crypto_handle_t *self, crypto_result_t result) {
    if (result != CRYPTO_OK) {
        crypto_pool_free(self->handle);
        self->handle = NULL;
        hsm_crypto_check(result);
    }
    return MP_OBJ_FROM_PTR(self);
}

/// Secret.random(length: int) -> Secret
/// CryptoError(REASON_ENTROPY).
static mp_obj_t secret_random(mp_obj_t length_in) {
    size_t length = (size_t)hsm_crypto_integer(length_in, 1, CRYPTO_SECRET_MAX_BYTES);
    hsm_crypto_handle_t *self = hsm_crypto_handle_new(&hsm_crypto_type_secret);
    crypto_secret_t *secret = secret_allocate(self, length);
    return finish(self, crypto_random(secret->bytes, secret->length));
}
static MP_DEFINE_CONST_FUN_OBJ_1(secret_random_fun, secret_random);
static MP_DEFINE_CONST_STATICMETHOD_OBJ(secret_random_obj, MP_ROM_PTR(&secret_random_fun));

/// Secret.from_bytes(data: Buffer) -> Secret
/// Copy from a buffer that the caller wipes (a DKEK share, an unwrapped key, a public root).
static mp_obj_t secret_from_bytes(mp_obj_t data_in) {
    mp_buffer_info_t data = hsm_crypto_read(data_in);
    hsm_crypto_require(data.len >= 1 && data.len <= CRYPTO_SECRET_MAX_BYTES);
    hsm_crypto_handle_t *self = hsm_crypto_handle_new(&hsm_crypto_type_secret);
    crypto_secret_t *secret = secret_allocate(self, data.len);
    memcpy(secret->bytes, data.buf, data.len);
    return MP_OBJ_FROM_PTR(self);
}
static MP_DEFINE_CONST_FUN_OBJ_1(secret_from_bytes_fun, secret_from_bytes);
static MP_DEFINE_CONST_STATICMETHOD_OBJ(secret_from_bytes_obj, MP_ROM_PTR(&secret_from_bytes_fun));

/// Secret.stretch(pin: Buffer, salt: Buffer, iterations: int, pepper: Secret) -> Secret
/// 32 bytes: HKDF-SHA256(salt=pepper, ikm=PBKDF2-HMAC-SHA256(pin, salt, iterations), info="pin").
///
/// `pin` 0..64 bytes, `salt` 16 bytes, `iterations` 1..10_000_000.
static mp_obj_t secret_stretch(size_t count, const mp_obj_t *arguments) {
    (void)count;
    mp_buffer_info_t pin = hsm_crypto_read(arguments[0]);
    mp_buffer_info_t salt = hsm_crypto_read_exactly(arguments[1], CRYPTO_STRETCH_SALT_BYTES);
    uint32_t iterations = (uint32_t)hsm_crypto_integer(arguments[2], 1, ITERATIONS_MAX);
    crypto_secret_t *pepper = secret_get(arguments[3]);
    hsm_crypto_require(pin.len <= PIN_MAX_BYTES);
    hsm_crypto_handle_t *self = hsm_crypto_handle_new(&hsm_crypto_type_secret);
    crypto_secret_t *secret = secret_allocate(self, CRYPTO_STRETCH_BYTES);
    return finish(self, crypto_stretch(pin.buf, pin.len, salt.buf, iterations, pepper->bytes, pepper->length,
                                       secret->bytes));
}
static MP_DEFINE_CONST_FUN_OBJ_VAR_BETWEEN(secret_stretch_fun, 4, 4, secret_stretch);
static MP_DEFINE_CONST_STATICMETHOD_OBJ(secret_stretch_obj, MP_ROM_PTR(&secret_stretch_fun));

/// Secret.derive(self, label: Buffer, length: int = 32) -> Secret
/// HKDF-SHA256 (RFC 5869) with this secret as key material, no salt, `label` as info; length 1..64.
static mp_obj_t secret_derive(size_t count, const mp_obj_t *positional, mp_map_t *keywords) {
    static const mp_arg_t allowed[] = {
        {MP_QSTR_self, MP_ARG_REQUIRED | MP_ARG_OBJ, {.u_obj = MP_OBJ_NULL}},
        {MP_QSTR_label, MP_ARG_REQUIRED | MP_ARG_OBJ, {.u_obj = MP_OBJ_NULL}},
        // An object: MP_ARG_INT would take the low bits of a long integer.
        {MP_QSTR_length, MP_ARG_OBJ, {.u_obj = MP_OBJ_NEW_SMALL_INT(32)}},
    };
    mp_arg_val_t arguments[MP_ARRAY_SIZE(allowed)];
    mp_arg_parse_all(count, positional, keywords, MP_ARRAY_SIZE(allowed), allowed, arguments);
    crypto_secret_t *parent = secret_get(arguments[0].u_obj);
    mp_buffer_info_t label = hsm_crypto_read(arguments[1].u_obj);
    size_t length = (size_t)hsm_crypto_integer(arguments[2].u_obj, 1, CRYPTO_SECRET_MAX_BYTES);
    hsm_crypto_handle_t *self = hsm_crypto_handle_new(&hsm_crypto_type_secret);
    crypto_secret_t *secret = secret_allocate(self, length);
    return finish(self, crypto_hkdf(CRYPTO_HASH_SHA256, parent->bytes, parent->length, NULL, 0, label.buf, label.len,
                                    secret->bytes, secret->length));
}
static MP_DEFINE_CONST_FUN_OBJ_KW(secret_derive_obj, 2, secret_derive);

// HMAC-SHA256 of arguments[first..count-1] under `secret`; every argument is known to be a buffer.
static crypto_result_t compute_mac(const crypto_secret_t *secret, size_t first, size_t count, const mp_obj_t *arguments,
                                   uint8_t out[CRYPTO_MAC_BYTES]) {
    crypto_mac_t *mac;
    crypto_result_t result = crypto_mac_new(CRYPTO_HASH_SHA256, secret->bytes, secret->length, &mac);
    if (result != CRYPTO_OK) {
        return result;
    }
    for (size_t i = first; result == CRYPTO_OK && i < count; i++) {
        mp_buffer_info_t part = hsm_crypto_read(arguments[i]);
        result = crypto_mac_update(mac, part.buf, part.len);
    }
    crypto_result_t last = crypto_mac_final(mac, out);
    return result != CRYPTO_OK ? result : last;
}

/// Secret.mac(self, *parts: Buffer) -> bytes
/// HMAC-SHA256 (32 bytes) of the concatenated parts.
static mp_obj_t secret_mac(size_t count, const mp_obj_t *arguments) {
    crypto_secret_t *secret = secret_get(arguments[0]);
    hsm_crypto_require_buffers(1, count, arguments);
    uint8_t tag[CRYPTO_MAC_BYTES];
    hsm_crypto_check(compute_mac(secret, 1, count, arguments, tag));
    return mp_obj_new_bytes(tag, sizeof(tag));
}
static MP_DEFINE_CONST_FUN_OBJ_VAR(secret_mac_obj, 1, secret_mac);

/// Secret.mac_matches(self, tag: Buffer, *parts: Buffer) -> bool
/// Constant-time check of a `mac`, evaluated twice.
static mp_obj_t secret_mac_matches(size_t count, const mp_obj_t *arguments) {
    crypto_secret_t *secret = secret_get(arguments[0]);
    mp_buffer_info_t tag = hsm_crypto_read_exactly(arguments[1], CRYPTO_MAC_BYTES);
    hsm_crypto_require_buffers(2, count, arguments);
    uint8_t first[CRYPTO_MAC_BYTES];
    uint8_t second[CRYPTO_MAC_BYTES];
    crypto_result_t result = compute_mac(secret, 2, count, arguments, first);
    bool matches = result == CRYPTO_OK && crypto_equal(first, tag.buf, sizeof(first));
    if (result == CRYPTO_OK) {
        result = compute_mac(secret, 2, count, arguments, second);
    }
    bool matches_again = result == CRYPTO_OK && crypto_equal(tag.buf, second, sizeof(second));
    // A wrong guess must not learn the right tag from what is left on the stack.
    crypto_wipe(first, sizeof(first));
    crypto_wipe(second, sizeof(second));
    hsm_crypto_check(result);
    return mp_obj_new_bool(matches && matches_again);
}
static MP_DEFINE_CONST_FUN_OBJ_VAR(secret_mac_matches_obj, 2, secret_mac_matches);

// The parts in one row; returns its length. ValueError for more than `room` bytes.
static size_t gather(size_t first, size_t count, const mp_obj_t *arguments, uint8_t *row, size_t room) {
    size_t length = 0;
    for (size_t i = first; i < count; i++) {
        mp_buffer_info_t part = hsm_crypto_read(arguments[i]);
        hsm_crypto_require(part.len <= room - length);
        memcpy(row + length, part.buf, part.len);
        length += part.len;
    }
    return length;
}

/// Secret.fold(self, accumulator: bytearray | memoryview, sign: int, *parts: Buffer) -> None
/// Add an element to a keyed multiset hash (sign 1), or take one away (sign -1).
///
/// accumulator += or -= SHA-256(secret || parts...) modulo 2**256, both little-endian numbers of 32 bytes.
/// Secret and parts are 55 bytes at most. The accumulator is for a MAC to cover, never to show:
/// ASIACRYPT 2003, Clarke et al., MSet-Add-Hash.
static mp_obj_t secret_fold(size_t count, const mp_obj_t *arguments) {
    crypto_secret_t *secret = secret_get(arguments[0]);
    mp_buffer_info_t accumulator = hsm_crypto_write(arguments[1], CRYPTO_FOLD_BYTES);
    hsm_crypto_require(accumulator.len == CRYPTO_FOLD_BYTES);
    mp_int_t sign = hsm_crypto_integer(arguments[2], CRYPTO_FOLD_REMOVE, CRYPTO_FOLD_ADD);
    hsm_crypto_require(sign != 0);
    uint8_t element[CRYPTO_FOLD_INPUT_MAX_BYTES];
    size_t length = gather(3, count, arguments, element, sizeof(element));
    hsm_crypto_check(
        crypto_fold(secret->bytes, secret->length, element, length, (crypto_fold_sign_t)sign, accumulator.buf));
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_VAR(secret_fold_obj, 3, secret_fold);

/// Secret.fold_each(self, accumulator: bytearray | memoryview, buffer: Buffer, offsets: Buffer, length: int) -> None
/// Add many elements at once: `length` bytes of `buffer` from every offset that is not 0.
///
/// `offsets` holds them as 32-bit numbers in the machine's order, an array("I") for instance.
static mp_obj_t secret_fold_each(size_t count, const mp_obj_t *arguments) {
    (void)count;
    crypto_secret_t *secret = secret_get(arguments[0]);
    mp_buffer_info_t accumulator = hsm_crypto_write(arguments[1], CRYPTO_FOLD_BYTES);
    hsm_crypto_require(accumulator.len == CRYPTO_FOLD_BYTES);
    mp_buffer_info_t buffer = hsm_crypto_read(arguments[2]);
    mp_buffer_info_t offsets = hsm_crypto_read(arguments[3]);
    hsm_crypto_require(offsets.len % sizeof(uint32_t) == 0);
    size_t length = hsm_crypto_integer(arguments[4], 0, CRYPTO_FOLD_INPUT_MAX_BYTES);
    for (size_t i = 0; i < offsets.len; i += sizeof(uint32_t)) {
        uint32_t offset;
        memcpy(&offset, (const uint8_t *)offsets.buf + i, sizeof(offset));
        if (offset == 0) {
            continue;
        }
        hsm_crypto_require(offset <= buffer.len && length <= buffer.len - offset);
        hsm_crypto_check(crypto_fold(secret->bytes, secret->length, (const uint8_t *)buffer.buf + offset, length,
                                     CRYPTO_FOLD_ADD, accumulator.buf));
    }
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_VAR_BETWEEN(secret_fold_each_obj, 5, 5, secret_fold_each);

/// Secret.combine(self, other: Secret) -> Secret
/// The XOR of two secrets of one length.
static mp_obj_t secret_combine(mp_obj_t self_in, mp_obj_t other_in) {
    crypto_secret_t *secret = secret_get(self_in);
    crypto_secret_t *other = secret_get(other_in);
    hsm_crypto_require(secret->length == other->length);
    hsm_crypto_handle_t *made = hsm_crypto_handle_new(&hsm_crypto_type_secret);
    crypto_secret_combine(secret, other, secret_allocate(made, secret->length));
    return MP_OBJ_FROM_PTR(made);
}
static MP_DEFINE_CONST_FUN_OBJ_2(secret_combine_obj, secret_combine);

/// Secret.check_value(self) -> bytes
/// Key check value: the first 8 bytes of SHA-256 of the secret, which must not be guessable.
static mp_obj_t secret_check_value(mp_obj_t self_in) {
    crypto_secret_t *secret = secret_get(self_in);
    uint8_t value[CRYPTO_CHECK_VALUE_BYTES];
    hsm_crypto_check(crypto_secret_check_value(secret, value));
    return mp_obj_new_bytes(value, sizeof(value));
}
static MP_DEFINE_CONST_FUN_OBJ_1(secret_check_value_obj, secret_check_value);

static crypto_secret_t *sealing_key(mp_obj_t self_in) {
    crypto_secret_t *secret = secret_get(self_in);
    hsm_crypto_require(secret->length == CRYPTO_SEAL_KEY_BYTES);
    return secret;
}

/// Secret.seal(self, associated_data: Buffer, plaintext: Buffer) -> bytes
/// AES-SIV (RFC 5297, AES-256: keys derived from this 32-byte secret): tag(16) || ciphertext.
static mp_obj_t secret_seal(mp_obj_t self_in, mp_obj_t associated_in, mp_obj_t plain_in) {
    crypto_secret_t *key = sealing_key(self_in);
    mp_buffer_info_t associated = hsm_crypto_read(associated_in);
    mp_buffer_info_t plain = hsm_crypto_read(plain_in);
    vstr_t out;
    vstr_init_len(&out, CRYPTO_SEAL_TAG_BYTES + plain.len);
    hsm_crypto_check(crypto_seal(key, associated.buf, associated.len, plain.buf, plain.len, (uint8_t *)out.buf));
    return mp_obj_new_bytes_from_vstr(&out);
}
static MP_DEFINE_CONST_FUN_OBJ_3(secret_seal_obj, secret_seal);

/// Secret.open(self, associated_data: Buffer, sealed: Buffer) -> bytes
/// Public contents into the heap. CryptoError(REASON_AUTHENTICATION).
static mp_obj_t secret_open(mp_obj_t self_in, mp_obj_t associated_in, mp_obj_t sealed_in) {
    crypto_secret_t *key = sealing_key(self_in);
    mp_buffer_info_t associated = hsm_crypto_read(associated_in);
    mp_buffer_info_t sealed = hsm_crypto_read(sealed_in);
    if (sealed.len < CRYPTO_SEAL_TAG_BYTES) {
        hsm_crypto_check(CRYPTO_AUTHENTICATION);
    }
    vstr_t out;
    vstr_init_len(&out, sealed.len - CRYPTO_SEAL_TAG_BYTES);
    hsm_crypto_check(crypto_open(key, associated.buf, associated.len, sealed.buf, sealed.len, (uint8_t *)out.buf));
    return mp_obj_new_bytes_from_vstr(&out);
}
static MP_DEFINE_CONST_FUN_OBJ_3(secret_open_obj, secret_open);

/// Secret.open_into(self, associated_data: Buffer, sealed: Buffer, buffer: bytearray | memoryview) -> int
/// The same into the caller's buffer; returns the length written. CryptoError(REASON_AUTHENTICATION).
static mp_obj_t secret_open_into(size_t count, const mp_obj_t *arguments) {
    (void)count;
    crypto_secret_t *key = sealing_key(arguments[0]);
    mp_buffer_info_t associated = hsm_crypto_read(arguments[1]);
    mp_buffer_info_t sealed = hsm_crypto_read(arguments[2]);
    if (sealed.len < CRYPTO_SEAL_TAG_BYTES) {
        hsm_crypto_check(CRYPTO_AUTHENTICATION);
    }
    size_t length = sealed.len - CRYPTO_SEAL_TAG_BYTES;
    mp_buffer_info_t buffer = hsm_crypto_write(arguments[3], length);
    hsm_crypto_require_apart(&buffer, &associated);
    hsm_crypto_require_apart(&buffer, &sealed);
    hsm_crypto_check(crypto_open(key, associated.buf, associated.len, sealed.buf, sealed.len, buffer.buf));
    return mp_obj_new_int_from_uint(length);
}
static MP_DEFINE_CONST_FUN_OBJ_VAR_BETWEEN(secret_open_into_obj, 4, 4, secret_open_into);

static const mp_obj_type_t *const types_by_kind[] = {
    [CRYPTO_OBJECT_SECRET] = &hsm_crypto_type_secret,
    [CRYPTO_OBJECT_EC] = &hsm_crypto_type_ec_key,
    [CRYPTO_OBJECT_RSA] = &hsm_crypto_type_rsa_key,
    [CRYPTO_OBJECT_AES] = &hsm_crypto_type_aes_key,
    [CRYPTO_OBJECT_EDWARDS] = &hsm_crypto_type_edwards_key,
    [CRYPTO_OBJECT_MONTGOMERY] = &hsm_crypto_type_montgomery_key,
    [CRYPTO_OBJECT_HD] = &hsm_crypto_type_hd_node,
};

static crypto_object_kind_t kind_of(mp_obj_t object) {
    for (int kind = CRYPTO_OBJECT_SECRET; kind <= CRYPTO_OBJECT_HD; kind++) {
        if (mp_obj_is_exact_type(object, types_by_kind[kind])) {
            return (crypto_object_kind_t)kind;
        }
    }
    mp_raise_TypeError(NULL);
}

/// Secret.seal_object(self, associated_data: Buffer, handle: Handle) -> bytes
/// Seal a handle's serialised form; it never leaves C memory in plain.
static mp_obj_t secret_seal_object(mp_obj_t self_in, mp_obj_t associated_in, mp_obj_t handle_in) {
    crypto_secret_t *key = sealing_key(self_in);
    mp_buffer_info_t associated = hsm_crypto_read(associated_in);
    crypto_object_kind_t kind = kind_of(handle_in);
    void *handle = hsm_crypto_handle_get(handle_in, types_by_kind[kind]);
    vstr_t out;
    vstr_init_len(&out, crypto_object_sealed_length(kind, handle));
    hsm_crypto_check(crypto_object_seal(key, associated.buf, associated.len, kind, handle, (uint8_t *)out.buf));
    return mp_obj_new_bytes_from_vstr(&out);
}
static MP_DEFINE_CONST_FUN_OBJ_3(secret_seal_object_obj, secret_seal_object);

/// Secret.open_object(self, associated_data: Buffer, sealed: Buffer) -> Handle
/// The handle sealed by `seal_object`. CryptoError(REASON_AUTHENTICATION).
static mp_obj_t secret_open_object(mp_obj_t self_in, mp_obj_t associated_in, mp_obj_t sealed_in) {
    crypto_secret_t *key = sealing_key(self_in);
    mp_buffer_info_t associated = hsm_crypto_read(associated_in);
    mp_buffer_info_t sealed = hsm_crypto_read(sealed_in);
    hsm_crypto_handle_t *made = hsm_crypto_handle_new(&hsm_crypto_type_secret);
    crypto_object_kind_t kind;
    hsm_crypto_check(
        crypto_object_open(key, associated.buf, associated.len, sealed.buf, sealed.len, &kind, &made->handle));
    made->base.type = types_by_kind[kind];
    return MP_OBJ_FROM_PTR(made);
}
static MP_DEFINE_CONST_FUN_OBJ_3(secret_open_object_obj, secret_open_object);

/// Secret.open_secret(self, associated_data: Buffer, sealed: Buffer) -> Secret
/// The secret that a host sealed under this one of 44 bytes, nonce(12) || key(32): ChaCha20-Poly1305
/// ([RFC8439] 2.8), ciphertext || tag(16). [SCHSM] 23. CryptoError(REASON_AUTHENTICATION).
static mp_obj_t secret_open_secret(mp_obj_t self_in, mp_obj_t associated_in, mp_obj_t sealed_in) {
    crypto_secret_t *key = secret_get(self_in);
    hsm_crypto_require(key->length == SESSION_NONCE_BYTES + SESSION_KEY_BYTES);
    mp_buffer_info_t associated = hsm_crypto_read(associated_in);
    mp_buffer_info_t sealed = hsm_crypto_read(sealed_in);
    hsm_crypto_require(sealed.len > CRYPTO_CIPHER_TAG_BYTES &&
                       sealed.len <= CRYPTO_CIPHER_TAG_BYTES + CRYPTO_SECRET_MAX_BYTES);
    hsm_crypto_handle_t *made = hsm_crypto_handle_new(&hsm_crypto_type_secret);
    crypto_secret_t *secret = secret_allocate(made, sealed.len - CRYPTO_CIPHER_TAG_BYTES);
    crypto_cipher_use_t use = {.cipher = CRYPTO_CIPHER_CHACHA20_POLY1305,
                               .key = key->bytes + SESSION_NONCE_BYTES,
                               .key_length = SESSION_KEY_BYTES,
                               .iv = key->bytes,
                               .iv_length = SESSION_NONCE_BYTES,
                               .associated = associated.buf,
                               .associated_length = associated.len};
    return finish(made, crypto_decrypt(&use, sealed.buf, sealed.len, secret->bytes));
}
static MP_DEFINE_CONST_FUN_OBJ_3(secret_open_secret_obj, secret_open_secret);

// --- Key blobs ---------------------------------------------------------------------------------------

static crypto_secret_t *dkek_get(mp_obj_t self_in) {
    crypto_secret_t *secret = secret_get(self_in);
    hsm_crypto_require(secret->length == DKEK_BYTES);
    return secret;
}

/// Secret.wrap_into(self, key: Key, algorithms: Buffer, buffer: bytearray | memoryview) -> int
/// The key blob of [SCHSM] 12.3 under this DKEK of 32 bytes: RSA (type 05), EC, Edwards, Montgomery, AES.
///
/// `algorithms` is the list of allowed algorithms, 0..255 bytes; `buffer` has room for 1,354 bytes.
static mp_obj_t secret_wrap_into(size_t count, const mp_obj_t *arguments) {
    (void)count;
    crypto_secret_t *dkek = dkek_get(arguments[0]);
    crypto_object_kind_t kind = kind_of(arguments[1]);
    if (kind == CRYPTO_OBJECT_SECRET || kind == CRYPTO_OBJECT_HD) {
        mp_raise_TypeError(NULL);
    }
    void *handle = hsm_crypto_handle_get(arguments[1], types_by_kind[kind]);
    mp_buffer_info_t algorithms = hsm_crypto_read(arguments[2]);
    mp_buffer_info_t buffer = hsm_crypto_write(arguments[3], CRYPTO_BLOB_MAX_BYTES);
    size_t length = 0;
    hsm_crypto_require_apart(&buffer, &algorithms);
    hsm_crypto_check(crypto_blob_wrap(dkek, kind, handle, algorithms.buf, algorithms.len, buffer.buf, &length));
    return mp_obj_new_int_from_uint(length);
}
static MP_DEFINE_CONST_FUN_OBJ_VAR_BETWEEN(secret_wrap_into_obj, 4, 4, secret_wrap_into);

/// Secret.unwrap(self, blob: Buffer) -> tuple[Key, bytes]
/// The key of a blob and its allowed algorithms. Also reads RSA with CRT parameters (type 06).
///
/// CryptoError(REASON_AUTHENTICATION) for another DKEK's check value or a wrong MAC, REASON_FAILED for
/// authentic bytes that are no key: damaged structure, unknown curve, numbers that do not belong together.
static mp_obj_t secret_unwrap(mp_obj_t self_in, mp_obj_t blob_in) {
    crypto_secret_t *dkek = dkek_get(self_in);
    mp_buffer_info_t blob = hsm_crypto_read(blob_in);
    hsm_crypto_handle_t *made = hsm_crypto_handle_new(&hsm_crypto_type_secret);
    crypto_blob_t opened;
    hsm_crypto_check(crypto_blob_unwrap(dkek, blob.buf, blob.len, &opened));
    made->handle = opened.handle;
    made->base.type = types_by_kind[opened.kind];
    mp_obj_t items[] = {MP_OBJ_FROM_PTR(made), mp_obj_new_bytes(opened.algorithms, opened.algorithms_length)};
    return mp_obj_new_tuple(MP_ARRAY_SIZE(items), items);
}
static MP_DEFINE_CONST_FUN_OBJ_2(secret_unwrap_obj, secret_unwrap);

/// Secret.__len__(self) -> int
/// 1..64 bytes.
static mp_obj_t secret_unary_op(mp_unary_op_t op, mp_obj_t self_in) {
    switch (op) {
        case MP_UNARY_OP_LEN:
            return MP_OBJ_NEW_SMALL_INT(secret_get(self_in)->length);
        case MP_UNARY_OP_BOOL:
            return mp_const_true;
        default:
            return MP_OBJ_NULL;
    }
}

static const mp_rom_map_elem_t secret_locals_table[] = {
    HSM_CRYPTO_HANDLE_ROWS,
    {MP_ROM_QSTR(MP_QSTR_random), MP_ROM_PTR(&secret_random_obj)},
    {MP_ROM_QSTR(MP_QSTR_from_bytes), MP_ROM_PTR(&secret_from_bytes_obj)},
    {MP_ROM_QSTR(MP_QSTR_stretch), MP_ROM_PTR(&secret_stretch_obj)},
    {MP_ROM_QSTR(MP_QSTR_derive), MP_ROM_PTR(&secret_derive_obj)},
    {MP_ROM_QSTR(MP_QSTR_mac), MP_ROM_PTR(&secret_mac_obj)},
    {MP_ROM_QSTR(MP_QSTR_mac_matches), MP_ROM_PTR(&secret_mac_matches_obj)},
    {MP_ROM_QSTR(MP_QSTR_fold), MP_ROM_PTR(&secret_fold_obj)},
    {MP_ROM_QSTR(MP_QSTR_fold_each), MP_ROM_PTR(&secret_fold_each_obj)},
    {MP_ROM_QSTR(MP_QSTR_combine), MP_ROM_PTR(&secret_combine_obj)},
    {MP_ROM_QSTR(MP_QSTR_check_value), MP_ROM_PTR(&secret_check_value_obj)},
    {MP_ROM_QSTR(MP_QSTR_seal), MP_ROM_PTR(&secret_seal_obj)},
    {MP_ROM_QSTR(MP_QSTR_open), MP_ROM_PTR(&secret_open_obj)},
    {MP_ROM_QSTR(MP_QSTR_open_into), MP_ROM_PTR(&secret_open_into_obj)},
    {MP_ROM_QSTR(MP_QSTR_open_secret), MP_ROM_PTR(&secret_open_secret_obj)},
    {MP_ROM_QSTR(MP_QSTR_seal_object), MP_ROM_PTR(&secret_seal_object_obj)},
    {MP_ROM_QSTR(MP_QSTR_open_object), MP_ROM_PTR(&secret_open_object_obj)},
    {MP_ROM_QSTR(MP_QSTR_wrap_into), MP_ROM_PTR(&secret_wrap_into_obj)},
    {MP_ROM_QSTR(MP_QSTR_unwrap), MP_ROM_PTR(&secret_unwrap_obj)},
};
static MP_DEFINE_CONST_DICT(secret_locals, secret_locals_table);

MP_DEFINE_CONST_OBJ_TYPE(hsm_crypto_type_secret, MP_QSTR_Secret, MP_TYPE_FLAG_NONE, unary_op, secret_unary_op,
                         locals_dict, &secret_locals);
