// TinyUSB: a full-speed device with one class driver of our own (port/usb_ccid.c).
// SPDX-License-Identifier: GPL-2.0-or-later
#ifndef HSM_TUSB_CONFIG_H
#define HSM_TUSB_CONFIG_H

#define CFG_TUSB_RHPORT0_MODE (OPT_MODE_DEVICE | OPT_MODE_FULL_SPEED)
#define CFG_TUD_ENDPOINT0_SIZE 64

#define CFG_TUD_CDC 0
#define CFG_TUD_HID 0
#define CFG_TUD_MSC 0
#define CFG_TUD_MIDI 0
#define CFG_TUD_VENDOR 0

#endif // HSM_TUSB_CONFIG_H
