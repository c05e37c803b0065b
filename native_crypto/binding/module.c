// SPDX-License-Identifier: GPL-2.0-or-later
// The table of the module `hsm_crypto`; its contract is stubs/hsm_crypto.pyi.
#include "cipher.h"
#include "curves.h"
#include "digest.h"
#include "functions.h"
#include "handle.h"
#include "hd_node.h"

#define INTEGER_ROW(name, value) {MP_ROM_QSTR(MP_QSTR_##name), MP_ROM_INT(value)}
#define OBJECT_ROW(name, object) {MP_ROM_QSTR(MP_QSTR_##name), MP_ROM_PTR(&object)}

static const mp_rom_map_elem_t module_globals_table[] = {
    {MP_ROM_QSTR(MP_QSTR___name__), MP_ROM_QSTR(MP_QSTR_hsm_crypto)},
    OBJECT_ROW(CryptoError, hsm_crypto_type_error),
    OBJECT_ROW(Secret, hsm_crypto_type_secret),
    OBJECT_ROW(EcKey, hsm_crypto_type_ec_key),
    OBJECT_ROW(EdwardsKey, hsm_crypto_type_edwards_key),
    OBJECT_ROW(MontgomeryKey, hsm_crypto_type_montgomery_key),
    OBJECT_ROW(RsaKey, hsm_crypto_type_rsa_key),
    OBJECT_ROW(AesKey, hsm_crypto_type_aes_key),
    OBJECT_ROW(SecureChannel, hsm_crypto_type_secure_channel),
    OBJECT_ROW(HdNode, hsm_crypto_type_hd_node),

    INTEGER_ROW(REASON_FAILED, CRYPTO_FAILED),
    INTEGER_ROW(REASON_AUTHENTICATION, CRYPTO_AUTHENTICATION),
    INTEGER_ROW(REASON_ENTROPY, CRYPTO_ENTROPY),
    INTEGER_ROW(REASON_CANCELLED, CRYPTO_CANCELLED),
    INTEGER_ROW(REASON_POINT, CRYPTO_POINT),
    INTEGER_ROW(REASON_FAULT, CRYPTO_FAULT),

    INTEGER_ROW(HASH_SHA1, CRYPTO_HASH_SHA1),
    INTEGER_ROW(HASH_SHA224, CRYPTO_HASH_SHA224),
    INTEGER_ROW(HASH_SHA256, CRYPTO_HASH_SHA256),
    INTEGER_ROW(HASH_SHA384, CRYPTO_HASH_SHA384),
    INTEGER_ROW(HASH_SHA512, CRYPTO_HASH_SHA512),

    INTEGER_ROW(CURVE_SECP192R1, CRYPTO_CURVE_SECP192R1),
    INTEGER_ROW(CURVE_SECP256R1, CRYPTO_CURVE_SECP256R1),
    INTEGER_ROW(CURVE_SECP384R1, CRYPTO_CURVE_SECP384R1),
    INTEGER_ROW(CURVE_SECP521R1, CRYPTO_CURVE_SECP521R1),
    INTEGER_ROW(CURVE_SECP192K1, CRYPTO_CURVE_SECP192K1),
    INTEGER_ROW(CURVE_SECP256K1, CRYPTO_CURVE_SECP256K1),
    INTEGER_ROW(CURVE_BRAINPOOLP256R1, CRYPTO_CURVE_BRAINPOOLP256R1),
    INTEGER_ROW(CURVE_BRAINPOOLP384R1, CRYPTO_CURVE_BRAINPOOLP384R1),
    INTEGER_ROW(CURVE_BRAINPOOLP512R1, CRYPTO_CURVE_BRAINPOOLP512R1),
    INTEGER_ROW(CURVE_ED25519, CRYPTO_CURVE_ED25519),
    INTEGER_ROW(CURVE_ED448, CRYPTO_CURVE_ED448),
    INTEGER_ROW(CURVE_X25519, CRYPTO_CURVE_X25519),
    INTEGER_ROW(CURVE_X448, CRYPTO_CURVE_X448),

    INTEGER_ROW(CIPHER_AES_ECB, CRYPTO_CIPHER_AES_ECB),
    INTEGER_ROW(CIPHER_AES_CBC, CRYPTO_CIPHER_AES_CBC),
    INTEGER_ROW(CIPHER_AES_OFB, CRYPTO_CIPHER_AES_OFB),
    INTEGER_ROW(CIPHER_AES_CFB, CRYPTO_CIPHER_AES_CFB),
    INTEGER_ROW(CIPHER_AES_CTR, CRYPTO_CIPHER_AES_CTR),
    INTEGER_ROW(CIPHER_AES_GCM, CRYPTO_CIPHER_AES_GCM),
    INTEGER_ROW(CIPHER_AES_CCM, CRYPTO_CIPHER_AES_CCM),
    INTEGER_ROW(CIPHER_AES_XTS, CRYPTO_CIPHER_AES_XTS),
    INTEGER_ROW(CIPHER_CHACHA20_POLY1305, CRYPTO_CIPHER_CHACHA20_POLY1305),

    INTEGER_ROW(HD_SECP256K1, CRYPTO_HD_SECP256K1),
    INTEGER_ROW(HD_SECP256R1, CRYPTO_HD_SECP256R1),
    INTEGER_ROW(HD_SYMMETRIC, CRYPTO_HD_SYMMETRIC),

    OBJECT_ROW(digest, hsm_crypto_digest_obj),
    OBJECT_ROW(equal, hsm_crypto_equal_obj),
    OBJECT_ROW(random, hsm_crypto_random_obj),
    OBJECT_ROW(random_into, hsm_crypto_random_into_obj),
    OBJECT_ROW(reseed, hsm_crypto_reseed_obj),
    OBJECT_ROW(curve_from_prime, hsm_crypto_curve_from_prime_obj),
    OBJECT_ROW(curve_parameters, hsm_crypto_curve_parameters_obj),
    OBJECT_ROW(ec_verify, hsm_crypto_ec_verify_obj),
    OBJECT_ROW(rsa_verify_pkcs1, hsm_crypto_rsa_verify_pkcs1_obj),
    OBJECT_ROW(rsa_verify_pss, hsm_crypto_rsa_verify_pss_obj),
};
static MP_DEFINE_CONST_DICT(module_globals, module_globals_table);

const mp_obj_module_t hsm_crypto_module = {
    .base = {&mp_type_module},
    .globals = (mp_obj_dict_t *)&module_globals,
};

MP_REGISTER_MODULE(MP_QSTR_hsm_crypto, hsm_crypto_module);
