# SPDX-License-Identifier: GPL-2.0-or-later
"""What both boot ROMs share: memory, trapping functions, calls that take time.

Each function is `bkpt #0; bx lr` in the ROM's memory. The breakpoint stops the core, a Python
function does the work on the registers, and the core returns through the `bx lr`. A call that takes
time is made in steps: the core stays on the breakpoint between steps, so that an unmasked interrupt
is taken there.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from inspect import signature
from typing import Any, ClassVar, Protocol

from sim.bootrom.flash_calls import Again, FlashCalls
from sim.bootrom.memory_calls import MemoryCalls
from sim.bus.reset_cause import ResetCause
from sim.bus.unmodelled import UnmodelledAccess

STUB = bytes.fromhex("00be7047")
BKPT_BYTES = 2
WORD = 0xFFFF_FFFF

# A call: arguments r0, r1, ...; the result goes to r0 (None: r0 unchanged).
Call = Callable[..., "int | None"]


class RomMachine(Protocol):
    """What the boot ROM uses of the machine."""

    core: Any
    clock: Any
    flash: Any
    flash_bus: Any
    otp: Any
    map: Any
    seed: int

    def read_memory(self, address: int, length: int) -> bytes: ...

    def write_memory(self, address: int, data: bytes) -> None: ...

    def block(self, name: str) -> Any: ...

    def request_reset(self, cause: ResetCause) -> None: ...

    def enter_bootsel(self) -> None: ...

    def schedule_watchdog_reset(self, delay_us: int) -> None: ...

    def set_vector_table(self, address: int) -> None: ...


class BootRom(ABC):
    """Memory and traps; subclasses add the chip's tables and how it boots."""

    NAME: ClassVar[str] = "boot ROM"
    SIZE_BYTES: ClassVar[int] = 0
    FIRST_STUB: ClassVar[int] = 0x200

    def __init__(self, machine: RomMachine) -> None:
        self.machine = machine
        self.memory = bytearray(self.SIZE_BYTES)
        self._traps: dict[int, tuple[str, Call, int]] = {}
        self._next_stub = self.FIRST_STUB
        self.flash_calls = FlashCalls(machine)
        self.memory_calls = MemoryCalls(machine.map)

    # --- building the image ---------------------------------------------------------------------

    def add_function(self, name: str, call: Call) -> int:
        """Put a stub for `call` into the ROM; returns its address with the Thumb bit."""
        address = self._next_stub
        self._next_stub += len(STUB)
        self.memory[address : address + len(STUB)] = STUB
        self._traps[address] = (name, call, len(signature(call).parameters))
        return address | 1

    def put_halfword(self, address: int, value: int) -> None:
        """Write two bytes of the ROM image."""
        self.memory[address : address + 2] = value.to_bytes(2, "little")

    def put_word(self, address: int, value: int) -> None:
        """Write four bytes of the ROM image."""
        self.memory[address : address + 4] = value.to_bytes(4, "little")

    # --- traps ----------------------------------------------------------------------------------

    def breakpoint(self, pc: int) -> bool:
        """The core stopped on a BKPT at `pc`: do the call if it is one of ours."""
        trap = self._traps.get(pc)
        if trap is None:
            return False
        _, call, argument_count = trap
        core = self.machine.core
        try:
            result = call(*(core.read(f"r{n}") for n in range(argument_count)))
        except Again:
            return True
        if result is not None:
            core.write("r0", result & WORD)
        core.write("pc", (pc + BKPT_BYTES) | 1)
        return True

    def refuse(self, what: str) -> int:
        """A function that exists on the chip and has no model."""
        raise UnmodelledAccess(self.NAME, 0, what)

    def enter(self, stack_pointer: int, program_counter: int) -> None:
        """Jump into the image."""
        self.machine.core.write("msp", stack_pointer)
        self.machine.core.write("pc", program_counter | 1)

    def reset(self) -> None:
        """Forget a call that was under way."""
        self.flash_calls.done = 0

    def state(self) -> int:
        """Progress of the call under way."""
        return self.flash_calls.done

    def load_state(self, state: int) -> None:
        """Put the progress back."""
        self.flash_calls.done = state

    @abstractmethod
    def boot(self) -> None:
        """Leave registers and memory as the chip does when it enters the image."""
