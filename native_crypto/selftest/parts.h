// SPDX-License-Identifier: GPL-2.0-or-later
// Reading and writing the parts of self-test messages.
#ifndef SELFTEST_PARTS_H
#define SELFTEST_PARTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct {
    const uint8_t *bytes;
    size_t length;
} part_t;

typedef struct {
    const uint8_t *at;
    const uint8_t *end;
    bool failed; // a part was missing, cut off or of the wrong length
} reader_t;

typedef struct {
    uint8_t *start;
    uint8_t *at;
    uint8_t *end;
} writer_t;

part_t selftest_read(reader_t *reader);
part_t selftest_read_exactly(reader_t *reader, size_t length);
uint32_t selftest_read_word(reader_t *reader);

// Room for a part of `length` bytes, which the caller fills; NULL when the response is full.
uint8_t *selftest_write(writer_t *writer, size_t length);
void selftest_write_word(writer_t *writer, uint32_t value);

#endif // SELFTEST_PARTS_H
