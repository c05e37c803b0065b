# SPDX-License-Identifier: GPL-2.0-or-later
"""The rescue application's time, reboot and attestation key ([SCHSM] 24)."""

import calendar
import time

import hsm_port
import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed, encode_dss_signature
from device import Device
from hsm import main
from hsm.encoding import calendar as card_calendar
from test_power_cut import cuts

SELECT = "00A4040008A0583FC19B7E4F2100"
DATE, SECONDS = 1, 2
NOW_S = 1_795_183_200
HASH = bytes(range(32))
SIGN, PUBLIC_KEY, STORE_CERTIFICATE = 1, 2, 3
ATTESTATION_CERTIFICATE = 0x2F04


@pytest.fixture
def device() -> Device:
    device = Device(sectors=16)
    device.initialize()
    device.send(SELECT)
    return device


def press(device: Device) -> None:
    now = device.board.uptime_ms
    device.board.presses_ms = [(now + 100, now + 500)]


def field(data: bytes) -> bytes:
    return b"\0" + len(data).to_bytes(2, "big") + data if data else b""


# --- Time -----------------------------------------------------------------------------------------


def set_time(device: Device, p2: int, data: bytes, expect: int = 0x9000) -> None:
    device.send(bytes([0x80, 0x1C, 2, p2]) + field(data), expect)


def read_time(device: Device, p2: int, expect: int = 0x9000) -> bytes:
    return device.send(bytes([0x80, 0x1E, 4, p2, 0]), expect)


def as_date(now_s: int) -> bytes:
    """By the C library: months 0 to 11, Sunday 0."""
    t = time.gmtime(now_s)
    numbers = (t.tm_mon - 1, t.tm_mday, (t.tm_wday + 1) % 7, t.tm_hour, t.tm_min, t.tm_sec)
    return t.tm_year.to_bytes(2, "big") + bytes(numbers)


def test_time_that_nobody_set(device: Device) -> None:
    read_time(device, DATE, 0x6985)
    read_time(device, SECONDS, 0x6985)


def test_the_clock_runs(device: Device) -> None:
    device.board.uptime_ms = 5_000
    set_time(device, SECONDS, NOW_S.to_bytes(4, "big"))
    device.board.uptime_ms += 3_723_000
    assert read_time(device, SECONDS) == (NOW_S + 3723).to_bytes(4, "big")
    assert read_time(device, DATE) == as_date(NOW_S + 3723)
    # It outlives the session, not the power.
    device.select()
    device.send(SELECT)
    assert read_time(device, SECONDS) == (NOW_S + 3723).to_bytes(4, "big")
    device.power_on()
    device.send(SELECT)
    read_time(device, SECONDS, 0x6985)


@pytest.mark.parametrize(
    "now_s",
    [0, 951_782_399, 951_782_400, 951_868_800, 4_107_542_399, 4_107_542_400, 4_291_747_199, NOW_S],
)
def test_dates_come_back(device: Device, now_s: int) -> None:
    set_time(device, DATE, as_date(now_s))
    assert read_time(device, SECONDS) == now_s.to_bytes(4, "big")
    assert read_time(device, DATE) == as_date(now_s)


def test_every_day_of_the_range() -> None:
    for day in range(0, 1 << 32, 86400):
        date = card_calendar.date(day)
        expected = time.gmtime(day)
        assert date[:3] == (expected.tm_year, expected.tm_mon - 1, expected.tm_mday)
        assert date[3] == (expected.tm_wday + 1) % 7
        if date[0] <= card_calendar.LAST_YEAR:
            assert card_calendar.time_s(*date[:3], *date[4:]) == day
    assert calendar.timegm((2105, 12, 31, 23, 59, 59)) < 1 << 32


@pytest.mark.parametrize(
    ("p2", "data", "status_word"),
    [
        (0, NOW_S.to_bytes(4, "big"), 0x6A86),
        (3, NOW_S.to_bytes(4, "big"), 0x6A86),
        (SECONDS, b"", 0x6700),
        (SECONDS, bytes(3), 0x6700),
        (SECONDS, bytes(8), 0x6700),
        (DATE, bytes(7), 0x6700),
        (DATE, (1969).to_bytes(2, "big") + bytes([0, 1, 0, 0, 0, 0]), 0x6A80),
        (DATE, (2106).to_bytes(2, "big") + bytes([0, 1, 0, 0, 0, 0]), 0x6A80),
        (DATE, (2026).to_bytes(2, "big") + bytes([12, 1, 0, 0, 0, 0]), 0x6A80),
        (DATE, (2026).to_bytes(2, "big") + bytes([1, 29, 0, 0, 0, 0]), 0x6A80),
        (DATE, (2026).to_bytes(2, "big") + bytes([0, 0, 0, 0, 0, 0]), 0x6A80),
        (DATE, (2026).to_bytes(2, "big") + bytes([0, 1, 0, 24, 0, 0]), 0x6A80),
        (DATE, (2026).to_bytes(2, "big") + bytes([0, 1, 0, 0, 60, 0]), 0x6A80),
        (DATE, (2026).to_bytes(2, "big") + bytes([0, 1, 0, 0, 0, 60]), 0x6A80),
    ],
)
def test_no_such_time(device: Device, p2: int, data: bytes, status_word: int) -> None:
    set_time(device, SECONDS, NOW_S.to_bytes(4, "big"))
    set_time(device, p2, data, status_word)
    assert read_time(device, SECONDS) == NOW_S.to_bytes(4, "big")


