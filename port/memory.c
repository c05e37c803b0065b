// Wiping: SRAM at start, the unused stack after each command, any buffer on request.
// SPDX-License-Identifier: GPL-2.0-or-later
#include "memory.h"

#include "fatal.h"
#include "hardware/address_mapped.h"
#include "hardware/regs/addressmap.h"
#include "pico.h"
#include "pico/runtime_init.h"

#define STACK_CANARY 0x5ca1ab1eu
#define USB_DPRAM_BYTES 4096

// From the linker script.
extern uint32_t __bss_end__[];
extern uint32_t __StackBottom[];

static inline __attribute__((always_inline)) uint32_t *stack_pointer(void) {
    uint32_t *value;
    __asm volatile("mov %0, sp" : "=r"(value));
    return value;
}

// Four words an instruction: the boot wipes all of SRAM, every command most of the stack.
static inline __attribute__((always_inline)) void wipe_words(uint32_t *begin, uint32_t *end) {
    size_t turns = (size_t)(end - begin) / 4;
    if (turns > 0) {
        pico_default_asm_volatile(
            "movs r2, #0\n"
            "movs r3, #0\n"
            "movs r4, #0\n"
            "movs r5, #0\n"
            "1:\n"
            "stmia %0!, {r2-r5}\n"
            "subs %1, #1\n"
            "bne 1b\n"
            : "+l"(begin), "+l"(turns)
            :
            : "r2", "r3", "r4", "r5", "cc", "memory");
    }
    while (begin < end) {
        *(volatile uint32_t *)begin++ = 0;
    }
}

void memory_wipe(void *begin, size_t length) {
    uint8_t *byte = begin;
    uint8_t *end = byte + length;
    while (byte < end && ((uintptr_t)byte & 3)) {
        *(volatile uint8_t *)byte++ = 0;
    }
    uint32_t *last_word = (uint32_t *)((uintptr_t)end & ~(uintptr_t)3);
    if ((uint32_t *)byte < last_word) {
        wipe_words((uint32_t *)byte, last_word);
        byte = (uint8_t *)last_word;
    }
    while (byte < end) {
        *(volatile uint8_t *)byte++ = 0;
    }
}

void memory_wipe_unused_stack(void) {
    if (__StackBottom[0] != STACK_CANARY) {
        fatal_reset(FATAL_STACK, 0);
    }
    wipe_words(__StackBottom + 1, stack_pointer());
}

// A reset keeps SRAM: what the last run left must be gone before anything else runs. crt0 has just
// loaded .data and cleared .bss, which lie below; above are only the frames of the start-up code.
static void wipe_sram(void) {
    wipe_words(__bss_end__, stack_pointer());
    __StackBottom[0] = STACK_CANARY;
}

// The USB controller's memory answers only once its reset is released.
static void wipe_usb_dpram(void) {
    wipe_words((uint32_t *)USBCTRL_DPRAM_BASE, (uint32_t *)(USBCTRL_DPRAM_BASE + USB_DPRAM_BYTES));
}

PICO_RUNTIME_INIT_FUNC(wipe_sram, PICO_RUNTIME_INIT_EARLIEST);
PICO_RUNTIME_INIT_FUNC(wipe_usb_dpram, "00601"); // right after PICO_RUNTIME_INIT_POST_CLOCK_RESETS
