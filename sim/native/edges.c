// SPDX-License-Identifier: GPL-2.0-or-later
// Edges between blocks of machine code, and between opcodes of bytecode.
//
// An image that is mostly an interpreter runs through the same machine code whatever it interprets, so
// that only its bytecode tells new behaviour from old. A block where the interpreter begins an opcode
// is one more step of the bytecode, too.

#include "edges.h"

#include <stddef.h>
#include <string.h>

static uint32_t hash_of(uint32_t address)
{
    return (address >> 1) * 2654435761u >> 16;
}

static void note_opcode(struct edges *edges, void *uc)
{
    uint32_t position = 0;
    edges->reg_read(uc, edges->position_register, &position);
    position--;
    if (position < edges->bytecode_first || position >= edges->bytecode_end) {
        return;
    }
    edges->bytecode[position - edges->bytecode_first] = 1;
    // Shifted, because positions differ in their lowest bit, too.
    uint32_t hash = hash_of(position << 1);
    uint8_t *count = &edges->counts[EDGES + (hash ^ edges->previous_opcode >> 1)];
    *count += *count < UINT8_MAX;
    edges->previous_opcode = hash;
}

void note_block(struct edges *edges, void *uc, uint32_t address)
{
    uint32_t hash = hash_of(address);
    // An interrupt ends a slice anywhere: what comes next is not the way of the code.
    if (edges->previous) {
        edges->counts[hash ^ edges->previous >> 1] = 1;
    }
    edges->previous = hash;
    if (address >= edges->handlers_first && address < edges->handlers_end &&
        edges->handlers[(address - edges->handlers_first) / 2]) {
        note_opcode(edges, uc);
    }
}

// A bit for each power of two, so that a loop of 5 rounds is news after 3, and of 6 is not.
static uint8_t bucket(uint8_t count)
{
    uint8_t bit = 0;
    while (count >>= 1) {
        bit++;
    }
    return (uint8_t)(1u << bit);
}

// Adds what `counts` has to `seen`; returns how much of it is new.
size_t merge_edges(const uint8_t *counts, uint8_t *seen, size_t length)
{
    size_t news = 0;
    for (size_t word = 0; word < length; word += sizeof(uint64_t)) {
        uint64_t any;
        memcpy(&any, counts + word, sizeof any);
        if (!any) {
            continue;
        }
        for (size_t i = word; i < word + sizeof any; i++) {
            if (counts[i] && !(seen[i] & bucket(counts[i]))) {
                seen[i] |= bucket(counts[i]);
                news++;
            }
        }
    }
    return news;
}
