// SPDX-License-Identifier: GPL-2.0-or-later
// Looks for many short byte strings, the pieces of secrets, in memory at once.
//
// Each piece is listed by one word of it, its rarest. A bitmap of the hashes of these words lets almost
// every offset go after one look; what it holds is looked up in the sorted list, and the whole piece is
// compared, so that only real finds take room.
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define FILTER_BITS 20

// Mirrored in sim/residue/search.py.
struct piece {
    uint32_t word;    // four bytes of it, little endian
    uint32_t word_at; // where they are in it
    uint32_t start;   // of the piece in `values`
    uint32_t length;
};

struct find {
    uint32_t offset; // in memory
    uint32_t piece;  // its number
};

static uint32_t hash_of(uint32_t word)
{
    return (word * 0x9E3779B1u) >> (32 - FILTER_BITS);
}

// The first of the sorted pieces with a word that is not below `word`.
static size_t first_of(const struct piece *pieces, size_t count, uint32_t word)
{
    size_t low = 0, high = count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (pieces[middle].word < word) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

// Set the bits of the pieces' words in `filter`, 1 << (FILTER_BITS - 3) zeroed bytes.
void make_filter(uint8_t *filter, const struct piece *pieces, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        uint32_t hash = hash_of(pieces[i].word);
        filter[hash >> 3] |= (uint8_t)(1u << (hash & 7));
    }
}

// All pieces whose word lies at `at`.
static size_t find_at(const uint8_t *memory, size_t size_bytes, size_t at, uint32_t word, const struct piece *pieces,
                      size_t count, const uint8_t *values, struct find *found)
{
    size_t finds = 0;
    for (size_t i = first_of(pieces, count, word); i < count && pieces[i].word == word; i++) {
        const struct piece *piece = &pieces[i];
        if (at < piece->word_at || size_bytes - (at - piece->word_at) < piece->length) {
            continue;
        }
        size_t offset = at - piece->word_at;
        if (memcmp(memory + offset, values + piece->start, piece->length) == 0) {
            found[finds++] = (struct find){.offset = (uint32_t)offset, .piece = (uint32_t)i};
        }
    }
    return finds;
}

// Pieces, sorted by their words, in `memory` from *cursor on; how many. *cursor becomes `size_bytes`, or less when
// `found`, which has room for more finds than there are pieces, may have none for the next offset: call again.
size_t find_pieces(const uint8_t *memory, size_t size_bytes, size_t *cursor, const uint8_t *filter,
                   const struct piece *pieces, size_t count, const uint8_t *values, struct find *found, size_t room)
{
    size_t finds = 0;
    size_t at = *cursor;
    for (; at + sizeof(uint32_t) <= size_bytes; at++) {
        uint32_t word;
        memcpy(&word, memory + at, sizeof(word));
        uint32_t hash = hash_of(word);
        if (!(filter[hash >> 3] >> (hash & 7) & 1)) {
            continue;
        }
        if (room - finds < count) {
            *cursor = at;
            return finds;
        }
        finds += find_at(memory, size_bytes, at, word, pieces, count, values, found + finds);
    }
    *cursor = size_bytes;
    return finds;
}
