// port/ccid.c on the desktop: commands on stdin, one line each; what happened on stdout.
// SPDX-License-Identifier: GPL-2.0-or-later
//
//   init <message max>      start anew, ATR 3B00
//   out <hex or ->          one bulk OUT packet, if the codec can receive
//   in                      the next message for bulk IN, sent at once
//   peek                    the next message for bulk IN, left in flight
//   sent                    the message in flight has been taken
//   abort <slot> <sequence> control request ABORT
//   reset                   bus reset
//   extend                  1.5 s have passed
//   take                    what the main program gets
//   respond <hex>           its response
//   again <length>          its response: what the buffer holds already
//   status                  can receive, is busy, is cancelled, bytes left in the buffers of commands
#include "ccid.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LINE_MAX_BYTES (2 * CCID_RESPONSE_MAX_BYTES + 64)

static ccid_t ccid;
// On the heap, so that the sanitizer sees the ends of the buffers.
static ccid_buffers_t *buffers;

static size_t parse_hex(const char *text, uint8_t *out, size_t max) {
    size_t length = 0;
    unsigned value;
    while (length < max && sscanf(text + 2 * length, "%2x", &value) == 1) {
        out[length++] = (uint8_t)value;
    }
    return length;
}

static void print_hex(const uint8_t *data, size_t length) {
    for (size_t i = 0; i < length; i++) {
        printf("%02x", data[i]);
    }
    printf("\n");
}

static void do_init(const char *argument) {
    static const uint8_t atr[] = {0x3B, 0x00};
    free(buffers);
    buffers = malloc(sizeof(*buffers));
    ccid_init(&ccid, buffers, atr, sizeof(atr), strtoul(argument, NULL, 10));
    printf("ok\n");
}

static void do_out(const char *argument) {
    if (!ccid_can_receive(&ccid)) {
        printf("nak\n");
        return;
    }
    // Exactly as long as the packet: a read past its end is found.
    uint8_t packet[CCID_PACKET_BYTES];
    size_t length = parse_hex(argument, packet, sizeof(packet));
    uint8_t *exact = malloc(length ? length : 1);
    memcpy(exact, packet, length);
    ccid_receive(&ccid, exact, length);
    free(exact);
    printf("ok\n");
}

static void do_in(bool complete) {
    const uint8_t *message;
    size_t length = ccid_next_in(&ccid, &message);
    if (length == 0) {
        printf("-\n");
        return;
    }
    print_hex(message, length);
    if (complete) {
        ccid_sent(&ccid);
    }
}

static void do_take(void) {
    uint8_t *apdu;
    size_t length;
    switch (ccid_take(&ccid, &apdu, &length)) {
        case CCID_TAKE_NOTHING:
            printf("nothing\n");
            break;
        case CCID_TAKE_SESSION_END:
            printf("end\n");
            break;
        case CCID_TAKE_COMMAND:
            print_hex(apdu, length);
            break;
    }
}

static void do_respond(const char *argument) {
    size_t length = parse_hex(argument, ccid_response_data(&ccid), CCID_RESPONSE_MAX_BYTES);
    ccid_respond(&ccid, length);
    printf("ok\n");
}

static void do_status(void) {
    size_t left = 0;
    for (size_t buffer = 0; buffer < 2; buffer++) {
        for (size_t i = 0; i < sizeof(buffers->command[buffer]); i++) {
            left += buffers->command[buffer][i] != 0;
        }
    }
    printf("%d %d %d %zu\n", ccid_can_receive(&ccid), ccid_is_busy(&ccid), ccid_is_cancelled(&ccid), left);
}

static void run(const char *verb, const char *argument) {
    if (strcmp(verb, "init") == 0) {
        do_init(argument);
    } else if (strcmp(verb, "out") == 0) {
        do_out(argument);
    } else if (strcmp(verb, "in") == 0) {
        do_in(true);
    } else if (strcmp(verb, "peek") == 0) {
        do_in(false);
    } else if (strcmp(verb, "sent") == 0) {
        ccid_sent(&ccid);
        printf("ok\n");
    } else if (strcmp(verb, "abort") == 0) {
        unsigned slot = 0;
        unsigned sequence = 0;
        sscanf(argument, "%u %u", &slot, &sequence);
        printf(ccid_control_abort(&ccid, (uint8_t)slot, (uint8_t)sequence) ? "ok\n" : "stall\n");
    } else if (strcmp(verb, "reset") == 0) {
        ccid_bus_reset(&ccid);
        printf("ok\n");
    } else if (strcmp(verb, "extend") == 0) {
        ccid_extend_time(&ccid);
        printf("ok\n");
    } else if (strcmp(verb, "take") == 0) {
        do_take();
    } else if (strcmp(verb, "respond") == 0) {
        do_respond(argument);
    } else if (strcmp(verb, "again") == 0) {
        ccid_respond(&ccid, strtoul(argument, NULL, 10));
        printf("ok\n");
    } else if (strcmp(verb, "status") == 0) {
        do_status();
    } else {
        printf("unknown\n");
    }
}

int main(void) {
    static char line[LINE_MAX_BYTES];
    while (fgets(line, sizeof(line), stdin)) {
        line[strcspn(line, "\n")] = 0;
        char *space = strchr(line, ' ');
        if (space) {
            *space = 0;
        }
        run(line, space ? space + 1 : "");
        fflush(stdout);
    }
    free(buffers);
    return 0;
}
