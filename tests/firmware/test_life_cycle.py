# SPDX-License-Identifier: GPL-2.0-or-later
"""From a blank chip through INITIALIZE, PINs and resets to a new life."""

import hsm_crypto
import hsm_port
import pytest
from device import SELECT, SO_PIN, USER_PIN, Device, tlv
from hsm.security.user_presence import ERASURE_MS
from nor_flash import NorFlash

P256_PRIME = hsm_crypto.curve_parameters(hsm_crypto.CURVE_SECP256R1)[0]
WRONG = b"000000"


@pytest.fixture
def device() -> Device:
    device = Device()
    device.initialize()
    device.select()
    return device


# --- A blank chip ---------------------------------------------------------------------------------


def test_blank_chip_answers_everything() -> None:
    device = Device()
    assert device.select().hex().endswith("85050000ff0606")
    device.send("00200081", 0x6A88)
    device.send("00200088", 0x6A88)
    device.verify(expect=0x6A88)
    assert device.list() == []
    assert device.read(0x2F02) == b""
    assert b"Pico-HSM" in device.read(0x2F03)
    device.send("8052000000", 0x6B00)
    assert device.send("8050000000") == bytes.fromhex("00000000000606")
    device.write(0xCF00, 0, b"x", expect=0x6982)
    device.sign(1, 0x70, bytes(32), expect=0x6982)
    assert device.flash.operations == 0


def test_select_by_longer_and_shorter_name(device: Device) -> None:
    device.verify()
    device.send("00A404000DE82B0601040181C31F0201AABB00")
    device.send("00200081", 0x63C3)
    device.verify()
    device.send("00A404000AE82B0601040181C31F0200", 0x6A82)
    device.send("00A4040400", 0x6A82)
    device.send("00A4040C0BE82B0601040181C31F020100", 0x6A86)
    device.send("00200081", 0x9000)


# --- INITIALIZE -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "status_word"),
    [
        ("80020001", 0x6400),
        ("80020001 8106363438323139", 0x6400),
        ("8106363438323139 8208353736323138", 0x6400),
        ("8105363438323139 82083537363231383830", 0x6400),
        ("8106363438323139 82083537363231383830 91010B", 0x6400),
        ("8106363438323139 82083537363231383830 910100", 0x6400),
        ("8106363438323139 82083537363231383830 9E02000F", 0x6400),
        ("8106363438323139 82083537363231383830 9E010F", 0x6400),
        ("8106363438323139 82083537363231383830 9E0400FFFFFF", 0x6400),
        ("8106363438323139 82083537363231383830 80020400", 0x6A81),
        ("8106363438323139 82083537363231383830 93020001", 0x6400),
        ("8106363438323139 82083537363231383830 9200", 0x6400),
        ("8106363438323139 82083537363231383830 92020001", 0x6400),
        ("8106363438323139 82083537363231383830 970100", 0x6400),
        ("8106363438323139 82083537363231383830 970111", 0x6400),
        ("8106363438323139 82083537363231383830 97020001", 0x6400),
        ("8106363438323139 82083537363231383830 920101 970101", 0x6400),
    ],
)
def test_initialize_refuses(data: str, status_word: int) -> None:
    device = Device()
    field = bytes.fromhex(data)
    device.send(b"\x80\x50\0\0" + bytes([len(field)]) + field, status_word)
    assert device.flash.operations == 0
    device.send("00200081", 0x6A88)


def test_initialize_wants_the_initialisation_code(device: Device) -> None:
    device.verify()
    device.generate_ec(1, P256_PRIME)
    for left in (14, 13):
        device.initialize(so_pin=b"wrongpin", expect=0x63C0 | left)
    device.power_on()
    device.select()
    device.send("00200088", 0x63CD)
    device.verify()
    assert 0xCC01 in device.list()
    device.initialize()
    assert 0xCC01 not in device.list()


