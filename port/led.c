// The LED: its states, blinked by an alarm.
// SPDX-License-Identifier: GPL-2.0-or-later
#include "led.h"

#include "alarm.h"
#include "hardware/gpio.h"
#include "hardware/sync.h"
#include "hsm_board.h"

// How long it is on and off in turn; 0: never in that phase.
static const struct {
    uint32_t on_us;
    uint32_t off_us;
} phases[LED_STATES] = {
    [LED_OFF] = {0, 1},
    [LED_READY] = {1000000, 1000000},
    [LED_BUSY] = {1, 0},
    [LED_CONFIRM] = {900000, 100000},
    [LED_ERASE] = {100000, 100000},
};

static unsigned led_gpio = HSM_LED_GPIO;
static bool ready_is_steady;
static led_state_t current = LED_OFF;
static bool is_on;

static void drive(bool on) {
    if (led_gpio != LED_GPIO_NONE) {
        gpio_put(led_gpio, on);
    }
}

static void enter_phase(bool on) {
    bool stays = current == LED_READY && ready_is_steady;
    is_on = on;
    drive(on);
    if (!stays && phases[current].on_us > 0 && phases[current].off_us > 0) {
        alarm_set(ALARM_LED, on ? phases[current].on_us : phases[current].off_us);
    } else {
        alarm_cancel(ALARM_LED);
    }
}

static void led_alarm(void) {
    alarm_acknowledge(ALARM_LED);
    enter_phase(!is_on);
}

static void connect(void) {
    if (led_gpio != LED_GPIO_NONE) {
        gpio_init(led_gpio);
        gpio_set_dir(led_gpio, GPIO_OUT);
    }
}

void led_init(void) {
    connect();
    alarm_init(ALARM_LED, led_alarm);
}

void led_configure(unsigned gpio, bool is_steady) {
    uint32_t interrupts = save_and_disable_interrupts();
    drive(false);
    led_gpio = gpio;
    ready_is_steady = is_steady;
    connect();
    enter_phase(phases[current].on_us > 0);
    restore_interrupts(interrupts);
}

void led_set(led_state_t state) {
    uint32_t interrupts = save_and_disable_interrupts();
    if (state != current) {
        current = state;
        enter_phase(phases[state].on_us > 0);
    }
    restore_interrupts(interrupts);
}
