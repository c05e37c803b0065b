// CCID over USB: the class driver, and the transport that the main program sees.
// SPDX-License-Identifier: GPL-2.0-or-later
//
// TinyUSB is not re-entrant. All of it runs in two interrupts of one priority, the lowest: the
// controller's, which the main program also raises when it has an answer, and the alarm of the time
// extensions. Neither interrupts the other, both interrupt the main program: the host finds a living
// device while a command computes. The main program touches the shared state with interrupts off.
#include "usb_ccid.h"

#include "alarm.h"
#include "device/dcd.h"
#include "device/usbd_pvt.h"
#include "fatal.h"
#include "hardware/irq.h"
#include "hardware/structs/usb.h"
#include "hardware/sync.h"
#include "memory.h"
#include "tusb.h"
#include "usb_descriptors.h"

// libccid gives up after 3 s without a sign of life.
#define TIME_EXTENSION_US 1500000u
#define CCID_REQUEST_ABORT 0x01
// A bulk endpoint has two packet buffers in DPRAM.
#define DPRAM_BUFFER_BYTES (2 * CCID_PACKET_BYTES)
#define DPRAM_OFFSET_MASK 0xFFC0u

static ccid_t ccid;
static ccid_buffers_t buffers MEMORY_WIPED(ccid);
static uint8_t out_packet[CCID_PACKET_BYTES] MEMORY_WIPED(packet);
static bool is_open;
static bool out_armed;
static size_t in_length; // of the message being sent, 0 for the empty packet after it
static bool extension_armed;
// The answer may be wiped as soon as the host has it.
static bool wipe_when_sent;

// --- Between CCID and the endpoints --------------------------------------------------------------

// The controller's own memory keeps packets, and so PINs, until they are overwritten.
static void wipe_dpram(uint32_t endpoint_control) {
    memory_wipe((void *)(USBCTRL_DPRAM_BASE + (endpoint_control & DPRAM_OFFSET_MASK)), DPRAM_BUFFER_BYTES);
}

// The endpoint is open and free: a refusal is a fault, after which nothing would ever end the transfer.
static void start_transfer(uint8_t endpoint, const uint8_t *buffer, size_t length) {
    if (!usbd_edpt_xfer(0, endpoint, (uint8_t *)(uintptr_t)buffer, (uint16_t)length)) {
        fatal_reset(FATAL_USB, endpoint);
    }
}

// Gives the endpoints what there is to do. Called after everything that may have changed it.
static void pump(void) {
    if (!is_open) {
        return;
    }
    if (!usbd_edpt_stalled(0, USB_ENDPOINT_IN)) {
        const uint8_t *message;
        size_t length = ccid_next_in(&ccid, &message);
        if (length > 0) {
            in_length = length;
            start_transfer(USB_ENDPOINT_IN, message, length);
        }
    }
    // One packet at a time: a transfer's end is known from dwLength only, hosts send no empty packet.
    if (!out_armed && ccid_can_receive(&ccid) && !usbd_edpt_stalled(0, USB_ENDPOINT_OUT)) {
        out_armed = true;
        start_transfer(USB_ENDPOINT_OUT, out_packet, sizeof(out_packet));
    }
    if (ccid_is_busy(&ccid) && !extension_armed) {
        extension_armed = true;
        alarm_set(ALARM_TIME_EXTENSION, TIME_EXTENSION_US);
    }
}

static void extension_alarm(void) {
    alarm_acknowledge(ALARM_TIME_EXTENSION);
    extension_armed = false;
    ccid_extend_time(&ccid);
    pump();
}

static void out_received(size_t length) {
    out_armed = false;
    wipe_dpram(usb_dpram->ep_ctrl[0].out);
    bool was_busy = ccid_is_busy(&ccid);
    ccid_receive(&ccid, out_packet, length);
    memory_wipe(out_packet, sizeof(out_packet));
    if (ccid_is_busy(&ccid) && !was_busy) {
        extension_armed = false; // a full interval from here
    }
}

// The empty packet belongs to the message. A host that reads exactly dwLength, and so leaves it, has not
// taken the answer: its next read gets the empty packet, and a command before that is told that the slot
// is busy. Hosts read with room for more, as [USB] 5.8.3 asks, and never see it.
static void in_sent(void) {
    if (in_length > 0 && in_length % CCID_PACKET_BYTES == 0) {
        in_length = 0;
        start_transfer(USB_ENDPOINT_IN, NULL, 0);
        return;
    }
    wipe_dpram(usb_dpram->ep_ctrl[0].in);
    ccid_sent(&ccid);
}

// --- TinyUSB class driver ------------------------------------------------------------------------

static void driver_init(void) {
}

static bool driver_deinit(void) {
    return true;
}

static void driver_reset(uint8_t port) {
    (void)port;
    is_open = false;
    out_armed = false;
    extension_armed = false;
    alarm_cancel(ALARM_TIME_EXTENSION);
    ccid_bus_reset(&ccid);
}

static uint16_t driver_open(uint8_t port, tusb_desc_interface_t const *interface, uint16_t max_length) {
    if (interface->bInterfaceClass != TUSB_CLASS_SMART_CARD || max_length < USB_INTERFACE_DESCRIPTORS_BYTES) {
        return 0;
    }
    const uint8_t *descriptor = tu_desc_next(tu_desc_next(interface));
    for (uint8_t i = 0; i < interface->bNumEndpoints; i++) {
        if (!usbd_edpt_open(port, (tusb_desc_endpoint_t const *)descriptor)) {
            return 0;
        }
        descriptor = tu_desc_next(descriptor);
    }
    is_open = true;
    return USB_INTERFACE_DESCRIPTORS_BYTES;
}

