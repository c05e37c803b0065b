// SPDX-License-Identifier: GPL-2.0-or-later
// Looks for many short byte strings in memory at once.
//
// A bitmap of the hashes of all first words lets almost every offset go after one look; what it holds
// is looked up in the sorted list of first words. Whoever called compares the rest.
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define FILTER_BITS 20

static uint32_t hash_of(uint32_t word)
{
    return (word * 0x9E3779B1u) >> (32 - FILTER_BITS);
}

static int is_listed(const uint32_t *words, size_t count, uint32_t word)
{
    size_t low = 0, high = count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (words[middle] < word) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low < count && words[low] == word;
}

// Set the bits of `words` in `filter`, 1 << (FILTER_BITS - 3) zeroed bytes.
void make_filter(uint8_t *filter, const uint32_t *words, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        uint32_t hash = hash_of(words[i]);
        filter[hash >> 3] |= (uint8_t)(1u << (hash & 7));
    }
}

// Offsets of `memory` at which one of the sorted `words` begins, as far as `found` has room; how many.
size_t find_words(const uint8_t *memory, size_t size_bytes, const uint8_t *filter, const uint32_t *words,
                  size_t count, uint32_t *found, size_t room)
{
    size_t hits = 0;
    for (size_t offset = 0; offset + sizeof(uint32_t) <= size_bytes && hits < room; offset++) {
        uint32_t word;
        memcpy(&word, memory + offset, sizeof(word));
        uint32_t hash = hash_of(word);
        if ((filter[hash >> 3] >> (hash & 7) & 1) && is_listed(words, count, word)) {
            found[hits++] = (uint32_t)offset;
        }
    }
    return hits;
}
