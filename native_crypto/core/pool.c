// SPDX-License-Identifier: GPL-2.0-or-later
// The one memory of the crypto core: a static arena, wiped block by block as it is freed.
//
// First fit over a chain of blocks with an 8-byte header each; neighbours are merged when freed. The
// chain is short (a few dozen blocks in the middle of an operation), so a search costs less than what
// follows it. The library's XMALLOC family ends here: newlib's heap is never used.
#include "pool.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "wipe.h"

#define ALIGNMENT_BYTES 8u
#define STATE_FREE 0x46524545u // "FREE"
#define STATE_USED 0x55534544u // "USED"

typedef struct {
    uint32_t size_bytes; // of the block, header included; a multiple of 8
    uint32_t state;      // also the guard that tells a block from a stray pointer
} block_t;

static uint8_t arena[CRYPTO_POOL_SIZE_BYTES] __attribute__((aligned(8)));
static size_t used_bytes;
static size_t peak_bytes;

static block_t *first_block(void) {
    block_t *block = (block_t *)arena;
    if (block->size_bytes == 0) { // .bss: the first use
        block->size_bytes = CRYPTO_POOL_SIZE_BYTES;
        block->state = STATE_FREE;
    }
    return block;
}

static block_t *next_block(block_t *block) {
    uint8_t *next = (uint8_t *)block + block->size_bytes;
    return next < arena + CRYPTO_POOL_SIZE_BYTES ? (block_t *)next : NULL;
}

static void check_block(const block_t *block) {
    bool intact = (block->state == STATE_FREE || block->state == STATE_USED) && block->size_bytes >= sizeof(block_t) &&
                  block->size_bytes % ALIGNMENT_BYTES == 0;
    if (!intact) {
        __builtin_trap();
    }
}

static size_t block_size_for(size_t length) {
    return (length + sizeof(block_t) + ALIGNMENT_BYTES - 1) & ~(size_t)(ALIGNMENT_BYTES - 1);
}

static void *take(block_t *block) {
    block->state = STATE_USED;
    used_bytes += block->size_bytes;
    if (used_bytes > peak_bytes) {
        peak_bytes = used_bytes;
    }
    return block + 1;
}

// Cut `size_bytes` off the low end of a free block; what remains stays free.
static void *take_low(block_t *block, size_t size_bytes) {
    size_t rest = block->size_bytes - size_bytes;
    if (rest >= sizeof(block_t)) {
        block->size_bytes = size_bytes;
        block_t *tail = next_block(block);
        tail->size_bytes = rest;
        tail->state = STATE_FREE;
    }
    return take(block);
}

// Cut `size_bytes` off the high end of a free block; what remains stays free.
static void *take_high(block_t *block, size_t size_bytes) {
    size_t rest = block->size_bytes - size_bytes;
    if (rest >= sizeof(block_t)) {
        block->size_bytes = rest;
        block = next_block(block);
        block->size_bytes = size_bytes;
    }
    return take(block);
}

void *crypto_pool_alloc(size_t length) {
    if (length > CRYPTO_POOL_SIZE_BYTES) {
        return NULL;
    }
    size_t size_bytes = block_size_for(length);
    for (block_t *block = first_block(); block != NULL; block = next_block(block)) {
        check_block(block);
        if (block->state == STATE_FREE && block->size_bytes >= size_bytes) {
            return take_low(block, size_bytes);
        }
    }
    return NULL;
}

void *crypto_pool_alloc_handle(size_t length) {
    if (length > CRYPTO_POOL_SIZE_BYTES) {
        return NULL;
    }
    size_t size_bytes = block_size_for(length);
    block_t *last_fit = NULL;
    for (block_t *block = first_block(); block != NULL; block = next_block(block)) {
        check_block(block);
        if (block->state == STATE_FREE && block->size_bytes >= size_bytes) {
            last_fit = block;
        }
    }
    return last_fit != NULL ? take_high(last_fit, size_bytes) : NULL;
}

static void merge_free_neighbours(void) {
    block_t *block = first_block();
    while (block != NULL) {
        check_block(block);
        block_t *next = next_block(block);
        if (next != NULL && block->state == STATE_FREE && next->state == STATE_FREE) {
            block->size_bytes += next->size_bytes;
            memset(next, 0, sizeof(*next));
        } else {
            block = next;
        }
    }
}

void crypto_pool_free(void *pointer) {
    if (pointer == NULL) {
        return;
    }
    block_t *block = (block_t *)pointer - 1;
    if ((uint8_t *)block < arena || (uint8_t *)pointer > arena + CRYPTO_POOL_SIZE_BYTES ||
        block->state != STATE_USED) {
        __builtin_trap();
    }
    check_block(block);
    crypto_wipe(pointer, block->size_bytes - sizeof(*block));
    block->state = STATE_FREE;
    used_bytes -= block->size_bytes;
    merge_free_neighbours();
}

size_t crypto_pool_used_bytes(void) {
    return used_bytes;
}

size_t crypto_pool_peak_bytes(void) {
    return peak_bytes;
}

void crypto_pool_reset_peak(void) {
    peak_bytes = used_bytes;
}

// --- The library's allocation hooks (XMALLOC_USER) ------------------------------------------------

void *XMALLOC(size_t length, void *heap, int type);
void *XREALLOC(void *pointer, size_t length, void *heap, int type);
void XFREE(void *pointer, void *heap, int type);

void *XMALLOC(size_t length, void *heap, int type) {
    (void)heap;
    (void)type;
    return crypto_pool_alloc(length);
}

void XFREE(void *pointer, void *heap, int type) {
    (void)heap;
    (void)type;
    crypto_pool_free(pointer);
}

void *XREALLOC(void *pointer, size_t length, void *heap, int type) {
    void *moved = XMALLOC(length, heap, type);
    if (moved != NULL && pointer != NULL) {
        size_t old_length = ((block_t *)pointer - 1)->size_bytes - sizeof(block_t);
        memcpy(moved, pointer, old_length < length ? old_length : length);
        crypto_pool_free(pointer);
    }
    return moved;
}
