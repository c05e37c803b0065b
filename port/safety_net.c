// The watchdog, armed: a chip that hangs where nothing else helps resets itself.
// SPDX-License-Identifier: GPL-2.0-or-later
//
// It is fed by an alarm of the lowest interrupt priority. So it fires when interrupts stay off, when an
// interrupt handler never returns, and when the processor is locked up. It does not watch the main
// program: a key generation there may take an hour, and its host can end it with ABORT.
#include "safety_net.h"

#include "alarm.h"
#include "hardware/watchdog.h"

// The longest stretch with interrupts off is a sector's erase, 0.4 s at worst by the flash's data sheet.
#define PATIENCE_MS 8000
#define FEED_US 2000000u

static void feed(void) {
    alarm_acknowledge(ALARM_SAFETY_NET);
    watchdog_update();
    alarm_set(ALARM_SAFETY_NET, FEED_US);
}

void safety_net_start(void) {
    alarm_init(ALARM_SAFETY_NET, feed);
    watchdog_enable(PATIENCE_MS, true);
    alarm_set(ALARM_SAFETY_NET, FEED_US);
}
