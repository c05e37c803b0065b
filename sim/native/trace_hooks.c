// SPDX-License-Identifier: GPL-2.0-or-later
// What an image does, instruction by instruction: which it executes, which addresses it reads and
// writes.
//
// Memory hooks of the engine leave its IT state damaged, so the addresses come from decoding loads
// and stores ([ARMv8-M] C2, of which [ARMv6-M] is a part) before they execute. Those relative to PC
// say nothing that PC does not, and are left out. sim/tracing/trace.py owns `struct trace` and mirrors
// it with ctypes.

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    KIND_EXECUTED = 0,
    KIND_READ = 1,
    KIND_WRITTEN = 2,
    REGISTER_SP = 13,
    REGISTER_LR = 14,
    REGISTER_PC = 15,
    STRETCHES_MAX = 16,
};

struct stretch {
    uint32_t first;
    uint32_t end;
};

struct trace {
    uint32_t enabled;
    uint32_t gate;     // a function: what is outside of its calls is not followed; 0: all is
    uint32_t inside;   // a call of it is under way, which returns to `returns_to` with this SP
    uint32_t returns_to;
    uint32_t stack;
    uint32_t it_first; // instructions of the last IT block
    uint32_t it_end;
    uint32_t stretch_count;  // of `blurred`
    uint64_t entries;        // so far
    uint64_t instructions;   // of them
    uint64_t hash;           // of the entries of this chunk
    uint64_t chunk_entries;
    uint64_t *chunk_hashes;  // or NULL
    uint64_t chunks_max;
    uint64_t *captured;      // entries `capture_first` to `capture_end`, kind << 32 | address; or NULL
    uint64_t capture_first;
    uint64_t capture_end;
    uint8_t *read_marks;     // a byte for each byte from `marks_first` on that was read; or NULL
    uint32_t marks_first;
    uint32_t marks_end;
    uint32_t *steps;         // address of each executed instruction; or NULL
    uint32_t *positions;     // with it: the byte from `marks_first` on that was read last
    uint64_t steps_max;
    uint32_t position;
    struct stretch blurred[STRETCHES_MAX]; // tables: an access is to the table, wherever in it
    int32_t register_ids[16];
    int (*reg_read)(void *uc, int id, void *value);
    const uint8_t *memory[3]; // where code can be: ROM, flash, SRAM
    uint32_t memory_bytes[3];
};

static uint32_t register_of(const struct trace *trace, void *uc, uint32_t number)
{
    uint32_t value = 0;
    trace->reg_read(uc, trace->register_ids[number], &value);
    return value;
}

static uint32_t halfword_at(const struct trace *trace, uint32_t address)
{
    uint32_t region = address >> 28;
    uint32_t offset = address & 0x00FFFFFF;
    if (region > 2 || offset + 2 > trace->memory_bytes[region]) {
        return 0;
    }
    const uint8_t *bytes = trace->memory[region] + offset;
    return (uint32_t)bytes[0] | (uint32_t)bytes[1] << 8;
}

// --- entries ---------------------------------------------------------------------------------

static uint32_t blur(const struct trace *trace, uint32_t address)
{
    for (uint32_t i = 0; i < trace->stretch_count; i++) {
        if (address >= trace->blurred[i].first && address < trace->blurred[i].end) {
            return trace->blurred[i].first;
        }
    }
    return address;
}

static void add_entry(struct trace *trace, uint32_t kind, uint32_t address)
{
    uint64_t entry = (uint64_t)kind << 32 | (kind == KIND_EXECUTED ? address : blur(trace, address));
    if (trace->captured && trace->entries >= trace->capture_first && trace->entries < trace->capture_end) {
        trace->captured[trace->entries - trace->capture_first] = entry;
    }
    // FNV-1a by words: differences are found, nobody forges them.
    trace->hash = (trace->hash ^ entry) * 0x100000001B3u;
    trace->hash ^= trace->hash >> 29;
    trace->entries++;
    if (trace->chunk_hashes && trace->entries % trace->chunk_entries == 0) {
        uint64_t chunk = trace->entries / trace->chunk_entries - 1;
        if (chunk < trace->chunks_max) {
            trace->chunk_hashes[chunk] = trace->hash;
        }
    }
}

