// The LED: its states, blinked by an alarm.
// SPDX-License-Identifier: GPL-2.0-or-later
#ifndef HSM_LED_H
#define HSM_LED_H

#include <stdbool.h>

#define LED_GPIO_MAX 29
#define LED_GPIO_NONE 255

typedef enum {
    LED_OFF = 0,
    LED_READY = 1, // slow blink
    LED_BUSY = 2, // on while a command runs
    LED_CONFIRM = 3, // mostly on, short off each second
    LED_ERASE = 4, // fast blink while the button is held to erase everything
    LED_STATES,
} led_state_t;

void led_init(void);
void led_set(led_state_t state);

// From now on the LED is at `gpio`, 0 to LED_GPIO_MAX, or there is none (LED_GPIO_NONE); `is_steady`:
// LED_READY is on instead of blinking.
void led_configure(unsigned gpio, bool is_steady);

#endif // HSM_LED_H
