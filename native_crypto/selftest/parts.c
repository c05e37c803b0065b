// SPDX-License-Identifier: GPL-2.0-or-later
// Reading and writing the parts of self-test messages.
#include "parts.h"

#include <string.h>

static size_t padded(size_t length) {
    return (length + 3) & ~(size_t)3;
}

part_t selftest_read(reader_t *reader) {
    part_t part = {reader->at, 0};
    uint32_t length = 0;
    size_t left = (size_t)(reader->end - reader->at);
    if (left >= sizeof(length)) {
        memcpy(&length, reader->at, sizeof(length));
        left -= sizeof(length);
        if (length <= left && padded(length) <= left) {
            part.bytes = reader->at + sizeof(length);
            part.length = length;
            reader->at = part.bytes + padded(length);
            return part;
        }
    }
    reader->failed = true;
    return part;
}

part_t selftest_read_exactly(reader_t *reader, size_t length) {
    part_t part = selftest_read(reader);
    reader->failed = reader->failed || part.length != length;
    return part;
}

uint32_t selftest_read_word(reader_t *reader) {
    part_t part = selftest_read_exactly(reader, sizeof(uint32_t));
    uint32_t value = 0;
    if (!reader->failed) {
        memcpy(&value, part.bytes, sizeof(value));
    }
    return value;
}

uint8_t *selftest_write(writer_t *writer, size_t length) {
    uint32_t word = (uint32_t)length;
    if (padded(length) + sizeof(word) > (size_t)(writer->end - writer->at)) {
        return NULL;
    }
    memcpy(writer->at, &word, sizeof(word));
    uint8_t *body = writer->at + sizeof(word);
    memset(body, 0, padded(length));
    writer->at = body + padded(length);
    return body;
}

void selftest_write_word(writer_t *writer, uint32_t value) {
    uint8_t *body = selftest_write(writer, sizeof(value));
    if (body != NULL) {
        memcpy(body, &value, sizeof(value));
    }
}
