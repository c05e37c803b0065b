# SPDX-License-Identifier: GPL-2.0-or-later
"""MANAGE KEY DOMAIN ([SCHSM] 11)."""

from __future__ import annotations

from fuzz.model.apdu import Command
from fuzz.model.expectation import Expectation, exactly, expect, refused
from fuzz.model.state import KEY_DOMAINS_MAX, SHARE_BYTES, Domain, State, Store

STATUS, SET_UP, CREATE_XKEK, DELETE, CLEAR = range(5)
NOT_SET_UP = 0x6A88


def manage(state: State, command: Command) -> Expectation | None:
    """52."""
    words = set()
    if command.p1 > CLEAR:
        words.add(0x6A86)
    if state.store is None or command.p2 >= KEY_DOMAINS_MAX:
        words.add(0x6B00)
    elif command.p2 >= len(state.store.domains):
        words.add(0x6A86)
    if command.p1 in (SET_UP, CREATE_XKEK, DELETE, CLEAR) and not state.user:
        words.add(0x6985)
    if words or state.store is None:
        if command.p1 == STATUS and len(command.data) not in (0, SHARE_BYTES):
            words.add(0x6700)
        return refused(words)
    work = {STATUS: _status, SET_UP: _set_up, DELETE: _delete, CLEAR: _clear}.get(command.p1)
    return work(state.store, command.p2, command.data) if work else None


def _status(store: Store, number: int, share: bytes) -> Expectation:
    domain = store.domains[number]
    if not share:
        return refused([NOT_SET_UP]) if domain is None else expect([], exactly(domain.status))
    words = set()
    if len(share) != SHARE_BYTES:
        words.add(0x6700)
    if domain is None or domain.complete:
        words.add(0x6986)
    if words or domain is None:
        return refused(words)
    after = Domain(domain.shares, domain.imported, domain.dkek)
    after.add(share)
    return expect([], exactly(after.status), _becomes(number, after))


def _becomes(number: int, domain: Domain | None):
    def effect(state: State, data: bytes | None) -> None:
        assert state.store
        state.store.domains[number] = domain

    return effect


def _set_up(store: Store, number: int, data: bytes) -> Expectation | None:
    words = set()
    if len(data) != 1:
        words.add(0x6700)
    if store.domains[number] is not None:
        words.add(0x6A86)
    if not words and not data[0]:
        # A DKEK of the card's own making: nothing of it can be predicted.
        return None
    after = Domain(data[0]) if len(data) == 1 else Domain(0)
    return expect(words, exactly(after.status), _becomes(number, after))


def _delete(store: Store, number: int, data: bytes) -> Expectation:
    if store.domains[number] is None:
        return refused({0x6A86, 0x6700} if data else {0x6A86})
    words = {0x6700} if data else set()
    if any(key.domain == number for key in store.keys.values()):
        words.add(0x6A89)
    # The domain is empty now, which is what the answer says.
    return expect(words, effect=_becomes(number, None), word=NOT_SET_UP)


def _clear(store: Store, number: int, data: bytes) -> Expectation:
    domain = store.domains[number]
    words = {0x6700} if data else set()
    if domain is None:
        # [SCHSM] 11 names both words for a domain that is not set up.
        return refused(words | {NOT_SET_UP, 0x6A86})
    after = Domain(domain.shares)
    return expect(words, exactly(after.status), _becomes(number, after))
