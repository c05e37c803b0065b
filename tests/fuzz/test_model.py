# SPDX-License-Identifier: GPL-2.0-or-later
"""The abstract card on the desktop, against examples of [SCHSM]."""

from __future__ import annotations

import pytest

from fuzz.machine.bench import READY
from fuzz.model import blob, curve
from fuzz.model.apdu import build, once, parse, tlv
from fuzz.model.card import predict
from fuzz.model.state import Domain, Key, State

PIN = "363438323139"
WRONG = "303030303030"


def step(state: State, apdu: bytes, status_word: int = 0x9000) -> None:
    """The only answer that the model allows, carried out."""
    expectation = predict(state, apdu)
    assert expectation and set(expectation.outcomes) == {status_word}
    expectation.outcomes[status_word].effect(state, None)


@pytest.fixture
def ready() -> State:
    state = State()
    for apdu in READY:
        step(state, apdu)
    return state


def words(state: State, apdu: str) -> set[int]:
    """The status words that are allowed."""
    expectation = predict(state, bytes.fromhex(apdu))
    assert expectation
    return set(expectation.outcomes)


@pytest.mark.parametrize(
    ("apdu", "data", "ne"),
    [
        ("00200081", b"", None),
        ("8058000000", b"", 256),
        ("80580000000000", b"", 65536),
        ("002000810131", b"1", None),
        ("00B100000454020000 00", bytes.fromhex("54020000"), 256),
        ("8068017000000131 0200", b"1", 512),
    ],
)
def test_all_cases_of_apdus(apdu: str, data: bytes, ne: int | None) -> None:
    found = parse(bytes.fromhex(apdu))
    assert found and (found.data, found.ne) == (data, ne)


@pytest.mark.parametrize("apdu", ["002000", "00200081050102", "0020008100000201", "002000810000"])
def test_what_fits_no_case(apdu: str) -> None:
    assert parse(bytes.fromhex(apdu)) is None
    assert words(State(), apdu) == {0x6700}


def test_three_wrong_pins_block(ready: State) -> None:
    wrong = build("00200081", bytes.fromhex(WRONG))
    for status_word in (0x63C2, 0x63C1, 0x6983):
        step(ready, wrong, status_word)
        assert words(ready, "00200081") == {status_word}
        assert not ready.user
    assert words(ready, f"0020008106{PIN}") == {0x6983}


def test_a_cut_may_leave_the_try_spent_but_never_more_tries(ready: State) -> None:
    step(ready, build("00200081", bytes.fromhex(WRONG)), 0x63C2)
    expectation = predict(ready, bytes.fromhex(f"0020008106{PIN}"))
    assert expectation and ready.store
    spent, restored = expectation.between
    spent(ready, None)
    assert ready.store.pin.tries == 1
    restored(ready, None)
    assert ready.store.pin.tries == 3


def test_templates_of_others_are_not_there(ready: State) -> None:
    assert words(ready, "00200085") == words(ready, "00200086") == {0x6A88}


def test_without_a_login_no_key_is_used(ready: State) -> None:
    ready.end_session()
    for apdu in (
        "80680170010100",
        "807801101000" + "00" * 15 + "00",
        "8072019200",
        "00E4020002CC01",
    ):
        assert 0x6982 in words(ready, apdu) and 0x9000 not in words(ready, apdu)


def test_the_dkek_of_the_specification() -> None:
    domain = Domain(1)
    domain.add(bytes.fromhex("BE61DBA482D49A017DD2042E8280E7C5780557656B825DC40DC6D857F6D3048E"))
    assert domain.check_value.hex() == "62b6fd27d7c8e409"
    twice = Domain(2)
    for _ in range(2):
        twice.add(b"\1" * 32)
    assert twice.check_value.hex() == "66687aadf862bd77"


@pytest.mark.parametrize("key", [Key("aes", 256, secret=bytes(range(32)), algorithms=b"\x10\x92")])
def test_a_blob_opens_only_as_it_was_made(key: Key) -> None:
    dkek = bytes(range(32))
    made = blob.make(dkek, key)
    found = blob.open_blob(dkek, made)
    assert found and (found.secret, found.algorithms) == (key.secret, key.algorithms)
    for at in (0, 8, 30, len(made) - 1):
        assert blob.open_blob(dkek, made[:at] + bytes([made[at] ^ 1]) + made[at + 1 :]) is None


def test_a_wrong_signature_is_told(ready: State) -> None:
    expectation = predict(ready, build("80680373", b"message", 256))
    assert expectation and ready.store
    ready.store.keys[3].public = curve.public_point(7)
    expectation = predict(ready, build("80680373", b"message", 256))
    assert expectation
    assert "does not verify" in expectation.problem(0x9000, curve.der(b"\1" * 64))


def test_use_counters_end(ready: State) -> None:
    assert ready.store
    ready.store.keys[4].counter = 1
    step(ready, build("80780418", b"message", 16))
    assert words(ready, build("80780418", b"message", 16).hex()) == {0x6A84}


def test_a_chain_is_one_command_or_broken(ready: State) -> None:
    ready.end_session()
    step(ready, bytes.fromhex("1020008103363438"))
    assert words(ready, "80580000") == {0x6883}
    step(ready, bytes.fromhex("0020008103323139"))
    assert ready.user


def test_objects_that_do_not_end_with_the_data() -> None:
    assert once(tlv(0x54, b"\0\0")) == {0x54: b"\0\0"}
    assert once(tlv(0x54, b"\0\0")[:-1]) is None
    assert once(2 * tlv(0x54, b"\0")) is None


def test_get_response_comes_in_no_parts() -> None:
    assert words(State(), "10C0000000") == {0x6E00}


def test_a_wrong_code_ends_both_sessions(ready: State) -> None:
    step(ready, build("002C0181", b"99999999"), 0x63CE)
    assert not ready.session.user and not ready.session.officer
