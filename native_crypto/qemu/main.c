// SPDX-License-Identifier: GPL-2.0-or-later
// The self-test under QEMU's mps2-an505: the same requests, as frames in two files by semihosting.
//
// A frame is number(4) || length(4) || parts, little endian. Requests come from the file `requests` in QEMU's
// folder, answers go to `answers`; both may be named pipes. The end of the former ends the run.
#include <stdbool.h>
#include <string.h>

#include "selftest.h"

// Arm semihosting operations.
#define SYS_OPEN 0x01
#define SYS_WRITE 0x05
#define SYS_READ 0x06
#define SYS_EXIT 0x18
#define OPEN_READ_BINARY 1
#define OPEN_WRITE_BINARY 5
#define EXIT_APPLICATION 0x20026

static uint8_t request[SELFTEST_REQUEST_BYTES];
static uint8_t response[SELFTEST_RESPONSE_BYTES];

static uint32_t semihost(uint32_t operation, const void *block) {
    register uint32_t r0 __asm__("r0") = operation;
    register const void *r1 __asm__("r1") = block;
    __asm__ volatile("bkpt 0xAB" : "+r"(r0) : "r"(r1) : "memory");
    return r0;
}

static uint32_t open_file(const char *name, uint32_t mode) {
    const uint32_t block[] = {(uint32_t)name, mode, strlen(name)};
    return semihost(SYS_OPEN, block);
}

// Both calls return the number of bytes *not* transferred; all of them at the end of the file.
static bool transfer(uint32_t operation, uint32_t handle, uint8_t *bytes, uint32_t length) {
    while (length > 0) {
        const uint32_t block[] = {handle, (uint32_t)bytes, length};
        uint32_t left = semihost(operation, block);
        if (left >= length) {
            return false;
        }
        bytes += length - left;
        length = left;
    }
    return true;
}

int main(void) {
    uint32_t input = open_file("requests", OPEN_READ_BINARY);
    uint32_t output = open_file("answers", OPEN_WRITE_BINARY);
    uint32_t header[2];
    while (transfer(SYS_READ, input, (uint8_t *)header, sizeof(header)) && header[1] <= sizeof(request) &&
           transfer(SYS_READ, input, request, header[1])) {
        size_t length = 0;
        header[0] = selftest_serve(header[0], request, header[1], response, &length);
        header[1] = length;
        if (!transfer(SYS_WRITE, output, (uint8_t *)header, sizeof(header)) ||
            !transfer(SYS_WRITE, output, response, length)) {
            break;
        }
    }
    semihost(SYS_EXIT, (const void *)EXIT_APPLICATION);
    return 0;
}
