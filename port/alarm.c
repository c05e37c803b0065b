// Time since reset and one-shot alarms of the microsecond timer ([RP2040] 4.6, [RP2350] 12.8).
// SPDX-License-Identifier: GPL-2.0-or-later
#include "alarm.h"

#include "hardware/irq.h"
#include "hardware/structs/timer.h"
#include "hardware/sync.h"
#include "hardware/timer.h"

#define UPTIME_MASK ((1u << 30) - 1)

void alarm_init(alarm_t alarm, void (*handler)(void)) {
    uint irq = hardware_alarm_get_irq_num((uint)alarm);
    irq_set_exclusive_handler(irq, handler);
    irq_set_priority(irq, PICO_LOWEST_IRQ_PRIORITY);
    irq_set_enabled(irq, true);
    hw_set_bits(&timer_hw->inte, 1u << alarm);
}

void alarm_set(alarm_t alarm, uint32_t delay_us) {
    timer_hw->alarm[alarm] = timer_hw->timerawl + delay_us;
}

void alarm_cancel(alarm_t alarm) {
    timer_hw->armed = 1u << alarm;
    alarm_acknowledge(alarm);
}

void alarm_acknowledge(alarm_t alarm) {
    timer_hw->intr = 1u << alarm;
}

static void wake(void) {
    alarm_acknowledge(ALARM_SLEEP);
}

void alarm_sleep_ms(uint32_t duration_ms) {
    uint32_t begin_ms = alarm_uptime_ms();
    alarm_init(ALARM_SLEEP, wake);
    alarm_set(ALARM_SLEEP, duration_ms * 1000);
    for (;;) {
        uint32_t state = save_and_disable_interrupts();
        bool is_over = alarm_elapsed_ms(begin_ms) >= duration_ms;
        if (!is_over) {
            // A pending interrupt ends the sleep even while masked: none is lost in between.
            __dsb();
            __wfi();
        }
        restore_interrupts(state);
        if (is_over) {
            return;
        }
    }
}

uint32_t alarm_uptime_ms(void) {
    return (uint32_t)(time_us_64() / 1000) & UPTIME_MASK;
}

uint32_t alarm_uptime_s(void) {
    return (uint32_t)(time_us_64() / 1000000) & UPTIME_MASK;
}

uint32_t alarm_elapsed_ms(uint32_t begin_ms) {
    return (alarm_uptime_ms() - begin_ms) & UPTIME_MASK;
}
