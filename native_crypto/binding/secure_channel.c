// SPDX-License-Identifier: GPL-2.0-or-later
// SecureChannel: session keys and counter of secure messaging.
#include "secure_channel.h"

#include "handle.h"
#include "wipe.h"

#define PARTS_MAX 8

static crypto_channel_t *channel_get(mp_obj_t object) {
    return hsm_crypto_handle_get(object, &hsm_crypto_type_secure_channel);
}

/// SecureChannel.token(self, data: Buffer) -> bytes
/// The first 8 bytes of the MAC key's CMAC over `data`: the card's authentication token.
static mp_obj_t channel_token(mp_obj_t self_in, mp_obj_t data_in) {
    crypto_channel_t *channel = channel_get(self_in);
    mp_buffer_info_t data = hsm_crypto_read(data_in);
    const crypto_part_t part = {data.buf, data.len};
    uint8_t token[CRYPTO_CHANNEL_MAC_BYTES];
    hsm_crypto_check(crypto_channel_mac(channel, CRYPTO_CHANNEL_WITHOUT_COUNTER, &part, 1, token));
    return mp_obj_new_bytes(token, sizeof(token));
}
static MP_DEFINE_CONST_FUN_OBJ_2(channel_token_obj, channel_token);

/// SecureChannel.advance(self) -> None
/// Add 1 to the send sequence counter. CryptoError(REASON_FAILED) if it would begin again.
static mp_obj_t channel_advance(mp_obj_t self_in) {
    hsm_crypto_check(crypto_channel_advance(channel_get(self_in)));
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_1(channel_advance_obj, channel_advance);

// arguments[first..count-1], at most PARTS_MAX; returns how many.
static size_t read_parts(size_t first, size_t count, const mp_obj_t *arguments, crypto_part_t parts[PARTS_MAX]) {
    hsm_crypto_require(count - first <= PARTS_MAX);
    for (size_t i = first; i < count; i++) {
        mp_buffer_info_t part = hsm_crypto_read(arguments[i]);
        parts[i - first] = (crypto_part_t){part.buf, part.len};
    }
    return count - first;
}

/// SecureChannel.mac(self, *parts: Buffer) -> bytes
/// The first 8 bytes of CMAC over the counter and the concatenated parts (at most 8), padded already.
static mp_obj_t channel_mac(size_t count, const mp_obj_t *arguments) {
    crypto_channel_t *channel = channel_get(arguments[0]);
    crypto_part_t parts[PARTS_MAX];
    uint8_t mac[CRYPTO_CHANNEL_MAC_BYTES];
    size_t used = read_parts(1, count, arguments, parts);
    hsm_crypto_check(crypto_channel_mac(channel, CRYPTO_CHANNEL_WITH_COUNTER, parts, used, mac));
    return mp_obj_new_bytes(mac, sizeof(mac));
}
static MP_DEFINE_CONST_FUN_OBJ_VAR(channel_mac_obj, 1, channel_mac);

/// SecureChannel.mac_matches(self, tag: Buffer, *parts: Buffer) -> bool
/// Constant-time check of a `mac`, evaluated twice.
static mp_obj_t channel_mac_matches(size_t count, const mp_obj_t *arguments) {
    crypto_channel_t *channel = channel_get(arguments[0]);
    mp_buffer_info_t tag = hsm_crypto_read_exactly(arguments[1], CRYPTO_CHANNEL_MAC_BYTES);
    crypto_part_t parts[PARTS_MAX];
    uint8_t first[CRYPTO_CHANNEL_MAC_BYTES];
    uint8_t second[CRYPTO_CHANNEL_MAC_BYTES];
    size_t used = read_parts(2, count, arguments, parts);
    crypto_result_t result = crypto_channel_mac(channel, CRYPTO_CHANNEL_WITH_COUNTER, parts, used, first);
    bool matches = result == CRYPTO_OK && crypto_equal(first, tag.buf, sizeof(first));
    if (result == CRYPTO_OK) {
        result = crypto_channel_mac(channel, CRYPTO_CHANNEL_WITH_COUNTER, parts, used, second);
    }
    bool matches_again = result == CRYPTO_OK && crypto_equal(tag.buf, second, sizeof(second));
    crypto_wipe(first, sizeof(first));
    crypto_wipe(second, sizeof(second));
    hsm_crypto_check(result);
    return mp_obj_new_bool(matches && matches_again);
}
static MP_DEFINE_CONST_FUN_OBJ_VAR(channel_mac_matches_obj, 2, channel_mac_matches);

/// SecureChannel.encrypt_into(self, data: Buffer, buffer: bytearray | memoryview) -> int
/// AES-CBC with the encrypted counter as IV, after padding ([7816-4] 10.2.3.1): 1..16 bytes more.
static mp_obj_t channel_encrypt_into(mp_obj_t self_in, mp_obj_t data_in, mp_obj_t buffer_in) {
    crypto_channel_t *channel = channel_get(self_in);
    mp_buffer_info_t data = hsm_crypto_read(data_in);
    size_t length = data.len / CRYPTO_CHANNEL_BLOCK_BYTES * CRYPTO_CHANNEL_BLOCK_BYTES + CRYPTO_CHANNEL_BLOCK_BYTES;
    mp_buffer_info_t buffer = hsm_crypto_write(buffer_in, length);
    hsm_crypto_require_apart(&buffer, &data);
    hsm_crypto_check(crypto_channel_encrypt(channel, data.buf, data.len, buffer.buf, &length));
    return mp_obj_new_int_from_uint(length);
}
static MP_DEFINE_CONST_FUN_OBJ_3(channel_encrypt_into_obj, channel_encrypt_into);

/// SecureChannel.decrypt_into(self, data: Buffer, buffer: bytearray | memoryview) -> int
/// The reverse; `buffer` has room for `data`. CryptoError(REASON_AUTHENTICATION) for wrong padding or length.
static mp_obj_t channel_decrypt_into(mp_obj_t self_in, mp_obj_t data_in, mp_obj_t buffer_in) {
    crypto_channel_t *channel = channel_get(self_in);
    mp_buffer_info_t data = hsm_crypto_read(data_in);
    mp_buffer_info_t buffer = hsm_crypto_write(buffer_in, data.len);
    size_t length = 0;
    hsm_crypto_require_apart(&buffer, &data);
    hsm_crypto_check(crypto_channel_decrypt(channel, data.buf, data.len, buffer.buf, &length));
    return mp_obj_new_int_from_uint(length);
}
static MP_DEFINE_CONST_FUN_OBJ_3(channel_decrypt_into_obj, channel_decrypt_into);

static const mp_rom_map_elem_t channel_locals_table[] = {
    HSM_CRYPTO_HANDLE_ROWS,
    {MP_ROM_QSTR(MP_QSTR_token), MP_ROM_PTR(&channel_token_obj)},
    {MP_ROM_QSTR(MP_QSTR_advance), MP_ROM_PTR(&channel_advance_obj)},
    {MP_ROM_QSTR(MP_QSTR_mac), MP_ROM_PTR(&channel_mac_obj)},
    {MP_ROM_QSTR(MP_QSTR_mac_matches), MP_ROM_PTR(&channel_mac_matches_obj)},
    {MP_ROM_QSTR(MP_QSTR_encrypt_into), MP_ROM_PTR(&channel_encrypt_into_obj)},
    {MP_ROM_QSTR(MP_QSTR_decrypt_into), MP_ROM_PTR(&channel_decrypt_into_obj)},
};
static MP_DEFINE_CONST_DICT(channel_locals, channel_locals_table);

MP_DEFINE_CONST_OBJ_TYPE(hsm_crypto_type_secure_channel, MP_QSTR_SecureChannel, MP_TYPE_FLAG_NONE, locals_dict,
                         &channel_locals);
