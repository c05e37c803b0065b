# SPDX-License-Identifier: GPL-2.0-or-later
"""What `trace_hooks.c` keeps."""

from __future__ import annotations

import ctypes

STRETCHES_MAX = 16


class _Stretch(ctypes.Structure):
    _fields_ = (("first", ctypes.c_uint32), ("end", ctypes.c_uint32))


class TraceState(ctypes.Structure):
    """Mirror of `struct trace` in trace_hooks.c; the meaning of each field stands there."""

    enabled: int
    entries: int
    instructions: int

    _fields_ = (
        ("enabled", ctypes.c_uint32),
        ("gate", ctypes.c_uint32),
        ("inside", ctypes.c_uint32),
        ("returns_to", ctypes.c_uint32),
        ("stack", ctypes.c_uint32),
        ("it_first", ctypes.c_uint32),
        ("it_end", ctypes.c_uint32),
        ("stretch_count", ctypes.c_uint32),
        ("entries", ctypes.c_uint64),
        ("instructions", ctypes.c_uint64),
        ("hash", ctypes.c_uint64),
        ("chunk_entries", ctypes.c_uint64),
        ("chunk_hashes", ctypes.c_void_p),
        ("chunks_max", ctypes.c_uint64),
        ("captured", ctypes.c_void_p),
        ("capture_first", ctypes.c_uint64),
        ("capture_end", ctypes.c_uint64),
        ("read_marks", ctypes.c_void_p),
        ("marks_first", ctypes.c_uint32),
        ("marks_end", ctypes.c_uint32),
        ("steps", ctypes.c_void_p),
        ("positions", ctypes.c_void_p),
        ("steps_max", ctypes.c_uint64),
        ("position", ctypes.c_uint32),
        ("blurred", _Stretch * STRETCHES_MAX),
        ("register_ids", ctypes.c_int32 * 16),
        ("reg_read", ctypes.c_void_p),
        ("memory", ctypes.c_void_p * 3),
        ("memory_bytes", ctypes.c_uint32 * 3),
    )
