// SPDX-License-Identifier: GPL-2.0-or-later
// The self-test image: serves known-answer requests through a mailbox in SRAM.
//
// It is linked from the same crypto objects as the image, and is never shipped: it gives out private keys.
#include "selftest.h"

volatile selftest_request_t selftest_request;
volatile selftest_response_t selftest_response;

int main(void) {
    for (;;) {
        uint32_t doorbell = selftest_request.doorbell;
        if (doorbell == selftest_response.doorbell) {
            __asm__ volatile("wfe");
            continue;
        }
        // The sender does not touch the request until the answer's doorbell rings.
        const uint8_t *parts = (const uint8_t *)selftest_request.parts;
        size_t length = selftest_request.length <= SELFTEST_REQUEST_BYTES ? selftest_request.length : 0;
        size_t response_length = 0;
        uint8_t *response = (uint8_t *)selftest_response.parts;
        selftest_response.number = selftest_serve(selftest_request.number, parts, length, response, &response_length);
        selftest_response.length = response_length;
        __asm__ volatile("" : : : "memory");
        selftest_response.doorbell = doorbell;
    }
}
