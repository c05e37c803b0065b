// CCID: messages and the state of the one slot; no USB and no chip in here ([CCID] = CCID rev 1.1).
// SPDX-License-Identifier: GPL-2.0-or-later
#include "ccid.h"

#include <string.h>

#include "ccid_fields.h"

enum { PROTOCOL_T1 = 1, POWER_SELECT_MAX = 3, APDU_MIN_BYTES = 4, DATA_RATE_AND_CLOCK_BYTES = 8 };

// abProtocolDataStructure for T=1: fixed, the host has nothing to negotiate at APDU level.
static const uint8_t t1_parameters[] = {0x11, 0x10, 0xFE, 0x55, 0x03, 0xFE, 0x00};

static void wipe(void *begin, size_t length) {
    volatile uint8_t *byte = begin;
    while (length--) {
        *byte++ = 0;
    }
}

static void put_le32(uint8_t *out, uint32_t value) {
    for (size_t i = 0; i < 4; i++) {
        out[i] = (uint8_t)(value >> (8 * i));
    }
}

static uint32_t get_le32(const uint8_t *in) {
    return (uint32_t)in[0] | (uint32_t)in[1] << 8 | (uint32_t)in[2] << 16 | (uint32_t)in[3] << 24;
}

static uint8_t icc_status(const ccid_t *ccid) {
    return ccid->icc_active ? ICC_ACTIVE : ICC_INACTIVE;
}

// --- Replies -----------------------------------------------------------------------------------------

// The message that answers `type`; what is not known at all is answered with SlotStatus.
static uint8_t reply_type(uint8_t type) {
    switch (type) {
        case ICC_POWER_ON:
        case XFR_BLOCK:
        case SECURE:
            return DATA_BLOCK;
        case GET_PARAMETERS:
        case SET_PARAMETERS:
        case RESET_PARAMETERS:
            return PARAMETERS;
        case ESCAPE:
            return ESCAPE_REPLY;
        case SET_DATA_RATE_AND_CLOCK:
            return DATA_RATE_AND_CLOCK;
        default:
            return SLOT_STATUS;
    }
}

static void write_header(uint8_t *out, uint8_t type, size_t length, const uint8_t *request) {
    memset(out, 0, CCID_HEADER_BYTES);
    out[0] = type;
    put_le32(out + OFFSET_LENGTH, (uint32_t)length);
    out[OFFSET_SLOT] = request[OFFSET_SLOT];
    out[OFFSET_SEQUENCE] = request[OFFSET_SEQUENCE];
}

static void reply(ccid_t *ccid, uint8_t status, uint8_t error, uint8_t specific, const uint8_t *data, size_t length) {
    write_header(ccid->reply, reply_type(ccid->header[0]), length, ccid->header);
    ccid->reply[7] = status;
    ccid->reply[8] = error;
    ccid->reply[9] = specific;
    if (length > 0) {
        memcpy(ccid->reply + CCID_HEADER_BYTES, data, length);
    }
    ccid->reply_length = (uint8_t)(CCID_HEADER_BYTES + length);
    ccid->reply_waiting = true;
}

static void reply_ok(ccid_t *ccid, uint8_t specific, const uint8_t *data, size_t length) {
    reply(ccid, icc_status(ccid), 0, specific, data, length);
}

static void reply_failed(ccid_t *ccid, uint8_t error) {
    uint8_t status = ccid->header[OFFSET_SLOT] == 0 ? icc_status(ccid) : ICC_NOT_PRESENT;
    reply(ccid, COMMAND_FAILED | status, error, 0, NULL, 0);
}

// --- The slot ----------------------------------------------------------------------------------------

static void drop_assembly(ccid_t *ccid) {
    wipe(ccid->buffers->command[ccid->assembly], ccid->assembly_length);
    ccid->assembly_length = 0;
    ccid->chain_open = false;
}

// Ends what runs, wherever it is: in assembly, with the main program, or on its way back.
static void end_session(ccid_t *ccid) {
    if (ccid->main_has_command) {
        ccid->main_command_cancelled = true;
    }
    drop_assembly(ccid);
    ccid->slot_state = CCID_SLOT_IDLE;
    ccid->extension_waiting = false;
    ccid->response_waiting = false;
    ccid->session_ended = true;
}

