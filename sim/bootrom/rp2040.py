# SPDX-License-Identifier: GPL-2.0-or-later
"""RP2040's boot ROM: second stage from flash, function table at 14h.

Spec: [RP2040] 2.8.
"""

from __future__ import annotations

from sim.bootrom import boot2
from sim.bootrom.rom import BootRom, RomMachine
from sim.bus.reset_cause import ResetCause

WATCHDOG_MAGIC = 0xB007_C0D3
FUNCTION_TABLE, DATA_TABLE = 0x100, 0x180
VERSION = 3
# Codes of the real ROM without a model: float and double tables, copyright, revision.
REFUSED = frozenset(("SF", "SD", "FZ", "FS", "FE", "DS", "DE", "CR", "GR"))


def code(name: str) -> int:
    """Table code of a two-letter name."""
    return ord(name[0]) | ord(name[1]) << 8


class BootRomRp2040(BootRom):
    """Version 3 (B2 stepping) at its documented interface."""

    SIZE_BYTES = 0x4000

    def __init__(self, machine: RomMachine) -> None:
        super().__init__(machine)
        flash, memory = self.flash_calls, self.memory_calls
        functions = {
            "P3": memory.popcount32,
            "R3": memory.reverse32,
            "L3": memory.clz32,
            "T3": memory.ctz32,
            "MS": memory.memset,
            "S4": memory.memset,
            "MC": memory.memcpy,
            "C4": memory.memcpy,
            "IF": flash.connect_internal_flash,
            "EX": self._flash_exit_xip,
            "RE": flash.flash_range_erase,
            "RP": flash.flash_range_program,
            "FC": flash.flash_flush_cache,
            "CX": flash.flash_enter_cmd_xip,
            "UB": self._reset_to_usb_boot,
        }
        self._functions = {
            code(name): self.add_function(name, call) for name, call in functions.items()
        }
        lookup = self.add_function("rom_table_lookup", self._lookup)
        self.put_word(0x00, boot2.BOOT2_RAM_ADDRESS)
        self.put_word(0x04, self.add_function("reset", self._reset_vector))
        self.memory[0x10:0x14] = bytes((ord("M"), ord("u"), 1, VERSION))
        self.put_halfword(0x14, FUNCTION_TABLE)
        self.put_halfword(0x16, DATA_TABLE)
        self.put_halfword(0x18, lookup)
        for index, (key, address) in enumerate(self._functions.items()):
            self.put_halfword(FUNCTION_TABLE + 4 * index, key)
            self.put_halfword(FUNCTION_TABLE + 4 * index + 2, address)

    def _lookup(self, _table: int, key: int) -> int:
        address = self._functions.get(key)
        name = chr(key & 0xFF) + chr(key >> 8 & 0xFF)
        if address is None and name in REFUSED:
            return self.refuse(f"table entry '{name}'")
        return address or 0

    def _flash_exit_xip(self) -> None:
        """EX: the SSI is left in serial mode, as flash_do_cmd of the SDK expects."""
        self.flash_calls.flash_exit_xip()
        self.machine.block("SSI").enter_serial_mode()

    def _reset_to_usb_boot(self, _led_mask: int, _interface_mask: int) -> None:
        self.machine.enter_bootsel()

    def _reset_vector(self) -> None:
        self.machine.request_reset(ResetCause.ROM_ENTRY)

    def boot(self) -> None:
        """[RP2040] 2.8.1: watchdog vector, BOOTSEL button, second stage; else USB boot."""
        machine = self.machine
        if machine.block("WATCHDOG").values["SCRATCH4"] == WATCHDOG_MAGIC:
            self.refuse("watchdog boot to a vector in SCRATCH4-7")
        machine.block("RESETS").release("IO_QSPI", "PADS_QSPI")
        if machine.block("IO_QSPI").button_pressed:
            machine.enter_bootsel()
            return
        stage = machine.flash.read(0, boot2.BOOT2_BYTES)
        if not boot2.valid(stage):
            machine.enter_bootsel()
            return
        machine.write_memory(boot2.BOOT2_RAM_ADDRESS, stage)
        machine.flash_bus.set_xip(False, "controller")
        # LR = 0 tells the second stage to go on through the vector table at 10000100h.
        machine.core.write("lr", 0)
        self.enter(boot2.BOOT2_RAM_ADDRESS, boot2.BOOT2_RAM_ADDRESS)
