# SPDX-License-Identifier: GPL-2.0-or-later
"""What opens something is checked twice: one check that errs opens nothing."""

from collections.abc import Callable, Iterator

import hsm_crypto
import pytest
from device import SO_PIN, USER_PIN, Device, tlv
from hsm.commands import initialize_device
from hsm.keys.algorithms import KEY_EC
from hsm.keys.key_store import KeyStore, UsesExhausted
from hsm.keys.metadata import UNLIMITED
from hsm.security import access_rules, pin_opening, reference_data
from hsm.security.access_rules import AccessDenied, NotAllowed
from hsm.security.seal import Seal
from hsm.security.user_presence import UserPresence
from hsm.store import NotFound, counters
from nor_flash import PowerCut

P256 = hsm_crypto.curve_parameters(hsm_crypto.CURVE_SECP256R1)[0]
KEY, PRIVATE, PUBLIC, INTERNAL = 0xCC01, 0xCD01, 0xCF01, 0x1081


@pytest.fixture
def device() -> Device:
    device = Device()
    device.initialize()
    device.generate_ec(1, P256)
    device.select()
    return device


class Status:
    """A security status that answers as the test says, one answer per question."""

    def __init__(self, *answers: bool) -> None:
        self._answers = iter(answers)

    def user_is_authenticated(self) -> bool:
        return next(self._answers)


def one_wrong(right: Callable, wrong_call: int, value: object) -> Callable:
    """`right`, but call number `wrong_call` returns `value`."""
    calls: Iterator[int] = iter(range(1000))

    def call(*arguments: object) -> object:
        return value if next(calls) == wrong_call else right(*arguments)

    return call


def seal_of(device: Device) -> Seal:
    seal = device.card.store.seal
    assert isinstance(seal, Seal)
    return seal


# --- Access rules ---------------------------------------------------------------------------------


@pytest.mark.parametrize("answers", [(True, False), (False, True), (False, False)])
def test_user_rule_wants_two_answers(answers: tuple[bool, bool]) -> None:
    for check in (
        lambda status: access_rules.check_user(status),
        lambda status: access_rules.check_read(PRIVATE, status),
        lambda status: access_rules.check_update(PUBLIC, status),
        lambda status: access_rules.check_delete(KEY, status),
    ):
        with pytest.raises(AccessDenied):
            check(Status(*answers))
        check(Status(True, True))


@pytest.mark.parametrize("wrong_call", [0, 1])
def test_one_wrong_evaluation_opens_nothing(monkeypatch, wrong_call: int) -> None:
    for check, fid, status in (
        (access_rules.check_read, KEY, Status(True, True)),
        (access_rules.check_update, KEY, Status(True, True)),
        (access_rules.check_read, INTERNAL, Status(True, True)),
        (access_rules.check_delete, INTERNAL, Status(True, True)),
        (access_rules.check_read, PRIVATE, Status(False, False)),
    ):
        wrong = one_wrong(access_rules._allows, wrong_call, True)
        with monkeypatch.context() as patch, pytest.raises(AccessDenied):
            patch.setattr(access_rules, "_allows", wrong)
            check(fid, status)


@pytest.mark.parametrize("wrong_call", [0, 1])
def test_one_wrong_evaluation_does_not_reach_the_lock(
    device: Device, monkeypatch, wrong_call: int
) -> None:
    wrong = one_wrong(access_rules._is_user_at_lock, wrong_call, True)
    monkeypatch.setattr(access_rules, "_is_user_at_lock", wrong)
    with pytest.raises(AccessDenied):
        access_rules.check_lock(device.card.status)


