// CCID over USB: the class driver, and the transport that the main program sees.
// SPDX-License-Identifier: GPL-2.0-or-later
#ifndef HSM_USB_CCID_H
#define HSM_USB_CCID_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ccid.h"

// Connects to the bus; `atr` has 2 to 33 bytes. Called once.
void usb_ccid_start(const uint8_t *atr, size_t atr_length);

// Sleeps until there is a command (then `apdu` and `length` are set) or the session ended.
ccid_take_t usb_ccid_wait(uint8_t **apdu, size_t *length);

// The response buffer, CCID_RESPONSE_MAX_BYTES, there from reset on; and its sending, which wipes the
// command, and once it is sent the response too, unless `keep`.
uint8_t *usb_ccid_response(void);
void usb_ccid_respond(size_t length, bool keep);

bool usb_ccid_is_cancelled(void);

#endif // HSM_USB_CCID_H
