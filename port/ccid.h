// CCID: messages and the state of the one slot; no USB and no chip in here ([CCID] = CCID rev 1.1).
// SPDX-License-Identifier: GPL-2.0-or-later
//
// The owner of a ccid_t feeds it bulk OUT packets and control requests, and sends what it hands out on
// bulk IN. The main program takes commands from it and gives responses to it. None of the functions
// may interrupt another: in the image they run in interrupts of one priority, or with interrupts off.
#ifndef HSM_CCID_H
#define HSM_CCID_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CCID_PACKET_BYTES 64
#define CCID_HEADER_BYTES 10
// The longest command APDU: header, extended Lc, 4,096 bytes of data, extended Le.
#define CCID_COMMAND_MAX_BYTES (4 + 3 + 4096 + 2)
#define CCID_RESPONSE_MAX_BYTES (4096 + 2)
#define CCID_ATR_MAX_BYTES 33
// dwMaxCCIDMessageLength: the longest command in one message, rounded up to whole packets and some.
#define CCID_MESSAGE_MAX_BYTES 4352

// Of the descriptor, and of the answer to SetDataRateAndClockFrequency.
#define CCID_CLOCK_KHZ 3580
#define CCID_DATA_RATE_BPS 9600

typedef enum {
    CCID_RECEIVE_HEADER, // the next packet starts a message
    CCID_RECEIVE_DATA, // a message is not complete
    CCID_RECEIVE_DRAIN, // the rest of a refused transfer is thrown away
} ccid_receive_state_t;

typedef enum {
    CCID_SLOT_IDLE,
    CCID_SLOT_COMMAND, // an APDU is complete and waits for, or is with, the main program
    CCID_SLOT_RESPONSE, // its response is on the way, whole or in blocks
} ccid_slot_state_t;

typedef enum {
    CCID_IN_NOTHING,
    CCID_IN_REPLY,
    CCID_IN_EXTENSION,
    CCID_IN_RESPONSE,
} ccid_in_flight_t;

typedef enum {
    CCID_TAKE_NOTHING,
    CCID_TAKE_SESSION_END,
    CCID_TAKE_COMMAND,
} ccid_take_t;

// Two command buffers: while the main program still looks at a command that the host gave up, the
// next one is received into the other.
typedef struct {
    uint8_t command[2][(CCID_COMMAND_MAX_BYTES + 3) & ~3];
    uint8_t response[CCID_HEADER_BYTES + CCID_RESPONSE_MAX_BYTES];
} ccid_buffers_t;

typedef struct {
    ccid_buffers_t *buffers;
    uint32_t message_max_bytes; // lengths that dwLength takes part in wrap as on the chip, on the desktop too
    uint8_t atr[CCID_ATR_MAX_BYTES];
    uint8_t atr_length;
    bool icc_active;

    // Receiving: the message at hand.
    ccid_receive_state_t receive_state;
    uint8_t header[CCID_HEADER_BYTES];
    uint32_t data_length; // dwLength
    uint32_t data_received;
    uint8_t refusal; // bError found in the header; data is thrown away then
    bool refused;

    // The command.
    ccid_slot_state_t slot_state;
    uint8_t assembly; // index of the buffer that is received into
    uint32_t assembly_length;
    bool chain_open; // XfrBlocks of a chained command have begun
    uint8_t command_sequence;
    bool main_has_command;
    size_t main_command_length;
    bool main_command_cancelled;
    bool session_ended;

    // ABORT: control request and bulk message must meet ([CCID] 5.3.1).
    bool abort_requested; // control request seen, message not
    bool abort_held; // message seen, control request not
    uint8_t abort_sequence;

    // Sending.
    ccid_in_flight_t in_flight;
    bool reply_waiting;
    uint8_t reply[CCID_HEADER_BYTES + CCID_ATR_MAX_BYTES];
    uint8_t reply_length;
    bool extension_waiting;
    uint8_t extension[CCID_HEADER_BYTES];
    bool response_waiting;
    size_t response_length;
    size_t response_sent;
    size_t block_length;
    uint8_t saved[CCID_HEADER_BYTES]; // what a block's header stands on
} ccid_t;

// `atr`: 2 to 33 bytes, copied. `message_max_bytes`: dwMaxCCIDMessageLength.
void ccid_init(ccid_t *ccid, ccid_buffers_t *buffers, const uint8_t *atr, size_t atr_length,
               uint32_t message_max_bytes);

// --- From USB --------------------------------------------------------------------------------------

// Bus reset or new configuration: everything that was under way is forgotten, the session ends.
void ccid_bus_reset(ccid_t *ccid);

// True if a packet may be received: then the bulk OUT endpoint is armed, else the host waits.
bool ccid_can_receive(const ccid_t *ccid);

// One bulk OUT packet of 0..64 bytes. Precondition: ccid_can_receive.
void ccid_receive(ccid_t *ccid, const uint8_t *packet, size_t length);

// Control request ABORT for `slot`; false if there is no such slot (the request is then stalled).
bool ccid_control_abort(ccid_t *ccid, uint8_t slot, uint8_t sequence);

// The next message for bulk IN, or 0 if there is none or one is being sent. It stays in place until
// ccid_sent is called.
size_t ccid_next_in(ccid_t *ccid, const uint8_t **message);
void ccid_sent(ccid_t *ccid);

// True while a command runs: every 1.5 s the host is then told to be patient.
bool ccid_is_busy(const ccid_t *ccid);
void ccid_extend_time(ccid_t *ccid);

// --- From the main program -------------------------------------------------------------------------

// What there is to do; nothing while a response is being sent, given up or not: it must neither be
// wiped nor written over. A command stays valid until ccid_respond.
ccid_take_t ccid_take(ccid_t *ccid, uint8_t **apdu, size_t *length);

// The data of the response buffer, CCID_RESPONSE_MAX_BYTES.
uint8_t *ccid_response_data(ccid_t *ccid);

// Answers the command taken last with `length` bytes of the response buffer, and wipes the command.
// Nothing is sent if the host has cancelled it.
void ccid_respond(ccid_t *ccid, size_t length);

// True until the host has taken the whole answer, or given it up.
bool ccid_is_answering(const ccid_t *ccid);

// True if the command taken last was cancelled (ABORT, power message, bus reset).
bool ccid_is_cancelled(const ccid_t *ccid);

#endif // HSM_CCID_H
