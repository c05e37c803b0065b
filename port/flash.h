// The store's region of the flash: program, erase, read ([RP2040] 4.10, [RP2350] 4.4).
// SPDX-License-Identifier: GPL-2.0-or-later
#ifndef HSM_FLASH_H
#define HSM_FLASH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FLASH_DATA_PAGE_BYTES 256
#define FLASH_DATA_SECTOR_BYTES 4096

// Offsets count from the start of the data region; the caller has checked that they lie inside.

// The region as the processor reads it, through the XIP cache, which every change below flushes.
const uint8_t *flash_data(void);

// Programs `length` bytes, all in one page: bits go 1 -> 0 only. False if the flash does not read
// back as (what it held) & data.
bool flash_data_program(uint32_t offset, const uint8_t *data, size_t length);

// Erases the sector at `offset`. False if it does not read back as FF.
bool flash_data_erase(uint32_t offset);

// True if `length` bytes read FF, past the cache.
bool flash_data_is_erased(uint32_t offset, size_t length);

#endif // HSM_FLASH_H
