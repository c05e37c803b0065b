// The store's region of the flash: program, erase, read ([RP2040] 4.10, [RP2350] 4.4).
// SPDX-License-Identifier: GPL-2.0-or-later
//
// While the flash is busy nothing can be fetched from it: the SDK's functions run in SRAM, and
// interrupts are off around them. Core 1 sleeps in the boot ROM and never reads flash.
#include "flash.h"

#include <string.h>

#include "hardware/flash.h"
#include "hardware/regs/addressmap.h"
#include "hardware/sync.h"
#include "hsm_board.h"
#include "memory.h"
#include "pico.h"

#define ERASED_WORD 0xFFFFFFFFu

static const uint8_t *uncached(uint32_t offset) {
    return (const uint8_t *)(XIP_NOCACHE_NOALLOC_BASE + HSM_FLASH_DATA_OFFSET + offset);
}

const uint8_t *flash_data(void) {
    return (const uint8_t *)(XIP_BASE + HSM_FLASH_DATA_OFFSET);
}

bool flash_data_program(uint32_t offset, const uint8_t *data, size_t length) {
    static uint8_t page[FLASH_DATA_PAGE_BYTES] MEMORY_WIPED(page);
    static uint8_t expected[FLASH_DATA_PAGE_BYTES] MEMORY_WIPED(expected);
    uint32_t start = offset & ~(uint32_t)(FLASH_DATA_PAGE_BYTES - 1);
    // Bytes that are not to change are programmed as FF, which changes nothing.
    memset(page, 0xFF, sizeof(page));
    memcpy(page + (offset - start), data, length);
    for (size_t i = 0; i < sizeof(page); i++) {
        expected[i] = uncached(start)[i] & page[i];
    }
    uint32_t state = save_and_disable_interrupts();
    flash_range_program(HSM_FLASH_DATA_OFFSET + start, page, sizeof(page));
    restore_interrupts(state);
    bool equal = memcmp(uncached(start), expected, sizeof(expected)) == 0;
    memory_wipe(page, sizeof(page));
    memory_wipe(expected, sizeof(expected));
    return equal;
}

bool flash_data_erase(uint32_t offset) {
    uint32_t state = save_and_disable_interrupts();
    flash_range_erase(HSM_FLASH_DATA_OFFSET + offset, FLASH_DATA_SECTOR_BYTES);
    restore_interrupts(state);
    return flash_data_is_erased(offset, FLASH_DATA_SECTOR_BYTES);
}

bool flash_data_is_erased(uint32_t offset, size_t length) {
    const uint8_t *byte = uncached(offset);
    const uint8_t *end = byte + length;
    while (byte < end && ((uintptr_t)byte & 3)) {
        if (*byte++ != 0xFF) {
            return false;
        }
    }
    while (byte + 4 <= end) {
        if (*(const uint32_t *)(const void *)byte != ERASED_WORD) {
            return false;
        }
        byte += 4;
    }
    while (byte < end) {
        if (*byte++ != 0xFF) {
            return false;
        }
    }
    return true;
}
