// SPDX-License-Identifier: GPL-2.0-or-later
// The module's functions, for its table in module.c.
#ifndef HSM_CRYPTO_FUNCTIONS_H
#define HSM_CRYPTO_FUNCTIONS_H

#include "py/obj.h"

extern const mp_obj_fun_builtin_var_t hsm_crypto_digest_obj;
extern const mp_obj_fun_builtin_fixed_t hsm_crypto_equal_obj;
extern const mp_obj_fun_builtin_fixed_t hsm_crypto_random_obj;
extern const mp_obj_fun_builtin_fixed_t hsm_crypto_random_into_obj;
extern const mp_obj_fun_builtin_fixed_t hsm_crypto_reseed_obj;
extern const mp_obj_fun_builtin_var_t hsm_crypto_curve_from_prime_obj;
extern const mp_obj_fun_builtin_fixed_t hsm_crypto_curve_parameters_obj;
extern const mp_obj_fun_builtin_var_t hsm_crypto_ec_verify_obj;
extern const mp_obj_fun_builtin_var_t hsm_crypto_rsa_verify_pkcs1_obj;
extern const mp_obj_fun_builtin_var_t hsm_crypto_rsa_verify_pss_obj;

#endif // HSM_CRYPTO_FUNCTIONS_H
