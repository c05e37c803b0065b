# SPDX-License-Identifier: GPL-2.0-or-later
"""The processor's loop: executes, takes exceptions, sleeps, faults.

Handlers run as ordinary execution of the same loop, so that nesting and preemption need no code.
A peripheral's interrupt is taken at the next block boundary. Spec: [ARMv6-M] B1.5; [ARMv8-M] B3.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from sim.clock import Clock
from sim.cpu import exceptions, scb
from sim.cpu.core import Core, CoreStop, Stop
from sim.cpu.nvic import (
    BUS_FAULT,
    FIXED_PRIORITIES,
    HARD_FAULT,
    MEM_MANAGE,
    SV_CALL,
    USAGE_FAULT,
    Nvic,
)

WFE_INSTRUCTION = b"\x20\xbf"
YIELD_INSTRUCTION = b"\x10\xbf"

# Numbers of the engine's exceptions ([emulation] QEMU's EXCP_*).
ENGINE_UNDEFINED, ENGINE_SVC, ENGINE_PREFETCH, ENGINE_DATA_ABORT = 1, 2, 3, 4
ENGINE_BREAKPOINT, ENGINE_RETURN = 7, 8
_USAGE_FAULTS = {
    ENGINE_UNDEFINED: ("undefined instruction", scb.CFSR_UNDEFINSTR),
    ENGINE_DATA_ABORT: ("unaligned access", scb.CFSR_UNALIGNED),
    17: ("absent coprocessor", scb.CFSR_NOCP),
    18: ("invalid state (Thumb bit clear)", scb.CFSR_INVSTATE),
    19: ("stack limit", scb.CFSR_STKOF),
    22: ("unaligned access", scb.CFSR_UNALIGNED),
}


MASK_REGISTERS = ("primask", "basepri", "faultmask")


class Sleep(Enum):
    """Whether and how the core sleeps."""

    AWAKE = 0
    WFI = 1
    WFE = 2


class StopReason(Enum):
    """Why a run ended."""

    DEADLINE = "deadline"
    REQUESTED = "stop requested"
    IDLE = "asleep, and no event will come"
    FAULT = "fault"
    UNMODELLED = "unmodelled access"
    POWER_CUT = "power cut"
    BOOTSEL = "the boot ROM waits for an image over USB"


@dataclass(frozen=True)
class FaultReport:
    """One fault as it was taken: what, where, with which registers."""

    what: str
    pc: int
    address: int | None
    tick: int
    registers: dict[str, int] = field(default_factory=dict)
    lockup: bool = False

    def describe(self, symbolise: Callable[[int], str] = hex) -> str:
        """Several lines for a person; `symbolise` turns an address into a name."""
        lines = [f"{'lockup: ' if self.lockup else ''}{self.what} at {symbolise(self.pc)}"]
        if self.address is not None:
            lines.append(f"address 0x{self.address:08x}")
        lines.append(f"tick {self.tick}, lr {symbolise(self.registers.get('lr', 0))}")
        names = list(self.registers)
        for start in range(0, len(names), 4):
            row = names[start : start + 4]
            lines.append("  ".join(f"{name:>8} {self.registers[name]:08x}" for name in row))
        return "\n".join(lines)


class Processor:
    """One core with its exception logic."""

    def __init__(
        self,
        core: Core,
        clock: Clock,
        memory: exceptions.Memory,
        nvic: Nvic,
        control: scb.SystemControlSpace,
    ) -> None:
        self.core = core
        self.clock = clock
        self.memory = memory
        self.nvic = nvic
        self.control = control
        self.faults: list[FaultReport] = []
        self.stop_on_fault = False
        self.stop_requested = False
        # Called with PC for a BKPT; true when it was a call into the modelled boot ROM.
        self.on_breakpoint: Callable[[int], bool] = lambda pc: False
        # Called before each slice; true ends the run (resets and power cuts are handled there).
        self.on_boundary: Callable[[], StopReason | None] = lambda: None
        # Called for an access that nothing answered; may raise.
        self.on_bad_access: Callable[[CoreStop], None] = lambda stop: None
        nvic.on_pending = core.kick
        clock.on_earlier = self._lower_deadline
        self.reset()

    def reset(self) -> None:
        """Registers and sleep state as after reset; exceptions are reset with `control`."""
        self.core.reset()
        self.sleeping = Sleep.AWAKE
        self.event = False
        self._last_wfe = (0, 0)
        self.locked_up = False

    def reset_sleep(self) -> None:
        """Wake the core without an event, for tests that move it elsewhere."""
        self.sleeping = Sleep.AWAKE

    def _lower_deadline(self, tick: int) -> None:
        state = self.core.state
        if tick < state.limit:
            state.limit = tick
            state.deadline = 0

    # --- the loop -------------------------------------------------------------------------------

    def run(self, limit: int) -> StopReason:
        """Execute until `limit` ticks or until something ends the run."""
        while True:
            self.clock.run_due()
            reason = self.on_boundary()
            if reason is None and self.stop_requested:
                self.stop_requested = False
                reason = StopReason.REQUESTED
            if reason is None and self.clock.now >= limit:
                reason = StopReason.DEADLINE
            if reason is None and self.locked_up:
                reason = StopReason.FAULT
            if reason is not None:
                return reason
            waiting = self._take_pending()
            if self.sleeping is not Sleep.AWAKE:
                if not self._sleep(limit):
                    return StopReason.IDLE
                continue
            if self.locked_up:
                continue
            faults = len(self.faults)
            self._handle(self.core.run(self._slice_end(limit), waiting))
            if self.stop_on_fault and len(self.faults) != faults:
                return StopReason.FAULT

    def _slice_end(self, limit: int) -> int:
        event = self.clock.next_tick()
        return limit if event is None else min(event, limit)

    def _priority_now(self) -> int:
        core = self.core
        if core.model == "cortex-m33":
            return self.nvic.execution_priority(*core.read_many(MASK_REGISTERS))
        return self.nvic.execution_priority(core.read("primask"))

    def _take_pending(self) -> int | None:
        """Enter the best pending exception if it may preempt.

        Returns the priority of one that waits behind PRIMASK, BASEPRI or FAULTMASK, else None: one
        that waits for an active exception needs no watch, its return stops the core.
        """
        number = self.nvic.best_pending()
        if number is None:
            return None
        priority = self.nvic.group_priority(number)
        if priority < self._priority_now():
            self._enter(number)
            return None
        if priority < self.nvic.execution_priority():
            self.sleeping = Sleep.AWAKE
            return max(priority, 0)
        return None

    def _enter(self, number: int) -> None:
        self.sleeping = Sleep.AWAKE
        self.event = True
        try:
            exceptions.enter(self.core, self.memory, self.nvic, self.control.vector_table, number)
        except exceptions.StackFault as error:
            self._fault(str(error), HARD_FAULT, scb.CFSR_STKERR, error.address)

    def _sleep(self, limit: int) -> bool:
        """Jump to the next event; false when none will ever come."""
        event = self.clock.next_tick()
        if event is None:
            return False
        self.clock.jump_to(min(event, limit))
        if self.sleeping is Sleep.WFE:
            # Any event may end WFE; SEV of the core itself is not seen by the engine.
            self.sleeping = Sleep.AWAKE
        return True

    # --- stops ----------------------------------------------------------------------------------

    def _handle(self, stop: CoreStop) -> None:
        if stop.stop is Stop.BOUNDARY:
            return
        if stop.stop is Stop.WFI:
            self.sleeping = Sleep.WFI
        elif stop.stop is Stop.INTERRUPT:
            self._handle_interrupt(stop.number)
        elif stop.stop is Stop.INVALID:
            self._handle_invalid()
        else:
            self.on_bad_access(stop)
            kind = scb.CFSR_IBUSERR if stop.access == "fetch" else scb.CFSR_PRECISERR
            self._fault(f"bus fault on {stop.access}", BUS_FAULT, kind, stop.address)

    def _handle_interrupt(self, number: int) -> None:
        pc = self.core.read("pc")
        if number == ENGINE_SVC:
            self._supervisor_call()
        elif number == ENGINE_RETURN:
            self._exception_return(pc | 1)
        elif number == ENGINE_BREAKPOINT:
            if not self.on_breakpoint(pc):
                self._fault("BKPT without a debugger", HARD_FAULT, 0, None, scb.HFSR_DEBUGEVT)
        elif number == ENGINE_PREFETCH:
            self._fault("bus fault on fetch", BUS_FAULT, scb.CFSR_IBUSERR, pc)
        else:
            what, bit = _USAGE_FAULTS.get(number, (f"engine exception {number}", 0))
            self._fault(what, USAGE_FAULT, bit, None)

    def _supervisor_call(self) -> None:
        self.nvic.pending |= 1 << SV_CALL
        if self.nvic.group_priority(SV_CALL) < self._priority_now():
            self._enter(SV_CALL)
        else:
            self.nvic.pending &= ~(1 << SV_CALL)
            self._fault("SVC at a priority that forbids it", HARD_FAULT, 0, None)

    def _exception_return(self, exc_return: int) -> None:
        try:
            to_thread = exceptions.leave(self.core, self.memory, self.nvic, exc_return)
        except exceptions.InvalidReturn as error:
            self._fault(str(error), USAGE_FAULT, scb.CFSR_INVPC, None)
            return
        except exceptions.StackFault as error:
            self._fault(str(error), BUS_FAULT, scb.CFSR_STKERR, error.address)
            return
        self.event = True
        if to_thread and self.control.sleep_on_exit:
            self.sleeping = Sleep.WFI

    def _handle_invalid(self) -> None:
        """WFE and YIELD stop the engine as invalid, with PC behind them."""
        pc = self.core.read("pc")
        before = self.core.load(pc - 2, 2)
        now = self.clock.now
        repeated = self._last_wfe[0] == pc and now - self._last_wfe[1] <= 1
        if repeated or before not in (WFE_INSTRUCTION, YIELD_INSTRUCTION):
            self._fault("undefined instruction", USAGE_FAULT, scb.CFSR_UNDEFINSTR, None)
            return
        self._last_wfe = (pc, now)
        if before == WFE_INSTRUCTION:
            if self.event:
                self.event = False
            else:
                self.sleeping = Sleep.WFE

    # --- faults ---------------------------------------------------------------------------------

    def _fault(self, what: str, number: int, cfsr: int, address: int | None, hfsr: int = 0) -> None:
        """Take a fault exception, escalate it to HardFault, or lock up."""
        nvic = self.nvic
        priority_now = self._priority_now()
        escalated = number
        if number in (MEM_MANAGE, BUS_FAULT, USAGE_FAULT):
            enabled = nvic.enabled >> number & 1
            if not enabled or nvic.group_priority(number) >= priority_now:
                escalated, hfsr = HARD_FAULT, hfsr | scb.HFSR_FORCED
        lockup = escalated == HARD_FAULT and priority_now <= FIXED_PRIORITIES[HARD_FAULT]
        registers = self.core.read_all()
        self.faults.append(
            FaultReport(what, registers["pc"], address, self.clock.now, registers, lockup)
        )
        if cfsr & scb.CFSR_PRECISERR:
            cfsr |= scb.CFSR_BFARVALID
        self.control.record_fault(cfsr, hfsr, address)
        if lockup:
            self.locked_up = True
            return
        try:
            exceptions.enter(self.core, self.memory, nvic, self.control.vector_table, escalated)
        except exceptions.StackFault as error:
            report = FaultReport(str(error), registers["pc"], error.address, self.clock.now)
            self.faults.append(report)
            self.locked_up = True

    def state(self) -> Any:
        """Registers and sleep state; `control` keeps the exceptions' state."""
        return (self.core.save(), self.sleeping, self.event, self._last_wfe, self.locked_up)

    def load_state(self, state: Any) -> None:
        """Put everything back (on the same core)."""
        context, self.sleeping, self.event, self._last_wfe, self.locked_up = state
        self.core.restore(context)
