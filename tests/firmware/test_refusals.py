# SPDX-License-Identifier: GPL-2.0-or-later
"""Bad input to every command: the right answer, the same flash, a working card."""

import functools

import pytest
from device import Device
from hsm.commands import HSM_COMMANDS, RESCUE_COMMANDS
from nor_flash import NorFlash

from sim.apdu import command
from tests.refusals.cards import CARDS
from tests.refusals.rows import FOR_EVERYBODY, RESCUE_ROWS, ROWS, SWEEPS, WITHOUT_SWEEP
from tests.refusals.table import (
    ABSENT,
    EXHAUSTED,
    KEY_KIND,
    LENGTH,
    LIST,
    MISSING,
    NOT_ALLOWED,
    NOT_LOGGED_IN,
    P1_P2,
    REPEATED,
    SIGN,
    USER,
    Refusal,
)

ALL = [row for rows in (*ROWS.values(), *RESCUE_ROWS.values()) for row in rows]
SUCCESS = b"\x90\x00"
SECTORS = 32
# High bytes of FIDs: descriptions, certificates, data, token.
READABLE = (0x2F, 0xC4, 0xCA, 0xCE, 0xCF)
# Lc and what follows it: too few bytes, too many, half of a length field.
WRONG_LC = ("03AABB", "02AABBCCDD", "0000", "000002AA", "00000000AA", "000001AA00", "000002AABB00")


@functools.cache
def image(card: str) -> bytes:
    """The flash of a card of the table."""
    device = Device(SECTORS)
    send_all(device, CARDS[card])
    return device.flash.image()


def at_start(card: str, before: tuple[bytes, ...]) -> Device:
    device = Device()
    device.board.flash = NorFlash(SECTORS, image(card))
    device.power_on()
    send_all(device, before)
    return device


def send_all(device: Device, apdus: tuple[bytes, ...]) -> None:
    for apdu in apdus:
        assert device.transmit(apdu)[-2:] == SUCCESS, apdu.hex()


# --- The table ------------------------------------------------------------------------------------


def test_every_command_is_in_the_table() -> None:
    assert set(ROWS) == set(HSM_COMMANDS) == set(SWEEPS) | WITHOUT_SWEEP
    assert all(row.apdu[1] == ins for ins, rows in ROWS.items() for row in rows)
    assert all(ROWS.values()) and all(RESCUE_ROWS.values())


def test_every_command_of_the_rescue_application_is_in_the_table() -> None:
    commands: set[tuple[int, int | None]] = set()
    for ins, entry in RESCUE_COMMANDS.items():
        commands |= {(ins, p1) for p1 in entry} if isinstance(entry, dict) else {(ins, None)}
    assert commands <= set(RESCUE_ROWS)
    for (ins, p1), rows in RESCUE_ROWS.items():
        assert not ins or all(row.apdu[1] == ins and p1 in (None, row.apdu[2]) for row in rows)


def test_who_is_not_logged_in_is_tried_with_every_command() -> None:
    tried = {ins for ins, rows in ROWS.items() if any(row.why == NOT_LOGGED_IN for row in rows)}
    assert tried == set(ROWS) - FOR_EVERYBODY


def test_every_kind_of_bad_input_that_applies_is_tried() -> None:
    kinds = {ins: {row.why for row in rows} for ins, rows in ROWS.items()}
    for ins, tried in kinds.items():
        assert LENGTH in tried and (P1_P2 in tried or ins in WITHOUT_SWEEP), f"{ins:02X}"
    for ins in (0x22, 0x2A, 0x46, 0x50, 0x52, 0x54, 0x78, 0x86, 0xB1, 0xD7):
        assert {MISSING, REPEATED} <= kinds[ins], f"{ins:02X}"
    for ins in (0x62, 0x68, 0x72, 0x76, 0x78):
        assert {NOT_LOGGED_IN, ABSENT, EXHAUSTED, NOT_ALLOWED} <= kinds[ins], f"{ins:02X}"
        # Keys of all kinds can be wrapped.
        assert KEY_KIND in kinds[ins] or ins == 0x72, f"{ins:02X}"


# --- Each row -------------------------------------------------------------------------------------


@pytest.mark.parametrize("row", ALL, ids=str)
def test_bad_input_is_refused(row: Refusal) -> None:
    device = at_start(row.card, row.before)
    flash, operations = device.flash.image(), device.flash.operations
    answer = device.transmit(row.apdu)
    assert answer.hex().upper() == f"{row.status_word:04X}"
    if row.costs_a_try:
        assert device.flash.image() != flash
    else:
        assert device.flash.operations == operations
    assert device.transmit(row.after)[-2:] == SUCCESS
    assert row.costs_a_try or device.flash.image() == flash


@pytest.mark.parametrize("row", [row for row in ALL if row.costs_a_try], ids=str)
def test_a_wrong_secret_changes_a_counter_alone(row: Refusal) -> None:
    device = at_start(row.card, ())
    before = contents(device)
    send_all(device, row.before)
    device.transmit(row.apdu)
    assert before and contents(device) == before


def contents(device: Device) -> dict[int, bytes]:
    """The files that everybody may read, by FID."""
    return {fid: device.read(fid) for fid in device.card.store.ids() if fid >> 8 in READABLE}


@pytest.mark.parametrize("ins", ROWS, ids="{:02X}".format)
def test_lc_that_is_not_the_length_of_the_data(ins: int) -> None:
    device = at_start("used", USER)
    operations = device.flash.operations
    for body in WRONG_LC:
        apdu = bytes((0x80, ins, 0x00, 0x00)) + bytes.fromhex(body)
        assert device.transmit(apdu).hex() == "6700", body
    assert device.flash.operations == operations
    assert device.transmit(SIGN)[-2:] == SUCCESS


# --- Any P1 and P2 --------------------------------------------------------------------------------


@pytest.mark.parametrize("ins", SWEEPS, ids="{:02X}".format)
def test_any_other_p1_and_p2(ins: int) -> None:
    expected, data, right = SWEEPS[ins]
    device = at_start("used", USER)
    flash = device.flash.image()
    pairs = {p1 << 8 | right & 0xFF for p1 in range(256)}
    pairs |= {right & 0xFF00 | p2 for p2 in range(256)}
    refused = 0
    for pair in sorted(pairs):
        status_word = expected(pair >> 8, pair & 0xFF)
        if status_word is None:
            continue
        refused += 1
        answer = device.transmit(command(0x80, ins, pair >> 8, pair & 0xFF, data, 256))
        assert answer.hex().upper() == f"{status_word:04X}", f"{pair:04X}"
    assert refused
    assert device.flash.image() == flash
    assert device.transmit(LIST)[-2:] == SUCCESS
    send_all(device, (*USER, SIGN))
