# SPDX-License-Identifier: GPL-2.0-or-later
"""MANAGE KEY DOMAIN and the key domains of INITIALIZE: [SCHSM] 10.2, 11."""

import hashlib
import itertools

import hsm_crypto
import pytest
from device import Device, tlv

STATUS, IMPORT, SET_UP, DELETE, CLEAR = 0, 0, 1, 3, 4
NOT_INITIALISED, BEHIND_THE_LAST, NOT_SET_UP = 0x6B00, 0x6A86, 0x6A88
NOT_LOGGED_IN, UNEXPECTED, WRONG_LENGTH, IN_USE = 0x6985, 0x6986, 0x6700, 0x6A89
NO_KEY = bytes(8)
SHARES = [hashlib.sha256(bytes([number])).digest() for number in range(3)]
P256 = hsm_crypto.curve_parameters(hsm_crypto.CURVE_SECP256R1)[0]


def check_value(*shares: bytes) -> bytes:
    """Of the DKEK that these shares make."""
    dkek = bytes(32)
    for share in shares:
        dkek = bytes(a ^ b for a, b in zip(dkek, share, strict=True))
    return hashlib.sha256(dkek).digest()[:8]


def shares_tlv(number: int) -> bytes:
    return tlv(0x92, bytes([number]))


def domains_tlv(number: int) -> bytes:
    return tlv(0x97, bytes([number]))


def initialized(more: bytes = b"") -> Device:
    """After INITIALIZE, nobody logged in."""
    device = Device()
    device.initialize(more=more)
    device.select()
    return device


# --- As INITIALIZE leaves them --------------------------------------------------------------------


def test_a_blank_chip_has_none() -> None:
    Device().key_domain(STATUS, expect=NOT_INITIALISED)


def test_without_tags_domain_0_has_no_dkek() -> None:
    device = initialized()
    assert device.key_domain(STATUS) == bytes(10)
    device.key_domain(STATUS, 1, expect=BEHIND_THE_LAST)
    device.key_domain(STATUS, 15, expect=BEHIND_THE_LAST)
    device.key_domain(STATUS, 16, expect=NOT_INITIALISED)
    device.key_domain(IMPORT, 0, SHARES[0], expect=UNEXPECTED)
    device.verify()
    device.key_domain(SET_UP, 0, b"\1", expect=BEHIND_THE_LAST)


def test_shares_are_counted() -> None:
    device = initialized(shares_tlv(3))
    assert device.key_domain(STATUS) == b"\3\3" + NO_KEY
    assert device.key_domain(IMPORT, 0, SHARES[0]) == b"\3\2" + NO_KEY
    assert device.key_domain(STATUS) == b"\3\2" + NO_KEY
    assert device.key_domain(IMPORT, 0, SHARES[1]) == b"\3\1" + NO_KEY
    assert device.key_domain(IMPORT, 0, SHARES[2]) == b"\3\0" + check_value(*SHARES)
    assert device.key_domain(STATUS) == b"\3\0" + check_value(*SHARES)


def test_the_check_value_is_true_without_a_login_and_after_power_off() -> None:
    device = initialized(shares_tlv(1))
    expected = b"\1\0" + check_value(SHARES[0])
    assert device.key_domain(IMPORT, 0, SHARES[0]) == expected
    device.power_on()
    assert device.key_domain(STATUS) == expected
    device.verify()
    assert device.key_domain(STATUS) == expected


def test_equal_shares_cancel_out() -> None:
    device = initialized(shares_tlv(2))
    device.key_domain(IMPORT, 0, b"\1" * 32)
    answer = device.key_domain(IMPORT, 0, b"\1" * 32)
    assert answer == bytes.fromhex("0200 66687AADF862BD77")


@pytest.mark.parametrize("order", list(itertools.permutations(SHARES)))
def test_the_order_of_shares_does_not_count(order: tuple[bytes, ...]) -> None:
    device = initialized(shares_tlv(3))
    for share in order:
        device.power_on()
        answer = device.key_domain(IMPORT, 0, share)
    assert answer == b"\3\0" + check_value(*SHARES)


def test_255_shares() -> None:
    device = initialized(shares_tlv(255))
    for number in range(255):
        answer = device.key_domain(IMPORT, 0, SHARES[number % 3])
        assert answer[:2] == bytes([255, 254 - number])
    assert answer[2:] == check_value(*SHARES)


