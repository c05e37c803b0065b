# SPDX-License-Identifier: GPL-2.0-or-later
"""Base class of every peripheral: registers, atomic aliases, narrow writes, state.

Spec: [RP2040] 2.1.2 (atomic register access), 2.1.4 (narrow IO register writes); [RP2350] 2.1.3,
2.1.5.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

from sim.bus.register import Register
from sim.bus.reset_cause import ResetCause
from sim.bus.unmodelled import UnmodelledAccess

if TYPE_CHECKING:
    from sim.flash.flash_bus import FlashBus
    from sim.otp.otp_array import OtpArray

ALIAS_NORMAL, ALIAS_XOR, ALIAS_SET, ALIAS_CLEAR = range(4)


class ClockPort(Protocol):
    """Virtual time as peripherals see it. One executed instruction is one tick."""

    @property
    def now(self) -> int:
        """Ticks since power-on."""
        ...

    @property
    def ticks_per_us(self) -> int:
        """Ticks in a virtual microsecond."""
        ...

    def call_at(self, tick: int, function: Callable[[], object]) -> int:
        """Call `function` when `now` reaches `tick`; returns a handle that is never 0."""
        ...

    def cancel(self, handle: int) -> None:
        """Forget a call; a handle that has fired already is ignored."""
        ...


class IrqPort(Protocol):
    """Interrupt lines into the NVIC, by the chip's IRQ number."""

    def set_level(self, number: int, level: bool) -> None:
        """Drive a level-sensitive line."""
        ...


class MachinePort(Protocol):
    """What a peripheral may ask of the machine it is part of."""

    @property
    def clock(self) -> ClockPort: ...

    @property
    def irq(self) -> IrqPort: ...

    @property
    def seed(self) -> int: ...

    @property
    def flash_bus(self) -> FlashBus: ...

    @property
    def otp(self) -> OtpArray: ...

    def request_stop(self) -> None:
        """Make `Machine.run` return at the next block boundary."""
        ...

    def request_reset(self, cause: ResetCause) -> None:
        """Reset the chip at the next block boundary."""
        ...

    def block(self, name: str) -> Any:
        """Another block of the chip, by datasheet name."""
        ...

    def hold_block(self, name: str, held: bool) -> None:
        """Assert or release a block's reset line; names without a model are ignored."""
        ...

    def block_held(self, name: str, held: bool) -> None:
        """Restore whether a block is held, without resetting it."""
        ...

    def read_memory(self, address: int, length: int) -> bytes:
        """Bytes of RAM, ROM or flash (a bus master's view; not for peripherals)."""
        ...

    def write_memory(self, address: int, data: bytes) -> None: ...


class Peripheral:
    """One datasheet block.

    Subclasses set `NAME`, `SIZE` and `REGISTERS`. A register stores what is written to its
    `writable` bits; a method `read_<register in lower case>()` replaces the stored value on reads,
    a method `write_<register>(value)` replaces storing on writes. In such a writer, `value` is the
    word after alias handling, `self.raw_write` the bits on the bus (what write-1-to-clear logic
    uses), and `self.store(name, value)` applies the default rule.
    """

    NAME: ClassVar[str] = ""
    SIZE: ClassVar[int] = 0x4000
    ATOMIC_ALIASES: ClassVar[bool] = True
    # Stores anywhere in the window do nothing, and the core need not tell of them.
    IGNORES_STORES: ClassVar[bool] = False
    REGISTERS: ClassVar[tuple[Register, ...]] = ()

    def __init__(self, machine: MachinePort, name: str | None = None) -> None:
        self.machine = machine
        self.name = name or self.NAME
        self.raw_write = 0
        # While RESETS holds the block, registers show their reset values and writes are lost. The
        # SDK reads and writes USB in that state, so that neither can be an error.
        self.held_in_reset = False
        self.values: dict[str, int] = {}
        self._table = {
            register.offset: (
                register,
                getattr(self, f"read_{register.name.lower()}", None),
                getattr(self, f"write_{register.name.lower()}", None),
            )
            for register in self.REGISTERS
        }
        self._by_name = {register.name: register for register in self.REGISTERS}
        self.load_reset_values()

    def load_reset_values(self) -> None:
        """Put every register to the value of its table entry."""
        for register in self.REGISTERS:
            self.values[register.name] = register.reset

    def reset(self) -> None:
        """What the block's reset line does (RESETS, and resets of the chip)."""
        self.load_reset_values()

    def chip_reset(self, cause: ResetCause) -> None:
        """A reset of the chip; blocks that keep or report something then override this."""
        self.reset()

    def read(self, offset: int) -> int:
        """The 32-bit word at `offset` (a multiple of 4, aliases removed)."""
        entry = self._table.get(offset)
        if entry is None:
            raise UnmodelledAccess(self.name, offset, "read")
        register, reader, _ = entry
        return self.values[register.name] if reader is None else reader()

    def write(self, offset: int, value: int) -> None:
        """Write the 32-bit word at `offset`, after alias handling."""
        entry = self._table.get(offset)
        if entry is None:
            raise UnmodelledAccess(self.name, offset, "write")
        register, _, writer = entry
        if writer is None:
            self.store(register.name, value)
        else:
            writer(value)

    def store(self, name: str, value: int) -> None:
        """Store `value` as the register's table entry allows."""
        register = self._by_name[name]
        value = (self.values[name] & ~register.writable) | (value & register.writable)
        self.values[name] = value & ~(self.raw_write & register.clear)

    def peek(self, offset: int) -> int:
        """The stored word that an atomic alias modifies; no side effect."""
        entry = self._table.get(offset)
        if entry is None:
            raise UnmodelledAccess(self.name, offset, "atomic write")
        return self.values[entry[0].name]

    def bus_read(self, offset: int, size: int) -> int:
        """A load of `size` bytes at `offset` of the block's window, as the bus delivers it."""
        if self.ATOMIC_ALIASES:
            offset &= 0xFFF | ~0x3FFF
        word = self.read(offset & ~3)
        if size == 4:
            return word
        return (word >> (8 * (offset & 3))) & ((1 << (8 * size)) - 1)

    def bus_write(self, offset: int, size: int, value: int) -> None:
        """A store of `size` bytes: narrow data is on all lanes, then the alias rule applies."""
        if self.held_in_reset:
            return
        if size == 2:
            value = (value & 0xFFFF) * 0x0001_0001
        elif size == 1:
            value = (value & 0xFF) * 0x0101_0101
        alias = ALIAS_NORMAL
        if self.ATOMIC_ALIASES:
            alias = (offset >> 12) & 3
            offset &= 0xFFF | ~0x3FFF
        offset &= ~3
        self.raw_write = value
        if alias == ALIAS_XOR:
            value ^= self.peek(offset)
        elif alias == ALIAS_SET:
            value |= self.peek(offset)
        elif alias == ALIAS_CLEAR:
            value = self.peek(offset) & ~value
        self.write(offset, value)

    def state(self) -> Any:
        """Plain data from which `load_state` restores the block."""
        return self.values.copy()

    def load_state(self, state: Any) -> None:
        """Undo everything since `state()` was taken; must not touch IRQ lines or the clock."""
        self.values = state.copy()
