# SPDX-License-Identifier: GPL-2.0-or-later
"""Chip authentication and secure messaging: what they protect, what ends them."""

from collections.abc import Callable

import hsm_crypto
import hsm_port
import pytest
from device import SO_PIN, USER_PIN, Device, tlv
from hsm.apdu.command_apdu import CommandApdu
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from sim.life.secure_channel import CHIP_AUTHENTICATION_OID, SecureChannel

P256 = hsm_crypto.curve_parameters(hsm_crypto.CURVE_SECP256R1)[0]
G = hsm_crypto.curve_parameters(hsm_crypto.CURVE_SECP256R1)[3]
MSE_SET_AT = "002241A40C800A" + CHIP_AUTHENTICATION_OID.hex()
SELECT_DATA = bytes.fromhex("E82B0601040181C31F0201")


@pytest.fixture
def device() -> Device:
    device = Device()
    device.initialize(options=0x0005)
    device.verify()
    device.generate_ec(1, P256)
    device.select()
    return device


@pytest.fixture
def channel(device: Device) -> SecureChannel:
    return SecureChannel(device.transmit, 1)


def general_authenticate(device: Device, data: bytes, expect: int) -> None:
    device.send(b"\x00\x86\x00\x00" + bytes([len(data)]) + data + b"\x00", expect)


# --- Chip authentication --------------------------------------------------------------------------


def test_the_pin_travels_in_the_channel(device: Device, channel: SecureChannel) -> None:
    channel.send("00200081", expect=0x63C3)
    channel.send("00200081", USER_PIN, None)
    channel.send("00200081")
    assert channel.send("80680173", b"message")
    assert b"Pico-HSM" in channel.send("00B12F03", bytes.fromhex("54020000"))
    assert channel.send("80500000")[4:] == bytes.fromhex("000606")


def test_a_login_before_the_channel_stays(device: Device) -> None:
    device.verify()
    SecureChannel(device.transmit, 1).send("00200081")


def test_a_channel_inside_a_channel(device: Device, channel: SecureChannel) -> None:
    def inside(apdu: bytes) -> bytes:
        command = CommandApdu(memoryview(apdu))
        return channel.transmit(apdu[:4], bytes(command.data), command.ne)

    channel.send("00200081", USER_PIN)
    inner = SecureChannel(inside, 2)
    inner.link = device.transmit
    inner.send("00200081")
    device.send(channel.wrap(b"\x00\x20\x00\x81"), 0x6988)


def test_chip_authentication_wants_its_environment(device: Device) -> None:
    general_authenticate(device, tlv(0x7C, tlv(0x80, G)), 0x6985)
    device.send(MSE_SET_AT)
    device.select()
    general_authenticate(device, tlv(0x7C, tlv(0x80, G)), 0x6985)


@pytest.mark.parametrize(
    ("data", "status_word"),
    [
        (b"", 0x6700),
        (tlv(0x7D, tlv(0x80, G)), 0x6700),
        (tlv(0x7C, tlv(0x81, G)), 0x6700),
        (tlv(0x7C, tlv(0x80, G)) + b"\x80\x00", 0x6700),
        (tlv(0x7C, tlv(0x80, G) + tlv(0x80, G)), 0x6700),
        (tlv(0x7C, tlv(0x80, G))[:-1], 0x6700),
        (tlv(0x7C, tlv(0x80, b"")), 0x6984),
        (tlv(0x7C, tlv(0x80, G[:-1])), 0x6984),
        (tlv(0x7C, tlv(0x80, G[:-1] + b"\x00")), 0x6984),
        (tlv(0x7C, tlv(0x80, b"\x04" + bytes(64))), 0x6984),
        (tlv(0x7C, tlv(0x80, b"\x02" + G[1:])), 0x6984),
    ],
)
def test_a_bad_ephemeral_key_opens_nothing(device: Device, data: bytes, status_word: int) -> None:
    before = len(hsm_crypto.live_handles)
    device.send(MSE_SET_AT)
    apdu = b"\x00\x86\x00\x00" + (bytes([len(data)]) + data if data else b"") + b"\x00"
    device.send(apdu, status_word)
    assert device.card.channel is None
    assert len(hsm_crypto.live_handles) == before
    device.send("0C20008100000E97020000 8E080000000000000000 0000".replace(" ", ""), 0x6E00)


