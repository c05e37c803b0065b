# SPDX-License-Identifier: GPL-2.0-or-later
"""The C hooks: compiled on first use, loaded with ctypes.

The library goes to `build/sim/`, named by a hash of source and command line, so that a change of
either makes a new file and two runs never share a stale one.
"""

from __future__ import annotations

import ctypes
import hashlib
import os
import subprocess
from pathlib import Path

_FILES = ("tick_hooks.c", "trace_hooks.c", "edges.c", "find_pieces.c", "windows.c")
SOURCES = tuple(Path(__file__).with_name(name) for name in _FILES)
HEADERS = (Path(__file__).with_name("edges.h"),)
BUILD_DIRECTORY = Path(__file__).parents[2] / "build" / "sim"
FLAGS = ("-O2", "-std=c11", "-Wall", "-Wextra", "-Werror", "-fPIC", "-shared")

BLOCK_INDEX_BITS = 22
CODE_PAGE_BYTES = 4096
FLASH_BASE, SRAM_BASE = 0x1000_0000, 0x2000_0000


class NativeBuildError(Exception):
    """The C compiler is missing or refused the hooks; the message names the command."""


class TickState(ctypes.Structure):
    """Mirror of `struct tick_state`; the meaning of each field stands there."""

    # ctypes makes the fields; these lines are for readers and type checkers.
    ticks: int
    deadline: int

    _fields_ = (
        ("ticks", ctypes.c_uint64),
        ("limit", ctypes.c_uint64),
        ("deadline", ctypes.c_uint64),
        ("relax_at", ctypes.c_uint64),
        ("forget_at", ctypes.c_uint64),
        ("masked", ctypes.c_uint32),
        ("kicked", ctypes.c_uint32),
        ("stopped", ctypes.c_uint32),
        ("mask_value", ctypes.c_uint32),
        ("interrupt", ctypes.c_int32),
        ("invalid", ctypes.c_uint32),
        ("access_type", ctypes.c_uint32),
        ("access_address", ctypes.c_uint64),
        ("rom_bytes", ctypes.c_uint32),
        ("rom_written", ctypes.c_uint32),
        ("register_ids", ctypes.c_uint32 * 3),
        ("code_shift", ctypes.c_uint32),
        ("flash_windows", ctypes.c_uint32),
        ("flash_off", ctypes.c_uint32),
        ("fetch_refused", ctypes.c_uint32),
        ("stop", ctypes.c_void_p),
        ("reg_read", ctypes.c_void_p),
        ("mem_read", ctypes.c_void_p),
        ("control", ctypes.c_void_p),
        ("set_dirty", ctypes.c_void_p),
        ("cpu", ctypes.c_void_p),
        ("ram_base", ctypes.c_uint32),
        ("ram_bytes", ctypes.c_uint32),
        ("blocks", ctypes.c_void_p),
        ("coverage", ctypes.c_void_p),
        ("lengths", ctypes.c_void_p),
        ("code_page", ctypes.c_void_p),
        ("edges", ctypes.c_void_p),
    )


class BlockRam(ctypes.Structure):
    """Mirror of `struct block_ram`; the meaning of each field stands there."""

    _fields_ = (
        ("memory", ctypes.c_void_p),
        ("size_bytes", ctypes.c_uint64),
        ("watched_first", ctypes.c_uint64),
        ("watched_end", ctypes.c_uint64),
        ("store", ctypes.c_void_p),
    )


def block_index(address: int) -> int:
    """Where `address` lies in the tables per halfword: flash below, everything else above."""
    half = 1 << (BLOCK_INDEX_BITS - 1)
    index = (address >> 1) & (half - 1)
    return index if address >> 28 == 1 else half | index


def block_address(index: int) -> int:
    """The address with that place in the tables; aliases of the flash come out as one."""
    half = 1 << (BLOCK_INDEX_BITS - 1)
    return FLASH_BASE + 2 * index if index < half else SRAM_BASE + 2 * (index - half)


def load() -> ctypes.CDLL:
    """The library of hooks; compiles it when there is none for this source."""
    compiler = os.environ.get("CC", "cc")
    text = b"".join(source.read_bytes() for source in (*SOURCES, *HEADERS))
    digest = hashlib.sha256(text + " ".join((compiler, *FLAGS)).encode())
    library = BUILD_DIRECTORY / f"hooks-{digest.hexdigest()[:16]}.so"
    if not library.exists():
        _compile(compiler, library)
    native = ctypes.CDLL(str(library))
    native.copy_changed_pages.restype = ctypes.c_size_t
    native.copy_changed_pages.argtypes = (
        ctypes.c_void_p,
        ctypes.c_void_p,
        ctypes.c_size_t,
        ctypes.c_void_p,
        ctypes.c_void_p,
    )
    native.merge_edges.restype = ctypes.c_size_t
    native.merge_edges.argtypes = (ctypes.c_void_p, ctypes.c_void_p, ctypes.c_size_t)
    pointer, size = ctypes.c_void_p, ctypes.c_size_t
    native.make_filter.argtypes = (pointer, pointer, size)
    native.find_pieces.restype = size
    native.find_pieces.argtypes = (
        *(pointer, size, pointer),
        *(pointer, pointer, size, pointer),
        *(pointer, size),
    )
    return native


def _compile(compiler: str, library: Path) -> None:
    library.parent.mkdir(parents=True, exist_ok=True)
    # Another process may build the same file: write aside, then rename.
    draft = library.with_suffix(f".{os.getpid()}")
    command = [compiler, *FLAGS, "-o", str(draft), *map(str, SOURCES)]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except FileNotFoundError as error:
        raise NativeBuildError(f"no C compiler '{compiler}' for the hooks") from error
    if done.returncode:
        raise NativeBuildError(f"{' '.join(command)} failed:\n{done.stderr}")
    draft.replace(library)
