# SPDX-License-Identifier: GPL-2.0-or-later
"""The abstract card: an APDU in, what may come of it out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from fuzz.model import device, domains, files, generation, keys, pins
from fuzz.model.apdu import Command, parse
from fuzz.model.expectation import Expectation, Outcome, refused
from fuzz.model.state import State

Rule = Callable[[State, Command], Expectation | None]

RULES: dict[int, Rule] = {
    0x20: pins.verify,
    0x24: pins.change,
    0x2C: pins.reset,
    0x46: generation.pair,
    0x48: generation.symmetric,
    0x50: device.initialize,
    0x52: domains.manage,
    0x58: files.enumerate_objects,
    0x62: keys.decipher,
    0x64: device.extras,
    0x68: keys.sign,
    0x72: keys.wrap,
    0x74: keys.unwrap,
    0x78: keys.cipher,
    0x84: device.challenge,
    0xA4: files.select,
    0xB0: files.read_even,
    0xB1: files.read_odd,
    0xC0: device.get_response,
    0xD7: files.update,
    0xE4: files.delete,
}
# Commands of the card that this model leaves to other tests: certificates and their keys, trees of
# keys, custodians, session PINs, derivation, external and chip authentication.
NOT_MODELLED = (0x22, 0x2A, 0x4A, 0x54, 0x5A, 0x76, 0x82, 0x86)
CLASSES = (0x00, 0x80)
CHAINING = 0x10
GET_RESPONSE = 0xC0
# [SCHSM] 2: what does not fit is 6700; docs/compatibility.md: 4,096 bytes each way.
CHAIN_BYTES_MAX = 4096
WRONG_LENGTH, NO_CLASS, NO_INSTRUCTION, BROKEN_CHAIN = 0x6700, 0x6E00, 0x6D00, 0x6883


def predict(state: State, apdu: bytes) -> Expectation | None:
    """All that may come of an APDU; None for what the model does not know."""
    command = parse(apdu)
    words = set() if command else {WRONG_LENGTH}
    if apdu and apdu[0] & ~CHAINING not in CLASSES:
        words.add(NO_CLASS)
    if len(apdu) > 1 and apdu[1] not in (*RULES, *NOT_MODELLED):
        words.add(NO_INSTRUCTION)
    if apdu[:1] and apdu[0] & CHAINING and apdu[1:2] == bytes([GET_RESPONSE]):
        # It never has data that could come in parts: this card has no such class for it.
        words.add(NO_CLASS)
    chain = state.session.chain
    if chain and (command is None or words or chain[0] != command.header):
        # The chain is broken, whatever else is wrong with the command.
        return Expectation(dict.fromkeys(words | {BROKEN_CHAIN}, Outcome(effect=_end_chain)))
    if command is None or words:
        return refused(words)
    if command.ins in NOT_MODELLED:
        return None
    if command.cla & CHAINING:
        return _part(state, command)
    if chain:
        command = replace(command, data=chain[1] + command.data)
    expectation = RULES[command.ins](state, command)
    return _ending(expectation) if chain and expectation else expectation


def _end_chain(state: State, data: bytes | None) -> None:
    state.session.chain = None


def _part(state: State, command: Command) -> Expectation | None:
    """One part of a chain, not the last."""
    chain = state.session.chain
    data = (chain[1] if chain else b"") + command.data
    if len(data) > CHAIN_BYTES_MAX:
        return Expectation({WRONG_LENGTH: Outcome(effect=_end_chain)})

    def effect(state: State, _: bytes | None) -> None:
        state.session.chain = command.header, data

    return Expectation({0x9000: Outcome(effect=effect)})


def _ending(expectation: Expectation) -> Expectation:
    def ended(outcome: Outcome) -> Outcome:
        def effect(state: State, data: bytes | None) -> None:
            state.session.chain = None
            outcome.effect(state, data)

        return Outcome(outcome.check, effect)

    outcomes = {word: ended(outcome) for word, outcome in expectation.outcomes.items()}
    return Expectation(outcomes, expectation.between)