def test_initialize_erases_all_but_the_device(device: Device) -> None:
    name = device.read(0x2F02)
    request = device.read(0xCE00)
    device.verify()
    device.generate_ec(1, P256_PRIME)
    device.write(0x2F03, 0, b"\x30\x00")
    device.write(0xCF01, 0, b"public data")
    device.write(0xCD01, 0, b"private data")
    device.initialize(user_pin=b"another pin")
    assert device.list() == [0xC400, 0xCC00]
    assert device.read(0x2F02) == name
    assert device.read(0xCE00) == request
    assert b"Pico-HSM" in device.read(0x2F03)
    device.power_on()
    device.select()
    device.verify(expect=0x63C2)
    device.verify(b"another pin")
    device.generate_ec(1, P256_PRIME)


def test_after_initialize_both_sessions_are_open() -> None:
    device = Device()
    device.initialize()
    device.send("00200081")
    device.send("00200088")
    device.generate_ec(1, P256_PRIME)


def test_so_pin_blocked_ends_it(device: Device) -> None:
    for left in range(14, 0, -1):
        device.verify_so(b"wrongpin", expect=0x63C0 | left)
    device.verify_so(b"wrongpin", expect=0x6983)
    device.verify_so(expect=0x6983)
    device.initialize(expect=0x6983)
    device.verify()


# --- VERIFY ---------------------------------------------------------------------------------------


def test_wrong_pin_to_the_block_and_back(device: Device) -> None:
    device.send("00200081", 0x63C3)
    device.verify(WRONG, expect=0x63C2)
    device.verify(WRONG, expect=0x63C1)
    device.verify()
    device.send("00200081")
    device.select()
    device.send("00200081", 0x63C3)
    for expect in (0x63C2, 0x63C1, 0x6983):
        device.verify(WRONG, expect=expect)
    device.verify(expect=0x6983)
    device.power_on()
    device.send("00200081", 0x6983)
    device.verify(expect=0x6983)
    device.send(b"\0\x2c\0\x81\x0e" + SO_PIN + b"654321")
    device.verify(b"654321")


def test_a_wrong_attempt_closes_the_session(device: Device) -> None:
    device.verify()
    device.verify(WRONG, expect=0x63C2)
    device.send("00200081", 0x63C2)
    device.list()
    device.write(0xCF00, 0, b"x", expect=0x6982)


def test_impossible_lengths_cost_no_try(device: Device) -> None:
    device.verify(b"12345", expect=0x6700)
    device.verify(b"1" * 17, expect=0x6700)
    device.verify_so(b"1234567", expect=0x6700)
    device.send("00200081", 0x63C3)


@pytest.mark.parametrize(
    ("apdu", "status_word"),
    [
        ("00200085", 0x6A88),
        ("00200086", 0x6A88),
        ("00200080", 0x6A88),
        ("00200000", 0x6A88),
        ("002000A1", 0x6B00),
        ("00200181", 0x6B00),
        ("00240181", 0x6B00),
    ],
)
def test_other_references(device: Device, apdu: str, status_word: int) -> None:
    device.send(apdu, status_word)


def test_tries_survive_power_cycles(device: Device) -> None:
    device.verify(WRONG, expect=0x63C2)
    device.power_on()
    device.verify(WRONG, expect=0x63C1)
    device.power_on()
    device.verify()
    device.power_on()
    device.send("00200081", 0x63C3)


def test_a_thousand_logins_wear_little(device: Device) -> None:
    before = sum(device.flash.erase_counts)
    for _ in range(1000):
        device.verify()
    assert sum(device.flash.erase_counts) - before <= 1
    device.power_on()
    device.verify()


def test_sessions_end_with_power_and_bus() -> None:
    device = Device()
    device.initialize()
    device.card.end_session()
    device.dispatcher.end_session()
    device.send("00200081", 0x63C3)
    device.sign(1, 0x70, bytes(32), expect=0x6982)


# --- CHANGE REFERENCE DATA, RESET RETRY COUNTER ---------------------------------------------------


def test_change_user_pin_keeps_keys(device: Device) -> None:
    device.verify()
    device.generate_ec(1, P256_PRIME)
    device.send(b"\0\x24\0\x81\x0e" + USER_PIN + b"longer98")
    device.sign(1, 0x70, bytes(32))
    device.power_on()
    device.verify(expect=0x63C2)
    device.verify(b"longer98")
    device.sign(1, 0x70, bytes(32))
    device.send(b"\0\x24\0\x81\x0e" + b"longer98" + USER_PIN)
    device.send(b"\0\x24\0\x81\x0c" + WRONG + b"123456", 0x63C2)
    device.send(b"\0\x24\0\x81\x06" + USER_PIN, 0x6700)
    device.send(b"\0\x24\0\x81\x0b" + USER_PIN + b"12345", 0x6700)
    device.send("00200081", 0x63C2)


