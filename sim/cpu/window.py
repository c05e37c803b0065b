# SPDX-License-Identifier: GPL-2.0-or-later
"""Windows onto peripherals: what the engine calls for a load, and for a store.

Where Python need not know of an access, the engine calls C.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sim import native

BusRead = Callable[[int, int], int]
BusWrite = Callable[[int, int, int], None]
Defer = Callable[[BaseException], None]

_LOAD = ctypes.CFUNCTYPE(
    ctypes.c_uint64, ctypes.c_void_p, ctypes.c_uint64, ctypes.c_uint, ctypes.c_void_p
)
_STORE = ctypes.CFUNCTYPE(
    None, ctypes.c_void_p, ctypes.c_uint64, ctypes.c_uint, ctypes.c_uint64, ctypes.c_void_p
)


@dataclass(frozen=True)
class Window:
    """Two functions of C that get `data`; `kept`: what they need besides."""

    load: Any
    store: Any
    data: ctypes.Structure | None = None
    kept: object = None


def onto_registers(
    library: ctypes.CDLL, read: BusRead, write: BusWrite | None, defer: Defer
) -> Window:
    """Loads come to `read(offset, size)`, stores to `write(offset, size, value)`.

    Without `write`, stores go nowhere, and cost next to nothing. `defer` gets what they raise.
    """

    def on_load(_uc: Any, offset: int, width: int, _data: Any) -> int:
        try:
            return read(offset, width)
        except BaseException as error:  # must not unwind through the engine's C frames
            defer(error)
            return 0

    store = _on_store(write, defer) if write else library.ignore_store
    return Window(_LOAD(on_load), store)


def onto_block_ram(
    library: ctypes.CDLL, memory: bytearray, watched: range, write: BusWrite, defer: Defer
) -> Window:
    """Loads and stores go to `memory`, which must keep its length.

    Stores that touch the offsets `watched` go to `write` alone.
    """
    store = _on_store(write, defer)
    host = (ctypes.c_uint8 * len(memory)).from_buffer(memory)
    ram = native.BlockRam(
        ctypes.addressof(host),
        len(memory),
        watched.start,
        watched.stop,
        ctypes.cast(store, ctypes.c_void_p),
    )
    return Window(library.load_block_ram, library.store_block_ram, ram, (host, store))


def _on_store(write: BusWrite, defer: Defer) -> Any:
    def on_store(_uc: Any, offset: int, width: int, value: int, _data: Any) -> None:
        try:
            write(offset, width, value)
        except BaseException as error:  # must not unwind through the engine's C frames
            defer(error)

    return _STORE(on_store)
