# SPDX-License-Identifier: GPL-2.0-or-later
"""What a row of the table is, and the APDUs that bring a card where rows begin."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from sim.apdu import SHORT_RESPONSE_MAX, command
from sim.life.card import APPLET_AID, RESCUE_AID, tlv

PIN, SO_PIN = b"648219", b"57621880"

# --- Why: the kinds of bad input ------------------------------------------------------------------
NOT_LOGGED_IN = "not logged in"
P1_P2 = "wrong P1 P2"
LENGTH = "wrong length"
MISSING = "missing object"
REPEATED = "repeated object"
VALUE = "wrong value"
ABSENT = "absent"
KEY_KIND = "wrong kind of key"
EXHAUSTED = "exhausted counter"
NOT_ALLOWED = "algorithm not allowed"
STATE = "wrong state"

# --- What was sent before -------------------------------------------------------------------------
SELECT = command(0x00, 0xA4, 0x04, 0x00, APPLET_AID, 256)
VERIFY = command(0x00, 0x20, 0x00, 0x81, PIN)
NOBODY = (SELECT,)
USER = (SELECT, VERIFY)
OFFICER = (SELECT, command(0x00, 0x20, 0x00, 0x88, SO_PIN))
RESCUE = (command(0x00, 0xA4, 0x04, 0x00, RESCUE_AID, 256),)

# --- What must work afterwards --------------------------------------------------------------------
LIST = command(0x00, 0x58, ne=65536)
SIGN = command(0x80, 0x68, 0x01, 0x70, bytes(range(32)), 256)
FLASH_STATE = command(0x80, 0x1E, 0x02, 0x00, ne=256)
# Commands that end the user's session, whether they are refused or not ([SCHSM] 9.1).
ENDS_SESSION = (0x20, 0x24, 0x2C, 0x50)


@dataclass(frozen=True)
class Refusal:
    """A bad command, and the status word that it gets.

    `card`: a name of `cards.CARDS`; `before`: commands that must succeed first; `costs_a_try`: a
    wrong PIN or code, which is the one thing that leaves a trace in the flash.
    """

    why: str
    apdu: bytes
    status_word: int
    card: str = "used"
    before: tuple[bytes, ...] = USER
    costs_a_try: bool = False

    @property
    def after(self) -> bytes:
        """The next command, in the same session: a signature where the user is logged in."""
        if self.before == RESCUE:
            return FLASH_STATE
        is_open = self.before[:2] == USER and self.apdu[1] not in ENDS_SESSION
        return SIGN if self.card == "used" and is_open else LIST

    def __str__(self) -> str:
        # The same in every process: the data of some commands are signatures made anew.
        header, why = self.apdu[:4].hex(), self.why.replace(" ", "-")
        return f"{header}-{len(self.apdu)}-{why}-{self.status_word:04X}"


def refused(
    header: str,
    status_word: int,
    why: str,
    data: bytes | str = b"",
    ne: int | None = SHORT_RESPONSE_MAX,
    card: str = "used",
    before: tuple[bytes, ...] = USER,
    costs_a_try: bool = False,
) -> Refusal:
    """A row; `header`: CLA INS P1 P2, in hexadecimal as `data` may be."""
    if isinstance(data, str):
        data = bytes.fromhex(data)
    cla, ins, p1, p2 = bytes.fromhex(header)
    apdu = command(cla, ins, p1, p2, data, ne)
    return Refusal(why, apdu, status_word, card, before, costs_a_try)


@dataclass(frozen=True)
class Objects:
    """A command whose data are TLVs, all of them right: what is left of them when one is not.

    `mandatory`: tags without which the command is refused, with `missing`.
    """

    header: str
    objects: tuple[tuple[int, bytes], ...]
    mandatory: tuple[int, ...]
    missing: int
    repeated: int
    truncated: int
    before: tuple[bytes, ...] = USER
    card: str = "used"

    def rows(self) -> Iterator[Refusal]:
        """Each mandatory object left out, each one repeated, and all but the last byte."""
        for tag in self.mandatory:
            kept = [one for one in self.objects if one[0] != tag]
            yield self._row(self.missing, MISSING, join(kept))
        for tag, value in self.objects:
            yield self._row(self.repeated, REPEATED, join([*self.objects, (tag, value)]))
        yield self._row(self.truncated, LENGTH, join(self.objects)[:-1])

    def _row(self, status_word: int, why: str, data: bytes) -> Refusal:
        return refused(self.header, status_word, why, data, card=self.card, before=self.before)


def join(objects: Iterable[tuple[int, bytes]]) -> bytes:
    """The objects as TLVs, one after the other."""
    return b"".join(tlv(tag, value) for tag, value in objects)