static void power_on(ccid_t *ccid) {
    if (ccid->data_length != 0) {
        reply_failed(ccid, OFFSET_LENGTH);
    } else if (ccid->header[OFFSET_SPECIFIC] > POWER_SELECT_MAX) {
        reply_failed(ccid, OFFSET_SPECIFIC);
    } else {
        end_session(ccid);
        ccid->icc_active = true;
        reply_ok(ccid, 0, ccid->atr, ccid->atr_length);
    }
}

static void power_off(ccid_t *ccid) {
    if (ccid->data_length != 0) {
        reply_failed(ccid, OFFSET_LENGTH);
    } else {
        end_session(ccid);
        ccid->icc_active = false;
        reply_ok(ccid, 0, NULL, 0);
    }
}

static void get_slot_status(ccid_t *ccid) {
    if (ccid->data_length != 0) {
        reply_failed(ccid, OFFSET_LENGTH);
    } else {
        reply_ok(ccid, 0, NULL, 0);
    }
}

static void parameters(ccid_t *ccid) {
    bool set = ccid->header[0] == SET_PARAMETERS;
    if (ccid->data_length != (set ? sizeof(t1_parameters) : 0)) {
        reply_failed(ccid, OFFSET_LENGTH);
    } else if (set && ccid->header[OFFSET_SPECIFIC] != PROTOCOL_T1) {
        reply_failed(ccid, OFFSET_SPECIFIC);
    } else {
        reply_ok(ccid, PROTOCOL_T1, t1_parameters, sizeof(t1_parameters));
    }
}

static void set_data_rate_and_clock(ccid_t *ccid) {
    if (ccid->data_length != DATA_RATE_AND_CLOCK_BYTES) {
        reply_failed(ccid, OFFSET_LENGTH);
        return;
    }
    uint8_t fixed[DATA_RATE_AND_CLOCK_BYTES];
    put_le32(fixed, CCID_CLOCK_KHZ);
    put_le32(fixed + 4, CCID_DATA_RATE_BPS);
    reply_ok(ccid, 0, fixed, sizeof(fixed));
}

// The bulk half of ABORT. Without its control half it waits for that, and is forgotten if another
// message comes first ([CCID] 5.3.1).
static void bulk_abort(ccid_t *ccid) {
    uint8_t sequence = ccid->header[OFFSET_SEQUENCE];
    if (ccid->data_length != 0) {
        reply_failed(ccid, OFFSET_LENGTH);
    } else if (!ccid->abort_requested) {
        ccid->abort_held = true;
        ccid->abort_sequence = sequence;
    } else if (sequence != ccid->abort_sequence) {
        reply_failed(ccid, CMD_ABORTED);
    } else {
        ccid->abort_requested = false;
        reply_ok(ccid, 0, NULL, 0);
    }
}

// The APDU is whole: the main program may take it.
static void command_complete(ccid_t *ccid) {
    if (ccid->assembly_length < APDU_MIN_BYTES) {
        drop_assembly(ccid);
        reply_failed(ccid, OFFSET_LENGTH);
        return;
    }
    ccid->chain_open = false;
    ccid->command_sequence = ccid->header[OFFSET_SEQUENCE];
    ccid->slot_state = CCID_SLOT_COMMAND;
}

static uint16_t level_parameter(const ccid_t *ccid) {
    return (uint16_t)(ccid->header[OFFSET_LEVEL_PARAMETER] | ccid->header[OFFSET_LEVEL_PARAMETER + 1] << 8);
}

static void xfr_block(ccid_t *ccid) {
    switch (level_parameter(ccid)) {
        case WHOLE:
        case LAST:
            command_complete(ccid);
            break;
        case FIRST:
        case MIDDLE:
            ccid->chain_open = true;
            reply_ok(ccid, EMPTY, NULL, 0);
            break;
        default: // EMPTY: the next block of the response
            ccid->command_sequence = ccid->header[OFFSET_SEQUENCE];
            ccid->response_waiting = true;
            break;
    }
}

// --- Receiving ---------------------------------------------------------------------------------------

