// Values of CCID message fields ([CCID] = CCID rev 1.1).
// SPDX-License-Identifier: GPL-2.0-or-later
#ifndef HSM_CCID_FIELDS_H
#define HSM_CCID_FIELDS_H

// bMessageType ([CCID] 6.1, 6.2)
enum {
    SET_PARAMETERS = 0x61,
    ICC_POWER_ON = 0x62,
    ICC_POWER_OFF = 0x63,
    GET_SLOT_STATUS = 0x65,
    SECURE = 0x69,
    ESCAPE = 0x6B,
    GET_PARAMETERS = 0x6C,
    RESET_PARAMETERS = 0x6D,
    XFR_BLOCK = 0x6F,
    ABORT = 0x72,
    SET_DATA_RATE_AND_CLOCK = 0x73,
    DATA_BLOCK = 0x80,
    SLOT_STATUS = 0x81,
    PARAMETERS = 0x82,
    ESCAPE_REPLY = 0x83,
    DATA_RATE_AND_CLOCK = 0x84,
};

// Offsets of message fields; as bError they name the field that is wrong ([CCID] 6.2.6).
enum {
    OFFSET_LENGTH = 1,
    OFFSET_SLOT = 5,
    OFFSET_SEQUENCE = 6,
    OFFSET_SPECIFIC = 7, // bPowerSelect, bProtocolNum
    OFFSET_LEVEL_PARAMETER = 8,
};

// bError
enum {
    COMMAND_NOT_SUPPORTED = 0x00,
    CMD_SLOT_BUSY = 0xE0,
    ICC_MUTE = 0xFE,
    CMD_ABORTED = 0xFF,
};

// bStatus: bmICCStatus and bmCommandStatus
enum {
    ICC_ACTIVE = 0x00,
    ICC_INACTIVE = 0x01,
    ICC_NOT_PRESENT = 0x02,
    COMMAND_FAILED = 0x40,
    TIME_EXTENSION = 0x80,
};

// wLevelParameter of XfrBlock, bChainParameter of DataBlock
enum {
    WHOLE = 0x00,
    FIRST = 0x01,
    LAST = 0x02,
    MIDDLE = 0x03,
    EMPTY = 0x10,
};

#endif // HSM_CCID_FIELDS_H
