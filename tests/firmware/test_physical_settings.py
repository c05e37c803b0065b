# SPDX-License-Identifier: GPL-2.0-or-later
"""Physical settings: checked, kept, told again, applied at the next start."""

import hsm_crypto
import hsm_port
import pytest
from device import Device, tlv
from test_power_cut import cuts

SELECT = "00A4040008A0583FC19B7E4F2100"
P256 = hsm_crypto.curve_parameters(hsm_crypto.CURVE_SECP256R1)[0]
P384 = hsm_crypto.curve_parameters(hsm_crypto.CURVE_SECP384R1)[0]
P192 = hsm_crypto.curve_parameters(hsm_crypto.CURVE_SECP192R1)[0]
BOARD = (0x1209, 0x0001, "Pico HSM")
NITROKEY = tlv(0, bytes.fromhex("20A04230"))
NAME = tlv(9, b"My token\0")
ALL = (
    NITROKEY
    + tlv(4, b"\x10")
    + tlv(5, b"\x40")
    + tlv(6, b"\0\x08")
    + tlv(8, b"\x05")
    + NAME
    + tlv(10, bytes.fromhex("00000002"))
    + tlv(11, b"\x03")
    + tlv(12, b"\x01\x02")
)


@pytest.fixture
def device() -> Device:
    device = Device(sectors=16)
    device.initialize()
    device.send(SELECT)
    return device


def write(device: Device, contents: bytes, expect: int = 0x9000, pressed: bool = True) -> None:
    now = device.board.uptime_ms
    device.board.presses_ms = [(now + 100, now + 500)] if pressed else []
    header = b"\x80\x1c\1\0\0" + len(contents).to_bytes(2, "big")
    device.send(header + contents if contents else b"\x80\x1c\1\0", expect)
    device.board.presses_ms = []


def read(device: Device) -> bytes:
    device.send(SELECT)
    return device.send("801E010000")


def test_they_are_told_as_they_were_written(device: Device) -> None:
    assert read(device) == b""
    write(device, ALL)
    assert read(device) == ALL
    device.power_on()
    assert read(device) == ALL
    # All of them are replaced.
    write(device, NAME)
    assert read(device) == NAME


def test_they_take_effect_at_the_next_start(device: Device) -> None:
    write(device, ALL)
    board = device.board
    assert board.usb_identity == BOARD and board.led_gpio == 25
    device.power_on()
    assert board.usb_identity == (0x20A0, 0x4230, "My token")
    assert (board.led_gpio, board.led_is_steady) == (16, True)
    assert device.card.presence.window_ms == 5000
    device.send(SELECT)
    write(device, b"")
    device.power_on()
    assert board.usb_identity == BOARD
    assert (board.led_gpio, board.led_is_steady) == (25, False)
    assert device.card.presence.window_ms == 15000


@pytest.mark.parametrize(
    ("contents", "identity"),
    [
        (NITROKEY, (0x20A0, 0x4230, "Pico HSM")),
        (NAME, (0x1209, 0x0001, "My token")),
        (tlv(9, b"My token"), (0x1209, 0x0001, "My token")),
        (tlv(9, b"x" * 32 + b"\0"), (0x1209, 0x0001, "x" * 32)),
        (tlv(8, b"\0"), BOARD),
    ],
)
def test_the_identity(device: Device, contents: bytes, identity: tuple[int, int, str]) -> None:
    write(device, contents)
    device.power_on()
    assert device.board.usb_identity == identity
    assert device.card.presence.window_ms == 15000


def test_a_led_can_be_none(device: Device) -> None:
    write(device, tlv(12, b"\xff"))
    device.power_on()
    assert device.board.led_gpio == hsm_port.LED_GPIO_NONE


def test_curves_that_are_left_out(device: Device) -> None:
    write(device, tlv(10, bytes.fromhex("00000002")))
    device.select()
    device.verify()
    device.generate_ec(1, P384)
    # secp192r1 has no bit: it cannot be left out.
    device.generate_ec(2, P192)
    before = device.flash.image()
    with pytest.raises(AssertionError, match="6a81"):
        device.generate_ec(3, P256)
    assert device.flash.image() == before
    device.generate_rsa(3, 1024)


