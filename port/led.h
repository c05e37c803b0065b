// The LED: its states, blinked by an alarm.
// SPDX-License-Identifier: GPL-2.0-or-later
#ifndef HSM_LED_H
#define HSM_LED_H

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

#endif // HSM_LED_H
