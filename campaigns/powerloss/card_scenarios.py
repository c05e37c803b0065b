# SPDX-License-Identifier: GPL-2.0-or-later
"""Every command that changes a card, each as one scenario of power cuts.

A start is a state of the card that several scenarios share. `opening` is what the host does in the
session before the command; a PIN that the command compares has one wrong try behind it, so that
before, spent and restored tell apart.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from campaigns.powerloss.card_hosts import SHARES
from campaigns.powerloss.host_view import HostView
from sim.life import card as hsm
from sim.life.card import Card

PIN, NEW_PIN, WRONG_PIN = b"648219", b"11235813", b"000000"
SO_PIN, NEW_SO_PIN, WRONG_SO_PIN = b"57621880", b"31415926", b"00000000"
KEY_COUNTED, KEY, KEY_NEW = 1, 2, 5
USES = 9
TRIES, SO_TRIES = 3, 15
FILE, LONG_FILE, PRIVATE_FILE, NEW_FILE = 0xCF01, 0xCF02, 0xCD01, 0xCF03
TOKEN_INFO = 0x2F03
PRIVATE = b"private data, sealed for the user " * 3
LABEL = bytes.fromhex("301e02010604080102030405060708800850696e6b206b65790c05526f736520")


class SetUpError(Exception):
    """A start could not be made; one line."""


@dataclass(frozen=True)
class CardScenario:
    """One command. `expects(before, after)`: what is wrong with its effect, "" if nothing.

    `tries`: the question whose tries the command spends. `restores`: how many there are after a
    success, for a command that gives them back before it does more. `separate`: the command makes
    more than one transaction, so that cuts also fall between them. `in_services`, `attested`: what
    the view asks for beside keys, files, domains and PINs (`host_view.look`).
    """

    name: str
    start: str
    opening: Callable[[Card], object]
    command: Callable[[Card], object]
    expects: Callable[[HostView, HostView], str]
    user_pins: tuple[bytes, ...] = (PIN,)
    so_pins: tuple[bytes, ...] = (SO_PIN,)
    tries: str = ""
    restores: int = 0
    separate: bool = False
    in_services: bool = False
    attested: bool = False

    def spent(self, before: HostView) -> HostView | None:
        """Before, with one try less: what a cut behind the comparison may leave."""
        left = before.tries(self.tries) if self.tries else None
        return None if left is None else before.with_tries(self.tries, left - 1)

    def restored(self, before: HostView) -> HostView | None:
        """Before, with all tries: the reference data were right, the rest was not done."""
        return before.with_tries(self.tries, self.restores) if self.restores else None


# --- starts ---------------------------------------------------------------------------------------


def blank(card: Card) -> None:
    """As the board comes."""
    card.select()


def personalise(card: Card) -> None:
    """A card in use: keys, files, a key domain that has one share of two."""
    card.select()
    card.initialize(PIN, SO_PIN, TRIES, hsm.PIN_ITERATIONS_MIN, key_domains=2)
    card.verify(PIN)
    template = hsm.ec_key_template("secp256r1")
    card.generate_key_pair(KEY_COUNTED, template, uses=USES)
    card.generate_key_pair(KEY, template)
    card.write_file(FILE, b"public data " * 25)
    card.write_file(LONG_FILE, b"three chunks " * 190)
    card.write_file(PRIVATE_FILE, PRIVATE)
    card.set_up_key_domain(0, len(SHARES))
    card.import_dkek_share(SHARES[0])


STARTS = {"blank": blank, "personalised": personalise}


def closed(card: Card) -> None:
    card.select()


def logged_in(card: Card) -> None:
    card.select()
    card.verify(PIN)


def after_a_wrong_pin(card: Card) -> None:
    card.select()
    card.try_pin(WRONG_PIN)


def after_a_wrong_so_pin(card: Card) -> None:
    card.select()
    card.try_pin(WRONG_SO_PIN, hsm.SO_PIN_REFERENCE)


# --- what a command is for ------------------------------------------------------------------------


def changes(*questions: str) -> Callable[[HostView, HostView], str]:
    """These answers change (or come, or go), and no others."""

    def judge(before: HostView, after: HostView) -> str:
        names = {*before.answers, *after.answers}
        changed = {name for name in names if before.answers.get(name) != after.answers.get(name)}
        if changed == set(questions):
            return ""
        return f"changed: {', '.join(sorted(changed))}; due: {', '.join(sorted(questions))}"

    return judge


def contains(file: int, content: bytes, *questions: str) -> Callable[[HostView, HostView], str]:
    """The file has this content afterwards, and beside it only `questions` change."""

    def judge(before: HostView, after: HostView) -> str:
        name = f"file {file:04X}"
        if after.answers.get(name) != content + b"\x90\x00":
            return f"{name} has other contents"
        return changes(name, *questions)(before, after)

    return judge


def key_names(key_id: int) -> tuple[str, str, str, str]:
    """The questions that a new key answers."""
    fid = f"{key_id:02X}"
    return f"key CC{fid}", f"use of key CC{fid}", f"file C4{fid}", f"file CE{fid}"


def initialised(before: HostView, after: HostView) -> str:
    """A card without keys and files of its former life, whose new PIN logs in."""
    if after.status("user PIN 0 logs in") == 0x9000:
        return "the old PIN logs in"
    if after.status("user PIN 1 logs in") != 0x9000:
        return "the new PIN does not log in"
    gone = {name for name in before.answers if name.startswith(("use of", "file CF", "file CD"))}
    left = [name for name in sorted(gone) if after.status(name) == hsm.SW_SUCCESS]
    return f"left over: {', '.join(left)}" if left else ""


def first_initialised(before: HostView, after: HostView) -> str:
    if before.status("user PIN") != 0x6A88 or after.status("user PIN 0 logs in") != 0x9000:
        return "a blank card, and a PIN that logs in afterwards, were expected"
    return ""


# --- commands -------------------------------------------------------------------------------------


def _initialize(pin: bytes) -> Callable[[Card], object]:
    return lambda card: card.initialize(pin, SO_PIN, TRIES, hsm.PIN_ITERATIONS_MIN, key_domains=2)


def _generate(key_id: int, template: bytes) -> Callable[[Card], object]:
    return lambda card: card.generate_key_pair(key_id, template)


def _write(file: int, offset: int, data: bytes) -> Callable[[Card], object]:
    def run(card: Card) -> None:
        status = card.update_binary(file, offset, data)
        if status != hsm.SW_SUCCESS:
            raise hsm.CardError("UPDATE BINARY", status)

    return run


def _wrong_pin(card: Card) -> None:
    if card.try_pin(WRONG_PIN) != 0x63C2:
        raise SetUpError("a wrong PIN was not answered 63C2")


def _right_so_pin(card: Card) -> None:
    card.verify(SO_PIN, hsm.SO_PIN_REFERENCE)


EC = hsm.ec_key_template("secp256r1")
_LONG = b"three chunks " * 190
_PATCH = b"written over the edge of a chunk"

SCENARIOS = [
    CardScenario(
        "initialize_blank", "blank", closed, _initialize(PIN), first_initialised, so_pins=(SO_PIN,)
    ),
    CardScenario(
        "initialize_used",
        "personalised",
        after_a_wrong_so_pin,
        _initialize(NEW_PIN),
        initialised,
        user_pins=(PIN, NEW_PIN),
        tries="SO-PIN",
        restores=SO_TRIES,
        separate=True,
    ),
    CardScenario(
        "verify_wrong", "personalised", closed, _wrong_pin, changes("user PIN"), tries="user PIN"
    ),
    CardScenario(
        "verify_right_after_wrong",
        "personalised",
        after_a_wrong_pin,
        lambda card: card.verify(PIN),
        changes("user PIN"),
        tries="user PIN",
    ),
    CardScenario(
        "verify_so",
        "personalised",
        after_a_wrong_so_pin,
        _right_so_pin,
        changes("SO-PIN"),
        tries="SO-PIN",
    ),
    CardScenario(
        "change_pin",
        "personalised",
        after_a_wrong_pin,
        lambda card: card.change_pin(PIN, NEW_PIN),
        changes("user PIN", "user PIN 0 logs in", "user PIN 1 logs in"),
        user_pins=(PIN, NEW_PIN),
        tries="user PIN",
        restores=TRIES,
        separate=True,
    ),
    CardScenario(
        "change_so_pin",
        "personalised",
        after_a_wrong_so_pin,
        lambda card: card.change_pin(SO_PIN, NEW_SO_PIN, hsm.SO_PIN_REFERENCE),
        changes("SO-PIN", "SO-PIN 0 logs in", "SO-PIN 1 logs in"),
        so_pins=(SO_PIN, NEW_SO_PIN),
        tries="SO-PIN",
        restores=SO_TRIES,
        separate=True,
    ),
    CardScenario(
        "reset_retry_counter",
        "personalised",
        after_a_wrong_so_pin,
        lambda card: card.reset_retry_counter(SO_PIN, NEW_PIN),
        changes("SO-PIN", "user PIN 0 logs in", "user PIN 1 logs in"),
        user_pins=(PIN, NEW_PIN),
        tries="SO-PIN",
        restores=SO_TRIES,
        separate=True,
    ),
    CardScenario(
        "generate_ec",
        "personalised",
        logged_in,
        _generate(KEY_NEW, EC),
        changes("LIST", *key_names(KEY_NEW)),
    ),
    CardScenario(
        "generate_rsa",
        "personalised",
        logged_in,
        _generate(KEY_NEW, hsm.rsa_key_template(1024)),
        changes("LIST", *key_names(KEY_NEW)),
    ),
    CardScenario(
        "replace_key",
        "personalised",
        logged_in,
        _generate(KEY, EC),
        changes(f"file CE{KEY:02X}"),
    ),
    CardScenario(
        "delete_key",
        "personalised",
        logged_in,
        lambda card: card.delete_file(hsm.KEY_PREFIX | KEY),
        changes("LIST", *key_names(KEY)[:2]),
    ),
    CardScenario(
        "sign_counted",
        "personalised",
        logged_in,
        lambda card: card.sign(KEY_COUNTED, hsm.SIGN_ECDSA_SHA256, b"a message"),
        changes(f"key CC{KEY_COUNTED:02X}"),
    ),
    CardScenario(
        "write_new",
        "personalised",
        logged_in,
        _write(NEW_FILE, 0, b"a new file " * 9),
        contains(NEW_FILE, b"a new file " * 9),
    ),
    CardScenario(
        "write_replace",
        "personalised",
        logged_in,
        _write(FILE, 0, b"other"),
        contains(FILE, b"other"),
    ),
    CardScenario(
        "write_extend",
        "personalised",
        logged_in,
        _write(LONG_FILE, len(_LONG), b"and more"),
        contains(LONG_FILE, _LONG + b"and more"),
    ),
    CardScenario(
        "write_middle",
        "personalised",
        logged_in,
        _write(LONG_FILE, 1010, _PATCH),
        contains(LONG_FILE, _LONG[:1010] + _PATCH + _LONG[1010 + len(_PATCH) :]),
    ),
    CardScenario(
        "write_private",
        "personalised",
        logged_in,
        _write(PRIVATE_FILE, 0, PRIVATE[::-1]),
        contains(PRIVATE_FILE, PRIVATE[::-1]),
    ),
    CardScenario(
        "delete_file",
        "personalised",
        logged_in,
        lambda card: card.delete_file(LONG_FILE),
        changes(f"file {LONG_FILE:04X}"),
    ),
    CardScenario(
        "token_label",
        "personalised",
        logged_in,
        _write(TOKEN_INFO, 0, LABEL),
        contains(TOKEN_INFO, LABEL),
    ),
    CardScenario(
        "domain_set_up",
        "personalised",
        logged_in,
        lambda card: card.set_up_key_domain(1, 1),
        changes("domain 1"),
    ),
    CardScenario(
        "domain_import",
        "personalised",
        closed,
        lambda card: card.import_dkek_share(SHARES[1]),
        changes("domain 0"),
    ),
    CardScenario(
        "domain_clear",
        "personalised",
        logged_in,
        lambda card: card.clear_key_domain(0),
        changes("domain 0"),
    ),
    CardScenario(
        "domain_delete",
        "personalised",
        logged_in,
        lambda card: card.delete_key_domain(0),
        changes("domain 0"),
    ),
    CardScenario(
        "compact_and_write",
        "nearly compacting",
        logged_in,
        _write(NEW_FILE, 0, b"a new file " * 9),
        contains(NEW_FILE, b"a new file " * 9),
        separate=True,
    ),
    CardScenario(
        "renew_tries",
        "retry field nearly full",
        after_a_wrong_pin,
        lambda card: card.verify(PIN),
        changes("user PIN"),
        tries="user PIN",
        separate=True,
    ),
]
CORE = ("verify_wrong", "verify_right_after_wrong", "generate_ec", "change_pin", "delete_key")
