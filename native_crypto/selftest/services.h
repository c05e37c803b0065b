// SPDX-License-Identifier: GPL-2.0-or-later
// What serves the self-test's requests, by the file that it is in; selftest.h says what each takes and gives.
#ifndef SELFTEST_SERVICES_H
#define SELFTEST_SERVICES_H

#include "object.h"
#include "parts.h"
#include "result.h"
#include "selftest.h"

typedef crypto_result_t service_t(reader_t *in, writer_t *out);

// serve_symmetric.c
service_t selftest_hmac, selftest_hkdf, selftest_pbkdf2, selftest_stretch, selftest_x963;
service_t selftest_encrypt, selftest_decrypt, selftest_cmac;
service_t selftest_pbes2_encrypt, selftest_pbes2_decrypt, selftest_aes_generate;

// serve_ec.c
service_t selftest_ec_public, selftest_ec_generate, selftest_ec_derive, selftest_ecdsa_sign, selftest_ecdsa_hedged;
service_t selftest_ecdsa_verify, selftest_ecdh, selftest_curve;

// serve_edwards.c
service_t selftest_edwards_public, selftest_edwards_generate, selftest_edwards_sign;
service_t selftest_montgomery_public, selftest_montgomery_generate, selftest_montgomery_ecdh;

// serve_rsa.c
service_t selftest_rsa_public, selftest_rsa_private, selftest_rsa_pkcs1, selftest_rsa_pss, selftest_rsa_generate;
service_t selftest_rsa_decrypt_pkcs1, selftest_rsa_decrypt_oaep, selftest_rsa_verify_pkcs1, selftest_rsa_verify_pss;

// serve_objects.c
service_t selftest_wrap, selftest_unwrap, selftest_channel_send, selftest_channel_receive;
service_t selftest_hd_node, selftest_hd_cipher, selftest_hd_generate;

// What keys are sealed under on their way through: 32 zero bytes.
extern crypto_secret_t selftest_zero_secret;

// Every key goes once through its sealed form, so that each vector tests that as well. The handle is exchanged, or
// freed and NULL.
crypto_result_t selftest_through_seal(crypto_object_kind_t kind, void **handle);

#endif // SELFTEST_SERVICES_H
