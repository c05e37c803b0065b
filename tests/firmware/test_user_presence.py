# SPDX-License-Identifier: GPL-2.0-or-later
"""The button: a press in its window confirms, and nothing else does."""

import hsm_port
import pytest
from device import Device
from hsm.security.user_presence import CONFIRMATION_MS, ERASURE_MS, PresenceTimeout

PRESS_TO_CONFIRM = 0x0101


@pytest.fixture
def device() -> Device:
    device = Device()
    device.initialize(options=PRESS_TO_CONFIRM)
    return device


def press(device: Device, *presses_ms: tuple[int, int]) -> int:
    """Schedule presses, from and until so many milliseconds from now; the uptime now."""
    now = device.board.uptime_ms
    device.board.presses_ms = [(now + begin, now + end) for begin, end in presses_ms]
    return now


def test_nobody_is_asked_without_the_option() -> None:
    device = Device()
    device.initialize()
    device.board.leds.clear()
    device.card.presence.confirm()
    assert device.board.leds == []


@pytest.mark.parametrize("at_ms", [0, 100, 14_000])
def test_a_press_confirms(device: Device, at_ms: int) -> None:
    begin = press(device, (at_ms + 1, at_ms + 300))
    device.board.leds.clear()
    device.card.presence.confirm()
    assert at_ms <= device.board.uptime_ms - begin <= at_ms + 200
    assert device.board.leds == [hsm_port.LED_CONFIRM, hsm_port.LED_BUSY]


@pytest.mark.parametrize(
    "presses_ms",
    [
        [],
        [(-1000, 100_000)],  # held before the card asked
        [(CONFIRMATION_MS + 1, CONFIRMATION_MS + 500)],
        [(at, at + 20) for at in range(1000, 14_000, 500)],  # a contact that bounces
    ],
)
def test_anything_else_is_a_timeout(device: Device, presses_ms: list[tuple[int, int]]) -> None:
    begin = press(device, *presses_ms)
    with pytest.raises(PresenceTimeout):
        device.card.presence.confirm()
    assert 0 <= device.board.uptime_ms - begin - CONFIRMATION_MS < 50
    assert device.board.led == hsm_port.LED_BUSY


def test_a_button_held_before_confirms_when_pressed_again(device: Device) -> None:
    press(device, (-1000, 2000), (3000, 3500))
    device.card.presence.confirm()


def test_the_window_is_right_over_the_wrap_of_the_clock(device: Device, monkeypatch) -> None:
    from hsm.platform import button

    monkeypatch.setattr(
        button, "uptime_ms", lambda: (2**30 - 5000 + device.board.uptime_ms) % 2**30
    )
    with pytest.raises(PresenceTimeout):
        device.card.presence.confirm()
    assert 0 <= device.board.uptime_ms - CONFIRMATION_MS < 50


def test_the_end_of_the_command_ends_the_wait(device: Device) -> None:
    device.board.cancelled = True
    press(device, (1, 14_000))
    with pytest.raises(PresenceTimeout):
        device.card.presence.confirm()
    assert device.board.uptime_ms == 0


def test_one_wrong_reading_of_the_options_asks_all_the_same(device: Device, monkeypatch) -> None:
    presence = device.card.presence
    answers = iter((0, 0x0100))
    monkeypatch.setattr(type(presence), "_is_wanted", lambda self: next(answers))
    with pytest.raises(PresenceTimeout):
        presence.confirm()


def test_erasure_wants_the_button_held(device: Device) -> None:
    presence = device.card.presence
    assert presence.wants_erasure() is False
    begin = press(device, (0, ERASURE_MS + 100))
    device.board.leds.clear()
    assert presence.wants_erasure() is True
    assert device.board.uptime_ms - begin == ERASURE_MS
    assert device.board.leds == [hsm_port.LED_ERASE, hsm_port.LED_BUSY]


@pytest.mark.parametrize("held_ms", [1, 5000, ERASURE_MS - 30])
def test_a_button_let_go_early_erases_nothing(device: Device, held_ms: int) -> None:
    press(device, (0, held_ms))
    with pytest.raises(PresenceTimeout):
        device.card.presence.wants_erasure()
