# SPDX-License-Identifier: GPL-2.0-or-later
"""The board's LED, or another one."""

from hsm_port import (
    LED_BUSY,
    LED_CONFIRM,
    LED_ERASE,
    LED_GPIO,
    LED_GPIO_MAX,
    LED_GPIO_NONE,
    LED_READY,
    led,
    led_configure,
)

__all__ = (
    "LED_BUSY",
    "LED_CONFIRM",
    "LED_ERASE",
    "LED_GPIO",
    "LED_GPIO_MAX",
    "LED_GPIO_NONE",
    "LED_READY",
    "led",
    "led_configure",
)
