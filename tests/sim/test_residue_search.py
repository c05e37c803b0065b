# SPDX-License-Identifier: GPL-2.0-or-later
"""The search for secrets finds them all, however much of memory looks like them."""

from __future__ import annotations

import pytest

from sim.residue.memory import Area
from sim.residue.search import FINDS_ROOM, Search, forms

BASE = 0x2000_0000
MEMORY_BYTES = 64 * 1024
SECRET = bytes.fromhex("8b1f5ce0397d42a6f30e91c4587ad62b")
# Its words in reverse begin with zeros, which zeroed memory is full of.
ENDS_IN_ZEROS = b"735182" + bytes(4)
# Every word of it is common.
ALL_BUT_ZEROS = bytes(5) + b"\1"


def memory_with(*placed: tuple[int, bytes]) -> Area:
    content = bytearray(MEMORY_BYTES)
    for offset, value in placed:
        content[offset : offset + len(value)] = value
    return Area("memory", BASE, bytes(content))


@pytest.mark.parametrize("common", [ENDS_IN_ZEROS, ALL_BUT_ZEROS, bytes(30) + b"\3\5"])
@pytest.mark.parametrize("form", [name for name, _ in forms(SECRET)])
def test_a_secret_of_common_words_hides_no_other(common: bytes, form: str) -> None:
    search = Search({"common 1": common, "key 2": SECRET})
    at = MEMORY_BYTES - len(SECRET)
    found = search.hits(memory_with((at, dict(forms(SECRET))[form])))
    places = {hit.address for hit in found if hit.secret == "key 2"}
    assert places == {BASE + at, BASE + at + 4, BASE + at + 8}


def test_a_secret_that_ends_in_zeros_is_found() -> None:
    search = Search({"common 1": ENDS_IN_ZEROS})
    for form, value in forms(ENDS_IN_ZEROS):
        found = list(search.hits(memory_with((5000, value))))
        assert (form, BASE + 5000) in [(hit.form, hit.address) for hit in found]


def test_more_finds_than_there_is_room_for_are_all_told() -> None:
    copies = MEMORY_BYTES // len(SECRET)
    found = list(Search({"key 1": SECRET}).hits(Area("memory", BASE, SECRET * copies)))
    assert len(found) == 3 * copies > FINDS_ROOM
    assert {hit.address for hit in found} == {
        BASE + offset for offset in range(0, MEMORY_BYTES, 4) if offset % len(SECRET) <= 8
    }


@pytest.mark.parametrize("start", range(4))
def test_the_first_and_the_last_byte_of_memory_are_searched(start: int) -> None:
    area = Area("memory", BASE, b"\x55" * start + SECRET[:8])
    assert [hit.address for hit in Search({"key 1": SECRET}).hits(area)] == [BASE + start]
    cut_short = Area("memory", BASE, b"\x55" * start + SECRET[:7])
    assert not list(Search({"key 1": SECRET}).hits(cut_short))
    late = Area("memory", BASE, SECRET[1:8])
    assert not list(Search({"key 1": SECRET}).hits(late))


@pytest.mark.parametrize("secret", [SECRET, SECRET + SECRET[::-1] + b"\x5a"])
def test_eleven_bytes_of_a_key_are_a_find_wherever_they_begin(secret: bytes) -> None:
    search = Search({"key 1": secret})
    for start in range(len(secret) - 10):
        assert list(search.hits(memory_with((777, secret[start : start + 11])))), start


def test_short_secrets_count_whole() -> None:
    pin = b"648219735182"
    assert list(Search({"PIN 1": pin}).hits(memory_with((777, pin))))
    assert not list(Search({"PIN 1": pin}).hits(memory_with((777, pin[1:]))))


def test_what_could_be_anything_is_not_looked_for() -> None:
    values = {"counting": bytes(range(32)), "of few bytes": b"\1\2\3\4" * 8, "PIN": b"12345678"}
    for name, value in values.items():
        assert not list(Search({name: value}).hits(memory_with((777, value)))), name


def test_nothing_is_found_without_secrets() -> None:
    assert not list(Search({}).hits(memory_with((0, SECRET))))
