// Wiping: SRAM at start, the unused stack after each command, any buffer on request.
// SPDX-License-Identifier: GPL-2.0-or-later
#ifndef HSM_MEMORY_H
#define HSM_MEMORY_H

#include <stddef.h>
#include <stdint.h>

// Buffers that carry command and response data lie together, between __wiped_start__ and
// __wiped_end__, so that a test can look at all of them.
#define MEMORY_WIPED(name) __attribute__((section(".wiped." #name), aligned(4)))

// Set `length` bytes to zero. The compiler cannot leave it out.
void memory_wipe(void *begin, size_t length);

// Set the stack below the caller's frame to zero; resets the chip if the stack ever ran over.
void memory_wipe_unused_stack(void);

#endif // HSM_MEMORY_H
