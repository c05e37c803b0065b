# SPDX-License-Identifier: GPL-2.0-or-later
"""Files: SELECT, READ, UPDATE, DELETE, LIST and their rules."""

import hsm_crypto
import hsm_port
import pytest
from device import Device
from hsm import limits
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

CHUNK = limits.CHUNK_BYTES


@pytest.fixture
def device() -> Device:
    device = Device(sectors=96)
    device.initialize()
    device.verify()
    return device


def pattern(length: int, seed: int = 0) -> bytes:
    return bytes((i * 31 + (i >> 8) * 7 + seed) % 256 for i in range(length))


def test_select_answers_control_parameters(device: Device) -> None:
    device.write(0xCF01, 0, pattern(300))
    answer = device.send("00A4000002CF0100")
    assert answer.hex() == "620e8102012c8201018302cf018a0105"
    # The device key's files are internal EFs.
    assert device.send("00A4000002C40000").hex()[12:18] == "820108"
    assert device.send("00A4000000").hex() == "620e8102000082013883023f008a0105"
    device.send("00A4000002CF0200", 0x6A82)
    device.send("00A40000023F0000", 0x6A82)
    device.send("00A40800045015494600", 0x6A82)
    device.send("00A40800022F0000")
    device.send("00A4020000", 0x6A86)
    device.send("00A4000003CF010000", 0x6A82)
    # Internal objects have no name for hosts.
    for fid in ("100E", "1081", "1089", "1201", "0000"):
        device.send("00A4000002" + fid + "00", 0x6A82)


@pytest.mark.parametrize("fid", [0xCC00, 0xCC01, 0x1081, 0x1089, 0x100E, 0x1201, 0xC701, 0x0000])
def test_keys_and_internal_objects_are_closed(device: Device, fid: int) -> None:
    name = fid.to_bytes(2, "big").hex()
    if fid:
        device.send("00B1" + name + "045402000000", 0x6982)
        device.send("00D7" + name + "0754020000530141", 0x6982)
    absent = fid in (0xCC01, 0xC701)
    device.send("00E4020002" + name, 0x6A82 if absent else 0x6982)


def test_read_rules(device: Device) -> None:
    device.write(0xCF01, 0, pattern(700))
    device.send("00B1CF0104540202BC00", 0x9000)
    device.send("00B1CF0104540202BD00", 0x6282)
    device.send("00B12F0004540200FF00", 0x6B00)
    device.send("00B1CF02045402000000", 0x6A82)
    device.send("00B1CF01045302000000", 0x6700)
    device.send("00B1CF010754050000000000" + "00", 0x6700)
    device.send("00B1CF010554020000FF" + "00", 0x6700)
    device.send("00B1CF0100", 0x6700)
    assert device.send("00B1CF0102540010") == pattern(16)
    assert device.send("00B1CF0103540180" + "10") == pattern(700)[0x80:0x90]
    assert device.send("00B1CF0105540300000110") == pattern(17)[1:]
    device.send("00A4000002CF0100")
    assert device.send("00B1000004540200050A") == pattern(15)[5:]
    assert device.send("00B000050A") == pattern(15)[5:]
    assert device.send("00B0830000")[:1] == b"\x30"
    assert device.send("00B0800505") == pattern(10)[5:]
    assert device.send("00B0830400") == device.read(0x2F03)[4:]
    device.send("00B083FF00", 0x6B00)
    device.send("00B08F0000", 0x6A82)
    device.send("00B09F0000", 0x6A86)
    device.send("00B0A30000", 0x6A86)
    device.send("00B0FF0000", 0x6A86)
    device.send("00B0000001AA00", 0x6700)
    device.send("00B002BC00")
    device.send("00B002BD00", 0x6282)
    device.select()
    device.send("00B1000004540200050A", 0x6A82)


def test_short_identifiers_with_odd_instructions(device: Device) -> None:
    assert device.send("00B100030454020000" + "00") == device.read(0x2F03)
    device.send("00B1000F045402000000", 0x6A82)
    device.send("00B1001F045402000000", 0x6982)
    device.send("00D70010075402000053" + "0141")
    assert device.read(0x2F10) == b"A"
    device.send("00D70000075402000153" + "0142")
    assert device.read(0x2F10) == b"AB"
    device.send("00D70001075402000053" + "0141", 0x6982)
    device.select()
    device.send("00B1000004540200" + "0000", 0x6A82)
    device.send("00B00000" + "00", 0x6A82)
    device.send("00B08000" + "00", 0x6A82)


