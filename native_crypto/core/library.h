// SPDX-License-Identifier: GPL-2.0-or-later
// wolfSSL's headers in the order they need, and the few translations that several files share.
//
// Included by core/*.c only, never by a public header: nothing above the core sees the library.
#ifndef CRYPTO_LIBRARY_H
#define CRYPTO_LIBRARY_H

#include <wolfssl/wolfcrypt/settings.h>

#include <wolfssl/wolfcrypt/types.h>

#include <wolfssl/wolfcrypt/aes.h>
#include <wolfssl/wolfcrypt/chacha20_poly1305.h>
#include <wolfssl/wolfcrypt/cmac.h>
#include <wolfssl/wolfcrypt/ecc.h>
#include <wolfssl/wolfcrypt/ed25519.h>
#include <wolfssl/wolfcrypt/ed448.h>
#include <wolfssl/wolfcrypt/error-crypt.h>
#include <wolfssl/wolfcrypt/hash.h>
#include <wolfssl/wolfcrypt/hmac.h>
#include <wolfssl/wolfcrypt/random.h>
#include <wolfssl/wolfcrypt/ripemd.h>
#include <wolfssl/wolfcrypt/rsa.h>
#include <wolfssl/wolfcrypt/wolfmath.h>

#include <wolfssl/wolfcrypt/sp.h>

#include "digest.h"
#include "drbg.h"
#include "result.h"

// WC_HASH_TYPE_NONE for a number that names no hash.
enum wc_HashType crypto_library_hash(crypto_hash_t hash);

// A failure of the library in our terms: memory and everything else.
static inline crypto_result_t crypto_from_library(int error) {
    if (error == 0) {
        return CRYPTO_OK;
    }
    if (error == RNG_FAILURE_E || error == DRBG_CONT_FIPS_E) {
        return crypto_drbg_failure();
    }
    return error == MEMORY_E || error == MP_MEM ? CRYPTO_MEMORY : CRYPTO_FAILED;
}

#endif // CRYPTO_LIBRARY_H
