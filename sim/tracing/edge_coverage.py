# SPDX-License-Identifier: GPL-2.0-or-later
"""What a running image touches: edges for a fuzzer, lines of frozen Python."""

from __future__ import annotations

import struct

from sim.device import Device
from sim.native.edge_map import EdgeMap
from sim.tracing.python_code import PythonCode

INTERPRETER = "mp_execute_bytecode"
# Its table of the addresses where the code of each opcode begins: a static object, whose name the
# compiler numbers. The interpreter's own is the only one.
OPCODE_TABLE = "entry_table.0"


def follow(device: Device, code: PythonCode) -> EdgeMap:
    """Note from now on what the device's image touches; it must have booted.

    Raises LookupError for an image without symbols, or without the interpreter.
    """
    if device.symbols is None or not device.has_symbol(OPCODE_TABLE):
        raise LookupError("the image has no symbols of the interpreter")
    table, interpreter = device.symbols[OPCODE_TABLE], device.symbols[INTERPRETER]
    content = device.machine.read_memory(table.address, table.size_bytes)
    inside = range(interpreter.address, interpreter.address + interpreter.size_bytes)
    handlers = {address & ~1 for (address,) in struct.iter_unpack("<I", content)}
    edges = EdgeMap()
    edges.follow_bytecode([one for one in handlers if one in inside], code.first, code.end)
    device.machine.core.note_edges(edges)
    return edges