# --- Reboot ---------------------------------------------------------------------------------------


def serve(device: Device, *apdus: str) -> list[bytes]:
    """What the main loop answers until it resets the chip."""
    answers = []
    hsm_port.plug(device.board)
    device.board.commands = iter([bytes.fromhex(apdu) for apdu in apdus])
    device.board.answer = answers.append
    with pytest.raises(hsm_port.Reset) as reset:
        main.run()
    answers.append(type(reset.value).__name__.encode())
    return answers


def test_a_reset_after_the_answer(device: Device) -> None:
    answers = serve(device, SELECT, "801F0000", "801E020000")
    assert answers[1:] == [b"\x90\0", b"Reset"]


def test_the_loader_wants_a_press(device: Device) -> None:
    device.send("801F0100", 0x6600)
    assert device.card.restart is None
    press(device)
    answers = serve(device, SELECT, "801F0100", "801E020000")
    assert answers[1:] == [b"\x90\0", b"ResetToBootsel"]


@pytest.mark.parametrize(
    ("apdu", "status_word"), [("801F0200", 0x6A86), ("801F0001", 0x6A86), ("801F00000101", 0x6700)]
)
def test_no_other_reboot(device: Device, apdu: str, status_word: int) -> None:
    device.send(apdu, status_word)
    assert device.card.restart is None
    device.send("801E020000")


# --- Attestation key ------------------------------------------------------------------------------


def attest(device: Device, p1: int, data: bytes = b"", expect: int = 0x9000) -> bytes:
    le = b"" if data and p1 == STORE_CERTIFICATE else b"\0\0" if data else b"\0"
    return device.send(bytes([0x80, 0x10, p1, 0]) + field(data) + le, expect)


def verify(public: bytes, signature: bytes) -> None:
    assert len(signature) == 64
    r, s = int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big")
    key = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), public)
    key.verify(encode_dss_signature(r, s), HASH, ec.ECDSA(Prehashed(hashes.SHA256())))


def test_it_signs_and_stays(device: Device) -> None:
    public = attest(device, PUBLIC_KEY)
    verify(public, attest(device, SIGN, HASH))
    device.select()
    device.initialize()
    device.power_on()
    device.send(SELECT)
    assert attest(device, PUBLIC_KEY) == public
    verify(public, attest(device, SIGN, HASH))


def test_it_is_not_the_device_authentication_key(device: Device) -> None:
    """Whose signature over a hash of the host's choice would vouch for keys made elsewhere."""
    signature = attest(device, SIGN, HASH)
    device.select()
    certificate = device.read(0x2F02)
    at = certificate.index(b"\x86\x41\x04") + 2
    with pytest.raises(InvalidSignature):
        verify(certificate[at : at + 65], signature)


def test_its_certificate_is_kept(device: Device) -> None:
    public = attest(device, PUBLIC_KEY)
    certificate = b"\x30\x81\x80" + bytes(600) + public + bytes(10)
    attest(device, STORE_CERTIFICATE, certificate, 0x6600)
    press(device)
    attest(device, STORE_CERTIFICATE, certificate)
    device.board.presses_ms = []
    device.select()
    device.initialize()
    assert device.read(ATTESTATION_CERTIFICATE) == certificate
    assert public not in device.read(0x2F02)


def test_no_key_on_a_blank_chip() -> None:
    device = Device(sectors=16)
    device.send(SELECT)
    for p1, data in ((SIGN, HASH), (PUBLIC_KEY, b""), (STORE_CERTIFICATE, b"1")):
        attest(device, p1, data, 0x6985)


@pytest.mark.parametrize(
    ("p1", "data", "status_word"),
    [
        (0, HASH, 0x6A86),
        (4, HASH, 0x6A86),
        (SIGN, b"", 0x6700),
        (SIGN, HASH[1:], 0x6700),
        (SIGN, HASH + b"1", 0x6700),
        (PUBLIC_KEY, HASH, 0x6700),
        (STORE_CERTIFICATE, b"", 0x6700),
        (STORE_CERTIFICATE, bytes(500), 0x6A80),
    ],
)
def test_what_it_refuses(device: Device, p1: int, data: bytes, status_word: int) -> None:
    attest(device, PUBLIC_KEY)
    before = device.flash.image()
    press(device)
    attest(device, p1, data, status_word)
    assert device.flash.image() == before
    device.send("80100101" + "20" + HASH.hex() + "00", 0x6A86)
    attest(device, SIGN, HASH)


def test_there_is_one_key_after_a_power_cut(device: Device) -> None:
    def first_use(device: Device) -> None:
        device.send(SELECT)
        attest(device, PUBLIC_KEY)

    for cut in cuts(first_use, login=False, image=device.flash.image()):
        cut.send(SELECT)
        public = attest(cut, PUBLIC_KEY)
        cut.power_on()
        cut.send(SELECT)
        assert attest(cut, PUBLIC_KEY) == public
