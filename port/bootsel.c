// The way into the boot ROM's USB loader (BOOTSEL), through a reset that wipes SRAM.
// SPDX-License-Identifier: GPL-2.0-or-later
//
// The loader lets its host read SRAM. Start-up code wipes it, so the image is started once more, and
// only then leaves for the loader.
#include "bootsel.h"

#include "fatal.h"
#include "hardware/structs/watchdog.h"
#include "pico/bootrom.h"

void bootsel_reset(void) {
    fatal_reset(FATAL_BOOTSEL, 0);
}

void bootsel_enter_if_asked(void) {
    if (watchdog_hw->scratch[0] == (FATAL_MARK | FATAL_BOOTSEL)) {
        // The loader starts the image again without clearing this.
        watchdog_hw->scratch[0] = 0;
        // Nobody feeds the watchdog there.
        hw_clear_bits(&watchdog_hw->ctrl, WATCHDOG_CTRL_ENABLE_BITS);
        reset_usb_boot(0, 0);
    }
}
