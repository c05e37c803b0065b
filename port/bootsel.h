// The way into the boot ROM's USB loader (BOOTSEL), through a reset that wipes SRAM.
// SPDX-License-Identifier: GPL-2.0-or-later
#ifndef HSM_BOOTSEL_H
#define HSM_BOOTSEL_H

// Resets the chip; the boot that follows enters the loader.
void bootsel_reset(void) __attribute__((noreturn));

// First of all in main(): does not return if the reset was one of bootsel_reset.
void bootsel_enter_if_asked(void);

#endif // HSM_BOOTSEL_H
