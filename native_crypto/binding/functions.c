// SPDX-License-Identifier: GPL-2.0-or-later
// Functions on public data: hash, compare, randomness, curve parameters, signature check.
#include "functions.h"

#include "curves.h"
#include "digest.h"
#include "drbg.h"
#include "handle.h"
#include "wipe.h"

#define RANDOM_MAX_BYTES 4096

/// digest(hash: int, *parts: Buffer) -> bytes
/// Hash of the concatenated parts: 20, 28, 32, 48 or 64 bytes.
static mp_obj_t digest(size_t count, const mp_obj_t *arguments) {
    crypto_hash_t hash = (crypto_hash_t)hsm_crypto_integer(arguments[0], CRYPTO_HASH_SHA1, CRYPTO_HASH_SHA512);
    size_t length = crypto_digest_length(hash);
    for (size_t i = 1; i < count; i++) {
        hsm_crypto_read(arguments[i]); // raise before anything is taken from the pool
    }
    vstr_t out;
    vstr_init_len(&out, length);
    crypto_digest_t *state;
    hsm_crypto_check(crypto_digest_new(hash, &state));
    crypto_result_t result = CRYPTO_OK;
    for (size_t i = 1; result == CRYPTO_OK && i < count; i++) {
        mp_buffer_info_t part = hsm_crypto_read(arguments[i]);
        result = crypto_digest_update(state, part.buf, part.len);
    }
    crypto_result_t last = crypto_digest_final(state, (uint8_t *)out.buf);
    hsm_crypto_check(result);
    hsm_crypto_check(last);
    return mp_obj_new_bytes_from_vstr(&out);
}
MP_DEFINE_CONST_FUN_OBJ_VAR(hsm_crypto_digest_obj, 1, digest);

/// equal(a: Buffer, b: Buffer) -> bool
/// Compare in time that depends on the lengths only.
static mp_obj_t equal(mp_obj_t a_in, mp_obj_t b_in) {
    mp_buffer_info_t a = hsm_crypto_read(a_in);
    mp_buffer_info_t b = hsm_crypto_read(b_in);
    return mp_obj_new_bool(a.len == b.len && crypto_equal(a.buf, b.buf, a.len));
}
MP_DEFINE_CONST_FUN_OBJ_2(hsm_crypto_equal_obj, equal);

/// random(length: int) -> bytes
/// 0..4096 bytes of public randomness. CryptoError(REASON_ENTROPY).
static mp_obj_t random_bytes(mp_obj_t length_in) {
    size_t length = (size_t)hsm_crypto_integer(length_in, 0, RANDOM_MAX_BYTES);
    vstr_t out;
    vstr_init_len(&out, length);
    hsm_crypto_check(crypto_random((uint8_t *)out.buf, length));
    return mp_obj_new_bytes_from_vstr(&out);
}
MP_DEFINE_CONST_FUN_OBJ_1(hsm_crypto_random_obj, random_bytes);

/// random_into(buffer: bytearray | memoryview) -> int
/// Fill a buffer of 0..4096 bytes; returns its length. CryptoError(REASON_ENTROPY).
static mp_obj_t random_into(mp_obj_t buffer_in) {
    mp_buffer_info_t buffer = hsm_crypto_write(buffer_in, 0);
    hsm_crypto_require(buffer.len <= RANDOM_MAX_BYTES);
    hsm_crypto_check(crypto_random(buffer.buf, buffer.len));
    return mp_obj_new_int_from_uint(buffer.len);
}
MP_DEFINE_CONST_FUN_OBJ_1(hsm_crypto_random_into_obj, random_into);

/// reseed() -> None
/// Mix fresh, health-tested entropy into the DRBG. CryptoError(REASON_ENTROPY).
static mp_obj_t reseed(void) {
    hsm_crypto_check(crypto_reseed());
    return mp_const_none;
}
MP_DEFINE_CONST_FUN_OBJ_0(hsm_crypto_reseed_obj, reseed);

/// curve_from_prime(prime: Buffer, generator: Buffer = b'') -> int | None
/// The curve whose field prime is `prime` (leading zeros ignored), else None.
///
/// For the primes of [RFC7748] the generator tells the Montgomery curve (32 bytes that begin with 09, 56 bytes
/// that begin with 05) from the Edwards curve (anything else): [SCHSM] 13.1.
static mp_obj_t curve_from_prime(size_t count, const mp_obj_t *positional, mp_map_t *keywords) {
    static const mp_arg_t allowed[] = {
        {MP_QSTR_prime, MP_ARG_REQUIRED | MP_ARG_OBJ, {.u_obj = MP_OBJ_NULL}},
        {MP_QSTR_generator, MP_ARG_OBJ, {.u_rom_obj = MP_ROM_PTR(&mp_const_empty_bytes_obj)}},
    };
    mp_arg_val_t arguments[MP_ARRAY_SIZE(allowed)];
    mp_arg_parse_all(count, positional, keywords, MP_ARRAY_SIZE(allowed), allowed, arguments);
    mp_buffer_info_t prime = hsm_crypto_read(arguments[0].u_obj);
    mp_buffer_info_t generator = hsm_crypto_read(arguments[1].u_obj);
    int curve = crypto_curve_from_prime(prime.buf, prime.len, generator.buf, generator.len);
    return curve != 0 ? MP_OBJ_NEW_SMALL_INT(curve) : mp_const_none;
}
MP_DEFINE_CONST_FUN_OBJ_KW(hsm_crypto_curve_from_prime_obj, 1, curve_from_prime);

