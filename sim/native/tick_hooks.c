// SPDX-License-Identifier: GPL-2.0-or-later
// The hooks that run on every block: count instructions, stop at the deadline.
//
// Registered in Unicorn by raw pointer from sim/cpu/core.py, which owns `struct tick_state` and
// mirrors it with ctypes. Nothing in here calls Python.

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "edges.h"

enum {
    BLOCK_INDEX_BITS = 22, // halfwords: 4 MiB of flash below, SRAM and ROM above
    PAGE_BYTES = 4096,
    RELAX_TICKS = 1 << 16,
    FORGET_TICKS = 1 << 21,
    CODE_SEEN = 1,       // marks of a code page: executed since the last `forget_code`
    CODE_TRANSLATED = 2, // executed before that; the engine may hold translations
    REMOVE_CACHE = 1 << 30 | 2 << 26 | 9, // UC_CTL_WRITE(UC_CTL_TB_REMOVE_CACHE, 2)
    ARM_REG_PRIMASK = 0,   // filled in by core.py: see register_ids
    ARM_REG_BASEPRI = 1,
    ARM_REG_FAULTMASK = 2,
    MEM_WRITE_PROT = 22, // uc_mem_type of unicorn.h
};

struct tick_state {
    uint64_t ticks;       // instructions up to the end of the running block, plus idle jumps
    uint64_t limit;       // stop before the first block that starts at or after this tick
    uint64_t deadline;    // tick from which `must_stop` is asked; 0 = at the next block
    uint64_t relax_at;    // tick of the next `relax_stores`
    uint64_t forget_at;   // tick of the next `forget_code`
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
    int (*control)(void *uc, int what, ...);
    void (*set_dirty)(void *cpu, uint32_t address); // NULL where the engine does not offer it
    void *cpu;
    uint32_t ram_base;
    uint32_t ram_bytes;
    uint32_t *blocks;   // size in bytes << 16 | instructions, per BLOCK_INDEX
    uint32_t *coverage; // executions per BLOCK_INDEX, or NULL
    uint16_t *lengths;  // bytes of blocks that were executed, per BLOCK_INDEX, with `coverage`
    uint8_t *code_page; // one byte per page of BLOCK_INDEX space: CODE_SEEN, CODE_TRANSLATED
    struct edges *edges; // what guides a fuzzer, or NULL
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
    state->code_page[index >> state->code_shift] |= CODE_SEEN;
    state->code_page[(index + bytes / 2) >> state->code_shift] |= CODE_SEEN;
    state->blocks[index] = size << 16 | count;
    if (state->coverage) {
        state->lengths[index] = (uint16_t)bytes;
    }
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

// The engine takes a slow path for every store to memory that may hold code, to notice code that
// changes itself, although it would notice when code is made of a page. Tell it which pages of the
// SRAM hold none; it forgets that with each entry of its TLB.
static void relax_stores(struct tick_state *state)
{
    if (!state->set_dirty || !state->cpu) {
        return;
    }
    for (uint32_t offset = 0; offset < state->ram_bytes; offset += PAGE_BYTES) {
        uint32_t address = state->ram_base + offset;
        if (!state->code_page[block_index(address) >> state->code_shift]) {
            state->set_dirty(state->cpu, address);
        }
    }
}

// Pages whose code has not run for a while lose their translations, so that stores to them can be
// made fast: the second stage ran where the stack is now, and routines copied there run but once.
static void forget_code(struct tick_state *state, void *uc)
{
    for (uint32_t offset = 0; offset < state->ram_bytes; offset += PAGE_BYTES) {
        uint32_t address = state->ram_base + offset;
        uint32_t index = block_index(address);
        uint8_t *mark = &state->code_page[index >> state->code_shift];
        if (*mark & CODE_SEEN) {
            // Blocks that run again are learnt again, which sets the mark.
            *mark = CODE_TRANSLATED;
            memset(&state->blocks[index], 0, PAGE_BYTES / 2 * sizeof state->blocks[0]);
        } else if (*mark) {
            *mark = 0;
            state->control(uc, REMOVE_CACHE, (uint64_t)address, (uint64_t)address + PAGE_BYTES);
        }
    }
}

// Asked when `deadline` has come. True: stop before this block.
static bool must_stop(struct tick_state *state, void *uc, uint64_t pc)
{
    if (state->flash_off && is_flash(state, pc)) {
        state->fetch_refused = 1;
        return true;
    }
    if (state->kicked || state->ticks >= state->limit) {
        return true;
    }
    if (state->masked && !still_masked(state, uc)) {
        return true;
    }
    return false;
}

// After `must_stop` said no, and the block was counted: what is done now and then, and when next.
static void maintain(struct tick_state *state, void *uc)
{
    // A restored snapshot takes the time back: these ticks would be too far away.
    if (state->forget_at > state->ticks + FORGET_TICKS) {
        state->forget_at = state->ticks + FORGET_TICKS;
    }
    if (state->relax_at > state->ticks + RELAX_TICKS) {
        state->relax_at = state->ticks;
    }
    if (state->ticks >= state->forget_at) {
        forget_code(state, uc);
        state->forget_at = state->ticks + FORGET_TICKS;
    }
    if (state->ticks >= state->relax_at) {
        relax_stores(state);
        state->relax_at = state->ticks + RELAX_TICKS;
    }
    state->deadline = state->limit < state->relax_at ? state->limit : state->relax_at;
    if (state->masked || state->flash_off) {
        state->deadline = 0;
    }
}

static void count_block(struct tick_state *state, void *uc, uint64_t pc, uint32_t size)
{
    uint32_t index = block_index(pc);
    uint32_t block = state->blocks[index];
    state->ticks += (block >> 16) == size ? (block & 0xFFFF) : learn_block(state, uc, pc, size);
    if (state->coverage) {
        state->coverage[index]++;
    }
    if (state->edges) {
        note_block(state->edges, uc, (uint32_t)pc);
    }
}

void hook_block(void *uc, uint64_t pc, uint32_t size, void *data)
{
    struct tick_state *state = data;
    if (state->ticks < state->deadline) {
        count_block(state, uc, pc, size);
        return;
    }
    if (must_stop(state, uc, pc)) {
        state->stopped = 1;
        state->stop(uc);
        return;
    }
    count_block(state, uc, pc, size);
    maintain(state, uc);
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
    state->code_page[index >> state->code_shift] |= CODE_SEEN;
    if (state->coverage) {
        state->coverage[index]++;
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

struct changed_code {
    uint32_t first; // offset of the first byte that changed in a page that may hold code
    uint32_t end;   // offset behind the last one
};

// Makes `target` equal to `source`; reports what changed in pages with a mark. Returns how many.
size_t copy_changed_pages(uint8_t *target, const uint8_t *source, size_t pages,
                          const uint8_t *marks, struct changed_code *changed)
{
    size_t count = 0;
    for (size_t page = 0; page < pages; page++) {
        size_t first = page * PAGE_BYTES;
        size_t end = first + PAGE_BYTES;
        if (memcmp(target + first, source + first, PAGE_BYTES) == 0) {
            continue;
        }
        if (marks[page]) {
            while (target[first] == source[first]) {
                first++;
            }
            while (target[end - 1] == source[end - 1]) {
                end--;
            }
            changed[count].first = (uint32_t)first;
            changed[count++].end = (uint32_t)end;
        }
        memcpy(target + first, source + first, end - first);
    }
    return count;
}