@pytest.mark.parametrize(
    ("apdu", "status_word"),
    [
        ("00224100", 0x6A86),
        ("002241A6", 0x6A86),
        ("002201A4", 0x6A86),
        ("002241A4", 0x6700),
        ("002241A402800A", 0x6700),
        ("002241A4028000", 0x6700),
        ("002241A40C830A04007F00070202030202", 0x6700),
        ("002241A40C800A04007F00070202030201", 0x6A88),
        ("002241A40F800A04007F00070202030202840100", 0x6700),
        ("00860001", 0x6A86),
        ("00860100", 0x6A86),
    ],
)
def test_what_the_environment_refuses(device: Device, apdu: str, status_word: int) -> None:
    image = device.flash.image()
    device.send(apdu, status_word)
    assert device.flash.image() == image
    SecureChannel(device.transmit, 1).send("00200081", expect=0x63C3)


# --- What ends the channel ------------------------------------------------------------------------


def spoil(at: int) -> Callable[[bytes], bytes]:
    return lambda apdu: apdu[:at] + bytes([apdu[at] ^ 1]) + apdu[at + 1 :]


def without(tag: int) -> Callable[[bytes], bytes]:
    def change(apdu: bytes) -> bytes:
        import cvc

        kept = b"".join(whole for found, _, whole in cvc.objects(apdu[7:-2]) if found != tag)
        return apdu[:5] + len(kept).to_bytes(2, "big") + kept + apdu[-2:]

    return change


@pytest.mark.parametrize(
    ("change", "status_word"),
    [
        (spoil(3), 0x6988),  # P2
        (spoil(2), 0x6988),  # P1
        (spoil(12), 0x6988),  # cryptogram
        (spoil(9), 0x6988),  # padding indicator
        (spoil(-12), 0x6988),  # Le
        (spoil(-3), 0x6988),  # MAC
        (without(0x8E), 0x6987),
        (without(0x97), 0x6988),
        (without(0x87), 0x6988),
        (lambda apdu: apdu[:4] + b"\x00\x00\x00", 0x6987),
    ],
)
def test_a_wrong_command_ends_channel_and_session(
    device: Device, channel: SecureChannel, change: Callable[[bytes], bytes], status_word: int
) -> None:
    channel.send("00200081", USER_PIN)
    alive = len(hsm_crypto.live_handles)
    device.send(change(channel.wrap(b"\x00\xa4\x00\x00", b"\xcc\x01")), status_word)
    assert device.card.channel is None
    # The channel, and the user's key.
    assert len(hsm_crypto.live_handles) == alive - 2
    assert not any(hsm_port.chain_buffer())
    device.send(channel.wrap(b"\x00\x20\x00\x81"), 0x6E00)
    device.send("00200081", 0x63C3)


def test_mutations_end_the_channel(device: Device) -> None:
    @settings(max_examples=150, deadline=None)
    @given(
        at=st.integers(0, 39),
        change=st.sampled_from(("change", "lose", "add")),
        value=st.integers(1, 255),
    )
    def end(at: int, change: str, value: int) -> None:
        channel = SecureChannel(device.transmit, 1)
        apdu = bytearray(channel.wrap(b"\x00\xa4\x00\x00", b"\xcc\x01"))
        objects = apdu[7:-2]
        at %= len(objects)
        if change == "change":
            objects[at] ^= value
        elif change == "lose":
            del objects[at]
        else:
            objects.insert(at, value)
        assume(objects != apdu[7:-2])
        device.send(
            bytes(apdu[:5]) + len(objects).to_bytes(2) + bytes(objects) + b"\0\0",
            0x6988 if len(objects) else 0x6987,
        )
        assert device.card.channel is None

    end()


def test_a_replayed_command_ends_the_channel(device: Device, channel: SecureChannel) -> None:
    apdu = channel.wrap(b"\x00\x20\x00\x81")
    channel.unwrap(device.transmit(apdu))
    device.send(apdu, 0x6988)
    device.send("00200081", 0x63C3)