static mp_obj_t parameter_bytes(int curve, crypto_curve_parameter_t parameter) {
    uint8_t value[CRYPTO_POINT_MAX_BYTES];
    size_t length = crypto_curve_encoded(curve, parameter, value);
    return mp_obj_new_bytes(value, length);
}

/// curve_parameters(curve: int) -> tuple[bytes, bytes, bytes, bytes, bytes, int]
/// (p, a, b, G, n, h): field-width big endian; G uncompressed 04||X||Y; n of the order's width; h cofactor.
///
/// Montgomery and Edwards curves: G as a public key, n without leading zeros; (a, b) of Montgomery curves
/// are (486662 or 156326, 1) without leading zeros, of Edwards curves (a, d).
static mp_obj_t curve_parameters(mp_obj_t curve_in) {
    int curve = hsm_crypto_integer(curve_in, 1, CRYPTO_CURVE_LAST);
    mp_obj_t items[] = {
        parameter_bytes(curve, CRYPTO_CURVE_PRIME), parameter_bytes(curve, CRYPTO_CURVE_A),
        parameter_bytes(curve, CRYPTO_CURVE_B),     parameter_bytes(curve, CRYPTO_CURVE_GENERATOR),
        parameter_bytes(curve, CRYPTO_CURVE_ORDER), MP_OBJ_NEW_SMALL_INT(crypto_curve_cofactor(curve)),
    };
    return mp_obj_new_tuple(MP_ARRAY_SIZE(items), items);
}
MP_DEFINE_CONST_FUN_OBJ_1(hsm_crypto_curve_parameters_obj, curve_parameters);

/// ec_verify(curve: int, public: Buffer, hash: Buffer, signature: Buffer) -> bool
/// ECDSA check of a raw r||s signature; `public` is 04||X||Y. CryptoError(REASON_POINT).
static mp_obj_t ec_verify(size_t count, const mp_obj_t *arguments) {
    (void)count;
    int curve = hsm_crypto_integer(arguments[0], 1, CRYPTO_CURVE_WEIERSTRASS_LAST);
    size_t length = crypto_curve_bytes(curve);
    mp_buffer_info_t public = hsm_crypto_read_exactly(arguments[1], 1 + 2 * length);
    mp_buffer_info_t hash = hsm_crypto_read(arguments[2]);
    mp_buffer_info_t signature = hsm_crypto_read_exactly(arguments[3], 2 * length);
    const uint8_t *point = public.buf;
    hsm_crypto_require(point[0] == 0x04);
    crypto_result_t result = crypto_ec_verify(curve, point + 1, hash.buf, hash.len, signature.buf);
    if (result == CRYPTO_AUTHENTICATION) {
        return mp_const_false;
    }
    hsm_crypto_check(result);
    return mp_const_true;
}
MP_DEFINE_CONST_FUN_OBJ_VAR_BETWEEN(hsm_crypto_ec_verify_obj, 4, 4, ec_verify);

typedef crypto_result_t (*rsa_verify_t)(const crypto_rsa_public_t *, crypto_hash_t, const uint8_t *, size_t,
                                        const uint8_t *);

static mp_obj_t rsa_verify(const mp_obj_t *arguments, crypto_hash_t least, rsa_verify_t function) {
    mp_buffer_info_t modulus = hsm_crypto_read(arguments[0]);
    crypto_hash_t hash = (crypto_hash_t)hsm_crypto_integer(arguments[2], least, CRYPTO_HASH_SHA512);
    mp_buffer_info_t digest = hsm_crypto_read(arguments[3]);
    mp_buffer_info_t signature = hsm_crypto_read_exactly(arguments[4], modulus.len);
    crypto_rsa_public_t key = {.bits = 8 * modulus.len,
                               .modulus = modulus.buf,
                               .exponent = (uint32_t)hsm_crypto_integer(arguments[1], 3, INT32_MAX)};
    crypto_result_t result = function(&key, hash, digest.buf, digest.len, signature.buf);
    if (result == CRYPTO_AUTHENTICATION) {
        return mp_const_false;
    }
    hsm_crypto_check(result);
    return mp_const_true;
}

/// rsa_verify_pkcs1(modulus: Buffer, exponent: int, hash: int, digest: Buffer, signature: Buffer) -> bool
/// RSASSA-PKCS1-v1_5 check ([RFC8017] 8.2.2) of a signature as long as the modulus.
///
/// `modulus` 128, 192, 256, 384 or 512 bytes; `exponent` odd, 3..2**31-1.
static mp_obj_t rsa_verify_pkcs1(size_t count, const mp_obj_t *arguments) {
    (void)count;
    return rsa_verify(arguments, CRYPTO_HASH_NONE, crypto_rsa_verify_pkcs1);
}
MP_DEFINE_CONST_FUN_OBJ_VAR_BETWEEN(hsm_crypto_rsa_verify_pkcs1_obj, 5, 5, rsa_verify_pkcs1);

/// rsa_verify_pss(modulus: Buffer, exponent: int, hash: int, digest: Buffer, signature: Buffer) -> bool
/// RSASSA-PSS check ([RFC8017] 8.1.2): MGF1 with the same hash, salt as long as the hash.
static mp_obj_t rsa_verify_pss(size_t count, const mp_obj_t *arguments) {
    (void)count;
    return rsa_verify(arguments, CRYPTO_HASH_SHA1, crypto_rsa_verify_pss);
}
MP_DEFINE_CONST_FUN_OBJ_VAR_BETWEEN(hsm_crypto_rsa_verify_pss_obj, 5, 5, rsa_verify_pss);
