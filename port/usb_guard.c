// Refuses malformed control requests before TinyUSB sees them.
// SPDX-License-Identifier: GPL-2.0-or-later
//
// TinyUSB 0.18 takes the direction of a standard request's data stage from the host. GET_DESCRIPTOR with
// the direction bit cleared then writes what the host sends over the descriptor, GET_CONFIGURATION
// and GET_STATUS over a stack frame that is gone. And some requests to endpoints that are not there it
// neither answers nor refuses. What [USB] 9.4 does not allow is turned into a request that does not
// exist, and so stalled. The linker routes TinyUSB's dcd_event_handler through here (--wrap).
#include <stdbool.h>

#include "device/dcd.h"
#include "usb_descriptors.h"

#define NO_SUCH_REQUEST 0xFF

void __real_dcd_event_handler(dcd_event_t const *event, bool in_isr);
void __wrap_dcd_event_handler(dcd_event_t const *event, bool in_isr);

static bool is_read(uint8_t request) {
    switch (request) {
        case TUSB_REQ_GET_STATUS:
        case TUSB_REQ_GET_DESCRIPTOR:
        case TUSB_REQ_GET_CONFIGURATION:
        case TUSB_REQ_GET_INTERFACE:
            return true;
        default:
            return false;
    }
}

static bool has_halt_feature(uint16_t endpoint) {
    return endpoint == USB_ENDPOINT_OUT || endpoint == USB_ENDPOINT_IN || endpoint == USB_ENDPOINT_INTERRUPT;
}

static bool is_allowed_to_endpoint(tusb_control_request_t const *request) {
    switch (request->bRequest) {
        case TUSB_REQ_GET_STATUS:
            return (request->wIndex & 0x7F) == 0 || has_halt_feature(request->wIndex);
        case TUSB_REQ_CLEAR_FEATURE:
        case TUSB_REQ_SET_FEATURE:
            return request->wValue == TUSB_REQ_FEATURE_EDPT_HALT && has_halt_feature(request->wIndex);
        default:
            return false;
    }
}

static bool is_allowed(tusb_control_request_t const *request) {
    if (request->bmRequestType_bit.type != TUSB_REQ_TYPE_STANDARD) {
        return true; // for the class driver to decide
    }
    bool is_in = request->bmRequestType_bit.direction == TUSB_DIR_IN;
    if (request->wLength > 0 && !(is_in && is_read(request->bRequest))) {
        return false; // only reads have data
    }
    return request->bmRequestType_bit.recipient != TUSB_REQ_RCPT_ENDPOINT || is_allowed_to_endpoint(request);
}

void __wrap_dcd_event_handler(dcd_event_t const *event, bool in_isr) {
    dcd_event_t checked = *event;
    tusb_control_request_t *request = &checked.setup_received;
    if (event->event_id == DCD_EVENT_SETUP_RECEIVED) {
        if (!is_allowed(request)) {
            request->bRequest = NO_SUCH_REQUEST;
        }
        if (request->wLength == 0) {
            // Without a data stage the bit has no meaning ([USB] 9.3.1); TinyUSB gives it one.
            request->bmRequestType_bit.direction = TUSB_DIR_OUT;
        }
    }
    __real_dcd_event_handler(&checked, in_isr);
}