@pytest.mark.parametrize("wrong_call", [0, 1])
def test_one_wrong_comparison_lets_no_forgery_in(
    device: Device, channel: SecureChannel, monkeypatch, wrong_call: int
) -> None:
    calls = iter(range(9))
    right = hsm_crypto.SecureChannel.mac_matches
    monkeypatch.setattr(
        hsm_crypto.SecureChannel,
        "mac_matches",
        lambda *arguments: next(calls) == wrong_call or right(*arguments),
    )
    device.send(spoil(3)(channel.wrap(b"\x00\x20\x00\x81")), 0x6988)


def test_a_plain_command_ends_channel_and_session(device: Device, channel: SecureChannel) -> None:
    channel.send("00200081", USER_PIN)
    device.send("00200081", 0x63C3)
    device.sign(1, 0x73, b"message", expect=0x6982)
    device.send(channel.wrap(b"\x00\x20\x00\x81"), 0x6E00)


def test_the_end_of_the_session_ends_the_channel(device: Device, channel: SecureChannel) -> None:
    alive = len(hsm_crypto.live_handles)
    device.card.end_session()
    device.dispatcher.end_session()
    assert len(hsm_crypto.live_handles) == alive - 1
    device.send(channel.wrap(b"\x00\x20\x00\x81"), 0x6E00)


def test_select_logs_out_and_leaves_the_channel(device: Device, channel: SecureChannel) -> None:
    channel.send("00200081", USER_PIN)
    assert channel.send("00A40400", SELECT_DATA).hex().endswith("85050005ff0606")
    channel.send("00200081", expect=0x63C3)
    channel.send("00A40400", bytes.fromhex("A0583FC19B7E4F21"))
    channel.send("00200081", expect=0x6D00)
    channel.send("00A40400", SELECT_DATA)
    channel.send("00200081", expect=0x63C3)


def test_an_unforeseen_error_ends_the_channel(
    device: Device, channel: SecureChannel, monkeypatch
) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError

    monkeypatch.setattr(device.card.store, "ids", fail)
    device.send(channel.wrap(b"\x80\x58\x00\x00"), 0x6F00)
    assert device.card.channel is None


@pytest.mark.parametrize(("operation", "call"), [("advance", 1), ("encrypt_into", 0), ("mac", 2)])
def test_a_channel_that_fails_answers_nothing(
    device: Device, channel: SecureChannel, monkeypatch, operation: str, call: int
) -> None:
    calls = iter(range(9))
    right = getattr(hsm_crypto.SecureChannel, operation)

    def fail(*arguments: object) -> object:
        if next(calls) == call:
            raise hsm_crypto.CryptoError(hsm_crypto.REASON_FAULT)
        return right(*arguments)

    channel.send("00200081", USER_PIN)
    apdu = channel.wrap(b"\x80\x58\x00\x00")
    with monkeypatch.context() as patch:
        patch.setattr(hsm_crypto.SecureChannel, operation, fail)
        assert device.dispatcher.process(hsm_port.command_view(apdu)) == 2
    assert bytes(hsm_port.response_buffer()) == b"\x6f\x00" + bytes(4096)
    assert not any(hsm_port.chain_buffer())
    device.send("00200081", 0x63C3)


@pytest.mark.parametrize("cla", [0x04, 0x08, 0x84, 0x88])
def test_other_classes_of_secure_messaging(
    device: Device, channel: SecureChannel, cla: int
) -> None:
    device.send(bytes([cla, 0x20, 0x00, 0x81]), 0x6E00)


# --- Errors, long data, chains --------------------------------------------------------------------


def test_status_words_are_protected(device: Device, channel: SecureChannel) -> None:
    channel.send("00A40000", b"\xcf\x77", expect=0x6A82)
    channel.send("80680173", b"message", expect=0x6982)
    channel.send("00FF0000", expect=0x6D00)
    channel.send("00200081", b"000000", expect=0x63C2)
    channel.send("00200081", expect=0x63C2)


@pytest.mark.parametrize("size", [1, 14, 15, 16, 17, 255, 256, 257, 600, 4000])
def test_data_of_any_length(device: Device, channel: SecureChannel, size: int) -> None:
    contents = bytes(i * 7 % 251 for i in range(size))
    channel.send("00200081", USER_PIN)
    channel.send("00D7CF01", tlv(0x54, b"\0\0") + tlv(0x53, contents))
    assert channel.send("00B1CF01", bytes.fromhex("54020000")) == contents
    assert not any(hsm_port.chain_buffer())