def test_replace_extend_and_gaps(device: Device) -> None:
    device.write(0xCE05, 0, pattern(28))
    device.write(0xCE05, 0, pattern(20, 1))
    assert device.read(0xCE05) == pattern(20, 1)
    device.write(0xCE05, 10, b"ABC")
    device.write(0xCE05, 20, b"DEF")
    expected = pattern(20, 1)[:10] + b"ABC" + pattern(20, 1)[13:] + b"DEF"
    assert device.read(0xCE05) == expected
    device.write(0xCE05, 24, b"x", expect=0x6581)
    device.write(0xCE06, 1, b"x", expect=0x6984)
    device.send("00D7CE0606540200005300")
    assert device.read(0xCE06) == b""
    device.send("00D700000754020001530141", 0x6984)
    device.send("00D700000754020000530141")
    assert device.read(0xCE06) == b"A"
    device.send("00D7CE060754050000000000", 0x6700)
    device.send("00D7CE0604540200005300"[:22], 0x6700)
    device.send("00D7CE060453025400", 0x6700)


def test_opensc_chunks_of_230_and_8_bytes(device: Device) -> None:
    contents = pattern(3000)
    device.send("00D7CE0706540200005300")
    offset = 0
    while offset < len(contents):
        for size in (230, 8):
            device.write(0, offset, contents[offset : offset + size])
            offset = min(offset + size, len(contents))
            if offset == len(contents):
                break
    assert device.read(0xCE07) == contents
    device.power_on()
    assert device.read(0xCE07, step=255) == contents


def test_large_file_in_odd_chunks_and_overwritten_in_the_middle(device: Device) -> None:
    contents = pattern(120_291)
    for fid in (0xCF10, 0xCD10):
        offset = 0
        while offset < len(contents):
            device.write(fid, offset, contents[offset : offset + 3911])
            offset += 3911
        device.write(fid, 65_530, b"M" * 2000)
        changed = contents[:65_530] + b"M" * 2000 + contents[67_530:]
        device.power_on()
        device.verify()
        assert device.read(fid, step=2037) == changed
        device.delete(fid)
    device.select()


@pytest.mark.parametrize("size", [4095, 4096, 4097, 65_534, 65_535, 65_536, 65_537])
def test_sizes_around_powers_of_two(device: Device, size: int) -> None:
    contents = pattern(size)
    for offset in range(0, size, 1223):
        device.write(0xCF10, offset, contents[offset : offset + 1223])
    assert device.read(0xCF10, step=1999) == contents
    shown = min(size, 0xFFFF)
    assert device.send("00A4000002CF1000")[2:6] == b"\x81\x02" + shown.to_bytes(2, "big")
    # A host with offsets of two bytes sees the end of what it can reach.
    last = min(size - 1, 0xFFFF)
    answer = device.send("00B1CF10045402" + f"{last:04x}" + "00")
    assert answer == contents[last : last + 256]


def test_a_deleted_key_leaves_its_files(device: Device) -> None:
    request = device.generate_ec(5, hsm_crypto.curve_parameters(hsm_crypto.CURVE_SECP256R1)[0])
    description = device.read(0xC405)
    device.delete(0xCC05)
    device.send("00A4000002CC0500", 0x6A82)
    assert (device.read(0xCE05), device.read(0xC405)) == (request, description)
    assert device.list() == [0xC400, 0xCC00, 0xC405]
    device.sign(5, 0x70, bytes(32), expect=0x6A82)
    device.wrap(5, expect=0x6A82)


