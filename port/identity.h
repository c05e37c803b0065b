// What makes this chip different from all others: a public number, not a secret.
// SPDX-License-Identifier: GPL-2.0-or-later
#ifndef HSM_IDENTITY_H
#define HSM_IDENTITY_H

#include <stdint.h>

#define IDENTITY_BYTES 8

// Reads it once, before USB and the main program start.
void identity_init(void);

// RP2040: the flash chip's unique id (command 4Bh). RP2350: CHIPID of OTP, most significant byte first.
const uint8_t *identity(void);

#endif // HSM_IDENTITY_H
