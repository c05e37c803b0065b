// SPDX-License-Identifier: GPL-2.0-or-later
// RAM inside of a peripheral, and windows that swallow what is stored.
//
// Most accesses to them mean nothing to the peripheral, and a call of Python for each is dear.
// Registered in Unicorn by sim/cpu/window.py; sim/native/__init__.py mirrors `struct block_ram`. Hosts
// are little-endian, as the chips are.
#include <stdint.h>
#include <string.h>

struct block_ram {
    uint8_t *memory;
    uint64_t size_bytes;
    uint64_t watched_first; // stores from here on...
    uint64_t watched_end;   // ... to before this go to `store`, which does them, too
    void (*store)(void *uc, uint64_t offset, unsigned size, uint64_t value, void *data);
};

static size_t inside(const struct block_ram *ram, uint64_t offset, unsigned size)
{
    uint64_t left = offset < ram->size_bytes ? ram->size_bytes - offset : 0;
    return size < left ? size : left;
}

uint64_t load_block_ram(void *uc, uint64_t offset, unsigned size, void *data)
{
    (void)uc;
    const struct block_ram *ram = data;
    uint64_t value = 0;
    memcpy(&value, ram->memory + offset, inside(ram, offset, size));
    return value;
}

void store_block_ram(void *uc, uint64_t offset, unsigned size, uint64_t value, void *data)
{
    const struct block_ram *ram = data;
    if (offset + size > ram->watched_first && offset < ram->watched_end) {
        ram->store(uc, offset, size, value, NULL);
    } else {
        memcpy(ram->memory + offset, &value, inside(ram, offset, size));
    }
}

void ignore_store(void *uc, uint64_t offset, unsigned size, uint64_t value, void *data)
{
    (void)uc, (void)offset, (void)size, (void)value, (void)data;
}
