# SPDX-License-Identifier: GPL-2.0-or-later
"""The logical state of a card: what a host can ask it, and what it answers.

Questions that change nothing come first. Logging in changes the retry counters, so each login
starts from a checkpoint and is undone.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Protocol

from campaigns.powerloss import card_hosts as host
from sim.apdu import Response, command
from sim.life import card as hsm
from sim.life import services
from sim.life.card import Card, CardError
from sim.life.secure_lock import SecureLock

# Not in LIST, which names keys and their descriptions.
WATCHED_FILES = (
    *(0x2F02, 0x2F03, 0x2F10, 0xCA00, 0xCAFD, 0xCE01, 0xCE02, 0xCE03, 0xCE05),
    *(0xCF01, 0xCF02, 0xCF03),
)
WATCHED_PRIVATE_FILES = (0xCD01,)
WATCHED_SEEDS = (0, 1)
WATCHED_CUSTODIANS = (0, 1)
# Of the FCP: behind the tag and length come the options, the high byte first.
TAG_OPTIONS = b"\x85\x05"
OPTION_LOCKED = 0x04
SW_NOT_LOGGED_IN = b"\x69\x82"
SW_WRONG_KIND = 0x6400
# One use that each kind of key has: command, algorithm, data. Where the answer has data, they tell
# keys apart; without anything to sign a key is opened, and then the answer is 6700.
USES = (
    (0x68, 0x70, b""),
    (0x68, 0x20, b""),
    (0x78, 0x10, bytes(16)),
    (0x62, 0x80, services.RAW_CURVES["X25519"].generator),
)
DOMAINS_MAX = 16


class Bench(Protocol):
    """What a host view needs of a device."""

    card: Card

    def undone(self, ask: Callable[[], None]) -> None:
        """Run `ask`, then put the device back to where it was."""
        ...


@dataclass(frozen=True)
class HostView:
    """Answers by question, status word last; `free_bytes` is judged on its own (CAP-1)."""

    answers: dict[str, bytes]
    free_bytes: int = field(default=0, compare=False)

    def status(self, question: str) -> int:
        """The status word that a question was answered with; 0: it was not asked."""
        return int.from_bytes(self.answers.get(question, b"")[-2:], "big")

    def tries(self, question: str = "user PIN") -> int | None:
        """Tries left; None if the PIN is not there or another status was told."""
        status = self.status(question)
        if status == 0x6983:
            return 0
        return status & 0xF if status & 0xFFF0 == 0x63C0 else None

    def logs_in(self, number: int) -> bool:
        """True if the user PIN of that number, of those that were tried, is right."""
        return self.status(f"user PIN {number} logs in") == hsm.SW_SUCCESS

    def is_locked(self) -> bool:
        """True if the card tells that the secure lock is on ([SCHSM] 3)."""
        _, _, options = self.answers.get("SELECT", b"").partition(TAG_OPTIONS)
        return bool(options) and bool(options[0] & OPTION_LOCKED)

    def with_tries(self, question: str, left: int) -> HostView:
        """The same with `left` tries; wrong PINs are refused accordingly."""
        answers = self.answers | {question: _refused(left)}
        for name, answer in self.answers.items():
            if name.startswith(question) and name != question and answer != b"\x90\x00":
                answers[name] = _refused(max(0, left - 1))
        return replace(self, answers=answers)

    def difference(self, other: HostView) -> str:
        """The questions that are answered otherwise."""
        names = sorted({*self.answers, *other.answers})
        return ", ".join(
            f"{name}: {_short(self.answers.get(name))} / {_short(other.answers.get(name))}"
            for name in names
            if self.answers.get(name) != other.answers.get(name)
        )


def _refused(left: int) -> bytes:
    return (0x63C0 | left if left else 0x6983).to_bytes(2, "big")


def _short(answer: bytes | None) -> str:
    if answer is None:
        return "-"
    text = answer.hex()
    return text if len(text) <= 24 else f"{text[:16]}..{text[-4:]}({len(answer) - 2})"


def glance(card: Card) -> dict[str, bytes]:
    """The few questions that tell states apart best."""
    return {
        "SELECT": _answer(card.send(command(0x00, 0xA4, 0x04, 0x00, hsm.APPLET_AID, 256))),
        "user PIN": card.pin_status().to_bytes(2, "big"),
        "SO-PIN": card.pin_status(hsm.SO_PIN_REFERENCE).to_bytes(2, "big"),
        "LIST": _answer(card.send(command(0x00, 0x58, 0x00, 0x00, ne=65536))),
    }


def look(
    bench: Bench,
    user_pins: tuple[bytes, ...],
    so_pins: tuple[bytes, ...],
    in_services: bool = False,
    attested: bool = False,
) -> HostView:
    """Everything that a host can find out, with each of these PINs.

    `in_services`: ask for options, seeds, custodians and settings, too; `attested`: for the
    attestation key. A board that has none would make one.
    """
    card = bench.card
    answers = glance(card)
    listed = answers["LIST"][:-2]
    objects = [int.from_bytes(listed[at : at + 2], "big") for at in range(0, len(listed), 2)]
    for fid in (*WATCHED_FILES, *objects):
        if fid & 0xFF00 == hsm.KEY_PREFIX:
            answers[f"key {fid:04X}"] = _answer(card.send(_select(fid)))
        else:
            answers[f"file {fid:04X}"] = _contents(card, fid)
    for number in range(DOMAINS_MAX):
        answer = _answer(card.send(command(0x80, 0x52, 0x00, number, ne=256)))
        answers[f"domain {number}"] = answer
        if answer[-2:] in (b"\x6a\x86", b"\x6b\x00"):
            break
    if in_services:
        answers |= _custodians(card)
    for number, pin in enumerate(user_pins):
        bench.undone(
            lambda n=number, p=pin: answers.update(_user(card, n, p, objects, in_services))
        )
    for number, pin in enumerate(so_pins):
        name = f"SO-PIN {number} logs in"
        bench.undone(lambda n=name, p=pin: answers.update({n: _try(card, p, 0x88)}))
    free = card.version()[:4]
    if attested:
        bench.undone(lambda: answers.update(_attestation(card)))
    if in_services:
        answers["settings"] = _settings(card)
    return HostView(answers, int.from_bytes(free, "big"))


def _user(
    card: Card, number: int, pin: bytes, objects: list[int], in_services: bool
) -> dict[str, bytes]:
    """Log in; if that works, open everything that needs it."""
    answers = {f"user PIN {number} logs in": _try(card, pin, 0x81)}
    if answers[f"user PIN {number} logs in"] != b"\x90\x00":
        return answers
    if in_services:
        answers |= _user_of_services(card)
    for fid in WATCHED_PRIVATE_FILES:
        answers[f"file {fid:04X}"] = _contents(card, fid)
    for fid in objects:
        if fid & 0xFF00 == hsm.KEY_PREFIX and fid & 0xFF:
            answers[f"use of key {fid:04X}"] = _opens(card, fid & 0xFF)
    return answers


def _user_of_services(card: Card) -> dict[str, bytes]:
    # Refused under the lock; the host that has the mask goes on.
    answers = {"options": _answer(card.send(command(0x80, 0x64, 0x06, 0x00, ne=256)))}
    if answers["options"] == SW_NOT_LOGGED_IN:
        unlock(card)
    for number in WATCHED_SEEDS:
        path = hsm.tlv(0x02, bytes((number,)))
        answers[f"seed {number}"] = _answer(card.send(command(0x80, 0x4A, 0x0A, 0x00, path, 256)))
    return answers


def unlock(card: Card) -> None:
    """Bring the mask, for this session."""
    with suppress(CardError):
        SecureLock(card, host.MASK).unlock()


def _custodians(card: Card) -> dict[str, bytes]:
    """Public key authentication: the numbers, and who is registered."""
    answers = {"custodians": _answer(card.send(command(0x80, 0x54, 0x00, 0x00, ne=256)))}
    for slot in WATCHED_CUSTODIANS:
        answer = _answer(card.send(command(0x80, 0x54, 0x02, slot, ne=256)))
        answers[f"custodian {slot}"] = answer
    return answers


def _attestation(card: Card) -> dict[str, bytes]:
    services.select_rescue(card)
    return {"attestation key": services.attestation_key(card)}


def _settings(card: Card) -> bytes:
    services.select_rescue(card)
    answer = _answer(card.send(command(0x80, 0x1E, 0x01, 0x00, ne=256)))
    card.select()
    return answer


def _try(card: Card, pin: bytes, reference: int) -> bytes:
    return card.try_pin(pin, reference).to_bytes(2, "big")


def _opens(card: Card, key_id: int) -> bytes:
    for ins, algorithm, data in USES:
        response = card.send(command(0x80, ins, key_id, algorithm, data, 512, extended=True))
        if response.sw != SW_WRONG_KIND:
            return _answer(response)
    return SW_WRONG_KIND.to_bytes(2, "big")


def _contents(card: Card, fid: int) -> bytes:
    content = b""
    while True:
        data = hsm.tlv(0x54, len(content).to_bytes(4, "big"))
        apdu = command(0x00, 0xB1, fid >> 8, fid & 0xFF, data, 2048, extended=True)
        response = card.send(apdu)
        content += response.data
        if not response.ok or len(response.data) < 2048:
            return content + response.sw.to_bytes(2, "big")


def _select(fid: int) -> bytes:
    return command(0x00, 0xA4, 0x00, 0x00, fid.to_bytes(2, "big"), 256)


def _answer(response: Response) -> bytes:
    return response.data + response.sw.to_bytes(2, "big")
