// SPDX-License-Identifier: GPL-2.0-or-later
// wolfSSL 5.7.2 for both chips: what is compiled in, and which hardening is on.
//
// wolfSSL reads this file because WOLFSSL_USER_SETTINGS is defined. It knows nothing of the SDK or of
// MicroPython, so that the same objects link into the image, the self-test image and the QEMU image.
#ifndef HSM_USER_SETTINGS_H
#define HSM_USER_SETTINGS_H

#include <stddef.h>

// --- Shape of the build ---------------------------------------------------------------------------
#define WOLFCRYPT_ONLY
#define SINGLE_THREADED
#define NO_FILESYSTEM
#define NO_MAIN_DRIVER
#define WOLFSSL_USER_IO
#define NO_ASN_TIME
#define NO_ERROR_STRINGS
#define SIZEOF_LONG 4
#define SIZEOF_LONG_LONG 8
#define WOLFSSL_GENERAL_ALIGNMENT 4
// Parsing foreign ASN.1 is attack surface that an HSM card does not need; DER is written by object.c.
#define NO_ASN
#define NO_CERTS
#define NO_SIG_WRAPPER
#define NO_PWDBASED
#define NO_DH
#define NO_DSA
#define NO_DES3
#define NO_RC4
#define NO_MD4
#define NO_MD5

// --- Memory: our own pool, wiped on free (pool.c) --------------------------------------------------
#define XMALLOC_USER
#define WOLFSSL_SMALL_STACK
#define WOLFSSL_SP_SMALL_STACK
// Scratch numbers would otherwise be variable-length arrays on the stack of the caller.
#define WOLFSSL_SP_NO_DYN_STACK

// --- Timing and fault hardening --------------------------------------------------------------------
#define TFM_TIMING_RESISTANT
#define ECC_TIMING_RESISTANT
#define WC_RSA_BLINDING
#define WOLFSSL_VALIDATE_ECC_IMPORT
#define WOLFSSL_ECDHX_SHARED_NOT_ZERO

// --- Integers and public-key algorithms ------------------------------------------------------------
#define WOLFSSL_SP_MATH_ALL
#define SP_INT_BITS 4096
#define WOLFSSL_HAVE_SP_RSA
#define WOLFSSL_SP_4096
#define WOLFSSL_HAVE_SP_ECC
#define WOLFSSL_SP_384
#define WOLFSSL_SP_521
#define WC_RSA_PSS
#define WC_RSA_NO_PADDING
#define WC_RSA_DIRECT
#define RSA_MIN_SIZE 1024
#define WOLFSSL_KEY_GEN
#define HAVE_ECC
#define WOLFSSL_CUSTOM_CURVES
#define ECC_USER_CURVES
#define USE_ECC_B_PARAM
#define HAVE_ECC192
#define HAVE_ECC256
#define HAVE_ECC384
#define HAVE_ECC512
#define HAVE_ECC521
#define HAVE_ECC_BRAINPOOL
#define HAVE_ECC_KOBLITZ
#define ECC_MIN_KEY_SZ 192
// P-521 signs the leftmost 521 bits of up to 66 bytes; the library's limit is its longest hash.
#define WC_HASH_CUSTOM_MAX_DIGEST_SIZE 66
// Scalars by rejection: without it they are reduced by a division whose time depends on them.
#define WOLFSSL_ECC_GEN_REJECT_SAMPLING
// The nonce comes from nonce.c; without ONE_LOOP the library would silently fall back to its own.
#define WOLFSSL_ECDSA_SET_K
#define WOLFSSL_ECDSA_SET_K_ONE_LOOP
#define WOLFSSL_PUBLIC_MP
// Signatures and shared secrets only: nobody gives this card an EdDSA signature to verify.
#define HAVE_CURVE25519
#define HAVE_ED25519
#define NO_ED25519_VERIFY
#define HAVE_CURVE448
#define HAVE_ED448
#define NO_ED448_VERIFY

// --- Symmetric algorithms --------------------------------------------------------------------------
#define WOLFSSL_SHA224
#define WOLFSSL_SHA384
#define WOLFSSL_SHA512
#define WOLFSSL_NOSHA512_224
#define WOLFSSL_NOSHA512_256
#define WOLFSSL_RIPEMD
#define WOLFSSL_SHA3
#define WOLFSSL_NO_SHAKE128
#define WOLFSSL_SHAKE256
#define HAVE_HKDF
#define WOLFSSL_CMAC
#define WOLFSSL_AES_DIRECT
#define WOLFSSL_AES_COUNTER
#define HAVE_AES_DECRYPT
#define HAVE_AES_ECB
#define WOLFSSL_AES_CFB
#define WOLFSSL_AES_OFB
#define WOLFSSL_AES_XTS
#define HAVE_AESCCM
#define HAVE_AESGCM
#define GCM_TABLE_4BIT
#define HAVE_CHACHA
#define HAVE_POLY1305

// --- Randomness: SP 800-90A Hash_DRBG over the port's noise source ---------------------------------
#define HAVE_HASHDRBG
int crypto_seed(unsigned char *output, unsigned int length);
#define CUSTOM_RAND_GENERATE_SEED crypto_seed

// --- Chip ------------------------------------------------------------------------------------------
#if defined(__ARM_ARCH_6M__)
#define WOLFSSL_SP_ARM_THUMB_ASM
#define WOLFSSL_SP_ARM_THUMB
#define WOLFSSL_SP_LARGE_CODE
#define SHA256_MANY_REGISTERS
// What the rounds of AES take unrolled, the tables of decryption need in SRAM.
#define WOLFSSL_AES_NO_UNROLL
#elif defined(__ARM_ARCH_8M_MAIN__)
#define WOLFSSL_SP_ARM_CORTEX_M_ASM
#define WOLFSSL_SP_ARM_CORTEX_M
#define WOLFSSL_ARMASM
#define WOLFSSL_ARMASM_NO_HW_CRYPTO
#define WOLFSSL_ARMASM_NO_NEON
#define WOLFSSL_ARMASM_INLINE
#define WOLFSSL_ARMASM_THUMB2
#define WOLFSSL_ARM_ARCH 7
#else
#error "hsm_crypto_core is built for Cortex-M0+ (RP2040) or Cortex-M33 (RP2350)"
#endif

#endif // HSM_USER_SETTINGS_H
