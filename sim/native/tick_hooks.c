// SPDX-License-Identifier: GPL-2.0-or-later
// The hooks that run on every block: count instructions, stop at the deadline.
//
// Registered in Unicorn by raw pointer from sim/cpu/core.py, which owns `struct tick_state` and
// mirrors it with ctypes. Nothing in here calls Python.

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

enum {
    BLOCK_INDEX_BITS = 22, // halfwords: 4 MiB of flash below, SRAM and ROM above
    ARM_REG_PRIMASK = 0,   // filled in by core.py: see register_ids
    ARM_REG_BASEPRI = 1,
    ARM_REG_FAULTMASK = 2,
    MEM_WRITE_PROT = 22, // uc_mem_type of unicorn.h
};

struct tick_state {
    uint64_t ticks;       // instructions up to the end of the running block, plus idle jumps
    uint64_t deadline;    // stop before the first block that starts at or after this tick; 0 = now
    uint64_t limit;       // the real deadline while `masked` or `flash_off` keep `deadline` at 0
    uint32_t masked;      // an exception waits for PRIMASK, BASEPRI and FAULTMASK to open
    uint32_t kicked;      // Python wants control at the next block
    uint32_t stopped;     // a hook ended the run; 0 after a run that ended by itself: WFI
    uint32_t mask_value;  // the exception that waits is taken once BASEPRI is 0 or above this
    int32_t interrupt;    // last UC_HOOK_INTR number, -1 = none
    uint32_t invalid;     // 1 after an undefined instruction
    uint32_t access_type; // of the last access that hit nothing (UC_MEM_*), 0 = none
    uint64_t access_address;
    uint32_t rom_bytes;   // stores below this address go nowhere, as on the chips' bus
    uint32_t rom_written; // one did: the ROM's bytes must be put back
    uint32_t register_ids[3];
    uint32_t code_shift;    // log2 of the size of a code page
    uint32_t flash_windows; // bit n: 16 MiB at 10000000h + n * 1000000h show the flash
    uint32_t flash_off;     // the flash is busy or unselected: fetches from it are refused
    uint32_t fetch_refused; // 1 after such a fetch
    void (*stop)(void *uc);
    int (*reg_read)(void *uc, int id, void *value);
    int (*mem_read)(void *uc, uint64_t address, void *bytes, uint64_t size);
    uint32_t *blocks;   // size in bytes << 16 | instructions, per BLOCK_INDEX
    uint8_t *coverage;  // one byte per BLOCK_INDEX, or NULL
    uint8_t *code_page; // one byte per page of BLOCK_INDEX space: holds translated code
};

static uint32_t block_index(uint64_t pc)
{
    uint32_t half = 1u << (BLOCK_INDEX_BITS - 1);
    uint32_t index = (uint32_t)(pc >> 1) & (half - 1);
    return (pc >> 28) == 1 ? index : (half | index);
}

static uint32_t count_instructions(const uint16_t *code, uint32_t halfwords)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < halfwords; i++) {
        if (code[i] >= 0xE800) {
            i++;
        }
        count++;
    }
    return count;
}

static uint32_t learn_block(struct tick_state *state, void *uc, uint64_t pc, uint32_t size)
{
    uint16_t code[2048];
    uint32_t bytes = size < sizeof code ? size : (uint32_t)sizeof code;
    uint32_t count = 1;
    if (bytes > 0 && state->mem_read(uc, pc, code, bytes) == 0) {
        count = count_instructions(code, bytes / 2);
    }
    uint32_t index = block_index(pc);
    state->code_page[index >> state->code_shift] = 1;
    state->code_page[(index + bytes / 2) >> state->code_shift] = 1;
    state->blocks[index] = size << 16 | count;
    return count;
}

static bool is_flash(const struct tick_state *state, uint64_t address)
{
    return (address >> 28) == 1 && (state->flash_windows >> ((address >> 24) & 0xF) & 1);
}

