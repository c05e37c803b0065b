// What the device says of itself on the bus ([USB] 9.6, [CCID] 5).
// SPDX-License-Identifier: GPL-2.0-or-later
#include "usb_descriptors.h"

#include <string.h>

#include "ccid.h"
#include "hsm_board.h"
#include "tusb.h"

#define UNIQUE_ID_BYTES 8
#define STRING_MAX_CHARACTERS USB_PRODUCT_MAX_BYTES
#define MAX_POWER_MA 100
#define INTERRUPT_INTERVAL_MS 10
#define CONFIGURATION_BYTES (9 + USB_INTERFACE_DESCRIPTORS_BYTES)

#define CCID_DESCRIPTOR_BYTES 54
#define CCID_DESCRIPTOR_TYPE 0x21
// dwFeatures: automatic parameter negotiation, the bit of ICC-like devices, short and extended APDUs.
#define CCID_FEATURES 0x00040840
#define CCID_MAX_IFSD 0xFE

#define LE16(value) (uint8_t)((value) & 0xFF), (uint8_t)((value) >> 8 & 0xFF)
#define LE32(value) LE16((value) & 0xFFFF), LE16((uint32_t)(value) >> 16)

enum { STRING_LANGUAGE, STRING_MANUFACTURER, STRING_PRODUCT, STRING_SERIAL };

static char serial[2 * UNIQUE_ID_BYTES + 1];
static char product[USB_PRODUCT_MAX_BYTES + 1] = HSM_USB_PRODUCT;

static tusb_desc_device_t device_descriptor = {
    .bLength = sizeof(tusb_desc_device_t),
    .bDescriptorType = TUSB_DESC_DEVICE,
    .bcdUSB = 0x0200,
    .bDeviceClass = 0, // as the interface says
    .bMaxPacketSize0 = CFG_TUD_ENDPOINT0_SIZE,
    .idVendor = HSM_USB_VENDOR_ID,
    .idProduct = HSM_USB_PRODUCT_ID,
    .bcdDevice = HSM_VERSION_MAJOR << 8 | HSM_VERSION_MINOR,
    .iManufacturer = STRING_MANUFACTURER,
    .iProduct = STRING_PRODUCT,
    .iSerialNumber = STRING_SERIAL,
    .bNumConfigurations = 1,
};

static const uint8_t configuration_descriptor[] = {
    // Configuration 1: bus powered, no remote wakeup
    9, TUSB_DESC_CONFIGURATION, LE16(CONFIGURATION_BYTES), 1, 1, 0, 0x80, MAX_POWER_MA / 2,
    // Interface 0: smart card, three endpoints
    9, TUSB_DESC_INTERFACE, 0, 0, 3, TUSB_CLASS_SMART_CARD, 0, 0, 0,
    // CCID functional descriptor ([CCID] 5.1)
    CCID_DESCRIPTOR_BYTES, CCID_DESCRIPTOR_TYPE,
    LE16(0x0110), // bcdCCID
    0, // bMaxSlotIndex
    0x01, // bVoltageSupport: 5 V
    LE32(3), // dwProtocols: T=0, T=1
    LE32(CCID_CLOCK_KHZ), // dwDefaultClock
    LE32(CCID_CLOCK_KHZ), // dwMaximumClock
    0, // bNumClockSupported: the default one
    LE32(CCID_DATA_RATE_BPS), // dwDataRate
    LE32(CCID_DATA_RATE_BPS), // dwMaxDataRate
    0, // bNumDataRatesSupported: the default one
    LE32(CCID_MAX_IFSD), // dwMaxIFSD
    LE32(0), // dwSynchProtocols
    LE32(0), // dwMechanical
    LE32(CCID_FEATURES), // dwFeatures
    LE32(CCID_MESSAGE_MAX_BYTES), // dwMaxCCIDMessageLength
    0xFF, // bClassGetResponse: as the command
    0xFF, // bClassEnvelope: as the command
    LE16(0), // wLcdLayout
    0, // bPINSupport
    1, // bMaxCCIDBusySlots
    // Endpoints
    7, TUSB_DESC_ENDPOINT, USB_ENDPOINT_OUT, TUSB_XFER_BULK, LE16(CCID_PACKET_BYTES), 0,
    7, TUSB_DESC_ENDPOINT, USB_ENDPOINT_IN, TUSB_XFER_BULK, LE16(CCID_PACKET_BYTES), 0,
    7, TUSB_DESC_ENDPOINT, USB_ENDPOINT_INTERRUPT, TUSB_XFER_INTERRUPT, LE16(CCID_PACKET_BYTES), INTERRUPT_INTERVAL_MS,
};
_Static_assert(sizeof(configuration_descriptor) == CONFIGURATION_BYTES, "lengths add up");

void usb_descriptors_init(const uint8_t *unique_id) {
    static const char digits[] = "0123456789ABCDEF";
    for (size_t i = 0; i < UNIQUE_ID_BYTES; i++) {
        serial[2 * i] = digits[unique_id[i] >> 4];
        serial[2 * i + 1] = digits[unique_id[i] & 0xF];
    }
}

void usb_descriptors_identify(uint16_t vendor_id, uint16_t product_id, const uint8_t *name, size_t length) {
    device_descriptor.idVendor = vendor_id;
    device_descriptor.idProduct = product_id;
    memcpy(product, name, length);
    product[length] = '\0';
}

uint8_t const *tud_descriptor_device_cb(void) {
    return (const uint8_t *)&device_descriptor;
}

// TinyUSB calls this with a host's index minus nothing; there is one configuration.
uint8_t const *tud_descriptor_configuration_cb(uint8_t index) {
    return index == 0 ? configuration_descriptor : NULL;
}

// UTF-16 string descriptor of `index`; NULL (stall) if there is none.
uint16_t const *tud_descriptor_string_cb(uint8_t index, uint16_t language) {
    static uint16_t descriptor[1 + STRING_MAX_CHARACTERS];
    static const char *const texts[] = {
        [STRING_MANUFACTURER] = HSM_USB_MANUFACTURER,
        [STRING_PRODUCT] = product,
        [STRING_SERIAL] = serial,
    };
    (void)language;
    size_t length = 0;
    if (index == STRING_LANGUAGE) {
        descriptor[1 + length++] = 0x0409;
    } else if (index <= STRING_SERIAL) {
        for (const char *c = texts[index]; *c && length < STRING_MAX_CHARACTERS; c++) {
            descriptor[1 + length++] = (uint8_t)*c;
        }
    } else {
        return NULL;
    }
    descriptor[0] = (uint16_t)(TUSB_DESC_STRING << 8 | (2 + 2 * length));
    return descriptor;
}
