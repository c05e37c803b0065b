// Time since reset and one-shot alarms of the microsecond timer ([RP2040] 4.6, [RP2350] 12.8).
// SPDX-License-Identifier: GPL-2.0-or-later
#ifndef HSM_ALARM_H
#define HSM_ALARM_H

#include <stdint.h>

#include "pico.h"

typedef enum {
    ALARM_TIME_EXTENSION = 0,
    ALARM_LED = 1,
    ALARM_SAFETY_NET = 2,
    ALARM_SLEEP = 3,
} alarm_t;

// `handler` runs in an interrupt of the lowest priority, the one that USB has too: they never
// interrupt each other. It acknowledges with alarm_acknowledge.
void alarm_init(alarm_t alarm, void (*handler)(void));

// Fires once, `delay_us` from now; an earlier setting is replaced.
void alarm_set(alarm_t alarm, uint32_t delay_us);
void alarm_cancel(alarm_t alarm);
void alarm_acknowledge(alarm_t alarm);

// Sleeps for `duration_ms`; interrupts are served meanwhile.
void alarm_sleep_ms(uint32_t duration_ms);

// Milliseconds since reset, wraps at 2**30.
uint32_t alarm_uptime_ms(void);

// Seconds since reset, wraps at 2**30: after 34 years.
uint32_t alarm_uptime_s(void);

// Milliseconds since `begin_ms`, a value of alarm_uptime_ms; right over the wrap.
uint32_t alarm_elapsed_ms(uint32_t begin_ms);

#endif // HSM_ALARM_H
