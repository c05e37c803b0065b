# SPDX-License-Identifier: GPL-2.0-or-later
"""The instruction engine: the only module that knows Unicorn.

Executes Thumb code until a deadline in ticks, and says why it stopped. Peripherals are reached
through `mmio_map` only (memory hooks leak IT state), the engine is stopped at block boundaries only
(a stop inside a callback would repeat the access), and hooks are installed before the first
instruction (translated blocks keep the hooks they were made with).
"""

from __future__ import annotations

import ctypes
import mmap
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Any

import unicorn
from unicorn import arm_const as arm
from unicorn.unicorn_py3.unicorn import Uc, UcError, uclib

from sim import native
from sim.cpu import window
from sim.cpu.window import BusRead, BusWrite, Window
from sim.native.edge_map import EdgeMap
from sim.native.trace_state import TraceState

# The engine ends a run when PC meets this address; odd, so that it never does.
NEVER = 0xFFFF_FFF1
PAGE_BYTES = 4096
ADDRESS_MAX = 0xFFFF_FFFF
# Entries of the coverage table that are looked at together: nearly all hold nothing.
COVERAGE_CHUNK = 1024
# What the engine translated and then dropped, as the bytes below it changed, keeps its memory, more
# than a megabyte for each boot, until all translations go. To translate a boot again costs little.
RESTORES_PER_FLUSH = 32
# The engine has one core and never numbers it.
UNASSIGNED_CPU_INDEX = -1
WFI_INSTRUCTION = b"\x30\xbf"

REGISTERS = {
    **{f"r{n}": arm.UC_ARM_REG_R0 + n for n in range(13)},
    "sp": arm.UC_ARM_REG_SP,
    "lr": arm.UC_ARM_REG_LR,
    "pc": arm.UC_ARM_REG_PC,
    "xpsr": arm.UC_ARM_REG_XPSR,
    "msp": arm.UC_ARM_REG_MSP,
    "psp": arm.UC_ARM_REG_PSP,
    "ipsr": arm.UC_ARM_REG_IPSR,
    "control": arm.UC_ARM_REG_CONTROL,
    "primask": arm.UC_ARM_REG_PRIMASK,
    "basepri": arm.UC_ARM_REG_BASEPRI,
    "faultmask": arm.UC_ARM_REG_FAULTMASK,
    "apsr_nzcv": arm.UC_ARM_REG_APSR_NZCV,
}

# In the order of their numbers in instructions.
TRACED_REGISTERS = (*(f"r{n}" for n in range(13)), "sp", "lr", "pc")

CPU_MODELS = {
    "cortex-m0plus": arm.UC_CPU_ARM_CORTEX_M0,
    "cortex-m33": arm.UC_CPU_ARM_CORTEX_M33,
}

_CODE_CALLBACK = ctypes.CFUNCTYPE(
    None, ctypes.c_void_p, ctypes.c_uint64, ctypes.c_uint32, ctypes.c_void_p
)


class EngineError(Exception):
    """Unicorn refused a call that cannot fail; the model itself is wrong."""


class Stop(Enum):
    """Why `Core.run` came back."""

    BOUNDARY = "deadline or kick, at a block boundary"
    INTERRUPT = "SVC, BKPT, EXC_RETURN, or a fault that the engine raises"
    INVALID = "undefined instruction, WFE or YIELD"
    WFI = "wait for interrupt"
    ACCESS = "access to an address where nothing is"


@dataclass(frozen=True)
class CoreStop:
    """One stop: `number` of the engine's interrupt, or the `address` of the failed access."""

    stop: Stop
    number: int = 0
    address: int = 0
    access: str = ""


@dataclass
class Region:
    """A stretch of memory of the host, seen at one or more guest addresses."""

    buffer: mmap.mmap
    size_bytes: int
    host_address: int
    addresses: list[int]

    def invalidate_addresses(self, offset: int, length: int) -> list[tuple[int, int]]:
        """Guest ranges (start, end) that show the bytes at `offset`."""
        return [(base + offset, base + offset + length) for base in self.addresses]