@pytest.mark.parametrize("wrong_call", [0, 1, 2])
def test_one_skipped_check_gives_no_node(device: Device, monkeypatch, wrong_call: int) -> None:
    device.verify()
    wallet = device.card.hd_wallet
    wallet.put_seed(0, hsm_crypto.HD_SECP256K1, b"a seed")
    wallet.select(b"\2\1\0")
    # The session has ended; only the node was forgotten to be wiped.
    node = device.card.status.take_selected()
    device.card.status.close_user()
    device.card.status.select(node)
    wrong = one_wrong(access_rules.check_user, wrong_call, None)
    monkeypatch.setattr(access_rules, "check_user", wrong)
    with pytest.raises(AccessDenied):
        wallet.take_selected((hsm_crypto.HD_SECP256K1,))


def test_never_is_never(device: Device) -> None:
    device.verify()
    status = device.card.status
    for fid in (KEY, INTERNAL, 0x1201, 0x0000):
        with pytest.raises(AccessDenied):
            access_rules.check_read(fid, status)
        with pytest.raises(AccessDenied):
            access_rules.check_update(fid, status)
    for fid in (0x2F00, 0x2F01, 0x2F03):
        with pytest.raises(NotAllowed):
            access_rules.check_delete(fid, status)


# --- Security status ------------------------------------------------------------------------------


def test_session_and_seal_must_both_be_open(device: Device) -> None:
    status, seal = device.card.status, seal_of(device)
    device.verify()
    assert status.user_is_authenticated()
    seal.close_user_class()
    assert not status.user_is_authenticated()
    device.send("00200081", 0x63C3)
    device.sign(1, 0x70, bytes(32), expect=0x6982)
    device.verify()
    status._user = status._so
    assert seal.user_class_is_open()
    assert not status.user_is_authenticated()
    device.sign(1, 0x70, bytes(32), expect=0x6982)


@pytest.mark.parametrize(
    "logout",
    [
        lambda device: device.select(),
        lambda device: device.card.end_session(),
        lambda device: device.verify(b"000000", expect=0x63C2),
        lambda device: device.send(b"\0\x2c\1\x81\x08" + SO_PIN),
    ],
)
def test_logout_closes_the_user_class(device: Device, logout: Callable[[Device], object]) -> None:
    device.verify()
    assert seal_of(device).user_class_is_open()
    logout(device)
    assert not seal_of(device).user_class_is_open()
    assert not device.card.status.user_is_authenticated()


# --- Keys -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("skipped", [0, 1])
def test_one_skipped_check_gives_no_key(device: Device, monkeypatch, skipped: int) -> None:
    device.verify()
    device.generate_ec(2, P256, tlv(0x91, b"\x71"))
    device.generate_ec(3, P256, tlv(0x90, bytes(4)))
    alive = len(hsm_crypto.live_handles)
    for key_id, algorithm, expect in (
        (1, 0x20, 0x6400),
        (2, 0x70, 0x6985),
        (3, 0x70, 0x6A84),
    ):
        wrong = one_wrong(KeyStore._check, skipped, None)
        with monkeypatch.context() as patch:
            patch.setattr(KeyStore, "_check", lambda *arguments, wrong=wrong: wrong(*arguments))
            device.sign(key_id, algorithm, bytes(32), expect=expect)
        assert len(hsm_crypto.live_handles) == alive, algorithm
    wrong = one_wrong(KeyStore._check, skipped, None)
    with monkeypatch.context() as patch, pytest.raises(NotFound):
        patch.setattr(KeyStore, "_check", lambda *arguments: wrong(*arguments))
        device.card.keys.open_for_use(0, (KEY_EC,), 0x70)


@pytest.mark.parametrize("wrong_call", range(6))
def test_one_wrong_reading_leaves_no_use_uncounted(
    device: Device, monkeypatch, wrong_call: int
) -> None:
    device.verify()
    device.generate_ec(2, P256, tlv(0x90, bytes((0, 0, 0, 9))))
    keys = device.card.keys
    unlimited = keys.info(2)
    unlimited.uses = UNLIMITED
    wrong = one_wrong(KeyStore.info, wrong_call, unlimited)
    with monkeypatch.context() as patch:
        patch.setattr(KeyStore, "info", lambda *arguments: wrong(*arguments))
        answer = device.transmit(bytes.fromhex("806802702000") + bytes(31) + b"\0")
    left = keys.uses_left(2, keys.info(2))
    assert len(answer) == 2 or left == 8