// True while an exception that waits is still masked.
static bool still_masked(struct tick_state *state, void *uc)
{
    uint32_t mask[3] = {0, 0, 0};
    for (int i = 0; i < 3; i++) {
        if (state->register_ids[i]) {
            state->reg_read(uc, (int)state->register_ids[i], &mask[i]);
        }
    }
    if ((mask[0] | mask[2]) & 1) {
        return true;
    }
    return mask[1] != 0 && state->mask_value >= mask[1];
}

// The deadline has come, or is kept at 0 so that every block comes here. True: stop before it.
static bool must_stop(struct tick_state *state, void *uc, uint64_t pc)
{
    if (state->flash_off && is_flash(state, pc)) {
        state->fetch_refused = 1;
        return true;
    }
    if (state->kicked || state->ticks >= state->limit) {
        return true;
    }
    return state->masked && !still_masked(state, uc);
}

void hook_block(void *uc, uint64_t pc, uint32_t size, void *data)
{
    struct tick_state *state = data;
    if (state->ticks >= state->deadline && must_stop(state, uc, pc)) {
        state->stopped = 1;
        state->stop(uc);
        return;
    }
    uint32_t index = block_index(pc);
    uint32_t block = state->blocks[index];
    state->ticks += (block >> 16) == size ? (block & 0xFFFF) : learn_block(state, uc, pc, size);
    if (state->coverage) {
        state->coverage[index] = 1;
    }
}

// Exact mode: one call per instruction instead of one per block.
void hook_instruction(void *uc, uint64_t pc, uint32_t size, void *data)
{
    struct tick_state *state = data;
    (void)size;
    if (state->ticks >= state->deadline && must_stop(state, uc, pc)) {
        state->stopped = 1;
        state->stop(uc);
        return;
    }
    state->ticks++;
    uint32_t index = block_index(pc);
    state->code_page[index >> state->code_shift] = 1;
    if (state->coverage) {
        state->coverage[index] = 1;
    }
}

struct translated_block { // uc_tb of unicorn.h
    uint64_t pc;
    uint16_t instructions;
    uint16_t size;
};

// A block is translated (again): what was known of its address is stale.
void hook_translated(void *uc, struct translated_block *current, struct translated_block *previous,
                     void *data)
{
    struct tick_state *state = data;
    (void)uc;
    (void)previous;
    state->blocks[block_index(current->pc)] = 0;
}

void hook_interrupt(void *uc, uint32_t number, void *data)
{
    struct tick_state *state = data;
    state->interrupt = (int32_t)number;
    state->stop(uc);
}

bool hook_invalid_instruction(void *uc, void *data)
{
    struct tick_state *state = data;
    state->invalid = 1;
    state->stop(uc);
    return true;
}

bool hook_invalid_access(void *uc, int type, uint64_t address, int size, int64_t value, void *data)
{
    struct tick_state *state = data;
    (void)uc;
    (void)size;
    (void)value;
    if (type == MEM_WRITE_PROT && address < state->rom_bytes) {
        // The engine goes on, but it has stored: core.py undoes that at the next block.
        state->rom_written = 1;
        state->kicked = 1;
        state->deadline = 0;
        return true;
    }
    state->access_type = (uint32_t)type;
    state->access_address = address;
    return false;
}

// A probe: counts how often one address is executed.
void hook_probe(void *uc, uint64_t pc, uint32_t size, void *data)
{
    (void)uc;
    (void)pc;
    (void)size;
    ++*(uint64_t *)data;
}

// Copies the pages that differ; returns how many. `changed` gets their numbers.
size_t copy_changed_pages(uint8_t *target, const uint8_t *source, size_t pages, size_t page_bytes,
                          uint32_t *changed)
{
    size_t count = 0;
    for (size_t page = 0; page < pages; page++) {
        size_t offset = page * page_bytes;
        if (memcmp(target + offset, source + offset, page_bytes) != 0) {
            memcpy(target + offset, source + offset, page_bytes);
            changed[count++] = (uint32_t)page;
        }
    }
    return count;
}