def test_file_too_large(device: Device) -> None:
    small = Device(sectors=16)
    small.initialize()
    small.verify()
    offset = 0
    answer = b"\x90\x00"
    while answer == b"\x90\x00":
        field = (
            bytes.fromhex("5404") + offset.to_bytes(4, "big") + b"\x53\x82\x08\x00" + bytes(2048)
        )
        header = b"\x00\xd7\xcf\x01\x00" + len(field).to_bytes(2, "big")
        answer = small.transmit(header + field)
        offset += 2048
    assert answer == b"\x6a\x84"
    assert len(small.read(0xCF01, step=2048)) == offset - 2048
    small.delete(0xCF01)
    small.write(0xCF01, 0, bytes(2000))


def test_private_data_needs_the_user(device: Device) -> None:
    device.write(0xCD01, 0, b"TOP-SECRET-DATA" * 100)
    device.write(0xCD01, 5, b"-")
    assert device.read(0xCD01)[:16] == b"TOP-S-CRET-DATAT"
    assert b"TOP-S" not in device.flash.image()
    device.select()
    device.read(0xCD01, expect=0x6982)
    device.write(0xCD01, 0, b"x", expect=0x6982)
    device.delete(0xCD01, expect=0x6982)
    device.send("00A4000002CD0100")


def test_delete(device: Device) -> None:
    device.write(0xCF01, 0, b"RAW-CONTENTS")
    device.delete(0xCF01)
    device.delete(0xCF01, expect=0x6A82)
    for fid, status_word in ((0x2F00, 0x6986), (0x2F03, 0x6986), (0xCC00, 0x6982)):
        device.delete(fid, expect=status_word)
    device.write(0xCF01, 0, b"again")
    device.send("00E40200")
    device.send("00A4000002CF0100", 0x6A82)
    device.send("00E40200", 0x6A82)
    device.send("00E4020001CF", 0x6700)
    device.write(0xCF01, 0, b"again")
    device.select()
    device.delete(0xCF01, expect=0x6982)


def test_token_label(device: Device) -> None:
    info = bytes.fromhex("30110201008008" + b"My Token".hex() + "03020520")
    device.write(0x2F03, 0, info)
    assert device.read(0x2F03) == info
    assert device.read(0x2F00).endswith(b"\x50\x08My Token")
    device.power_on()
    assert device.read(0x2F03) == info
    device.verify()
    device.write(0x2F03, 0, b"not BER-TLV")
    assert device.read(0x2F00).endswith(b"Pico-HSM")
    device.write(0x2F03, 0, bytes(300), expect=0x6A84)
    device.write(0x2F00, 0, b"x", expect=0x6982)


def test_list(device: Device) -> None:
    for fid in (0xCF01, 0xC901, 0xCD02, 0xC902, 0xCA00, 0xC800, 0xCE01, 0xC403):
        device.write(fid, 0, b"x")
    assert device.list() == [0xC400, 0xCC00, 0xC403, 0xC800, 0xC901, 0xC902, 0xCA00]


def test_challenge(device: Device) -> None:
    assert len(device.send("0084000000")) == 256
    assert len(device.send("00840000000400")) == 1024
    device.send("00840000000401", 0x6700)
    device.send("00840000", 0x6700)
    assert device.send("0084000020") != device.send("0084000020")


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    writes=st.lists(
        st.tuples(st.integers(0, 3000), st.integers(0, 1500), st.integers(0, 255)), max_size=8
    ),
    private=st.booleans(),
)
def test_any_sequence_of_writes(writes: list[tuple[int, int, int]], private: bool) -> None:
    device = _shared()
    fid = 0xCD20 if private else 0xCF20
    expected = b"start"
    device.write(fid, 0, expected)
    for offset, length, byte in writes:
        data = bytes([byte]) * length
        if offset > len(expected):
            device.write(fid, offset, data, expect=0x6581)
            continue
        device.write(fid, offset, data)
        expected = data if offset == 0 else expected[:offset] + data + expected[offset + length :]
        if not expected:
            break
    # The status word of the last write is all that is left in the buffer it worked in.
    assert not any(hsm_port.response_buffer()[2:])
    assert device.read(fid, step=333) == expected


_DEVICES: list[Device] = []


def _shared() -> Device:
    if not _DEVICES:
        device = Device(sectors=64)
        device.initialize()
        _DEVICES.append(device)
    device = _DEVICES[0]
    device.power_on()
    device.verify()
    return device