@pytest.mark.parametrize(
    ("owner", "name"), [(KeyStore, "count_use"), (counters, "spend_use"), (counters, "_mark")]
)
def test_a_use_that_was_not_counted_gives_no_answer(
    device: Device, monkeypatch, owner: object, name: str
) -> None:
    device.verify()
    device.generate_ec(2, P256, tlv(0x90, bytes((0, 0, 0, 9))))
    device.generate_aes(3, 128, tlv(0x90, bytes((0, 0, 0, 9))))
    point = hsm_crypto.curve_parameters(hsm_crypto.CURVE_SECP256R1)[3]

    def use_all(expect: int) -> list[int]:
        device.sign(2, 0x70, bytes(32), expect=expect)
        device.decipher(2, 0x80, point, expect=expect)
        device.cipher(3, 0x10, bytes(16), expect=expect)
        return [device.card.keys.uses_now(key_id) for key_id in (2, 3)]

    with monkeypatch.context() as patch:
        patch.setattr(owner, name, lambda *_: True)
        assert use_all(0x6581) == [9, 9]
    assert use_all(0x9000) == [7, 8]


def test_one_wrong_reading_moves_no_use_uncounted(device: Device, monkeypatch) -> None:
    device.verify()
    device.generate_ec(2, P256, tlv(0x90, bytes((0, 0, 0, 9))))
    keys = device.card.keys
    unlimited = keys.info(2)
    unlimited.uses = UNLIMITED
    wrong = one_wrong(KeyStore.info, 0, unlimited)
    with monkeypatch.context() as patch, device.card.store.transaction() as change:
        patch.setattr(KeyStore, "info", lambda *arguments: wrong(*arguments))
        with pytest.raises(UsesExhausted):
            keys.move_use(change, 2)


# --- The initialisation code ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("owner", "name", "wrong_value", "wrong_call"),
    [
        (initialize_device, "_can_be_checked", False, 0),
        (initialize_device, "_can_be_checked", False, 1),
        (initialize_device, "_can_be_checked", False, 2),
        (UserPresence, "wants_erasure", True, 0),
        (UserPresence, "is_pressed", True, 0),
        (initialize_device, "_ask_for_code", None, 0),
        (initialize_device, "_check_code", None, 0),
        (reference_data.ReferenceData, "verify", None, 0),
    ],
)
def test_one_wrong_answer_erases_no_card(
    device: Device, monkeypatch, owner: object, name: str, wrong_value: object, wrong_call: int
) -> None:
    wrong = one_wrong(getattr(owner, name), wrong_call, wrong_value)
    objects = device.list()
    with monkeypatch.context() as patch:
        patch.setattr(owner, name, lambda *arguments: wrong(*arguments))
        data = tlv(0x81, b"000000") + tlv(0x82, b"12345678")
        answer = device.transmit(bytes((0x80, 0x50, 0, 0, len(data))) + data)
    assert answer != b"\x90\x00"
    assert device.list() == objects
    device.verify()


# --- Reference data -------------------------------------------------------------------------------


@pytest.mark.parametrize("wrong_call", [0, 1])
def test_one_wrong_comparison_is_a_wrong_pin(device: Device, monkeypatch, wrong_call: int) -> None:
    with monkeypatch.context() as patch:
        wrong = one_wrong(hsm_crypto.equal, wrong_call, False)
        patch.setattr(pin_opening, "equal", wrong)
        device.verify(expect=0x63C2)
    assert not device.card.status.user_is_authenticated()
    device.verify()


