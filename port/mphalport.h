// The hardware layer that MicroPython's core asks for: this port has none to give.
// SPDX-License-Identifier: GPL-2.0-or-later
#ifndef HSM_MPHALPORT_H
#define HSM_MPHALPORT_H

// Called by code for keyboard interrupts, of which an image without a console has none.
static inline void mp_hal_set_interrupt_char(char c) {
    (void)c;
}

#endif // HSM_MPHALPORT_H
