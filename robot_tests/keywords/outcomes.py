# SPDX-License-Identifier: GPL-2.0-or-later
"""Status words in the words of the suites.

Source: [7816-4] 5.6, [SCHSM] 4.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

from sim.apdu import SW_SUCCESS
from sim.life.card import CardError

SW_TRIES_LEFT = 0x63C0

STATUS_WORDS = {
    "behind the end of the file": 0x6282,
    "not possible": 0x6400,
    "memory failure": 0x6581,
    "nobody pressed": 0x6600,
    "wrong length": 0x6700,
    "not logged in": 0x6982,
    "blocked": 0x6983,
    "not usable yet": 0x6984,
    "conditions not satisfied": 0x6985,
    "not allowed": 0x6986,
    "wrong data": 0x6A80,
    "not supported": 0x6A81,
    "not found": 0x6A82,
    "no space left": 0x6A84,
    "uses exhausted": 0x6A84,
    "wrong parameters": 0x6A86,
    "never set": 0x6A88,
    "wrong check": 0x6988,
    "instruction not supported": 0x6D00,
    "class not supported": 0x6E00,
}


def status_word(words: str) -> int:
    """The status word that a suite means, e.g. "2 tries left". ValueError for unknown words."""
    if match := re.fullmatch(r"(\d+) (?:tries|try) left", words):
        return SW_TRIES_LEFT | int(match[1])
    if words not in STATUS_WORDS:
        raise ValueError(f"no outcome is called '{words}'; known: {', '.join(STATUS_WORDS)}")
    return STATUS_WORDS[words]


def in_words(sw: int) -> str:
    """A status word for people: its number and what the suites call it."""
    if sw == SW_SUCCESS:
        return "success"
    names = [name for name, value in STATUS_WORDS.items() if value == sw]
    if sw & ~0xF == SW_TRIES_LEFT:
        names = [f"{sw & 0xF} tries left"]
    return f"{' or '.join(names) or 'no outcome of the suites'} ({sw:04X})"


@contextmanager
def expecting(refused: str | None) -> Iterator[None]:
    """What is done inside must succeed, or, with `refused`, be refused in these words."""
    wanted = None if refused is None else status_word(refused)
    try:
        yield
    except CardError as error:
        if wanted is None:
            raise AssertionError(f"{error.args[0]}: {in_words(error.sw)}") from None
        if error.sw != wanted:
            raise AssertionError(
                f"refused with {in_words(error.sw)}, not with {in_words(wanted)}"
            ) from None
    else:
        if refused is not None:
            raise AssertionError(f"accepted, but should have been refused: {refused}")
