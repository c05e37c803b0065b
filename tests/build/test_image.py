# SPDX-License-Identifier: GPL-2.0-or-later
"""What is in the images and what must not be: symbols, instructions, paths."""

import re

import pytest
from elftools.elf.elffile import ELFFile

import boards
from tests.build import thumb
from tools import board_header, flash, image_report, paths
from tools.errors import ToolError

# Name of a symbol -> why the image must not contain it.
FORBIDDEN_SYMBOLS = {
    r"pyexec_|readline|mp_hal_stdin|repl_": "a prompt",
    r"mp_compile|mp_parse(?!_num)|mp_lexer|mp_emit_|emit_bc": "a compiler",
    r"mp_vfs|vfs_|mp_reader_new_file|mp_builtin_open|littlefs|lfs[12]?_|f_open": "a file system",
    r"machine_|mp_module_machine|mod_machine|rp2_|mod_rp2": "raw hardware for Python",
    r"mp_module_os|mod_os_|mp_module_micropython_mem": "the system for Python",
    r"stdio_|uart_(init|putc|write)": "a console",
    r"tud_(cdc|msc|hid|dfu|vendor(?!_control))_": "another USB function than CCID",
}
SRAM_START = 0x2000_0000
SRAM_BYTES = {"rp2040": 264 * 1024, "rp2350": 520 * 1024}
XIP_START = 0x1000_0000


def symbols(image) -> dict[str, int]:
    """All symbols of the image's ELF with their values."""
    return image_report.symbols(image.file("elf"))


def test_no_prompt_compiler_file_system_or_machine(image):
    found = [
        f"{name} ({reason})"
        for name in symbols(image)
        for pattern, reason in FORBIDDEN_SYMBOLS.items()
        if re.match(pattern, name)
    ]
    assert not found, "\n".join(["", *found])


def test_the_list_of_forbidden_symbols_bites():
    names = [
        "pyexec_friendly_repl",
        "mp_compile",
        "mp_lexer_new",
        "mp_vfs_open",
        "machine_pin_type",
    ]
    for name in names:
        assert any(re.match(pattern, name) for pattern in FORBIDDEN_SYMBOLS), name


def test_the_interpreter_is_there(images):
    # A list of forbidden names proves nothing about a file without names.
    for image in images.values():
        assert len(symbols(image)) > 500
    assert all("mp_execute_bytecode" in symbols(images[name, "hsm"]) for name in boards.names())


def test_only_instructions_that_the_chip_has(image, board):
    allowed = thumb.is_armv6m if board.chip == "rp2040" else _is_not_coprocessor
    found = list(thumb.instructions(image.file("elf")))
    assert len(found) > 10_000
    assert [str(instruction) for instruction in found if not allowed(instruction)] == []


def test_the_boot_loader_fits_the_chip(images):
    """The image holds RP2040's second stage as bytes; its own ELF tells code from data."""
    folder = images["pico", "hsm"].folder / "cmake"
    (elf,) = folder.rglob("bs2_default.elf")
    found = list(thumb.instructions(elf))
    assert found and all(map(thumb.is_armv6m, found))


def _is_not_coprocessor(instruction):
    return not thumb.is_coprocessor(instruction)


@pytest.mark.parametrize(
    ("code", "armv6m", "coprocessor"),
    [
        ("7047", True, False),  # BX LR
        ("fff7fefa", True, False),  # BL
        ("bff35f8f", True, False),  # DMB
        ("eff31083", True, False),  # MRS R3, PRIMASK
        ("62b6", True, False),  # CPSIE i
        ("30bf", True, False),  # WFI
        ("08b1", False, False),  # CBZ
        ("08bf", False, False),  # IT EQ
        ("7447", False, False),  # BXNS LR
        ("80ba", False, False),  # HLT
        ("40f20000", False, False),  # MOVW
        ("b0fbf1f0", False, False),  # UDIV
        ("a0fb0123", False, False),  # UMULL
        ("50e80001", False, False),  # LDRD
        ("50ec1104", False, True),  # MRRC p4: GPIO coprocessor
        ("10ee104a", False, True),  # VMOV R4, S0
        ("9fed000a", False, True),  # VLDR
        ("10fe1004", False, True),  # MRC2 p4
    ],
)
def test_the_decoder(code, armv6m, coprocessor):
    (instruction,) = thumb.decode(bytes.fromhex(code), 0)
    assert thumb.is_armv6m(instruction) is armv6m
    assert thumb.is_coprocessor(instruction) is coprocessor


def test_the_image_stays_in_its_part_of_the_flash(image, board):
    limit = board.flash.image_size_bytes
    assert image.file("bin").stat().st_size <= limit
    with image.file("elf").open("rb") as file:
        for segment in ELFFile(file).iter_segments("PT_LOAD"):
            end = segment["p_paddr"] - XIP_START + segment["p_filesz"]
            assert not segment["p_filesz"] or board.flash.image_offset <= end <= limit


def test_the_figures_fit_the_chip(image, board):
    sizes = image_report.sizes(image.file("elf"))
    assert 0 < sizes.text <= board.flash.image_size_bytes
    assert sizes.stack >= 8 * 1024
    assert sizes.static_ram + sizes.gc_heap + sizes.stack <= SRAM_BYTES[board.chip]


def test_the_uf2_is_for_the_chip_and_holds_the_image(image, board):
    assert flash.image_chip(image.file("uf2")) == board.chip


def test_no_path_of_this_machine_is_in_the_image(image):
    data = image.file("bin").read_bytes()
    for path in (paths.PROJECT, paths.cache(), paths.PROJECT.home()):
        assert f"{path}/".encode() not in data


def test_the_build_says_what_is_in_it(images):
    for name in boards.names():
        data = images[name, "hsm"].file("bin").read_bytes()
        assert re.search(rb"micropython 1\.25\.0\+ds-1, .*wolfssl 5\.7\.2", data)


def test_the_header_repeats_the_board(board):
    text = board_header.header(board, 'made of "this"')
    defined = dict(re.findall(r"^#define (HSM_\w+) (.+)$", text, re.MULTILINE))
    assert int(defined["HSM_FLASH_DATA_OFFSET"], 0) == board.flash.data_offset
    assert int(defined["HSM_CLOCK_HZ"], 0) == board.clock_hz
    assert int(defined["HSM_USB_VENDOR_ID"], 0) == board.usb.vendor_id
    assert defined["HSM_BOARD_NAME"] == f'"{board.name}"'
    assert defined["HSM_BUILD_INFO"] == r'"made of \"this\""'
    with pytest.raises(ToolError):
        board_header.header(board, "x" * 300)