def test_a_key_on_such_a_curve_cannot_be_unwrapped(device: Device) -> None:
    device.select()
    device.initialize(more=tlv(0x92, b"\0"))
    device.generate_ec(1, P256)
    blob = device.send("80720192000000")
    unwrap = b"\x80\x74\2\x93\0" + len(blob).to_bytes(2, "big") + blob
    device.send(SELECT)
    write(device, tlv(10, bytes.fromhex("00000002")))
    device.select()
    device.verify()
    before = device.flash.image()
    device.send(unwrap, 0x6A81)
    assert device.flash.image() == before
    device.send(SELECT)
    write(device, tlv(10, bytes.fromhex("00000003")))
    device.select()
    device.verify()
    device.send(unwrap)


def test_initialize_and_a_session_keep_them(device: Device) -> None:
    write(device, ALL)
    device.select()
    device.initialize()
    device.power_on()
    assert read(device) == ALL


def test_a_blank_chip_takes_them() -> None:
    """The host may not even see the device before its identity is set."""
    device = Device(sectors=16)
    assert read(device) == b""
    write(device, NITROKEY)
    device.power_on()
    assert device.board.usb_identity[:2] == (0x20A0, 0x4230)
    device.select()
    device.send("00200081", 0x6A88)
    device.initialize()
    assert read(device) == NITROKEY
    device.power_on()
    assert device.board.usb_identity[:2] == (0x20A0, 0x4230)


def test_settings_that_cannot_be_read_do_not_keep_the_device_from_starting(
    device: Device, monkeypatch: pytest.MonkeyPatch
) -> None:
    from hsm.files import physical_settings

    write(device, ALL)

    def fails(self: object, contents: bytes) -> None:
        raise hsm_crypto.CryptoError(hsm_crypto.REASON_AUTHENTICATION)

    monkeypatch.setattr(physical_settings.PhysicalSettings, "__init__", fails)
    device.power_on()
    assert device.board.usb_identity == BOARD
    device.select()


@pytest.mark.parametrize(
    ("contents", "status_word"),
    [
        (b"\0", 0x6700),
        (NITROKEY[:-1], 0x6700),
        (NITROKEY + NITROKEY, 0x6700),
        (tlv(0, bytes(3)), 0x6700),
        (tlv(1, bytes(1)), 0x6700),
        (tlv(13, bytes(1)), 0x6700),
        (tlv(4, bytes(2)), 0x6700),
        (tlv(5, b""), 0x6700),
        (tlv(6, bytes(1)), 0x6700),
        (tlv(9, b""), 0x6700),
        (tlv(9, bytes(34)), 0x6700),
        (tlv(10, bytes(3)), 0x6700),
        (tlv(12, bytes(3)), 0x6700),
        (tlv(0, bytes(4)), 0x6A80),
        (tlv(4, b"\x1e"), 0x6A80),
        (tlv(9, b"\0"), 0x6A80),
        (tlv(9, b"x" * 33), 0x6A80),
        (tlv(9, b"two\nlines\0"), 0x6A80),
        (tlv(9, b"two\0names\0"), 0x6A80),
        (tlv(9, b"na\xc3\xafve\0"), 0x6A80),
        (tlv(11, b"\x02"), 0x6A80),
    ],
)
def test_wrong_settings_change_nothing(device: Device, contents: bytes, status_word: int) -> None:
    write(device, NAME)
    before = device.flash.image()
    begin = device.board.uptime_ms
    write(device, contents, status_word)
    # Nobody is asked to confirm what is refused.
    assert device.board.uptime_ms == begin
    assert device.flash.image() == before
    assert read(device) == NAME


def test_writing_wants_a_press(device: Device) -> None:
    before = device.flash.image()
    write(device, NAME, 0x6600, pressed=False)
    assert device.flash.image() == before
    write(device, NAME)


@pytest.mark.parametrize(
    ("apdu", "status_word"),
    [
        ("801E010100", 0x6A86),
        ("801C0101" + "02" + "0B00", 0x6A86),
        ("801C0000", 0x6A86),
        ("801C0300", 0x6A86),
        ("801E0100" + "01" + "0000", 0x6700),
    ],
)
def test_wrong_parameters(device: Device, apdu: str, status_word: int) -> None:
    device.send(apdu, status_word)
    assert read(device) == b""


def test_a_power_cut_leaves_the_old_or_the_new(device: Device) -> None:
    write(device, NAME)
    found = set()

    def change(device: Device) -> None:
        device.send(SELECT)
        write(device, ALL)

    for cut in cuts(change, login=False, image=device.flash.image()):
        found.add(read(cut))
        expected = "My token"
        assert cut.board.usb_identity[2] == expected
    assert found == {NAME, ALL}


def test_a_damaged_store_tells_and_takes_nothing(device: Device) -> None:
    device.card.store.state = 99
    device.send("801E010000", 0x6581)
    write(device, NAME, 0x6581)
