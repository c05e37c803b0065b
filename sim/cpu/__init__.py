# SPDX-License-Identifier: GPL-2.0-or-later
"""The processor: Unicorn executes; exceptions, NVIC, SysTick and SCB are our own."""
