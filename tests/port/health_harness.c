// port/health.c on the desktop: samples '0' and '1' on stdin, the number of the one that failed on stdout.
// SPDX-License-Identifier: GPL-2.0-or-later
#include "health.h"

#include <stdio.h>

int main(void) {
    health_t health;
    health_init(&health);
    long failed_at = 0;
    long count = 0;
    for (int c = getchar(); c == '0' || c == '1'; c = getchar()) {
        count++;
        health_add(&health, (uint32_t)(c - '0'));
        if (health.failed && failed_at == 0) {
            failed_at = count;
        }
    }
    // Once failed it stays so.
    printf("%ld %d\n", failed_at, health.failed);
    return 0;
}