def allocate(size_bytes: int) -> Region:
    """Memory of the host, zeroed, aligned to its pages, not yet mapped."""
    return adopt(mmap.mmap(-1, size_bytes))


def adopt(buffer: mmap.mmap) -> Region:
    """Memory that somebody else owns, not yet mapped."""
    size_bytes = len(buffer)
    address = ctypes.addressof(ctypes.c_char.from_buffer(buffer))
    return Region(buffer, size_bytes, address, [])


class Core:
    """One Arm core: registers, memory map, execution up to a deadline."""

    def __init__(self, model: str, *, exact: bool = False, coverage: bool = False) -> None:
        # Not UC_MODE_MCLASS: with it the engine replaces every model by the Cortex-M33.
        self._uc = Uc(unicorn.UC_ARCH_ARM, unicorn.UC_MODE_THUMB)
        self._uc.ctl_set_cpu_model(CPU_MODELS[model])
        self._uc.ctl_set_page_size(PAGE_BYTES)
        self._handle = self._uc._uch
        if self._uc.ctl_get_cpu_model() != CPU_MODELS[model]:
            raise EngineError(f"the engine does not take the CPU model {model}")
        self.model = model
        self.exact = exact
        self.state = native.TickState(interrupt=-1)
        self._native = native.load()
        self._keep: list[Any] = []
        self._probes: dict[int, ctypes.c_uint64] = {}
        self._pending_error: BaseException | None = None
        self._restored = 0
        self._allocate_tables(coverage)
        self._install_hooks()
        self._batches: dict[tuple[str, ...], _RegisterBatch] = {}
        self._pristine: Any = None
        self._flash: Region | None = None
        self._edges: EdgeMap | None = None

    # --- set-up ---------------------------------------------------------------------------------

    def _allocate_tables(self, coverage: bool) -> None:
        entries = 1 << native.BLOCK_INDEX_BITS
        pages = entries * 2 // native.CODE_PAGE_BYTES
        self._blocks = mmap.mmap(-1, entries * 4)
        self._code_pages = (ctypes.c_uint8 * (pages + 1))()
        self.coverage = (ctypes.c_uint32 * entries)() if coverage else None
        state = self.state
        state.blocks = ctypes.addressof(ctypes.c_char.from_buffer(self._blocks))
        state.code_page = ctypes.addressof(self._code_pages)
        state.code_shift = (native.CODE_PAGE_BYTES // 2).bit_length() - 1
        state.coverage = ctypes.addressof(self.coverage) if self.coverage is not None else None
        self._lengths = (ctypes.c_uint16 * entries)() if coverage else None
        state.lengths = ctypes.addressof(self._lengths) if self._lengths is not None else None
        state.stop = _address(uclib.uc_emu_stop)
        state.reg_read = _address(uclib.uc_reg_read)
        state.mem_read = _address(uclib.uc_mem_read)
        state.control = _address(uclib.uc_ctl)
        state.register_ids[0] = REGISTERS["primask"]
        if self.model == "cortex-m33":
            state.register_ids[1] = REGISTERS["basepri"]
            state.register_ids[2] = REGISTERS["faultmask"]

    def _install_hooks(self) -> None:
        hooks = self._native
        if self.exact:
            self._add_hook(unicorn.UC_HOOK_CODE, hooks.hook_instruction)
        else:
            self._add_hook(unicorn.UC_HOOK_BLOCK, hooks.hook_block)
            self._add_hook(unicorn.UC_HOOK_EDGE_GENERATED, hooks.hook_translated)
        self._add_hook(unicorn.UC_HOOK_INTR, hooks.hook_interrupt)
        self._add_hook(unicorn.UC_HOOK_INSN_INVALID, hooks.hook_invalid_instruction)

    def _add_hook(self, kind: int, function: Any, begin: int = 1, end: int = 0) -> None:
        self._add_raw_hook(kind, function, ctypes.byref(self.state), begin, end)

    def _add_raw_hook(self, kind: int, function: Any, data: Any, begin: int, end: int) -> None:
        handle = ctypes.c_size_t()
        _check(
            uclib.uc_hook_add(
                self._handle,
                ctypes.byref(handle),
                kind,
                ctypes.cast(function, ctypes.c_void_p),
                ctypes.cast(data, ctypes.c_void_p),
                ctypes.c_uint64(begin),
                ctypes.c_uint64(end),
            )
        )

    def trace_into(self, trace: TraceState, memory: tuple[Region, Region, Region]) -> None:
        """Let `trace` see every instruction; exact mode, before the first `run`.

        `memory`: ROM, flash and SRAM, where code can be.
        """
        if not self.exact:
            raise ValueError("a trace needs exact mode")
        trace.reg_read = _address(uclib.uc_reg_read)
        trace.register_ids[:] = [REGISTERS[name] for name in TRACED_REGISTERS]
        trace.memory[:] = [region.host_address for region in memory]
        trace.memory_bytes[:] = [region.size_bytes for region in memory]
        # After the hook that may stop the engine: what it stops has not happened.
        self._add_raw_hook(unicorn.UC_HOOK_CODE, self._native.hook_trace, ctypes.byref(trace), 1, 0)

    def note_edges(self, edges: EdgeMap) -> None:
        """Let `edges` see every block; not in exact mode, where there are none."""
        if self.exact:
            raise ValueError("edges are those between blocks, which exact mode has not")
        edges.state.reg_read = _address(uclib.uc_reg_read)
        edges.state.position_register = REGISTERS[edges.POSITION_REGISTER]
        self.state.edges = ctypes.addressof(edges.state)
        self._edges = edges

    def add_probe(self, address: int) -> None:
        """Count executions of the instruction at `address`; only before the first `run`."""
        if address in self._probes:
            return
        counter = ctypes.c_uint64(0)
        self._probes[address] = counter
        self._add_raw_hook(
            unicorn.UC_HOOK_CODE,
            self._native.hook_probe,
            ctypes.byref(counter),
            address,
            address,
        )

    def probe_count(self, address: int) -> int:
        """How often the probe at `address` was executed."""
        return self._probes[address].value

    def add_watch(self, address: int, watch: Callable[[], None]) -> None:
        """Call `watch` before each execution of the instruction at `address`.

        It may read registers, and read and write data in memory. Only before the first `run`; an
        exception raised there comes out of `run`.
        """

        def on_execution(_uc: Any, _pc: int, _size: int, _data: Any) -> None:
            try:
                watch()
            except BaseException as error:  # must not unwind through the engine's C frames
                self._defer(error)

        callback = _CODE_CALLBACK(on_execution)
        self._keep.append(callback)
        self._add_raw_hook(unicorn.UC_HOOK_CODE, callback, None, address, address)

    def execution_counts(self) -> dict[int, int]:
        """Executions by address of the block (of the instruction in exact mode), modulo 2**32.

        Needs `coverage=True`.
        """
        if self.coverage is None:
            raise ValueError("the core was made without coverage")
        counts = {}
        table = memoryview(self.coverage).cast("B").cast("I")
        for start in range(0, len(table), COVERAGE_CHUNK):
            chunk = table[start : start + COVERAGE_CHUNK]
            if any(chunk):
                for index, count in enumerate(chunk, start):
                    if count:
                        counts[native.block_address(index)] = count
        return counts

    def block_bytes(self, address: int) -> int:
        """Length of the block at `address`, as it was executed last.

        Needs `coverage=True`, and not exact mode, where a block is an instruction.
        """
        if self._lengths is None or self.exact:
            raise ValueError("the core was made without coverage of blocks")
        return self._lengths[native.block_index(address)]

    def clear_coverage(self) -> None:
        """Forget which blocks were executed."""
        if self.coverage is not None:
            ctypes.memset(self.coverage, 0, ctypes.sizeof(self.coverage))

    def map_memory(
        self, region: Region, address: int, *, writable: bool, code: bool = True
    ) -> None:
        """Show `region` at `address`."""
        self._map(region, address, _protection(writable, code))
        region.addresses.append(address)

    def ignore_rom_writes(self, region: Region) -> None:
        """Stores to the ROM at address 0 go nowhere instead of faulting, as on the chips' bus.

        TinyUSB's driver depends on it: it stores through a null pointer for EP0.
        """
        self.state.rom_bytes = region.size_bytes
        self._rom = (region, bytes(region.buffer[:]))

    def _undo_rom_writes(self) -> None:
        region, contents = self._rom
        region.buffer[:] = contents
        self.state.rom_written = 0

    def _map(self, region: Region, address: int, protection: int) -> None:
        _check(
            uclib.uc_mem_map_ptr(
                self._handle,
                ctypes.c_uint64(address),
                ctypes.c_size_t(region.size_bytes),
                ctypes.c_uint32(protection),
                ctypes.c_void_p(region.host_address),
            )
        )

    def map_peripheral(
        self, address: int, size: int, read: BusRead, write: BusWrite | None
    ) -> None:
        """As `window.onto_registers`.

        An exception raised there ends the run at the next block boundary and comes out of `run`.
        """
        self._map_window(
            address, size, window.onto_registers(self._native, read, write, self._defer)
        )

    def map_block_ram(
        self, address: int, memory: bytearray, watched: range, write: BusWrite
    ) -> None:
        """As `window.onto_block_ram`; exceptions are those of `map_peripheral`."""
        shown = window.onto_block_ram(self._native, memory, watched, write, self._defer)
        self._map_window(address, len(memory), shown)

    def _map_window(self, address: int, size: int, shown: Window) -> None:
        self._keep.append(shown)
        data = ctypes.byref(shown.data) if shown.data is not None else None
        _check(
            uclib.uc_mmio_map(
                self._handle,
                ctypes.c_uint64(address),
                ctypes.c_size_t(size),
                ctypes.cast(shown.load, ctypes.c_void_p),
                data,
                ctypes.cast(shown.store, ctypes.c_void_p),
                data,
            )
        )

    def _defer(self, error: BaseException) -> None:
        if self._pending_error is None:
            if getattr(error, "pc", 0) is None:
                error.pc = self.read("pc")  # type: ignore[attr-defined]
            self._pending_error = error
        self.kick()

    # --- registers ------------------------------------------------------------------------------

    def _registers(self, names: tuple[str, ...]) -> _RegisterBatch:
        batch = self._batches.get(names)
        if batch is None:
            batch = self._batches[names] = _RegisterBatch(self._handle, names)
        return batch

    def read(self, name: str) -> int:
        """The register `name` (see REGISTERS)."""
        return self._registers((name,)).read()[0]

    def write(self, name: str, value: int) -> None:
        """Set the register `name`."""
        self._registers((name,)).write((value,))

    def read_many(self, names: tuple[str, ...]) -> list[int]:
        """Several registers with one call."""
        return self._registers(names).read()

    def write_many(self, names: tuple[str, ...], values: tuple[int, ...]) -> None:
        """Set several registers, in order, with one call."""
        self._registers(names).write(values)

    def read_all(self) -> dict[str, int]:
        """All registers that a fault report shows."""
        return dict(zip(ALL_REGISTERS, self.read_many(ALL_REGISTERS), strict=True))

    # --- memory as the core sees it -------------------------------------------------------------

    def load(self, address: int, length: int) -> bytes | None:
        """Bytes that a load of the guest would get from memory; None where there is none."""
        try:
            return bytes(self._uc.mem_read(address, length))
        except UcError:
            return None

    def invalidate(self, region: Region, offset: int, length: int) -> None:
        """Forget translations of changed bytes of `region`."""
        for start, end in region.invalidate_addresses(offset, length):
            self._uc.ctl_remove_cache(start, end)

    def content_changed(self, region: Region, offset: int, length: int) -> None:
        """The host changed bytes of `region`: forget translations if there may be any."""
        shift = self.state.code_shift
        base = region.addresses[0]
        first = native.block_index(base + offset) >> shift
        last = native.block_index(base + offset + length - 1) >> shift
        if length and any(self._code_pages[first : last + 1]):  # the engine takes no empty range
            self.invalidate(region, offset, length)

    def copy_in(self, region: Region, source: int) -> None:
        """Make `region` equal to the host memory at `source`; true translations are kept."""
        pages = region.size_bytes // native.CODE_PAGE_BYTES
        changed = (ctypes.c_uint32 * (2 * pages))()
        first_page = native.block_index(region.addresses[0]) >> self.state.code_shift
        marks = ctypes.addressof(self._code_pages) + first_page
        count = self._native.copy_changed_pages(region.host_address, source, pages, marks, changed)
        for first, end in zip(changed[: 2 * count : 2], changed[1 : 2 * count : 2], strict=True):
            self.invalidate(region, first, end - first)

    def set_flash(self, region: Region) -> None:
        """Say which region is the flash, for `switch_flash`."""
        self._flash = region
        for address in region.addresses:
            self.state.flash_windows |= 1 << (address >> 24 & 0xF)

    def set_ram(self, region: Region) -> None:
        """Say which region is the SRAM: its stores are made fast where no code is.

        Uses two functions that the engine exports beside its documented interface; an engine
        without them is only slower. Hooks for bad accesses must leave out the SRAM: for code inside
        their range, the engine does not watch its page again when it translates it.
        """
        base, end = region.addresses[0], region.addresses[0] + region.size_bytes
        for first, last in ((0, base - 1), (end, ADDRESS_MAX)):
            hook = self._native.hook_invalid_access
            self._add_hook(unicorn.UC_HOOK_MEM_INVALID, hook, first, last)
        self.state.ram_base = base
        self.state.ram_bytes = region.size_bytes
        get_cpu = getattr(uclib, "qemu_get_cpu_arm", None)
        set_dirty = getattr(uclib, "tlb_set_dirty_arm", None)
        if get_cpu is not None and set_dirty is not None:
            get_cpu.restype = ctypes.c_void_p
            self.state.cpu = get_cpu(self._handle, ctypes.c_int(UNASSIGNED_CPU_INDEX))
            self.state.set_dirty = _address(set_dirty)

    def switch_flash(self, available: bool) -> None:
        """Make the flash answer, or refuse every access.

        Unmapping it would throw away all translations of its code. So loads are refused by its
        protection, and fetches by the block hook, which sees every block while the flash is off.
        """
        assert self._flash is not None
        self.state.flash_off = not available
        self.state.deadline = 0
        protection = _protection(writable=False, code=True) if available else 0
        for address in self._flash.addresses:
            self._uc.mem_protect(address, self._flash.size_bytes, protection)

    # --- execution ------------------------------------------------------------------------------

    def kick(self) -> None:
        """Make `run` come back at the next block boundary."""
        self.state.kicked = 1
        self.state.deadline = 0

    def run(self, limit: int, masked_priority: int | None = None) -> CoreStop:
        """Execute until `limit` ticks; sooner if an event stops the core.

        `masked_priority`: an exception of this priority byte waits behind
        PRIMASK/BASEPRI/FAULTMASK; also stop when they open.
        """
        state = self.state
        state.limit = limit
        state.masked = masked_priority is not None
        state.mask_value = masked_priority or 0
        state.deadline = 0
        state.kicked = 0
        state.stopped = 0
        state.fetch_refused = 0
        state.interrupt = -1
        state.invalid = 0
        state.access_type = 0
        if self._edges is not None:
            self._edges.begin_slice()
        error = uclib.uc_emu_start(
            self._handle,
            ctypes.c_uint64(self.read("pc") | 1),
            ctypes.c_uint64(NEVER),
            ctypes.c_uint64(0),
            ctypes.c_size_t(0),
        )
        if state.rom_written:
            self._undo_rom_writes()
        if self._pending_error is not None:
            pending, self._pending_error = self._pending_error, None
            raise pending
        return self._classify(error)

    def _classify(self, error: int) -> CoreStop:
        state = self.state
        if state.interrupt >= 0:
            return CoreStop(Stop.INTERRUPT, number=state.interrupt)
        if state.invalid or error == unicorn.UC_ERR_INSN_INVALID:
            return CoreStop(Stop.INVALID)
        if error in _ACCESS_KINDS:
            return CoreStop(Stop.ACCESS, address=state.access_address, access=_ACCESS_KINDS[error])
        if error:
            raise EngineError(str(UcError(error)))
        if state.fetch_refused:
            return CoreStop(Stop.ACCESS, address=self.read("pc"), access="fetch")
        if state.stopped:
            return _BOUNDARY
        pc = self.read("pc")
        if self.load(pc - 2, 2) != WFI_INSTRUCTION:
            raise EngineError(f"the engine stopped at 0x{pc:08x} for no reason")
        return CoreStop(Stop.WFI)

    # --- state ----------------------------------------------------------------------------------

    def save(self) -> Any:
        """All registers, banked and hidden ones included, for `restore` on this core."""
        return self._uc.context_save()

    def restore(self, context: Any) -> None:
        """Put the registers back."""
        self._uc.context_restore(context)
        self._restored += 1
        if self._restored % RESTORES_PER_FLUSH == 0:
            self._uc.ctl_flush_tb()

    def reset(self) -> None:
        """Registers as at power-on. Translations are kept: they follow the bytes, not the boot."""
        if self._pristine is None:
            self._pristine = self.save()
        self.restore(self._pristine)


ALL_REGISTERS = (
    *(f"r{n}" for n in range(13)),
    *("sp", "lr", "pc", "xpsr", "msp", "psp", "control", "primask"),
)

_ACCESS_KINDS = {
    unicorn.UC_ERR_READ_UNMAPPED: "read",
    unicorn.UC_ERR_WRITE_UNMAPPED: "write",
    unicorn.UC_ERR_FETCH_UNMAPPED: "fetch",
    unicorn.UC_ERR_READ_PROT: "read",
    unicorn.UC_ERR_WRITE_PROT: "write",
    unicorn.UC_ERR_FETCH_PROT: "fetch",
    unicorn.UC_ERR_EXCEPTION: "fetch",
}


_BOUNDARY = CoreStop(Stop.BOUNDARY)


class _RegisterBatch:
    """Reads or writes several registers, in order, with one call into the engine."""

    def __init__(self, handle: Any, names: tuple[str, ...]) -> None:
        count = len(names)
        self._handle = handle
        self._ids = (ctypes.c_int * count)(*(REGISTERS[name] for name in names))
        self._values = (ctypes.c_uint64 * count)()
        base = ctypes.addressof(self._values)
        self._pointers = (ctypes.c_void_p * count)(*(base + 8 * n for n in range(count)))
        self._count = count

    def read(self) -> list[int]:
        _check(uclib.uc_reg_read_batch(self._handle, self._ids, self._pointers, self._count))
        return self._values[:]

    def write(self, values: tuple[int, ...]) -> None:
        self._values[:] = values
        _check(uclib.uc_reg_write_batch(self._handle, self._ids, self._pointers, self._count))


def _protection(writable: bool, code: bool) -> int:
    protection = unicorn.UC_PROT_READ
    if writable:
        protection |= unicorn.UC_PROT_WRITE
    if code:
        protection |= unicorn.UC_PROT_EXEC
    return protection


def _address(function: Any) -> int | None:
    return ctypes.cast(function, ctypes.c_void_p).value


def _check(error: int) -> None:
    if error:
        raise EngineError(str(UcError(error)))
