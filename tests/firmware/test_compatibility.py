# SPDX-License-Identifier: GPL-2.0-or-later
"""Decisions of docs/compatibility.md that no test of a single command shows."""

import hashlib

import hsm_crypto
import pytest
from device import AID, Device, tlv

P256 = hsm_crypto.curve_parameters(hsm_crypto.CURVE_SECP256R1)[0]
SHARE = hashlib.sha256(b"the share of all").digest()
SET_UP, IMPORT = 1, 0


@pytest.fixture
def device() -> Device:
    device = Device()
    device.initialize(more=tlv(0x97, b"\2"))
    return device


def uses_left(device: Device, key_id: int) -> int | None:
    """What the control parameters tell, or None: there is no counter."""
    answer = device.send(bytes([0x00, 0xA4, 0, 0, 2, 0xCC, key_id, 0]))
    place = answer.find(b"\x90\x04")
    return int.from_bytes(answer[place + 2 : place + 6]) if place >= 0 else None


# --- Section 3 ------------------------------------------------------------------------------------


def test_the_control_parameters_have_the_name_that_was_selected(device: Device) -> None:
    assert tlv(0x84, AID) in device.select()


# --- Section 5.1 ----------------------------------------------------------------------------------


@pytest.mark.parametrize("fid", ["5031", "5032", "5033", *(f"60{low}" for low in range(40, 46))])
def test_directories_that_no_host_reads_are_not_there(device: Device, fid: str) -> None:
    device.send(f"00A4000002{fid}00", 0x6A82)


def test_the_label_that_hosts_write_is_kept(device: Device) -> None:
    # What a host sends right after INITIALIZE.
    label = bytes.fromhex("301102010080084D7920546F6B656E03020520")
    device.write(0x2F03, 0, label)
    device.power_on()
    assert device.read(0x2F03) == label


# --- Section 10.2 ---------------------------------------------------------------------------------


def test_a_refused_initialisation_leaves_the_identity(device: Device) -> None:
    before = {fid: device.read(fid) for fid in (0x2F02, 0xC400, 0xCE00)}
    device.initialize(more=tlv(0x97, b"\0"), expect=0x6400)
    device.initialize(so_pin=b"00000000", expect=0x63CE)
    device.power_on()
    assert {fid: device.read(fid) for fid in before} == before
    device.initialize()
    assert {fid: device.read(fid) for fid in before} == before


# --- Section 12 -----------------------------------------------------------------------------------


@pytest.fixture
def backup(device: Device) -> Device:
    """Both domains have the same DKEK."""
    for number in range(2):
        device.key_domain(SET_UP, number, b"\1")
        device.key_domain(IMPORT, number, SHARE)
    return device


def test_wrapping_counts_no_use_and_takes_the_counter_off(backup: Device) -> None:
    backup.generate_ec(1, P256, tlv(0x90, b"\0\0\0\2"))
    blob = backup.wrap(1)
    assert uses_left(backup, 1) == 2
    backup.unwrap(2, blob)
    assert uses_left(backup, 2) is None
    # Who wants the limit to last keeps 92 out of the list.
    backup.generate_ec(3, P256, tlv(0x90, b"\0\0\0\2") + tlv(0x91, b"\x73"))
    backup.wrap(3, expect=0x6985)
    for _ in range(2):
        backup.sign(1, 0x73, b"message")
    backup.wrap(1, expect=0x6A84)


def test_of_two_domains_with_the_same_dkek_the_first_gets_the_key(backup: Device) -> None:
    backup.generate_ec(1, P256, tlv(0x92, b"\1"))
    backup.unwrap(2, backup.wrap(1))
    answer = backup.send("00A4000002CC0200")
    assert tlv(0x92, b"\0") in answer and tlv(0x92, b"\1") not in answer


# --- Section 13.4 ---------------------------------------------------------------------------------


def test_counters_on_all_keys_are_on_derived_ones(device: Device) -> None:
    device.generate_ec(1, P256)
    device.derive(1, 2, b"\1")
    assert uses_left(device, 2) is None
    device.send("8064060001" + "02")
    device.derive(1, 3, b"\1")
    assert uses_left(device, 3) == 0xFFFFFFFE
    device.derive(3, 4, b"\1")
    assert (uses_left(device, 3), uses_left(device, 4)) == (0xFFFFFFFD, 1)


# --- Section 22 -----------------------------------------------------------------------------------


@pytest.mark.parametrize("p2", [0x00, 0x09, 0x0A, 0xFF])
def test_the_path_names_the_seed(device: Device, p2: int) -> None:
    device.send(bytes([0x80, 0x4A, 0x01, 0x03, 32]) + bytes(range(32)))
    path = bytes.fromhex("03020103")
    told = device.send(bytes([0x80, 0x4A, 0x0A, 0x00]) + path + b"\0")
    assert device.send(bytes([0x80, 0x4A, 0x0A, p2]) + path + b"\0") == told
    device.send(bytes([0x80, 0x4A, 0x10, p2]) + path)
    device.sign(0, 0xA0, bytes(32))