// Why an XfrBlock cannot be accepted, found in its header: bError, or -1.
static int refuse_xfr_block(ccid_t *ccid) {
    uint16_t level = level_parameter(ccid);
    bool more_to_send = ccid->slot_state == CCID_SLOT_RESPONSE && ccid->in_flight != CCID_IN_RESPONSE &&
        !ccid->response_waiting;
    if (!ccid->icc_active) {
        return ICC_MUTE;
    }
    if (level == EMPTY && more_to_send) {
        return ccid->data_length == 0 ? -1 : OFFSET_LENGTH;
    }
    if (ccid->slot_state != CCID_SLOT_IDLE && !more_to_send) {
        return CMD_SLOT_BUSY;
    }
    // A new command while blocks of the last response are left: the host has given those up.
    ccid->slot_state = CCID_SLOT_IDLE;
    bool continues = level == MIDDLE || level == LAST;
    bool begins = level == WHOLE || level == FIRST;
    if (!(continues || begins) || continues != ccid->chain_open) {
        drop_assembly(ccid);
        return OFFSET_LEVEL_PARAMETER;
    }
    if (ccid->assembly_length + ccid->data_length > CCID_COMMAND_MAX_BYTES) {
        drop_assembly(ccid);
        return OFFSET_LENGTH;
    }
    return -1;
}

static bool is_supported(uint8_t type) {
    switch (type) {
        case ICC_POWER_ON:
        case ICC_POWER_OFF:
        case GET_SLOT_STATUS:
        case GET_PARAMETERS:
        case SET_PARAMETERS:
        case RESET_PARAMETERS:
        case XFR_BLOCK:
        case ABORT:
        case SET_DATA_RATE_AND_CLOCK:
            return true;
        default:
            return false;
    }
}

// Why the message cannot be accepted, found in its header: bError, or -1.
static int refuse_header(ccid_t *ccid) {
    uint8_t type = ccid->header[0];
    if (ccid->header[OFFSET_SLOT] != 0) {
        return OFFSET_SLOT;
    }
    if (!is_supported(type)) {
        return COMMAND_NOT_SUPPORTED;
    }
    if (ccid->data_length > ccid->message_max_bytes - CCID_HEADER_BYTES) {
        if (type == XFR_BLOCK && ccid->chain_open) {
            drop_assembly(ccid); // as after every block that cannot be a part of the chain
        }
        return OFFSET_LENGTH;
    }
    if (ccid->abort_requested && type != ABORT) {
        return CMD_ABORTED;
    }
    return type == XFR_BLOCK ? refuse_xfr_block(ccid) : -1;
}

static void message_complete(ccid_t *ccid) {
    ccid->receive_state = CCID_RECEIVE_HEADER;
    if (ccid->refused) {
        reply_failed(ccid, ccid->refusal);
        return;
    }
    switch (ccid->header[0]) {
        case ICC_POWER_ON:
            power_on(ccid);
            break;
        case ICC_POWER_OFF:
            power_off(ccid);
            break;
        case GET_SLOT_STATUS:
            get_slot_status(ccid);
            break;
        case SET_DATA_RATE_AND_CLOCK:
            set_data_rate_and_clock(ccid);
            break;
        case XFR_BLOCK:
            xfr_block(ccid);
            break;
        case ABORT:
            bulk_abort(ccid);
            break;
        default:
            parameters(ccid);
            break;
    }
}

// The transfer's length and dwLength disagree. A full packet may be followed by more of the same
// transfer: all of it is thrown away until a short packet, or until the host has taken the answer,
// for which it must have come to the end.
static void transfer_broken(ccid_t *ccid, size_t packet_length, uint8_t error) {
    if (ccid->header[0] == XFR_BLOCK && !ccid->refused) {
        drop_assembly(ccid);
    }
    reply_failed(ccid, error);
    ccid->receive_state = packet_length == CCID_PACKET_BYTES ? CCID_RECEIVE_DRAIN : CCID_RECEIVE_HEADER;
}

static void receive_data(ccid_t *ccid, const uint8_t *data, size_t length, size_t packet_length) {
    if (length > ccid->data_length - ccid->data_received) {
        transfer_broken(ccid, packet_length, OFFSET_LENGTH);
        return;
    }
    if (!ccid->refused && ccid->header[0] == XFR_BLOCK) {
        memcpy(ccid->buffers->command[ccid->assembly] + ccid->assembly_length, data, length);
        ccid->assembly_length += length;
    }
    ccid->data_received += length;
    if (ccid->data_received == ccid->data_length) {
        message_complete(ccid);
    } else if (packet_length < CCID_PACKET_BYTES) {
        transfer_broken(ccid, packet_length, OFFSET_LENGTH);
    } else {
        ccid->receive_state = CCID_RECEIVE_DATA;
    }
}

