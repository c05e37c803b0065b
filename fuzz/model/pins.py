# SPDX-License-Identifier: GPL-2.0-or-later
"""VERIFY, CHANGE REFERENCE DATA, RESET RETRY COUNTER ([SCHSM] 9)."""

from __future__ import annotations

from collections.abc import Callable

from fuzz.model.apdu import Command
from fuzz.model.expectation import (
    SUCCESS,
    Effect,
    Expectation,
    Outcome,
    expect,
    refused,
)
from fuzz.model.state import OPTION_RESET_ONLY, OPTION_RESET_RETRY, Reference, State, Store

USER, OFFICER, ALL = 0x81, 0x88, 0x00
PIN_BYTES = range(6, 17)
SO_PIN_BYTES = range(8, 9)
BLOCKED = 0x6983


def lengths(reference: int) -> range:
    """How long the value of a reference may be."""
    return PIN_BYTES if reference == USER else SO_PIN_BYTES


def value_of(store: Store, reference: int) -> Reference:
    """The PIN, or the initialisation code."""
    return store.pin if reference == USER else store.so_pin


def compare(
    reference: int,
    given: bytes,
    store: Store,
    right: Effect,
    end: Callable[[State], None] | None = None,
) -> Expectation:
    """One try: `right` after the right value; a wrong one costs a try and a session.

    `end`: what a wrong value ends, if not the session of the reference.

    The try is spent before the comparison: a loss of power may leave it so (PIN-1, PIN-2).
    """
    stored = value_of(store, reference)
    end = end or (lambda state: close(state, reference))
    if not stored.tries:
        return Expectation({BLOCKED: Outcome(effect=lambda state, _: end(state))})

    def fail(state: State, data: bytes | None) -> None:
        assert state.store
        value_of(state.store, reference).tries -= 1
        end(state)

    def restore(state: State, data: bytes | None) -> None:
        # The comparison has its tries back before what it allows begins (PIN-1 lets it).
        assert state.store
        found = value_of(state.store, reference)
        found.tries = found.tries_max

    if given == stored.value:

        def succeed(state: State, data: bytes | None) -> None:
            restore(state, data)
            right(state, data)

        return Expectation({SUCCESS: Outcome(effect=succeed)}, (fail, restore))

    left = Reference(b"", 0, stored.tries - 1)
    return Expectation({left.wrong: Outcome(effect=fail)})


def close(state: State, reference: int) -> None:
    """The session of that reference ends, or of ALL."""
    if reference != OFFICER:
        state.session.user = False
    if reference != USER:
        state.session.officer = False


def open_session(reference: int) -> Effect:
    """The session of that reference begins."""

    def effect(state: State, data: bytes | None) -> None:
        if reference == USER:
            state.session.user = True
        else:
            state.session.officer = True

    return effect


def _unknown_reference(command: Command) -> set[int]:
    words = set()
    if command.p1 or command.p2 & 0x60:
        words.add(0x6B00)
    if command.p2 not in (USER, OFFICER):
        words.add(0x6A88)
    return words


def verify(state: State, command: Command) -> Expectation:
    """20 ([SCHSM] 9.1)."""
    words = _unknown_reference(command)
    store = state.store
    if store is None:
        return refused(words | {0x6A88})
    if words:
        return refused(words)
    if not command.data:
        is_open = state.user if command.p2 == USER else state.session.officer
        stored = value_of(store, command.p2)
        return expect([] if is_open else [stored.wrong])
    if len(command.data) in lengths(command.p2) and value_of(store, command.p2).tries:
        return compare(command.p2, command.data, store, open_session(command.p2))
    # Even what is no try ends the session of before.
    words = {0x6700} if len(command.data) not in lengths(command.p2) else set()
    if not value_of(store, command.p2).tries:
        words.add(BLOCKED)
    ended = Outcome(effect=lambda state, _: close(state, command.p2))
    return Expectation(dict.fromkeys(words, ended))


def change(state: State, command: Command) -> Expectation:
    """24 ([SCHSM] 9.2): the old value's length is known to the card."""
    words = _unknown_reference(command)
    store = state.store
    if store is None:
        return refused(words | {0x6A88, 0x6700})
    if words:
        return refused(words)
    stored = value_of(store, command.p2)
    old, new = command.data[: len(stored.value)], command.data[len(stored.value) :]
    if len(new) not in lengths(command.p2):
        return refused({0x6700} if stored.tries else {0x6700, BLOCKED})

    def effect(state: State, data: bytes | None) -> None:
        assert state.store
        value_of(state.store, command.p2).value = new
        open_session(command.p2)(state, data)

    return compare(command.p2, old, store, effect)


def reset(state: State, command: Command) -> Expectation:
    """2C ([SCHSM] 9.3): by the initialisation code, or in the officer's session."""
    words = set()
    if command.p2 != USER:
        words.add(0x6A88)
    if command.p1 > 3:
        words.add(0x6A86)
    store = state.store
    if store is None:
        # Nothing is there: neither a PIN nor options that allow to reset it.
        return refused(words | {0x6A88, 0x6986, 0x6700, 0x6985})
    if words:
        return refused(words)
    sets_pin, by_code = command.p1 in (0, 2), command.p1 in (0, 1)
    if not store.options & OPTION_RESET_RETRY or sets_pin and store.options & OPTION_RESET_ONLY:
        words.add(0x6986)
    if not by_code and not state.session.officer:
        words.add(0x6985)
    code, new = (command.data[:8], command.data[8:]) if by_code else (b"", command.data)
    if len(new) not in (PIN_BYTES if sets_pin else range(1)) or by_code and len(code) != 8:
        words.add(0x6700)
    if words:
        return _not_reset(words, blocked=by_code and not store.so_pin.tries)

    def effect(state: State, data: bytes | None) -> None:
        assert state.store
        pin = state.store.pin
        pin.tries = pin.tries_max
        if sets_pin:
            pin.value = new
        close(state, USER)

    if not by_code:
        return expect([], effect=effect)
    # It is about the user's PIN: his session ends, with a wrong code, too. That is the officer's
    # end as well, as in VERIFY; a right one leaves his session as it is.
    return compare(OFFICER, code, store, effect, end=lambda state: close(state, ALL))


def _not_reset(words: set[int], *, blocked: bool) -> Expectation:
    # Whom the options and the length would let try ends sessions by it.
    outcomes = {word: Outcome() for word in words}
    if 0x6985 in words:
        outcomes[0x6985] = Outcome(effect=lambda state, _: close(state, USER))
    if blocked:
        outcomes[BLOCKED] = Outcome(effect=lambda state, _: close(state, ALL))
    return Expectation(outcomes)
