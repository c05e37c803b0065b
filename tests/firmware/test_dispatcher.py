# SPDX-License-Identifier: GPL-2.0-or-later
"""Class, chaining, GET RESPONSE, the unknown: always an answer, never silence."""

from collections.abc import Callable

import hsm_crypto
import hsm_port
import pytest
from device import SELECT, Device, tlv
from hsm.commands import HSM_COMMANDS
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st


@pytest.fixture(scope="module")
def device() -> Device:
    device = Device()
    device.initialize()
    device.verify()
    return device


def test_unknown_instruction(device: Device) -> None:
    for ins in set(range(256)) - set(HSM_COMMANDS) - {0xC0}:
        device.send(bytes([0x00, ins, 0, 0]), 0x6D00)
        device.send(bytes([0x80, ins, 0, 0]), 0x6D00)


def test_unknown_class(device: Device) -> None:
    for cla in set(range(256)) - {0x00, 0x80, 0x10, 0x90}:
        device.send(bytes([cla, 0x84, 0, 0, 8]), 0x6E00)


def test_both_classes_are_accepted(device: Device) -> None:
    for cla in (0x00, 0x80):
        assert len(device.send(bytes([cla, 0x84, 0, 0, 8]))) == 8


@pytest.mark.parametrize("apdu", ["00", "00A4", "00A404", "00200081050102", "0020008100000201"])
def test_wrong_length(device: Device, apdu: str) -> None:
    device.send(apdu, 0x6700)
    device.send("0084000008")


@pytest.mark.parametrize("ne", [1, 7, 100, 255, 256])
def test_get_response_continues(device: Device, ne: int) -> None:
    contents = bytes(i * 7 % 251 for i in range(900))
    device.write(0xCF01, 0, contents)
    answer = device.transmit(bytes.fromhex("00B1CF010454020000"))
    # Without Le everything is still to be fetched.
    assert answer == b"\x61\x00"
    collected = b""
    while answer[-2] == 0x61:
        remaining = len(contents) - len(collected)
        assert answer[-1] == (remaining if remaining < 256 else 0)
        answer = device.transmit(bytes([0x00, 0xC0, 0, 0, ne % 256]))
        collected += answer[:-2]
    assert answer[-2:] == b"\x90\x00"
    assert collected == contents
    device.send("00C0000000", 0x6985)


def test_a_new_command_drops_the_rest(device: Device) -> None:
    device.write(0xCF01, 0, bytes(600))
    device.send("00B1CF01045402000010", 0x9000)
    assert device.transmit(bytes.fromhex("00B1CF010454020000"))[-2] == 0x61
    device.send("0084000008")
    device.send("00C0000000", 0x6985)


def chain(device: Device, header: bytes, data: bytes, step: int) -> bytes:
    """All parts of a chain; the answer to the last one."""
    while len(data) > step:
        part = bytes([header[0] | 0x10]) + header[1:] + bytes([step]) + data[:step]
        device.send(part)
        data = data[step:]
    return device.transmit(header + bytes([len(data)]) + data)


@pytest.mark.parametrize("step", [1, 17, 200, 255])
def test_chaining(device: Device, step: int) -> None:
    contents = bytes(range(256)) * 2
    field = tlv(0x54, b"\0\0") + tlv(0x53, contents)
    answer = chain(device, bytes.fromhex("00D7CF02"), field, step)
    assert answer == b"\x90\x00"
    assert device.read(0xCF02) == contents
    assert not any(hsm_port.chain_buffer())


def test_broken_chain(device: Device) -> None:
    device.send("10D7CF0302540200")
    device.send("00D7CF0402540200", 0x6883)
    # The next command is normal again.
    device.send("0084000008")
    device.send("10D7CF0302540200")
    device.send("0084000008", 0x6883)
    assert not any(hsm_port.chain_buffer())


def test_chain_overflow(device: Device) -> None:
    for _ in range(16):
        device.send(b"\x10\xd7\xcf\x03\xff" + bytes(255))
    device.send(b"\x10\xd7\xcf\x03\xff" + bytes(255), 0x6700)
    device.send("0084000008")


def test_an_unforeseen_error_ends_the_session(device: Device, monkeypatch) -> None:
    device.verify()
    device.send("00200081")

    def fail(*_: object) -> None:
        raise RuntimeError

    monkeypatch.setattr(device.card.store, "ids", fail)
    device.send("80580000000000", 0x6F00)
    monkeypatch.undo()
    device.send("00200081", 0x63C3)
    device.verify()


@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    ins=st.sampled_from(sorted(HSM_COMMANDS)),
    p1=st.integers(0, 255),
    p2=st.integers(0, 255),
    body=st.binary(max_size=60),
    logged_in=st.booleans(),
)
def test_any_command_gets_an_answer(
    device: Device, ins: int, p1: int, p2: int, body: bytes, logged_in: bool
) -> None:
    device.send(SELECT)
    if logged_in and device.transmit(bytes.fromhex("00200081")) == b"\x63\xc3":
        device.verify()
    answer = device.transmit(bytes([0x00, ins, p1, p2]) + body)
    assert len(answer) >= 2
    assert answer[-2:] != b"\x6f\x00", f"{ins:02X} {p1:02X} {p2:02X} {body.hex()}"


# --- The response buffer --------------------------------------------------------------------------


def test_a_failed_command_leaves_nothing_in_the_response(device: Device, monkeypatch) -> None:
    device.verify()
    device.write(0xCD01, 0, b"private data")

    for command in (
        bytes.fromhex("00B1CD01000004540200000000"),
        bytes.fromhex("00D7CD010954020001") + b"\x53\x03abc",
    ):
        device.verify()
        with monkeypatch.context() as patch:
            patch.setattr(hsm_crypto.Secret, "open_into", spoiling(hsm_crypto.Secret.open_into))
            assert device.dispatcher.process(hsm_port.command_view(command)) == 2
        assert bytes(hsm_port.response_buffer()) == b"\x6f\x00" + bytes(4096)


def spoiling(open_into: Callable) -> Callable:
    """`open_into` that writes the plain text and then fails."""

    def call(*arguments: object) -> None:
        open_into(*arguments)
        raise RuntimeError

    return call


def test_the_end_of_a_session_wipes_what_was_pending(device: Device) -> None:
    device.verify()
    device.write(0xCD01, 0, b"private data" * 50)
    assert device.transmit(bytes.fromhex("00B1CD010454020000"))[-2] == 0x61
    assert device.dispatcher.has_more()
    assert b"private" in bytes(hsm_port.response_buffer())
    device.card.end_session()
    device.dispatcher.end_session()
    assert not any(hsm_port.response_buffer())
    device.send("00C0000000", 0x6985)


def test_a_new_command_wipes_what_was_pending(device: Device) -> None:
    device.verify()
    device.write(0xCD01, 0, b"private data" * 50)
    assert device.transmit(bytes.fromhex("00B1CD010454020000"))[-2] == 0x61
    assert device.dispatcher.process(hsm_port.command_view(bytes.fromhex("0084000008"))) == 10
    assert not any(hsm_port.response_buffer()[10:])


def test_the_response_is_wiped_once(device: Device, monkeypatch) -> None:
    wipes: list[int] = []
    response = device.dispatcher._response
    monkeypatch.setattr(response, "_wipe", lambda: wipes.append(1))
    for _ in range(3):
        device.send("0084000008")
    # The port wipes what its host has taken; nobody does it again.
    assert wipes == []
