// What makes this chip different from all others: a public number, not a secret.
// SPDX-License-Identifier: GPL-2.0-or-later
#include "identity.h"

#include "hardware/flash.h"
#include "hardware/sync.h"
#include "pico.h"
#if PICO_RP2350
#include "hardware/regs/addressmap.h"
#include "hardware/regs/otp_data.h"
#endif

static uint8_t id[IDENTITY_BYTES];

#if PICO_RP2350
// Rows CHIPID0..3 hold 16 bits each; the window with ECC shows them side by side ([RP2350] 13.1).
static void read_id(void) {
    const volatile uint16_t *rows = (const volatile uint16_t *)OTP_DATA_BASE + OTP_DATA_CHIPID0_ROW;
    for (size_t i = 0; i < IDENTITY_BYTES / 2; i++) {
        uint16_t row = rows[i];
        id[IDENTITY_BYTES - 1 - 2 * i] = (uint8_t)row;
        id[IDENTITY_BYTES - 2 - 2 * i] = (uint8_t)(row >> 8);
    }
}
#else
static void read_id(void) {
    flash_get_unique_id(id);
}
#endif

void identity_init(void) {
    uint32_t state = save_and_disable_interrupts();
    read_id();
    restore_interrupts(state);
}

const uint8_t *identity(void) {
    return id;
}