static void add_access(struct trace *trace, bool is_load, uint32_t address)
{
    if (is_load && address >= trace->marks_first && address < trace->marks_end) {
        trace->position = address;
        if (trace->read_marks) {
            trace->read_marks[address - trace->marks_first] = 1;
        }
    }
    add_entry(trace, is_load ? KIND_READ : KIND_WRITTEN, address);
}

// --- 16-bit loads and stores -----------------------------------------------------------------

static uint32_t bits_set(uint32_t value)
{
    return (uint32_t)__builtin_popcount(value);
}

static void trace_register_offset(struct trace *trace, void *uc, uint32_t code)
{
    uint32_t address = register_of(trace, uc, code >> 3 & 7) + register_of(trace, uc, code >> 6 & 7);
    // STR STRH STRB LDRSB LDR LDRH LDRB LDRSH
    add_access(trace, (code >> 9 & 7) >= 3, address);
}

static void trace_immediate_offset(struct trace *trace, void *uc, uint32_t code)
{
    uint32_t offset = code >> 6 & 31;
    uint32_t shift = (code >> 12) == 8 ? 1 : (code >> 12) == 7 ? 0 : 2; // halfword, byte, word
    add_access(trace, code >> 11 & 1, register_of(trace, uc, code >> 3 & 7) + (offset << shift));
}

static void trace_push(struct trace *trace, void *uc, uint32_t code)
{
    uint32_t count = bits_set(code & 0x1FF);
    add_access(trace, false, register_of(trace, uc, REGISTER_SP) - 4 * count);
}

static void trace_narrow(struct trace *trace, void *uc, uint32_t code)
{
    switch (code >> 12) {
    case 0x5:
        trace_register_offset(trace, uc, code);
        break;
    case 0x6:
    case 0x7:
    case 0x8:
        trace_immediate_offset(trace, uc, code);
        break;
    case 0x9:
        add_access(trace, code >> 11 & 1, register_of(trace, uc, REGISTER_SP) + 4 * (code & 0xFF));
        break;
    case 0xB:
        if ((code >> 9 & 3) == 2) {
            if (code >> 11 & 1) {
                add_access(trace, true, register_of(trace, uc, REGISTER_SP));
            } else {
                trace_push(trace, uc, code);
            }
        }
        break;
    case 0xC:
        add_access(trace, code >> 11 & 1, register_of(trace, uc, code >> 8 & 7));
        break;
    default:
        break;
    }
}

// --- 32-bit loads and stores -----------------------------------------------------------------

static uint32_t indexed(uint32_t base, uint32_t offset, bool pre, bool up)
{
    return !pre ? base : up ? base + offset : base - offset;
}

static void trace_multiple(struct trace *trace, void *uc, uint32_t first, uint32_t second)
{
    uint32_t base = register_of(trace, uc, first & 15);
    bool decrement = (first >> 7 & 3) == 2;
    add_access(trace, first >> 4 & 1, decrement ? base - 4 * bits_set(second) : base);
}

// LDRD, STRD, and in their place the exclusive and ordered ones and table branches.
static void trace_dual(struct trace *trace, void *uc, uint32_t first, uint32_t second)
{
    bool is_load = first >> 4 & 1;
    bool pre = first >> 8 & 1;
    bool up = first >> 7 & 1;
    bool write_back = first >> 5 & 1;
    if ((first & 15) == REGISTER_PC && (pre || write_back)) {
        return;
    }
    uint32_t base = register_of(trace, uc, first & 15);
    if (pre || write_back) {
        add_access(trace, is_load, indexed(base, 4 * (second & 0xFF), pre, up));
    } else if (!up) {
        add_access(trace, is_load, base + 4 * (second & 0xFF)); // LDREX, STREX
    } else if (is_load && (second >> 5 & 7) == 0) {
        uint32_t index = register_of(trace, uc, second & 15); // TBB, TBH
        if ((first & 15) != REGISTER_PC) {
            add_access(trace, true, base + (index << (second >> 4 & 1)));
        }
    } else {
        add_access(trace, is_load, base);
    }
}

