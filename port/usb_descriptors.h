// What the device says of itself on the bus ([USB] 9.6, [CCID] 5).
// SPDX-License-Identifier: GPL-2.0-or-later
#ifndef HSM_USB_DESCRIPTORS_H
#define HSM_USB_DESCRIPTORS_H

#include <stddef.h>
#include <stdint.h>

#define USB_ENDPOINT_OUT 0x01
#define USB_ENDPOINT_IN 0x81
#define USB_ENDPOINT_INTERRUPT 0x82
// Interface, functional and endpoint descriptors together.
#define USB_INTERFACE_DESCRIPTORS_BYTES (9 + 54 + 3 * 7)

// The longest product string.
#define USB_PRODUCT_MAX_BYTES 32

// The serial number string: `unique_id` (8 bytes) in hexadecimal.
void usb_descriptors_init(const uint8_t *unique_id);

// What the device calls itself instead of what the board says; before the host first asks. `name`
// is ASCII, `length` at most USB_PRODUCT_MAX_BYTES.
void usb_descriptors_identify(uint16_t vendor_id, uint16_t product_id, const uint8_t *name, size_t length);

#endif // HSM_USB_DESCRIPTORS_H
