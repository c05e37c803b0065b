# SPDX-License-Identifier: GPL-2.0-or-later
"""Pending, active and priority logic of all exceptions, the system's included.

Spec: [ARMv6-M] B1.5, B3.4; [ARMv8-M] B3, chapter "Nested Vectored Interrupt Controller".
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

RESET, NMI, HARD_FAULT, MEM_MANAGE, BUS_FAULT, USAGE_FAULT = 1, 2, 3, 4, 5, 6
SV_CALL, PEND_SV, SYS_TICK, FIRST_IRQ = 11, 14, 15, 16

FIXED_PRIORITIES = {RESET: -4, NMI: -2, HARD_FAULT: -1}
ALWAYS_ENABLED = 1 << NMI | 1 << HARD_FAULT | 1 << SV_CALL | 1 << PEND_SV | 1 << SYS_TICK
THREAD_PRIORITY = 256


class Nvic:
    """Exceptions by number (IRQ n is exception 16 + n); bit masks over these numbers."""

    def __init__(self, irq_count: int, priority_bits: int) -> None:
        self.irq_count = irq_count
        self.exception_count = FIRST_IRQ + irq_count
        self.priority_mask = (0xFF << (8 - priority_bits)) & 0xFF
        self.irq_mask = ((1 << irq_count) - 1) << FIRST_IRQ
        self.on_pending: Callable[[], None] = lambda: None
        self.reset()

    def reset(self) -> None:
        """State after reset: nothing enabled, pending or active. Lines keep their level."""
        self.enabled = ALWAYS_ENABLED
        self.pending = 0
        self.active = 0
        self.level = 0
        self.priorities = [0] * self.exception_count
        # Bits of a priority byte that decide about preemption (AIRCR.PRIGROUP; 0xFF = all).
        self.group_mask = 0xFF

    # --- events ---------------------------------------------------------------------------------

    def set_level(self, number: int, level: bool) -> None:
        """Drive the line of IRQ `number`; high pends its exception unless that is active."""
        bit = 1 << (FIRST_IRQ + number)
        if not level:
            self.level &= ~bit
        elif not self.level & bit:
            self.level |= bit
            if not self.active & bit:
                self.set_pending(FIRST_IRQ + number)

    def set_pending(self, number: int) -> None:
        """Pend an exception."""
        self.pending |= 1 << number
        self.on_pending()

    def clear_pending(self, number: int) -> None:
        """Forget a pending exception; a line that is still high pends it again."""
        bit = 1 << number
        self.pending &= ~bit
        if self.level & bit & ~self.active:
            self.pending |= bit

    def set_enabled(self, bits: int) -> None:
        """Enable the exceptions of a mask over exception numbers."""
        self.enabled |= bits
        if self.pending & self.enabled:
            self.on_pending()

    # --- priorities -----------------------------------------------------------------------------

    def priority(self, number: int) -> int:
        """Priority of an exception: smaller wins, fixed ones are negative."""
        fixed = FIXED_PRIORITIES.get(number)
        return self.priorities[number] if fixed is None else fixed

    def set_priority(self, number: int, value: int) -> None:
        """Set a configurable priority; bits that the chip lacks read as zero."""
        self.priorities[number] = value & self.priority_mask
        if self.pending & self.enabled:
            self.on_pending()

    def group_priority(self, number: int) -> int:
        """The part of the priority that decides about preemption."""
        priority = self.priority(number)
        return priority if priority < 0 else priority & self.group_mask

    def execution_priority(self, primask: int = 0, basepri: int = 0, faultmask: int = 0) -> int:
        """Priority that a new exception must beat."""
        best = THREAD_PRIORITY
        active = self.active
        while active:
            number = (active & -active).bit_length() - 1
            active &= active - 1
            best = min(best, self.group_priority(number))
        if basepri:
            best = min(best, basepri & self.group_mask)
        if primask & 1:
            best = min(best, 0)
        if faultmask & 1:
            best = min(best, -1)
        return best

    def best_pending(self) -> int | None:
        """The pending enabled exception that goes first: lowest priority value, then number."""
        candidates = self.pending & self.enabled
        best = None
        best_priority = THREAD_PRIORITY
        while candidates:
            number = (candidates & -candidates).bit_length() - 1
            candidates &= candidates - 1
            priority = self.priority(number)
            if priority < best_priority:
                best, best_priority = number, priority
        return best

    # --- entry and return -----------------------------------------------------------------------

    def activate(self, number: int) -> None:
        """Exception entry: active, no longer pending."""
        bit = 1 << number
        self.active |= bit
        self.pending &= ~bit

    def deactivate(self, number: int) -> None:
        """Exception return; a line that is still high pends its exception again."""
        bit = 1 << number
        self.active &= ~bit
        if self.level & bit:
            self.pending |= bit

    # --- registers of the NVIC ------------------------------------------------------------------

    def bank(self, bits: int, index: int) -> int:
        """Word `index` of ISER/ISPR/IABR for a mask over exception numbers."""
        return (bits & self.irq_mask) >> (FIRST_IRQ + 32 * index) & 0xFFFF_FFFF

    def bank_bits(self, index: int, value: int) -> int:
        """The mask over exception numbers that word `index` = `value` names."""
        return value << (FIRST_IRQ + 32 * index) & self.irq_mask

    def write_pending(self, bits: int, value: bool) -> None:
        """ISPR or ICPR."""
        while bits:
            number = (bits & -bits).bit_length() - 1
            bits &= bits - 1
            if value:
                self.set_pending(number)
            else:
                self.clear_pending(number)

    def state(self) -> Any:
        """Plain data for `load_state`."""
        return (
            self.enabled,
            self.pending,
            self.active,
            self.level,
            tuple(self.priorities),
            self.group_mask,
        )

    def load_state(self, state: Any) -> None:
        """Put everything back."""
        self.enabled, self.pending, self.active, self.level, priorities, self.group_mask = state
        self.priorities = list(priorities)