static void receive_header(ccid_t *ccid, const uint8_t *packet, size_t length) {
    if (length == 0) {
        return; // a host that ends its transfers with an empty packet
    }
    ccid->abort_held = false;
    ccid->data_received = 0;
    ccid->data_length = 0;
    ccid->refused = true;
    memset(ccid->header, 0, sizeof(ccid->header));
    if (length < CCID_HEADER_BYTES) {
        memcpy(ccid->header, packet, length);
        transfer_broken(ccid, length, OFFSET_LENGTH);
        return;
    }
    memcpy(ccid->header, packet, CCID_HEADER_BYTES);
    ccid->data_length = get_le32(packet + OFFSET_LENGTH);
    int refusal = refuse_header(ccid);
    ccid->refused = refusal >= 0;
    ccid->refusal = (uint8_t)refusal;
    if (ccid->data_length > ccid->message_max_bytes - CCID_HEADER_BYTES) {
        // Not even to be counted through: who says four gigabytes need not send them.
        transfer_broken(ccid, length, ccid->refusal);
        return;
    }
    receive_data(ccid, packet + CCID_HEADER_BYTES, length - CCID_HEADER_BYTES, length);
}

bool ccid_can_receive(const ccid_t *ccid) {
    return !ccid->reply_waiting || ccid->receive_state == CCID_RECEIVE_DRAIN;
}

void ccid_receive(ccid_t *ccid, const uint8_t *packet, size_t length) {
    switch (ccid->receive_state) {
        case CCID_RECEIVE_HEADER:
            receive_header(ccid, packet, length);
            break;
        case CCID_RECEIVE_DATA:
            receive_data(ccid, packet, length, length);
            break;
        case CCID_RECEIVE_DRAIN:
            if (length < CCID_PACKET_BYTES) {
                ccid->receive_state = CCID_RECEIVE_HEADER;
            }
            break;
    }
}

bool ccid_control_abort(ccid_t *ccid, uint8_t slot, uint8_t sequence) {
    if (slot != 0) {
        return false;
    }
    end_session(ccid);
    if (ccid->receive_state == CCID_RECEIVE_DATA && !ccid->refused) {
        ccid->refused = true;
        ccid->refusal = CMD_ABORTED;
    }
    if (ccid->abort_held && ccid->abort_sequence == sequence) {
        ccid->abort_held = false;
        reply_ok(ccid, 0, NULL, 0); // the header at hand is that of the ABORT message
    } else {
        ccid->abort_requested = true;
        ccid->abort_sequence = sequence;
    }
    return true;
}

// --- Sending -----------------------------------------------------------------------------------------

// The next block of the response, with its header in place. Blocks after the first put their header
// over data that is sent already; ccid_sent puts that back.
static size_t next_block(ccid_t *ccid, const uint8_t **message) {
    size_t left = ccid->response_length - ccid->response_sent;
    size_t room = ccid->message_max_bytes - CCID_HEADER_BYTES;
    bool first = ccid->response_sent == 0;
    bool last = left <= room;
    uint8_t *block = ccid->buffers->response + ccid->response_sent;
    uint8_t request[CCID_HEADER_BYTES] = {[OFFSET_SEQUENCE] = ccid->command_sequence};
    ccid->block_length = last ? left : room;
    memcpy(ccid->saved, block, CCID_HEADER_BYTES);
    write_header(block, DATA_BLOCK, ccid->block_length, request);
    block[7] = icc_status(ccid);
    block[9] = last ? (first ? WHOLE : LAST) : (first ? FIRST : MIDDLE);
    *message = block;
    return CCID_HEADER_BYTES + ccid->block_length;
}

size_t ccid_next_in(ccid_t *ccid, const uint8_t **message) {
    if (ccid->in_flight != CCID_IN_NOTHING) {
        return 0;
    }
    if (ccid->reply_waiting) {
        ccid->in_flight = CCID_IN_REPLY;
        *message = ccid->reply;
        return ccid->reply_length;
    }
    if (ccid->extension_waiting) {
        ccid->in_flight = CCID_IN_EXTENSION;
        *message = ccid->extension;
        return CCID_HEADER_BYTES;
    }
    if (ccid->response_waiting) {
        ccid->in_flight = CCID_IN_RESPONSE;
        return next_block(ccid, message);
    }
    return 0;
}

static void response_sent(ccid_t *ccid) {
    memcpy(ccid->buffers->response + ccid->response_sent, ccid->saved, CCID_HEADER_BYTES);
    ccid->response_sent += ccid->block_length;
    ccid->response_waiting = false;
    if (ccid->slot_state == CCID_SLOT_RESPONSE && ccid->response_sent == ccid->response_length) {
        ccid->slot_state = CCID_SLOT_IDLE;
    }
}