@pytest.mark.parametrize("ne", [1, 100, 256, 1000, None])
def test_get_response_inside(device: Device, channel: SecureChannel, ne: int | None) -> None:
    contents = bytes(i * 7 % 251 for i in range(900))
    channel.send("00200081", USER_PIN)
    channel.send("00D7CD01", tlv(0x54, b"\0\0") + tlv(0x53, contents))
    answer = channel.transmit("00B1CD01", bytes.fromhex("54020384") + b"", None)
    assert answer == b"\x90\x00"
    answer = channel.transmit("00B1CD01", bytes.fromhex("54020000"), None)
    assert answer == b"\x61\x00"
    collected = b""
    while answer[-2] == 0x61:
        left = len(contents) - len(collected)
        assert answer[-1] == (left if left < 256 else 0)
        answer = channel.transmit("00C00000", b"", ne or 256)
        collected += answer[:-2]
    assert collected == contents and answer[-2:] == b"\x90\x00"
    channel.send("00C00000", expect=0x6985)
    assert not any(hsm_port.chain_buffer())


@pytest.mark.parametrize("step", [1, 100, 256])
def test_get_response_outside(device: Device, channel: SecureChannel, step: int) -> None:
    contents = bytes(i * 7 % 251 for i in range(900))
    channel.send("00200081", USER_PIN)
    channel.send("00D7CD01", tlv(0x54, b"\0\0") + tlv(0x53, contents))
    apdu = channel.wrap(b"\x00\xb1\xcd\x01", bytes.fromhex("54020000"))
    answer = device.transmit(apdu[:-2])
    collected = b""
    while answer[-2] == 0x61:
        answer = device.transmit(bytes([0x00, 0xC0, 0, 0, step % 256]))
        collected += answer[:-2]
    assert channel.unwrap(collected + answer[-2:]) == contents + b"\x90\x00"
    channel.send("00200081")


@pytest.mark.parametrize("header", ["00C00100", "00C00001", "10C00000"])
def test_a_wrong_get_response_inside_drops_the_rest(
    device: Device, channel: SecureChannel, header: str
) -> None:
    expect = 0x6E00 if header.startswith("1") else 0x6A86
    channel.send("00200081", USER_PIN)
    assert channel.transmit("00B1CE01", bytes.fromhex("54020000"), None) == b"\x61\x00"
    assert any(hsm_port.chain_buffer())
    channel.send(header, expect=expect)
    channel.send("00C00000", expect=0x6985)
    assert not any(hsm_port.chain_buffer())


def test_the_next_command_drops_the_rest(device: Device, channel: SecureChannel) -> None:
    assert channel.transmit("00B1CE01", bytes.fromhex("54020000"), None) == b"\x61\x00"
    assert len(channel.send("00840000", b"", 8)) == 8
    channel.send("00C00000", expect=0x6985)
    assert channel.transmit("00B1CE01", bytes.fromhex("54020000"), None) == b"\x61\x00"
    device.send("0084000008")
    assert not any(hsm_port.chain_buffer())


@pytest.mark.parametrize("step", [1, 17, 200])
def test_a_chain_inside(device: Device, channel: SecureChannel, step: int) -> None:
    contents = bytes(range(256)) * 2
    field = tlv(0x54, b"\0\0") + tlv(0x53, contents)
    channel.send("00200081", USER_PIN)
    while len(field) > step:
        channel.send("10D7CD02", field[:step])
        field = field[step:]
    channel.send("00D7CD02", field)
    assert channel.send("00B1CD02", bytes.fromhex("54020000")) == contents
    assert not any(hsm_port.chain_buffer())


def test_a_chain_is_not_continued_by_another_command(
    device: Device, channel: SecureChannel
) -> None:
    channel.send("00200081", USER_PIN)
    channel.send("10D7CF03", b"\x54\x02\x00")
    channel.send("00840000", b"", 8, expect=0x6883)
    channel.send("10D7CF03", b"\x54\x02\x00")
    # A plain part ends the channel, and what came in it.
    device.send("00D7CF0302" + "0053", 0x6700)
    assert not any(hsm_port.chain_buffer())
    device.select()
    device.read(0xCF03, expect=0x6A82)