def test_no_share_too_many() -> None:
    device = initialized(shares_tlv(1))
    status = device.key_domain(IMPORT, 0, SHARES[0])
    device.key_domain(IMPORT, 0, SHARES[1], expect=UNEXPECTED)
    device.verify()
    device.key_domain(IMPORT, 0, SHARES[1], expect=UNEXPECTED)
    assert device.key_domain(STATUS) == status


@pytest.mark.parametrize("length", [1, 31, 33, 64])
def test_a_share_has_32_bytes(length: int) -> None:
    device = initialized(shares_tlv(1))
    device.key_domain(IMPORT, 0, bytes(length), expect=WRONG_LENGTH)
    assert device.key_domain(STATUS) == b"\1\1" + NO_KEY


def test_a_random_dkek() -> None:
    """Complete at once, another one each time, and of no share."""
    first, second = initialized(shares_tlv(0)), initialized(shares_tlv(0))
    answers = [device.key_domain(STATUS) for device in (first, second)]
    assert answers[0] != answers[1]
    for device, answer in zip((first, second), answers, strict=True):
        assert answer[:2] == bytes(2) and answer[2:] != NO_KEY
        device.power_on()
        assert device.key_domain(STATUS) == answer
        device.key_domain(IMPORT, 0, SHARES[0], expect=UNEXPECTED)


@pytest.mark.parametrize("number", [1, 2, 16])
def test_domains_are_counted_by_asking(number: int) -> None:
    device = initialized(domains_tlv(number))
    for domain in range(number):
        device.key_domain(STATUS, domain, expect=NOT_SET_UP)
        device.key_domain(IMPORT, domain, SHARES[0], expect=UNEXPECTED)
    device.key_domain(STATUS, number, expect=BEHIND_THE_LAST if number < 16 else NOT_INITIALISED)


def test_initialize_forgets_all() -> None:
    device = initialized(domains_tlv(2))
    device.verify()
    device.key_domain(SET_UP, 1, b"\1")
    device.key_domain(IMPORT, 1, SHARES[0])
    device.initialize()
    assert device.key_domain(STATUS) == bytes(10)
    device.key_domain(STATUS, 1, expect=BEHIND_THE_LAST)
    device.initialize(more=domains_tlv(2))
    device.key_domain(STATUS, 1, expect=NOT_SET_UP)


# --- Set up, clear, delete ------------------------------------------------------------------------


def set_up(shares: int = 2) -> Device:
    """Three domains, domain 1 set up; the user is logged in."""
    device = initialized(domains_tlv(3))
    device.verify()
    assert device.key_domain(SET_UP, 1, bytes([shares])) == bytes([shares, shares]) + NO_KEY
    return device


def test_domains_have_keys_of_their_own() -> None:
    device = set_up(1)
    device.key_domain(SET_UP, 2, b"\2")
    assert device.key_domain(IMPORT, 1, SHARES[0]) == b"\1\0" + check_value(SHARES[0])
    assert device.key_domain(IMPORT, 2, SHARES[1]) == b"\2\1" + NO_KEY
    assert device.key_domain(IMPORT, 2, SHARES[2]) == b"\2\0" + check_value(*SHARES[1:])
    assert device.key_domain(STATUS, 1) == b"\1\0" + check_value(SHARES[0])
    device.key_domain(STATUS, 0, expect=NOT_SET_UP)


def test_set_up_refuses() -> None:
    device = set_up()
    device.key_domain(SET_UP, 1, b"\2", expect=BEHIND_THE_LAST)
    device.key_domain(SET_UP, 2, b"", expect=WRONG_LENGTH)
    device.key_domain(SET_UP, 2, b"\1\1", expect=WRONG_LENGTH)
    device.key_domain(SET_UP, 3, b"\1", expect=BEHIND_THE_LAST)
    device.select()
    device.key_domain(SET_UP, 2, b"\2", expect=NOT_LOGGED_IN)
    device.verify_so()
    device.key_domain(SET_UP, 2, b"\2", expect=NOT_LOGGED_IN)
    device.key_domain(STATUS, 2, expect=NOT_SET_UP)


def test_set_up_with_a_random_dkek() -> None:
    device = initialized(domains_tlv(1))
    device.verify()
    answer = device.key_domain(SET_UP, 0, b"\0")
    assert answer[:2] == bytes(2) and answer[2:] != NO_KEY
    assert device.key_domain(STATUS) == answer


@pytest.mark.parametrize("imported", [0, 1, 2])
def test_clear_begins_again(imported: int) -> None:
    device = set_up()
    for share in SHARES[:imported]:
        device.key_domain(IMPORT, 1, share)
    assert device.key_domain(CLEAR, 1) == b"\2\2" + NO_KEY
    device.key_domain(IMPORT, 1, SHARES[2])
    assert device.key_domain(IMPORT, 1, SHARES[0]) == b"\2\0" + check_value(SHARES[0], SHARES[2])


