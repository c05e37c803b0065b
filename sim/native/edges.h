// SPDX-License-Identifier: GPL-2.0-or-later
// What an image's run touches, small enough to compare after each of millions of runs.

#ifndef SIM_NATIVE_EDGES_H
#define SIM_NATIVE_EDGES_H

#include <stdint.h>

enum {
    EDGES = 1 << 16, // of machine code; as many of bytecode follow
};

// Mirrored with ctypes in edge_map.py.
struct edges {
    uint32_t previous;         // hash of the block before, 0 at the begin of a slice
    uint32_t previous_opcode;  // hash of the opcode before
    uint32_t handlers_first;   // the interpreter: [first, end) of its code
    uint32_t handlers_end;
    uint32_t bytecode_first;   // the frozen bytecode
    uint32_t bytecode_end;
    int32_t position_register; // holds the address behind the opcode where one's code begins
    const uint8_t *handlers;   // one per halfword of the interpreter: an opcode's code begins there
    uint8_t *counts;           // 2 * EDGES
    uint8_t *bytecode;         // one per byte of bytecode: its opcode was executed
    int (*reg_read)(void *uc, int id, void *value);
};

void note_block(struct edges *edges, void *uc, uint32_t address);

#endif