def test_a_chain_that_is_too_long(device: Device, channel: SecureChannel) -> None:
    for _ in range(4):
        channel.send("10D7CF03", bytes(1000))
    device.send(channel.wrap(b"\x10\xd7\xcf\x03", bytes(1000)), 0x6988)
    device.send("00200081", 0x63C3)


# --- The session PIN ------------------------------------------------------------------------------


def test_the_session_pin_opens_the_session(device: Device, channel: SecureChannel) -> None:
    channel.send("805A0181", b"", 256, expect=0x6982)
    channel.send("00200081", USER_PIN)
    pin = channel.send("805A0181", b"", 256)
    assert len(pin) == 12 and pin.isalnum()
    channel.send("00A40400", SELECT_DATA)
    channel.send("80680173", b"message", expect=0x6982)
    channel.send("00200081", pin)
    assert channel.send("80680173", b"message")
    # A wrong one is a wrong PIN.
    channel.send("00200081", bytes([pin[0] ^ 1]) + pin[1:], expect=0x63C2)
    channel.send("80680173", b"message", expect=0x6982)
    channel.send("00200081", pin)
    channel.send("00200081", USER_PIN)


def lose(device: Device, channel: SecureChannel) -> None:
    device.card.end_session()
    device.dispatcher.end_session()


def change(device: Device, channel: SecureChannel) -> None:
    channel.send("00240081", USER_PIN + b"another pin")


def reset(device: Device, channel: SecureChannel) -> None:
    channel.send("002C0081", SO_PIN + b"another pin")


def clear(device: Device, channel: SecureChannel) -> None:
    channel.send("805A0081", b"", None)


def renew(device: Device, channel: SecureChannel) -> None:
    channel.send("805A0181", b"", 256)


@pytest.mark.parametrize("end", [lose, change, reset, clear, renew])
def test_the_session_pin_ends(
    device: Device, channel: SecureChannel, end: Callable[[Device, SecureChannel], None]
) -> None:
    channel.send("00200081", USER_PIN)
    pin = channel.send("805A0181", b"", 256)
    end(device, channel)
    device.select()
    device.verify(pin, expect=0x63C2)


def test_a_kept_session_pin_outlives_the_session() -> None:
    device = Device()
    device.initialize(options=0x000D)
    channel = SecureChannel(device.transmit, 1)
    channel.send("00200081", USER_PIN)
    pin = channel.send("805A0181", b"", 256)
    lose(device, channel)
    device.verify(pin)
    device.generate_ec(1, P256)
    device.initialize(options=0x000D)
    device.select()
    device.verify(pin, expect=0x63C2)
    device.power_on()
    device.verify(pin, expect=0x63C1)


def test_a_blocked_pin_blocks_the_session_pin(device: Device, channel: SecureChannel) -> None:
    channel.send("00200081", USER_PIN)
    pin = channel.send("805A0181", b"", 256)
    for expect in (0x63C2, 0x63C1, 0x6983):
        channel.send("00200081", b"000000", expect=expect)
    channel.send("00200081", pin, expect=0x6983)


def test_who_may_have_a_session_pin(device: Device) -> None:
    device.verify()
    device.send("805A018100", 0x6985)
    device.send("805A018000", 0x6A86)
    device.send("805A028100", 0x6A86)
    device.send("805A0181010000", 0x6700)
    device.initialize(options=0x0001)
    channel = SecureChannel(device.transmit, 1)
    channel.send("00200081", USER_PIN)
    channel.send("805A0181", b"", 256, expect=0x6A81)


@pytest.mark.parametrize("wrong_call", [0, 1])
def test_one_forged_opening_is_a_wrong_session_pin(
    device: Device, channel: SecureChannel, monkeypatch, wrong_call: int
) -> None:
    from hsm.security import pin_opening

    channel.send("00200081", USER_PIN)
    pin = channel.send("805A0181", b"", 256)
    calls = iter(range(9))
    right = hsm_crypto.equal
    with monkeypatch.context() as patch:
        patch.setattr(pin_opening, "equal", lambda a, b: next(calls) != wrong_call and right(a, b))
        channel.send("00200081", pin, expect=0x63C2)
    channel.send("00200081", expect=0x63C2)
