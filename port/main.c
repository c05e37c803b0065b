// Where the SDK's start-up code arrives: bring up what the firmware stands on, then run it.
// SPDX-License-Identifier: GPL-2.0-or-later
#include "bootsel.h"
#include "identity.h"
#include "led.h"
#include "python.h"
#include "safety_net.h"
#include "usb_descriptors.h"

int main(void) {
    bootsel_enter_if_asked();
    safety_net_start();
    identity_init();
    usb_descriptors_init(identity());
    led_init();
    python_run();
}
