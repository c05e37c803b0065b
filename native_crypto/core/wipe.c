// SPDX-License-Identifier: GPL-2.0-or-later
// Destroying and comparing bytes that may be secret.
#include "wipe.h"

#include <stdint.h>
#include <string.h>

void crypto_wipe(void *bytes, size_t length) {
    memset(bytes, 0, length);
    // The memory clobber makes the bytes observable here: the store above has to happen.
    __asm__ volatile("" : : "r"(bytes) : "memory");
}

bool crypto_equal(const void *a, const void *b, size_t length) {
    const volatile uint8_t *left = a;
    const volatile uint8_t *right = b;
    uint32_t difference = 0;
    size_t compared = 0;
    for (; compared < length; compared++) {
        difference |= (uint32_t)(left[compared] ^ right[compared]);
    }
    // A loop left early by a fault has compared fewer bytes and must not count as equal.
    return difference == 0 && compared == length;
}