void ccid_sent(ccid_t *ccid) {
    switch (ccid->in_flight) {
        case CCID_IN_REPLY:
            ccid->reply_waiting = false;
            if (ccid->receive_state == CCID_RECEIVE_DRAIN) {
                ccid->receive_state = CCID_RECEIVE_HEADER;
            }
            break;
        case CCID_IN_EXTENSION:
            ccid->extension_waiting = false;
            break;
        case CCID_IN_RESPONSE:
            response_sent(ccid);
            break;
        case CCID_IN_NOTHING:
            break;
    }
    ccid->in_flight = CCID_IN_NOTHING;
}

bool ccid_is_busy(const ccid_t *ccid) {
    return ccid->slot_state == CCID_SLOT_COMMAND;
}

void ccid_extend_time(ccid_t *ccid) {
    // A host that has not even taken the last message needs no other one.
    if (ccid_is_busy(ccid) && ccid->in_flight == CCID_IN_NOTHING) {
        uint8_t request[CCID_HEADER_BYTES] = {[OFFSET_SEQUENCE] = ccid->command_sequence};
        write_header(ccid->extension, DATA_BLOCK, 0, request);
        ccid->extension[7] = TIME_EXTENSION | icc_status(ccid);
        ccid->extension_waiting = true;
    }
}

// --- The main program --------------------------------------------------------------------------------

ccid_take_t ccid_take(ccid_t *ccid, uint8_t **apdu, size_t *length) {
    // At a session's end, too, the response buffer is wiped.
    if (ccid->in_flight == CCID_IN_RESPONSE) {
        return CCID_TAKE_NOTHING;
    }
    if (ccid->session_ended) {
        ccid->session_ended = false;
        return CCID_TAKE_SESSION_END;
    }
    if (ccid->slot_state != CCID_SLOT_COMMAND || ccid->main_has_command) {
        return CCID_TAKE_NOTHING;
    }
    *apdu = ccid->buffers->command[ccid->assembly];
    *length = ccid->assembly_length;
    ccid->main_has_command = true;
    ccid->main_command_length = ccid->assembly_length;
    ccid->main_command_cancelled = false;
    ccid->assembly ^= 1;
    ccid->assembly_length = 0;
    return CCID_TAKE_COMMAND;
}

uint8_t *ccid_response_data(ccid_t *ccid) {
    return ccid->buffers->response + CCID_HEADER_BYTES;
}

void ccid_respond(ccid_t *ccid, size_t length) {
    if (!ccid->main_has_command) {
        return;
    }
    // The command went to the buffer that is not received into.
    wipe(ccid->buffers->command[ccid->assembly ^ 1], ccid->main_command_length);
    ccid->main_has_command = false;
    if (ccid->main_command_cancelled) {
        return;
    }
    ccid->response_length = length;
    ccid->response_sent = 0;
    ccid->response_waiting = true;
    ccid->slot_state = CCID_SLOT_RESPONSE;
}

bool ccid_is_answering(const ccid_t *ccid) {
    return ccid->slot_state == CCID_SLOT_RESPONSE || ccid->in_flight == CCID_IN_RESPONSE;
}

bool ccid_is_cancelled(const ccid_t *ccid) {
    return ccid->main_has_command && ccid->main_command_cancelled;
}

void ccid_bus_reset(ccid_t *ccid) {
    end_session(ccid);
    ccid->icc_active = false;
    ccid->receive_state = CCID_RECEIVE_HEADER;
    ccid->abort_requested = false;
    ccid->abort_held = false;
    ccid->reply_waiting = false;
    if (ccid->in_flight == CCID_IN_RESPONSE) {
        response_sent(ccid);
    }
    ccid->in_flight = CCID_IN_NOTHING;
}

void ccid_init(ccid_t *ccid, ccid_buffers_t *buffers, const uint8_t *atr, size_t atr_length,
               uint32_t message_max_bytes) {
    memset(ccid, 0, sizeof(*ccid));
    memset(buffers, 0, sizeof(*buffers));
    ccid->buffers = buffers;
    ccid->message_max_bytes = message_max_bytes;
    memcpy(ccid->atr, atr, atr_length);
    ccid->atr_length = (uint8_t)atr_length;
}
