# SPDX-License-Identifier: GPL-2.0-or-later
"""Peak of stack, crypto pool and heap in a command, on the unmodified image.

Stack: painted below the stack pointer while the card waits for a command, and looked at when the
command is answered, right before the card wipes it. Pool: its own high-water mark, set back at the
same places. Heap: blocks in use after an allocation that had to collect garbage first. Allocations
are made to do so whenever more is in use than the peak so far, so that it has nothing in it that
could have been given back; and whenever the stack is deeper than at any allocation so far, so that
the collector's own stack is there as well.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from sim.device import Device
from sim.residue.watch import watched
from tests.image.gc_heap import Heap

PAINT = b"\xa5"
CANARY_BYTES = 4


@dataclass(frozen=True)
class MemoryUse:
    """Bytes of each, at their own peaks, and how large each is."""

    stack_bytes: int
    pool_bytes: int
    heap_bytes: int
    stack_total_bytes: int
    pool_total_bytes: int
    heap_total_bytes: int

    @property
    def stack_free_bytes(self) -> int:
        """What was never touched."""
        return self.stack_total_bytes - self.stack_bytes

    @property
    def pool_free_bytes(self) -> int:
        """What is left at the peak, in one piece or several."""
        return self.pool_total_bytes - self.pool_bytes

    @property
    def heap_free_bytes(self) -> int:
        """What is left at the peak, in one piece or several."""
        return self.heap_total_bytes - self.heap_bytes


class MemoryWatch:
    """Measures on a device that has not been switched on yet."""

    def __init__(self, device: Device) -> None:
        assert device.symbols is not None, "an image without its ELF file"
        self.device = device
        self._symbols = device.symbols
        self._bottom = self._symbols["__StackBottom"].address
        self._top = self._symbols["__StackTop"].address
        self._heap: Heap | None = None
        self._peaks = [0, 0, 0]
        self._collected = False
        self._lowest_allocation = self._top
        device.machine.add_watch("usb_ccid_wait", self._begin)
        device.machine.add_watch("memory_wipe_unused_stack", self._end)
        device.machine.add_watch("gc_alloc", self._allocate)

    @classmethod
    def on(cls, board: str, image: Path, flash_file: Path | None = None) -> MemoryWatch:
        """A new device with the image, switched on."""
        watch = cls(watched(Device.from_uf2(board, image, flash_file)))
        watch.device.power_on()
        return watch

    def measure(self, run: Callable[[], object]) -> MemoryUse:
        """The peaks of all commands in `run`, each of which must come to its answer."""
        self._heap = Heap.find(self.device)
        self._peaks, self._collected, self._lowest_allocation = [0, 0, 0], False, self._top
        # The card waits already: for its first command it is as if it began to now.
        self._begin()
        run()
        # The host can have the answer before the card has wiped the stack.
        self.device.run_for_ms(1)
        stack, pool, heap = self._peaks
        heap_total = self._heap.total_bytes
        self._heap = None
        return MemoryUse(
            stack, pool, heap, self._top - self._bottom, self._pool_bytes(), heap_total
        )

    def _begin(self) -> None:
        if self._heap is None:
            return
        machine = self.device.machine
        first = self._bottom + CANARY_BYTES
        machine.write_memory(first, PAINT * (machine.core.read("sp") - first))
        machine.write_memory(self._symbols["peak_bytes"].address, machine.read_symbol("used_bytes"))

    def _end(self) -> None:
        if self._heap is None:
            return
        machine = self.device.machine
        first = self._bottom + CANARY_BYTES
        touched = machine.read_memory(first, self._top - first).lstrip(PAINT)
        pool = int.from_bytes(machine.read_symbol("peak_bytes"), "little")
        heap = self._heap.used_bytes() if self._collected else 0
        self._raise_peaks(len(touched), pool, heap)

    def _allocate(self) -> None:
        if self._heap is None:
            return
        used, stack_pointer = self._heap.used_bytes(), self.device.machine.core.read("sp")
        if self._collected:
            self._raise_peaks(0, 0, used)
        self._collected = used > self._peaks[2] or stack_pointer < self._lowest_allocation
        if self._collected:
            self._lowest_allocation = min(stack_pointer, self._lowest_allocation)
            self._heap.collect_at_next_allocation()

    def _raise_peaks(self, *peaks: int) -> None:
        self._peaks = [max(pair) for pair in zip(self._peaks, peaks, strict=True)]

    def _pool_bytes(self) -> int:
        return self._symbols["arena"].size_bytes
