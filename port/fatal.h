// One way out of every error that cannot be handled: a watchdog reset.
// SPDX-License-Identifier: GPL-2.0-or-later
#ifndef HSM_FATAL_H
#define HSM_FATAL_H

#include <stdint.h>

// Kept in watchdog scratch 0 over the reset, with FATAL_MARK in its upper half, so that a debugger
// or the simulator can tell why the chip started again. Scratch 1 holds `detail`, never a secret.
typedef enum {
    FATAL_REQUESTED = 1, // hsm_port.reset(); detail 0
    FATAL_PANIC = 2, // SDK panic or hard assertion; detail: address of the caller
    FATAL_EXCEPTION = 3, // processor fault or unexpected exception; detail: address of the instruction
    FATAL_PYTHON = 4, // uncaught Python exception; detail: line << 16 | qstr of its type
    FATAL_JUMP = 5, // exception with no handler left (nlr_jump_fail); detail 0
    FATAL_STACK = 6, // the C stack ran over its lower end; detail 0
    FATAL_EXIT = 7, // main, exit or abort; detail 0
    FATAL_USB = 8, // a free endpoint refused a transfer; detail: its address
    FATAL_BOOTSEL = 9, // hsm_port.reset_to_bootsel(); the next boot ends in the boot ROM; detail 0
} fatal_reason_t;

#define FATAL_MARK 0x46410000u // "FA"

// Resets the chip. Interrupts are off from the first instruction on; nothing is printed.
void fatal_reset(fatal_reason_t reason, uint32_t detail) __attribute__((noreturn));

// What the SDK's panic() becomes (PICO_PANIC_FUNCTION).
void fatal_panic(const char *format, ...) __attribute__((noreturn, format(printf, 1, 0)));

#endif // HSM_FATAL_H
