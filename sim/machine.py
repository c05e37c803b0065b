# SPDX-License-Identifier: GPL-2.0-or-later
"""A board with its chip: power, reset, run, memory, snapshots.

A run is a function of (image, seed, what the caller does at which tick).
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from boards import Board
from sim import entropy, soc
from sim.bus.address_map import AddressMap
from sim.bus.peripheral import Peripheral
from sim.bus.reset_cause import ResetCause
from sim.bus.unmodelled import UnmodelledAccess
from sim.clock import Clock
from sim.cpu import core as engine
from sim.cpu.core import Core, CoreStop
from sim.cpu.nvic import Nvic
from sim.cpu.processor import FaultReport, Processor, StopReason
from sim.cpu.systick import SysTick
from sim.elf import SymbolTable
from sim.flash.flash_bus import FlashBus
from sim.flash.nor_flash import NorFlash
from sim.flash.power_cut import PowerCut
from sim.flash.serial_flash import SerialFlash
from sim.native.trace_state import TraceState
from sim.otp.otp_array import OtpArray
from sim.peripherals.absent import Absent
from sim.thumb import Instruction, nop
from sim.tracing.trace import Tracer

FOREVER = 1 << 62
PERIPHERAL_SEGMENTS = (0x4, 0x5, 0xD, 0xE)


class NotPoweredError(Exception):
    """The machine is off: call power_on first."""


@dataclass(frozen=True)
class Snapshot:
    """Everything a run depends on, for Machine.restore on the machine that made it."""

    parts: tuple[Any, ...]
    sram: Any


class Machine:
    """One board. Peripherals reach everything else through this object (see MachinePort)."""

    def __init__(
        self,
        board: Board,
        flash: NorFlash,
        seed: int = 0,
        otp: OtpArray | None = None,
        *,
        coverage: bool = False,
        exact: bool = False,
        trace: bool = False,
        symbols: SymbolTable | None = None,
    ) -> None:
        if flash.size_bytes != board.flash.size_bytes:
            raise ValueError(f"board {board.name}: flash has {flash.size_bytes} bytes")
        self.board = board
        self.chip = soc.CHIPS[board.chip]
        self.flash = flash
        self.seed = seed
        # False: what runs is only tried, and the state before it comes back.
        self.watching = True
        self.otp = otp or OtpArray()
        self.symbols = symbols
        self.core = Core(self.chip.cpu_model, exact=exact or trace, coverage=coverage)
        self.clock = Clock(self.core.state, board.clock_hz)
        self.map = AddressMap(self.core, self.chip.allowed)
        self.nvic = Nvic(self.chip.irq_count, self.chip.priority_bits)
        self.irq = self.nvic
        self.flash_bus = FlashBus(SerialFlash(flash, lambda: self.clock.now_us))
        flash.tick = lambda: self.clock.now
        self.rom = self.chip.boot_rom(self)
        self._map_memory()
        self.tracer = self._make_tracer() if trace else None
        self._make_blocks()
        self.processor = Processor(self.core, self.clock, self, self.nvic, self.control)
        self.processor.on_breakpoint = self.rom.breakpoint
        self.processor.on_boundary = self._at_boundary
        self.processor.on_bad_access = self._bad_access
        self.flash_bus.on_xip = self.core.switch_flash
        flash.on_change = self._flash_changed
        self.powered = False
        self.in_bootsel = False
        self.boot_count = 0
        self.unmodelled: UnmodelledAccess | None = None
        self._reset_request: ResetCause | None = None

    # --- construction ---------------------------------------------------------------------------

    def _map_memory(self) -> None:
        rom = self._rom_region = engine.allocate(len(self.rom.memory))
        rom.buffer[:] = bytes(self.rom.memory)
        self.sram = engine.allocate(self.chip.sram_bytes)
        self._flash_region = engine.adopt(self.flash.buffer)
        # The host's reads find SRAM first: exception frames live there.
        self.map.add_memory(self.chip.sram_base, self.sram, writable=True)
        self.core.set_ram(self.sram)
        self.map.add_memory(0, rom, writable=False)
        self.core.ignore_rom_writes(rom)
        for address in self.chip.xip_aliases:
            self.map.add_memory(address, self._flash_region, writable=False)
        self.core.set_flash(self._flash_region)

    def _make_tracer(self) -> Tracer:
        state = TraceState()
        self.core.trace_into(state, (self._rom_region, self._flash_region, self.sram))
        return Tracer(state)

    def _make_blocks(self) -> None:
        for block in self.chip.blocks:
            model = Absent(self, block.name) if block.make is None else block.make(self)
            self.map.add_block(block.base, model, block.size)
        systick = SysTick(self.clock, lambda: self.nvic.set_pending(15))
        self.control = self.chip.control_space(self, self.nvic, systick)
        self.map.add_block(0xE000_E000, self.control, self.control.SIZE)

    @property
    def blocks(self) -> dict[str, Peripheral]:
        """All blocks by datasheet name."""
        return self.map.blocks

    def block(self, name: str) -> Any:
        """The block called `name`."""
        return self.map.blocks[name]

    def hold_block(self, name: str, held: bool) -> None:
        """Assert or release a block's reset line; names without a model are ignored."""
        block = self.map.blocks.get(name)
        if block is not None:
            block.held_in_reset = held
            if held:
                block.reset()

    def block_held(self, name: str, held: bool) -> None:
        """Restore whether a block is held, without resetting it."""
        block = self.map.blocks.get(name)
        if block is not None:
            block.held_in_reset = held

    # --- power and reset ------------------------------------------------------------------------

    def power_on(self) -> None:
        """Power-on reset: RAM holds noise, every block its reset values; then the boot ROM."""
        self.boot_count += 1
        self.flash.power_on()
        content = entropy.noise(self.seed, f"sram {self.boot_count}", self.chip.sram_bytes)
        self._load_sram((ctypes.c_char * len(content)).from_buffer_copy(content))
        self.powered = True
        self._restart(ResetCause.POWER_ON)

    def power_off(self) -> None:
        """Remove power; the flash keeps its cells."""
        self.powered = False
        self.processor.stop_requested = False
        self._reset_request = None

    def reseed(self, seed: int) -> None:
        """Start the noise of the chip (RAM at power-on, entropy sources) anew with `seed`."""
        self.seed = seed
        for block in self.map.blocks.values():
            source = getattr(block, "entropy", None)
            if source is not None:
                source.reseed(seed)

    def reset(self, cause: ResetCause = ResetCause.RUN_PIN) -> None:
        """Reset the processors and blocks at once. RAM is kept, as on the chip."""
        self._require_power()
        self._restart(cause)

    def _restart(self, cause: ResetCause) -> None:
        self.in_bootsel = False
        self._reset_request = None
        for block in self.map.blocks.values():
            block.chip_reset(cause)
        self.flash_bus.reset()
        self.processor.reset()
        self.rom.reset()
        self.rom.boot()

    def request_reset(self, cause: ResetCause) -> None:
        """Reset at the next block boundary."""
        self._reset_request = cause
        self.core.kick()

    def schedule_watchdog_reset(self, delay_us: int) -> None:
        """The boot ROM's reboot call: a watchdog reset after `delay_us`."""
        tick = self.clock.now + max(delay_us, 1) * self.clock.ticks_per_us
        self.clock.call_at(tick, partial(self.request_reset, ResetCause.WATCHDOG_TIMER))

    def enter_bootsel(self) -> None:
        """The boot ROM waits for an image over USB; only a reset or power helps."""
        self.in_bootsel = True
        self.core.kick()

    def set_button(self, pressed: bool) -> None:
        """Hold or release BOOTSEL."""
        self.block("IO_QSPI").button_pressed = pressed

    # --- run ------------------------------------------------------------------------------------

    @property
    def now(self) -> int:
        """Ticks since this object was made; never goes back, except by `restore`."""
        return self.clock.now

    @property
    def instructions(self) -> int:
        """Instructions executed: ticks without idle time."""
        return self.clock.instructions

    @property
    def faults(self) -> list[FaultReport]:
        """Faults that the image took, in order."""
        return self.processor.faults

    def run(self, ticks: int | None = None) -> StopReason:
        """Execute for `ticks` of virtual time (None: until something ends the run)."""
        self._require_power()
        limit = FOREVER if ticks is None else self.clock.now + ticks
        try:
            return self.processor.run(limit)
        except UnmodelledAccess as error:
            if error.pc is None:
                error.pc = self.core.read("pc")
            self.unmodelled = error
            return StopReason.UNMODELLED
        except PowerCut:
            self.power_off()
            return StopReason.POWER_CUT

    def _require_power(self) -> None:
        if not self.powered:
            raise NotPoweredError("the board has no power")

    def request_stop(self) -> None:
        """Make `run` return at the next block boundary."""
        self.processor.stop_requested = True
        self.core.kick()

    def _at_boundary(self) -> StopReason | None:
        if self._reset_request is not None:
            self._restart(self._reset_request)
        return StopReason.BOOTSEL if self.in_bootsel else None

    def _bad_access(self, stop: CoreStop) -> None:
        segment = stop.address >> 28
        if segment in PERIPHERAL_SEGMENTS and stop.access != "fetch":
            raise UnmodelledAccess("nothing", stop.address, stop.access)

    # --- flash window ---------------------------------------------------------------------------

    def _flash_changed(self, offset: int, length: int) -> None:
        self.core.content_changed(self._flash_region, offset, length)

    # --- memory ---------------------------------------------------------------------------------

    def read_memory(self, address: int, length: int) -> bytes:
        """Bytes of ROM, RAM or flash; raises BadAddress (a LookupError) elsewhere."""
        return self.map.read_memory(address, length)

    def write_memory(self, address: int, data: bytes) -> None:
        """Bytes into RAM; raises BadAddress (a LookupError) elsewhere."""
        self.map.write_memory(address, data)

    def read_symbol(self, name: str) -> bytes:
        """The bytes of an object of the image, by name."""
        symbol = self._symbols()[name]
        return self.read_memory(symbol.address, symbol.size_bytes)

    def _symbols(self) -> SymbolTable:
        if self.symbols is None:
            raise LookupError("the machine was made without the image's symbols")
        return self.symbols

    def skip_instruction(self) -> None:
        """Step over the instruction at PC, in its tick, without executing it: for campaigns.

        For exact mode, between two runs: only there PC can be on any instruction but those of an
        IT block, see `skip_in_it_block`.
        """
        pc = self.core.read("pc")
        size_bytes = Instruction.decode(self.read_memory(pc, 4)).size_bytes
        self.core.write("pc", (pc + size_bytes) | 1)
        self.core.state.ticks += 1

    def skip_in_it_block(self, address: int) -> None:
        """With PC on an IT: execute it and its block, but for the instruction at `address`.

        The engine takes the block as one unit, so that a NOP stands in for the instruction.
        """
        code = self.read_memory(address, 4)
        size_bytes = Instruction.decode(code).size_bytes
        self.map.poke(address, nop(size_bytes))
        self.run(1)
        self.map.poke(address, code[:size_bytes])

    def describe(self, address: int) -> str:
        """An address for a person."""
        return f"0x{address:08x}" if self.symbols is None else self.symbols.describe(address)

    def add_probe(self, place: int | str) -> None:
        """Count executions of a function or address; only before the first run."""
        self.core.add_probe(self._probe_address(place))

    def probe_count(self, place: int | str) -> int:
        """How often the probe was executed."""
        return self.core.probe_count(self._probe_address(place))

    def add_watch(self, place: int | str, watch: Callable[[], None]) -> None:
        """Call `watch` before each execution of a function or address; only before the first run.

        It may read registers and memory, and write data. Not while `watching` is False.
        """

        def watch_unless_off() -> None:
            if self.watching:
                watch()

        self.core.add_watch(self._probe_address(place), watch_unless_off)

    def _probe_address(self, place: int | str) -> int:
        return place & ~1 if isinstance(place, int) else self._symbols()[place].address

    def execution_counts(self) -> dict[int, int]:
        """How often each block (each instruction in exact mode) was executed, by its address.

        Needs `coverage=True`.
        """
        return self.core.execution_counts()

    def covered_addresses(self) -> set[int]:
        """Addresses of the blocks (instructions in exact mode) that were executed."""
        return set(self.core.execution_counts())

    def clear_coverage(self) -> None:
        """Forget what was executed."""
        self.core.clear_coverage()

    def set_vector_table(self, address: int) -> None:
        """What the boot ROM leaves in VTOR."""
        self.control.values["VTOR"] = address

    def _load_sram(self, content: Any) -> None:
        self.core.copy_in(self.sram, ctypes.addressof(content))

    # --- snapshots ------------------------------------------------------------------------------

    def snapshot(self) -> Snapshot:
        """State of everything, valid for `restore` on this machine."""
        parts = (
            self.processor.state(),
            self.clock.state(),
            self.flash.state(),
            self.flash_bus.state(),
            self.rom.state(),
            tuple(block.state() for block in self.map.blocks.values()),
            len(self.processor.faults),
            (self.powered, self.in_bootsel, self.boot_count, self._reset_request),
        )
        size = self.chip.sram_bytes
        return Snapshot(parts, (ctypes.c_char * size).from_buffer_copy(self.sram.buffer))

    def restore(self, snapshot: Snapshot) -> None:
        """Undo everything since `snapshot` was made on this machine."""
        processor, clock, flash, flash_bus, rom, blocks, fault_count, flags = snapshot.parts
        self.flash_bus.load_state(flash_bus)
        self.flash.load_state(flash)
        self._load_sram(snapshot.sram)
        self.clock.load_state(clock)
        for block, state in zip(self.map.blocks.values(), blocks, strict=True):
            block.load_state(state)
        self.rom.load_state(rom)
        self.processor.load_state(processor)
        del self.processor.faults[fault_count:]
        self.powered, self.in_bootsel, self.boot_count, self._reset_request = flags
        self.processor.stop_requested = False
        self.unmodelled = None
