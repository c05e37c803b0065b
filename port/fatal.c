// One way out of every error that cannot be handled: a watchdog reset.
// SPDX-License-Identifier: GPL-2.0-or-later
#include "fatal.h"

#include "hardware/structs/psm.h"
#include "hardware/structs/watchdog.h"
#include "hardware/sync.h"
#include "pico.h"

// In SRAM: the path must work while the flash is busy or out of XIP mode.
void __not_in_flash_func(fatal_reset)(fatal_reason_t reason, uint32_t detail) {
    (void)save_and_disable_interrupts();
    watchdog_hw->scratch[0] = FATAL_MARK | (uint32_t)reason;
    watchdog_hw->scratch[1] = detail;
    // Scratch 4 to 7 would send the boot ROM elsewhere than to this image ([RP2040] 2.8.1.1).
    watchdog_hw->scratch[4] = 0;
    hw_set_bits(&psm_hw->wdsel, PSM_WDSEL_BITS & ~(PSM_WDSEL_ROSC_BITS | PSM_WDSEL_XOSC_BITS));
    hw_set_bits(&watchdog_hw->ctrl, WATCHDOG_CTRL_TRIGGER_BITS);
    for (;;) {
    }
}

void __not_in_flash_func(fatal_panic)(const char *format, ...) {
    (void)format;
    fatal_reset(FATAL_PANIC, (uint32_t)(uintptr_t)__builtin_return_address(0));
}

// Exceptions that never happen in a sound image. The frame's seventh word is the return address.
static void __attribute__((used, noreturn)) __not_in_flash_func(unexpected_exception)(const uint32_t *frame) {
    bool in_sram = (uintptr_t)frame >= SRAM_BASE && (uintptr_t)(frame + 8) <= SRAM_END;
    fatal_reset(FATAL_EXCEPTION, in_sram ? frame[6] : 0);
}

#define UNEXPECTED_EXCEPTION(name)                                  \
    void __attribute__((naked)) __not_in_flash_func(name)(void) {   \
        __asm volatile("mov r0, sp\n ldr r1, =unexpected_exception\n bx r1\n"); \
    }

UNEXPECTED_EXCEPTION(isr_nmi)
UNEXPECTED_EXCEPTION(isr_hardfault)
UNEXPECTED_EXCEPTION(isr_svcall)
UNEXPECTED_EXCEPTION(isr_pendsv)
UNEXPECTED_EXCEPTION(isr_systick)
UNEXPECTED_EXCEPTION(isr_invalid)

// The C library's ways out. crt0 calls exit() should main return, and the SDK's exit() this.
void __attribute__((noreturn)) _exit(int status) {
    (void)status;
    fatal_reset(FATAL_EXIT, 0);
}

void __attribute__((noreturn)) abort(void) {
    fatal_reset(FATAL_EXIT, 0);
}

void __attribute__((noreturn)) __assert_func(const char *file, int line, const char *function, const char *text) {
    (void)file;
    (void)function;
    (void)text;
    fatal_reset(FATAL_PANIC, (uint32_t)line);
}
