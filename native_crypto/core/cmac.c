// SPDX-License-Identifier: GPL-2.0-or-later
// wolfSSL's CMAC, with subkeys made in constant time.
//
// In 5.7.2 the doubling branches on the bits that it shifts: how long it takes told two bits of a value
// made of the key, and with it wrong PINs apart. The definition is left as library_double; how the macro tells
// it from the calls: sp_repairs.h.
#include <wolfssl/wolfcrypt/settings.h>

#include <wolfssl/wolfcrypt/cmac.h>

#include "double.h"

#define ShiftAndXorRb(first, in) DOUBLE_##first, in)
#define DOUBLE_byte library_double(byte
#define DOUBLE_cmac crypto_double(cmac

#include "wolfcrypt/src/cmac.c"
