# SPDX-License-Identifier: GPL-2.0-or-later
"""RP2350's boot ROM: IMAGE_DEF from flash, lookup functions at 16h and 18h.

Spec: [RP2350] 5.4, 5.9.
"""

from __future__ import annotations

from sim.bootrom import picobin
from sim.bootrom.rom import BootRom, RomMachine
from sim.bootrom.rp2040 import WATCHDOG_MAGIC, code
from sim.bus.reset_cause import ResetCause
from sim.entropy import Entropy

FLAG_FUNC_ARM_SEC, FLAG_DATA = 0x04, 0x40
VERSION = 2
ERROR_INVALID_ARG, ERROR_BUFFER_TOO_SMALL, ERROR_BAD_ALIGNMENT = -5, -13, -11
SYS_CHIP_INFO, SYS_CRITICAL, SYS_CPU_INFO, SYS_FLASH_DEV_INFO = 1, 2, 4, 8
SYS_BOOT_RANDOM, SYS_NONCE, SYS_BOOT_INFO = 0x10, 0x20, 0x40
OTP_ROW_MASK, OTP_WRITE, OTP_ECC = 0xFFFF, 0x1_0000, 0x2_0000
REBOOT_TYPE_MASK, REBOOT_NORMAL, REBOOT_BOOTSEL = 0xF, 0, 2

BOOTRAM_BASE = 0x400E_0000
DEVINFO_OFFSET = 0x3F8
# No partition (FFh), boot type NORMAL, no diagnostics.
BOOT_INFO_NORMAL = 0x00FF_00FF
# FLASH_DEVINFO: window 0 up to 16 MiB, window 1 empty, 64 KiB erase supported.
DEVINFO_DEFAULT = 0x0C80
POINTER_TO_DEVINFO = 0x100
# ldr r3, [pc, #4]; bx r3; nop; nop; .word (function)
XIP_SETUP = bytes.fromhex("014b1847c046c046")
REFUSED = frozenset(
    (
        *("AB", "CI", "EB", "FA", "FO", "GB", "GP", "GU", "LP", "PT", "RC", "SC", "SP"),
        *("SS", "VB", "GR", "CR", "XF"),
    )
)


