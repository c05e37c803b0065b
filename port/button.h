// BOOTSEL as a button: the flash's chip select, read while it floats.
// SPDX-License-Identifier: GPL-2.0-or-later
#ifndef HSM_BUTTON_H
#define HSM_BUTTON_H

#include <stdbool.h>

// True while the button is held. Takes some microseconds with interrupts off.
bool button_is_pressed(void);

#endif // HSM_BUTTON_H
