// What the device says of itself on the bus ([USB] 9.6, [CCID] 5).
// SPDX-License-Identifier: GPL-2.0-or-later
#ifndef HSM_USB_DESCRIPTORS_H
#define HSM_USB_DESCRIPTORS_H

#include <stdint.h>

#define USB_ENDPOINT_OUT 0x01
#define USB_ENDPOINT_IN 0x81
#define USB_ENDPOINT_INTERRUPT 0x82
// Interface, functional and endpoint descriptors together.
#define USB_INTERFACE_DESCRIPTORS_BYTES (9 + 54 + 3 * 7)

// The serial number string: `unique_id` (8 bytes) in hexadecimal.
void usb_descriptors_init(const uint8_t *unique_id);

#endif // HSM_USB_DESCRIPTORS_H