@pytest.mark.parametrize("imported", [0, 1, 2])
def test_delete_makes_room(imported: int) -> None:
    device = set_up()
    for share in SHARES[:imported]:
        device.key_domain(IMPORT, 1, share)
    device.key_domain(DELETE, 1, expect=NOT_SET_UP)
    device.key_domain(STATUS, 1, expect=NOT_SET_UP)
    device.power_on()
    device.key_domain(STATUS, 1, expect=NOT_SET_UP)
    device.key_domain(IMPORT, 1, SHARES[0], expect=UNEXPECTED)
    device.verify()
    assert device.key_domain(SET_UP, 1, b"\1") == b"\1\1" + NO_KEY


def test_domain_0_without_dkek_can_be_made_one_with() -> None:
    device = initialized()
    device.verify()
    device.key_domain(DELETE, expect=NOT_SET_UP)
    device.key_domain(SET_UP, 0, b"\1")
    assert device.key_domain(IMPORT, 0, SHARES[0]) == b"\1\0" + check_value(SHARES[0])


@pytest.mark.parametrize("p1", [DELETE, CLEAR])
def test_delete_and_clear_refuse(p1: int) -> None:
    device = set_up()
    device.key_domain(p1, 2, expect=BEHIND_THE_LAST)
    device.key_domain(p1, 1, b"\1", expect=WRONG_LENGTH)
    device.key_domain(IMPORT, 1, SHARES[0])
    device.select()
    device.key_domain(p1, 1, expect=NOT_LOGGED_IN)
    assert device.key_domain(STATUS, 1) == b"\2\1" + NO_KEY


def test_a_domain_with_keys_is_not_deleted() -> None:
    device = initialized(shares_tlv(1))
    device.verify()
    device.generate_ec(1, P256)
    device.generate_ec(2, P256, tlv(0x92, b"\0"))
    status = device.key_domain(IMPORT, 0, SHARES[0])
    device.key_domain(DELETE, expect=IN_USE)
    assert device.key_domain(STATUS) == status
    device.delete(0xCC02)
    device.key_domain(DELETE, expect=NOT_SET_UP)


@pytest.mark.parametrize("p1", [5, 0x80, 0xFF])
def test_other_actions_are_refused(p1: int) -> None:
    device = set_up()
    device.key_domain(p1, 1, expect=0x6A86)


# --- Secrets --------------------------------------------------------------------------------------


def test_no_handle_outlives_its_command() -> None:
    device = set_up()
    before = len(hsm_crypto.live_handles)
    for share in SHARES[:2]:
        device.key_domain(IMPORT, 1, share)
        device.key_domain(STATUS, 1)
        assert len(hsm_crypto.live_handles) == before
    device.key_domain(IMPORT, 1, SHARES[2], expect=UNEXPECTED)
    device.key_domain(CLEAR, 1)
    device.key_domain(SET_UP, 2, b"\0")
    assert len(hsm_crypto.live_handles) == before


@pytest.mark.parametrize("fail_at", range(8))
def test_a_failing_operation_changes_nothing_and_leaves_no_handle(fail_at: int) -> None:
    device = set_up()
    device.key_domain(IMPORT, 1, SHARES[0])
    before = len(hsm_crypto.live_handles)
    hsm_crypto.operations_left = fail_at
    answer = device.transmit(b"\x80\x52\0\1\x20" + SHARES[1])
    failed = hsm_crypto.operations_left is None
    hsm_crypto.operations_left = None
    assert len(hsm_crypto.live_handles) == before
    assert (answer[-2:] == b"\x64\x00") == failed
    # Whatever was answered: the share is counted and contained, or neither.
    status = device.key_domain(STATUS, 1)
    assert status in (b"\2\1" + NO_KEY, b"\2\0" + check_value(*SHARES[:2]))
    assert failed or status == answer[:-2]


def test_without_entropy_no_domain_is_set_up(monkeypatch: pytest.MonkeyPatch) -> None:
    device = set_up()
    monkeypatch.setattr(hsm_crypto, "entropy_failed", True)
    device.key_domain(SET_UP, 2, b"\0", expect=0x6400)
    monkeypatch.setattr(hsm_crypto, "entropy_failed", False)
    device.key_domain(STATUS, 2, expect=NOT_SET_UP)