static void trace_single(struct trace *trace, void *uc, uint32_t first, uint32_t second)
{
    bool is_load = first >> 4 & 1;
    uint32_t number = first & 15;
    if (number == REGISTER_PC) {
        return;
    }
    uint32_t base = register_of(trace, uc, number);
    if (first >> 7 & 1) {
        add_access(trace, is_load, base + (second & 0xFFF));
    } else if (second >> 11 & 1) {
        add_access(trace, is_load, indexed(base, second & 0xFF, second >> 10 & 1, second >> 9 & 1));
    } else {
        uint32_t index = register_of(trace, uc, second & 15);
        add_access(trace, is_load, base + (index << (second >> 4 & 3)));
    }
}

// VLDR, VSTR, VLDM, VSTM; VMOV of two core registers touches no memory.
static void trace_floating(struct trace *trace, void *uc, uint32_t first, uint32_t second)
{
    bool pre = first >> 8 & 1;
    bool up = first >> 7 & 1;
    bool write_back = first >> 5 & 1;
    uint32_t number = first & 15;
    if (number == REGISTER_PC || (!pre && !up && !write_back)) {
        return;
    }
    uint32_t base = register_of(trace, uc, number);
    add_access(trace, first >> 4 & 1, indexed(base, 4 * (second & 0xFF), pre, up));
}

static void trace_wide(struct trace *trace, void *uc, uint32_t first, uint32_t second)
{
    if ((first & 0xFE40) == 0xE800) {
        trace_multiple(trace, uc, first, second);
    } else if ((first & 0xFE40) == 0xE840) {
        trace_dual(trace, uc, first, second);
    } else if ((first & 0xFE00) == 0xF800) {
        trace_single(trace, uc, first, second);
    } else if ((first & 0xFE00) == 0xEC00 && (second >> 9 & 7) == 5) {
        trace_floating(trace, uc, first, second);
    }
}

// --- IT blocks -------------------------------------------------------------------------------

// The engine calls the hook for those instructions of an IT block whose condition holds. To execute
// one or not takes the same time ([ARMv8-M] C1.3.4: the others are NOPs), so that only what they
// access belongs to the path.
static void begin_conditions(struct trace *trace, uint32_t address, uint32_t code)
{
    uint32_t count = 4 - (uint32_t)__builtin_ctz(code & 15);
    trace->it_first = trace->it_end = address + 2;
    while (count-- > 0) {
        trace->it_end += halfword_at(trace, trace->it_end) >= 0xE800 ? 4 : 2;
    }
}

static bool is_conditional(const struct trace *trace, uint32_t address)
{
    return address >= trace->it_first && address < trace->it_end;
}

// --- the gate --------------------------------------------------------------------------------

static bool is_inside(struct trace *trace, void *uc, uint32_t address)
{
    if (trace->gate == 0) {
        return true;
    }
    if (!trace->inside) {
        if (address == trace->gate) {
            trace->inside = 1;
            trace->returns_to = register_of(trace, uc, REGISTER_LR) & ~1u;
            trace->stack = register_of(trace, uc, REGISTER_SP);
        }
    } else if (address == trace->returns_to && register_of(trace, uc, REGISTER_SP) == trace->stack) {
        trace->inside = 0;
    }
    return trace->inside;
}

// --- the hook --------------------------------------------------------------------------------

void hook_trace(void *uc, uint64_t pc, uint32_t size, void *data)
{
    struct trace *trace = data;
    uint32_t address = (uint32_t)pc;
    if (!trace->enabled || !is_inside(trace, uc, address)) {
        return;
    }
    uint32_t first = halfword_at(trace, address);
    if (trace->steps && trace->instructions < trace->steps_max) {
        trace->steps[trace->instructions] = address;
        trace->positions[trace->instructions] = trace->position;
    }
    trace->instructions++;
    if (!is_conditional(trace, address)) {
        add_entry(trace, KIND_EXECUTED, address);
    }
    if ((first & 0xFF00) == 0xBF00 && (first & 0xF) != 0) {
        begin_conditions(trace, address, first);
        return;
    }
    if (size == 4) {
        trace_wide(trace, uc, first, halfword_at(trace, address + 2));
    } else {
        trace_narrow(trace, uc, first);
    }
}