def test_change_so_pin(device: Device) -> None:
    device.send(b"\0\x24\0\x88\x10" + SO_PIN + b"87654321")
    device.verify_so(expect=0x63CE)
    device.verify_so(b"87654321")
    device.verify()
    device.generate_ec(1, P256_PRIME)
    device.select()
    device.send(b"\0\x2c\0\x81\x0e" + b"87654321" + b"654321")
    device.verify(b"654321")
    device.sign(1, 0x70, bytes(32))


def test_reset_retry_counter_keeps_keys(device: Device) -> None:
    device.verify()
    device.generate_ec(1, P256_PRIME)
    device.send(b"\0\x2c\0\x81\x0e" + b"wrongpin" + b"654321", 0x63CE)
    device.send(b"\0\x2c\0\x81\x0e" + SO_PIN + b"654321")
    device.send("00200081", 0x63C3)
    device.verify(b"654321")
    device.sign(1, 0x70, bytes(32))
    device.verify(WRONG, expect=0x63C2)
    device.send(b"\0\x2c\1\x81\x08" + SO_PIN)
    device.send("00200081", 0x63C3)
    device.send("002C0281" + "06" + b"111111".hex(), 0x6985)
    device.verify_so()
    device.send("002C0281" + "06" + b"111111".hex())
    device.verify(b"111111")
    device.sign(1, 0x70, bytes(32))
    device.verify(WRONG, expect=0x63C2)
    device.send("002C0381")
    device.send("00200081", 0x63C3)
    device.send("002C0481", 0x6A86)
    device.send("002C0088", 0x6A88)
    device.send(b"\0\x2c\0\x81\x0b" + SO_PIN + b"123", 0x6700)
    device.send(b"\0\x2c\1\x81\x09" + SO_PIN + b"1", 0x6700)


def test_a_wrong_code_ends_the_officers_session(device: Device) -> None:
    wrong = (
        b"\0\x20\0\x88\x08wrongpin",
        b"\0\x24\0\x88\x10wrongpin" + SO_PIN,
        b"\0\x2c\0\x81\x0ewrongpin654321",
        b"\0\x2c\1\x81\x08wrongpin",
    )
    for apdu in wrong:
        device.verify_so()
        device.send("00200088")
        device.send(apdu, 0x63CE)
        device.send("00200088", 0x63CE)
        device.send("002C0381", 0x6985)
    device.verify_so()
    device.send(b"\0\x2c\1\x81\x08" + SO_PIN)
    device.send("00200088")


def test_reset_retry_counter_can_be_forbidden() -> None:
    device = Device()
    device.initialize(options=0x0000)
    assert device.select().hex().endswith("85050000ff0606")
    device.send(b"\0\x2c\0\x81\x0e" + SO_PIN + b"654321", 0x6986)
    device.verify_so()
    device.send("002C0381", 0x6986)
    device.initialize(options=0x0021)
    device.send(b"\0\x2c\0\x81\x0e" + SO_PIN + b"654321", 0x6986)
    device.send(b"\0\x2c\1\x81\x08" + SO_PIN)


def test_so_session_never_uses_keys(device: Device) -> None:
    device.verify()
    device.generate_ec(1, P256_PRIME)
    device.write(0xCD01, 0, b"private")
    device.select()
    device.verify_so()
    device.sign(1, 0x70, bytes(32), expect=0x6982)
    device.read(0xCD01, expect=0x6982)
    device.write(0xCF01, 0, b"x", expect=0x6982)
    device.delete(0xCC01, expect=0x6982)
    device.send(bytes.fromhex("00460200000005") + b"12345", 0x6982)