@pytest.mark.parametrize("wrong_call", [0, 1])
def test_one_forged_opening_is_a_wrong_pin(device: Device, monkeypatch, wrong_call: int) -> None:
    forged = hsm_crypto.Secret.open_object
    calls = iter(range(100))

    def open_object(self: hsm_crypto.Secret, bound: bytes, sealed: bytes) -> object:
        if next(calls) == wrong_call:
            return hsm_crypto.Secret.from_bytes(bytes(32))
        return forged(self, bound, sealed)

    for pin, left in ((USER_PIN, 2), (b"000000", 1)):
        calls = iter(range(100))
        with monkeypatch.context() as patch:
            patch.setattr(hsm_crypto.Secret, "open_object", open_object)
            device.verify(pin, expect=0x63C0 | left)
    assert not device.card.status.user_is_authenticated()
    assert len(hsm_crypto.live_handles) == 4
    device.verify()


@pytest.mark.parametrize("wrong_call", [0, 1])
def test_two_forged_openings_meet_two_comparisons(
    device: Device, monkeypatch, wrong_call: int
) -> None:
    def open_object(self: hsm_crypto.Secret, bound: bytes, sealed: bytes) -> object:
        return hsm_crypto.Secret.random(32)

    monkeypatch.setattr(hsm_crypto.Secret, "open_object", open_object)
    monkeypatch.setattr(pin_opening, "equal", one_wrong(hsm_crypto.equal, wrong_call, True))
    device.verify(expect=0x63C2)
    assert not device.card.status.user_is_authenticated()


@pytest.mark.parametrize("operation", ["stretch", "open_object"])
def test_the_try_is_spent_before_the_comparison(
    device: Device, monkeypatch, operation: str
) -> None:
    def cut(*_: object) -> None:
        raise PowerCut

    with monkeypatch.context() as patch, pytest.raises(PowerCut):
        patch.setattr(hsm_crypto.Secret, operation, cut)
        device.verify()
    device.power_on()
    device.send("00200081", 0x63C2)
    device.verify()
    device.power_on()
    device.send("00200081", 0x63C3)


def test_a_try_that_was_not_spent_compares_nothing(device: Device, monkeypatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(counters, "spend_try", lambda *_: None)
        patch.setattr(hsm_crypto.Secret, "stretch", lambda *_: pytest.fail("it was compared"))
        device.verify(expect=0x6983)
    assert not device.card.status.user_is_authenticated()
    device.verify()


@pytest.mark.parametrize("wrong_call", [0, 1])
def test_one_skipped_check_gives_no_try_back(device: Device, monkeypatch, wrong_call: int) -> None:
    wrong = one_wrong(reference_data._is_open, wrong_call, True)
    with monkeypatch.context() as patch:
        patch.setattr(reference_data, "_is_open", wrong)
        answer = device.transmit(b"\0\x20\0\x81\x06000000")
    assert answer in (b"\x63\xc2", b"\x69\x83")
    assert not device.card.status.user_is_authenticated()
    device.send("00200081", 0x63C2)


def test_a_right_pin_cut_at_its_last_try_leaves_a_blocked_pin(device: Device, monkeypatch) -> None:
    for expect in (0x63C2, 0x63C1):
        device.verify(b"000000", expect=expect)

    def cut(*_: object) -> None:
        raise PowerCut

    with monkeypatch.context() as patch, pytest.raises(PowerCut):
        patch.setattr(counters, "restore_tries", cut)
        device.verify()
    device.power_on()
    device.verify(expect=0x6983)


def test_so_pin_opens_the_master_key_only_if_it_may_reset(device: Device) -> None:
    def opened(id: int, pin: bytes) -> bytes:
        reference = reference_data.ReferenceData(device.card.store, id)
        with reference.verify(pin) as secret:
            assert isinstance(secret, hsm_crypto.Secret)
            return secret.mac(b"which")

    for options, same in ((0x0000, False), (0x0001, True), (0x0020, False), (0x0021, True)):
        device.initialize(options=options)
        assert (opened(0x1081, USER_PIN) == opened(0x1089, SO_PIN)) == same
