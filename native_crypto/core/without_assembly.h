// SPDX-License-Identifier: GPL-2.0-or-later
// Included before everything else of the library's files for Curve25519: they are compiled from C on both chips.
//
// The assembly code of 5.7.2 for Cortex-M33 gives wrong secrets for 27 of Wycheproof's 518 cases for X25519, and loads
// pairs of words from addresses that need not be aligned, which the processor answers with a fault.
#ifndef CRYPTO_WITHOUT_ASSEMBLY_H
#define CRYPTO_WITHOUT_ASSEMBLY_H

#include <wolfssl/wolfcrypt/settings.h>

#undef WOLFSSL_ARMASM

#endif // CRYPTO_WITHOUT_ASSEMBLY_H