// CLEAR_FEATURE(ENDPOINT_HALT) starts the endpoint anew with DATA0, also one that was not halted. What
// was armed is taken back; a message that was being sent is lost, as a host that does this expects.
static void endpoint_halt_changed(tusb_control_request_t const *request) {
    uint8_t address = tu_u16_low(request->wIndex);
    if (request->bRequest == TUSB_REQ_CLEAR_FEATURE) {
        dcd_edpt_stall(0, address);
        dcd_edpt_clear_stall(0, address);
    }
    // The controller has nothing to send any more: what it was to send goes.
    if (address == USB_ENDPOINT_OUT) {
        wipe_dpram(usb_dpram->ep_ctrl[0].out);
        out_armed = false;
    } else if (address == USB_ENDPOINT_IN) {
        wipe_dpram(usb_dpram->ep_ctrl[0].in);
        ccid_sent(&ccid);
    }
}

static bool driver_control(uint8_t port, uint8_t stage, tusb_control_request_t const *request) {
    if (stage != CONTROL_STAGE_SETUP) {
        return true;
    }
    if (request->bmRequestType_bit.type == TUSB_REQ_TYPE_STANDARD &&
        request->bmRequestType_bit.recipient == TUSB_REQ_RCPT_ENDPOINT) {
        endpoint_halt_changed(request);
        return true;
    }
    // GET_CLOCK_FREQUENCIES and GET_DATA_RATES are stalled: the descriptor announces no lists.
    bool is_abort = request->bmRequestType_bit.type == TUSB_REQ_TYPE_CLASS &&
        request->bmRequestType_bit.recipient == TUSB_REQ_RCPT_INTERFACE && request->bRequest == CCID_REQUEST_ABORT;
    if (!is_abort || request->wLength != 0 ||
        !ccid_control_abort(&ccid, tu_u16_low(request->wValue), tu_u16_high(request->wValue))) {
        return false;
    }
    return tud_control_status(port, request);
}

static bool driver_transfer(uint8_t port, uint8_t endpoint, xfer_result_t result, uint32_t length) {
    (void)port;
    (void)result;
    if (endpoint == USB_ENDPOINT_OUT) {
        out_received(length);
    } else if (endpoint == USB_ENDPOINT_IN) {
        in_sent();
    }
    return true;
}

static const usbd_class_driver_t driver = {
    .name = "CCID",
    .init = driver_init,
    .deinit = driver_deinit,
    .reset = driver_reset,
    .open = driver_open,
    .control_xfer_cb = driver_control,
    .xfer_cb = driver_transfer,
    .sof = NULL,
};

usbd_class_driver_t const *usbd_app_driver_get_cb(uint8_t *count) {
    *count = 1;
    return &driver;
}

// --- Interrupts ----------------------------------------------------------------------------------

// The controller has something, or the main program (then the first call finds nothing).
static void usb_interrupt(void) {
    dcd_int_handler(0);
    tud_task_ext(0, true);
    pump();
}

void usb_ccid_start(const uint8_t *atr, size_t atr_length) {
    ccid_init(&ccid, &buffers, atr, atr_length, CCID_MESSAGE_MAX_BYTES);
    alarm_init(ALARM_TIME_EXTENSION, extension_alarm);
    uint32_t state = save_and_disable_interrupts();
    const tusb_rhport_init_t port = {.role = TUSB_ROLE_DEVICE, .speed = TUSB_SPEED_FULL};
    tusb_init(0, &port);
    // TinyUSB has put its own handler there, which would leave the events to be polled for.
    irq_remove_handler(USBCTRL_IRQ, irq_get_exclusive_handler(USBCTRL_IRQ));
    irq_set_exclusive_handler(USBCTRL_IRQ, usb_interrupt);
    irq_set_priority(USBCTRL_IRQ, PICO_LOWEST_IRQ_PRIORITY);
    irq_set_enabled(USBCTRL_IRQ, true);
    restore_interrupts(state);
}

// --- The main program's side ---------------------------------------------------------------------

ccid_take_t usb_ccid_wait(uint8_t **apdu, size_t *length) {
    for (;;) {
        uint32_t state = save_and_disable_interrupts();
        ccid_take_t what = ccid_take(&ccid, apdu, length);
        bool sent = wipe_when_sent && !ccid_is_answering(&ccid);
        if (what == CCID_TAKE_NOTHING && !sent) {
            // A pending interrupt ends the sleep even while masked: none is lost in between.
            __dsb();
            __wfi();
        }
        restore_interrupts(state);
        if (sent) {
            wipe_when_sent = false;
            memory_wipe(usb_ccid_response(), CCID_RESPONSE_MAX_BYTES);
        }
        if (what != CCID_TAKE_NOTHING) {
            return what;
        }
    }
}

uint8_t *usb_ccid_response(void) {
    return buffers.response + CCID_HEADER_BYTES;
}

void usb_ccid_respond(size_t length, bool keep) {
    wipe_when_sent = !keep;
    uint32_t state = save_and_disable_interrupts();
    ccid_respond(&ccid, length);
    irq_set_pending(USBCTRL_IRQ);
    restore_interrupts(state);
}

bool usb_ccid_is_cancelled(void) {
    uint32_t state = save_and_disable_interrupts();
    bool cancelled = ccid_is_cancelled(&ccid);
    restore_interrupts(state);
    return cancelled;
}