def test_transport_pin_must_be_changed() -> None:
    device = Device()
    device.initialize(options=0x0003)
    device.select()
    device.send("00200081", 0x6984)
    device.verify(expect=0x6984)
    device.send(b"\0\x24\0\x81\x0c" + WRONG + b"123456", 0x63C2)
    device.send(b"\0\x24\0\x81\x0c" + USER_PIN + b"123456")
    device.select()
    device.send("00200081", 0x63C3)
    device.verify(b"123456")
    device.generate_ec(1, P256_PRIME)


# --- Where secrets are ----------------------------------------------------------------------------


def test_pins_are_nowhere_in_flash(device: Device) -> None:
    device.verify()
    device.send(b"\0\x24\0\x81\x0e" + USER_PIN + b"Longer98")
    image = device.flash.image()
    assert USER_PIN not in image
    assert SO_PIN not in image
    assert b"Longer98" not in image


def test_a_flash_of_another_chip_opens_nothing(device: Device) -> None:
    image = device.flash.image()
    other = Device()
    other.board.flash = NorFlash(32, image)
    other.board.unique_id = bytes(8)
    other.power_on()
    other.select()
    other.send("00200081", 0x6581)
    other.verify(expect=0x6581)
    assert other.flash.image() == image
    other.initialize()
    other.verify()


def test_the_loop_serves_and_ends_sessions() -> None:
    from hsm import main

    commands = [SELECT, bytes.fromhex("00200081"), None, bytes.fromhex("0084000008")]
    answers: list[bytes] = []
    board = hsm_port.Board(NorFlash(32), commands=iter(commands), answer=answers.append)
    hsm_port.plug(board)
    with pytest.raises(hsm_port.Reset):
        main.run()
    assert board.atr.hex().upper() == "3BFE18000081 31FE458031815448534D31738021408107FA".replace(
        " ", ""
    )
    assert [answer[-2:].hex() for answer in answers] == ["9000", "6a88", "9000"]
    assert len(answers[2]) == 10


def test_a_failed_noise_source_refuses_keys(device: Device, monkeypatch) -> None:
    device.verify()
    monkeypatch.setattr(hsm_crypto, "entropy_failed", True)
    data = bytes.fromhex("5F290100") + tlv(
        0x7F49, bytes.fromhex("060A04007F00070202020203") + tlv(0x81, P256_PRIME)
    )
    device.send(b"\0\x46\1\0\0" + len(data).to_bytes(2, "big") + data + b"\0\0", 0x6400)
    device.send("0084000008", 0x6400)
    assert 0xCC01 not in device.list()


# --- Erasure with the button ----------------------------------------------------------------------


def test_a_button_that_is_held_initializes_without_the_code(device: Device) -> None:
    device.verify()
    device.generate_ec(1, P256_PRIME)
    name = device.read(0x2F02)
    for _ in range(15):
        device.transmit(b"\0\x20\0\x88\x08" + b"wrongpin")
    device.initialize(so_pin=b"87654321", expect=0x6983)
    device.board.presses_ms = [(0, ERASURE_MS + 500)]
    device.initialize(so_pin=b"87654321")
    assert hsm_port.LED_ERASE in device.board.leds
    assert device.read(0x2F02) == name
    assert 0xCC01 not in device.list()
    device.select()
    device.send("00200088", 0x63CF)
    device.verify_so(b"87654321")


def test_a_button_let_go_early_costs_nothing(device: Device) -> None:
    device.verify()
    device.generate_ec(1, P256_PRIME)
    image = device.flash.image()
    device.board.presses_ms = [(0, ERASURE_MS - 500)]
    device.initialize(so_pin=b"87654321", expect=0x6600)
    assert device.flash.image() == image
    device.send("00200088", 0x63CF)
    device.initialize(so_pin=b"87654321", expect=0x63CE)


def test_a_fresh_device_asks_for_no_button() -> None:
    device = Device()
    device.board.pressed = True
    device.initialize()
    assert hsm_port.LED_ERASE not in device.board.leds


def test_repeated_objects_of_initialize() -> None:
    device = Device()
    for more in (tlv(0x91, b"\x03"), tlv(0x81, USER_PIN), tlv(0x80, b"\0\1")):
        device.initialize(more=more, expect=0x6400)
    assert device.flash.operations == 0
