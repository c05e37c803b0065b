// SPDX-License-Identifier: GPL-2.0-or-later
// Start-up on mps2-an505: vector table, .bss, main.
#include <stdint.h>
#include <string.h>

extern uint32_t stack_top[];
extern uint8_t bss_start[];
extern uint8_t bss_end[];

int main(void);

static void halt(void) {
    for (;;) {
    }
}

void reset(void) {
    memset(bss_start, 0, (size_t)(bss_end - bss_start));
    main();
    halt();
}

__attribute__((section(".vectors"), used)) static void *const vectors[16] = {
    stack_top, (void *)reset, (void *)halt, (void *)halt, (void *)halt, (void *)halt, (void *)halt,
};