class BootRomRp2350(BootRom):
    """A2 stepping at its documented interface, Arm Secure functions only."""

    SIZE_BYTES = 0x8000

    def __init__(self, machine: RomMachine) -> None:
        super().__init__(machine)
        flash = self.flash_calls
        functions = {
            "IF": flash.connect_internal_flash,
            "EX": flash.flash_exit_xip,
            "RE": flash.flash_range_erase,
            "RP": flash.flash_range_program,
            "FC": flash.flash_flush_cache,
            "CX": flash.flash_enter_cmd_xip,
            "XM": flash.flash_select_xip_read_mode,
            "RA": self._reset_address_translation,
            "GS": self._get_sys_info,
            "OA": self._otp_access,
            "RB": self._reboot,
            "SR": self._bootrom_state_reset,
        }
        self._functions = {
            code(name): self.add_function(name, call) for name, call in functions.items()
        }
        self._data = {code("FD"): POINTER_TO_DEVINFO}
        self._xip_setup = self.add_function("xip_setup", flash.flash_enter_cmd_xip)
        self.put_word(0x00, 0x2008_2000)
        self.put_word(0x04, self.add_function("reset", self._reset_vector))
        self.memory[0x10:0x14] = bytes((ord("M"), ord("u"), 2, VERSION))
        self.put_halfword(0x16, self.add_function("rom_table_lookup", self._lookup))
        self.put_halfword(0x18, self.add_function("rom_table_lookup_entry", self._lookup))
        self.put_word(POINTER_TO_DEVINFO, BOOTRAM_BASE + DEVINFO_OFFSET)

    def _lookup(self, key: int, flags: int) -> int:
        name = chr(key & 0xFF) + chr(key >> 8 & 0xFF)
        table = self._data if flags & FLAG_DATA else self._functions
        address = table.get(key)
        if not flags & (FLAG_DATA | FLAG_FUNC_ARM_SEC):
            return self.refuse(f"lookup of '{name}' with flags 0x{flags:x}")
        if address is None and name in REFUSED:
            return self.refuse(f"table entry '{name}'")
        return address or 0

    def _reset_vector(self) -> None:
        self.machine.request_reset(ResetCause.ROM_ENTRY)

    # --- functions ------------------------------------------------------------------------------

    def _reset_address_translation(self) -> None:
        """RA: translation is always the identity."""

    def _bootrom_state_reset(self, _flags: int) -> None:
        """SR: there is no state of other callers to reset."""

    def _chip_info(self) -> list[int]:
        chip_id = self.machine.otp.chip_id
        package = self.machine.block("SYSINFO").values["PACKAGE_SEL"]
        halves = (int.from_bytes(chip_id[n : n + 4], "little") for n in (0, 4))
        return [package, *halves]

    def _get_sys_info(self, buffer: int, words: int, flags: int) -> int:
        """GS: returns the number of words written, the first of which names what follows."""
        if flags & (SYS_NONCE | SYS_CRITICAL):
            return self.refuse(f"get_sys_info flags 0x{flags:x}")
        boot_random = Entropy(self.machine.seed, "boot random")
        parts = (
            (SYS_CHIP_INFO, self._chip_info()),
            (SYS_CPU_INFO, [0]),
            (SYS_FLASH_DEV_INFO, [DEVINFO_DEFAULT]),
            (SYS_BOOT_RANDOM, [boot_random.bits(32) for _ in range(4)]),
            (SYS_BOOT_INFO, [BOOT_INFO_NORMAL, 0, 0, 0]),
        )
        out = [flags]
        for flag, values in parts:
            if flags & flag:
                out += values
        if len(out) > words:
            return ERROR_BUFFER_TOO_SMALL
        data = b"".join(word.to_bytes(4, "little") for word in out)
        self.machine.write_memory(buffer, data)
        return len(out)

    def _otp_access(self, buffer: int, length: int, command: int) -> int:
        """OA: rows from the command's row; 2 bytes per row with ECC, 4 without. Reads only."""
        if command & OTP_WRITE:
            return self.refuse("otp_access write")
        row, step = command & OTP_ROW_MASK, 2 if command & OTP_ECC else 4
        if buffer % step or length % step:
            return ERROR_BAD_ALIGNMENT
        read = self.machine.otp.read_ecc if step == 2 else self.machine.otp.read_raw
        if row + length // step > 4096:
            return ERROR_INVALID_ARG
        values = (read(row + index) for index in range(length // step))
        data = b"".join(value.to_bytes(step, "little") for value in values)
        self.machine.write_memory(buffer, data)
        return 0

    def _reboot(self, flags: int, delay_ms: int, _p0: int, _p1: int) -> int:
        """RB: a watchdog reset after the delay, or BOOTSEL."""
        kind = flags & REBOOT_TYPE_MASK
        if kind == REBOOT_BOOTSEL:
            self.machine.enter_bootsel()
        elif kind == REBOOT_NORMAL:
            self.machine.schedule_watchdog_reset(delay_ms * 1000)
        else:
            return self.refuse(f"reboot type {kind}")
        return 0

    # --- boot -----------------------------------------------------------------------------------

    def boot(self) -> None:
        """[RP2350] 5.2: BOOTSEL button, then the image that the block loop describes."""
        machine = self.machine
        if machine.block("WATCHDOG").values["SCRATCH4"] == WATCHDOG_MAGIC:
            self.refuse("watchdog boot to a vector in SCRATCH4-7")
        machine.block("RESETS").release("IO_QSPI", "PADS_QSPI")
        bootram = machine.block("BOOTRAM")
        setup = XIP_SETUP + self._xip_setup.to_bytes(4, "little")
        bootram.memory[: len(setup)] = setup
        bootram.memory[DEVINFO_OFFSET : DEVINFO_OFFSET + 2] = DEVINFO_DEFAULT.to_bytes(2, "little")
        if machine.block("IO_QSPI").button_pressed:
            machine.enter_bootsel()
            return
        try:
            entry = picobin.find_entry(machine.flash.contents())
        except picobin.ImageError:
            machine.enter_bootsel()
            return
        machine.set_vector_table(entry.vector_table)
        self.enter(entry.stack_pointer, entry.program_counter)
