# SPDX-License-Identifier: GPL-2.0-or-later
"""Looks for many secrets at once: plain, reversed, as words of either order."""

from __future__ import annotations

import ctypes
from array import array
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from sim import native
from sim.residue.memory import Area

# A piece of a secret of this many bytes, from one of its words on, is a find; secrets of less than
# two pieces count whole.
PIECE_BYTES = 8
WORD_BYTES = 4
# Shorter ones occur by chance; [SCHSM] has PINs of 6 bytes and more.
SECRET_BYTES_MIN = 6
FILTER_BYTES = 1 << 17
# Beyond what one offset can need; more finds are fetched in turns.
FINDS_ROOM = 4096
# Secrets whose pieces are kept: most of them are looked for many times.
PIECES_OF_MAX = 1024


@dataclass(frozen=True)
class Hit:
    """A secret, or a piece of it, at an address of an area."""

    secret: str
    form: str
    value: bytes
    area: Area
    address: int


@dataclass(frozen=True)
class _Piece:
    form: str
    value: bytes
    # Its rarest word, by which it is listed, and where that begins.
    word: int
    word_at: int


def forms(secret: bytes) -> Iterator[tuple[str, bytes]]:
    """How a secret can lie in memory."""
    yield "plain", secret
    yield "reversed", secret[::-1]
    if len(secret) % WORD_BYTES == 0 and len(secret) > WORD_BYTES:
        words = [secret[i : i + WORD_BYTES] for i in range(0, len(secret), WORD_BYTES)]
        yield "words, bytes reversed", b"".join(word[::-1] for word in words)
        yield "words in reverse", b"".join(reversed(words))


def pieces(value: bytes) -> Iterator[bytes]:
    """Parts of a secret that give it away; those that could be anything's are left out."""
    if len(value) < 2 * PIECE_BYTES:
        if len(value) >= SECRET_BYTES_MIN and not _is_count(value):
            yield value
        return
    for start in range(0, len(value) - PIECE_BYTES + 1, WORD_BYTES):
        piece = value[start : start + PIECE_BYTES]
        if len(set(piece)) > PIECE_BYTES // 2 and not _is_count(piece):
            yield piece


def _is_count(piece: bytes) -> bool:
    # 00 01 02 ... and all zeros: tests have such keys and PINs, but tables have them, too.
    steps = {(later - earlier) % 256 for earlier, later in zip(piece, piece[1:], strict=False)}
    return len(steps) == 1


@lru_cache(PIECES_OF_MAX)
def _pieces_of(secret: bytes) -> tuple[_Piece, ...]:
    return tuple(_listed(form, piece) for form, value in forms(secret) for piece in pieces(value))


def _listed(form: str, piece: bytes) -> _Piece:
    # Memory is full of words with equal bytes: a PIN may have zeros behind it.
    starts = range(len(piece) - WORD_BYTES + 1)
    at = max(starts, key=lambda start: len(set(piece[start : start + WORD_BYTES])))
    return _Piece(form, piece, int.from_bytes(piece[at : at + WORD_BYTES], "little"), at)


class _Find(ctypes.Structure):
    # Mirror of `struct find`; the lines are for readers and type checkers.
    offset: int
    piece: int

    _fields_ = (("offset", ctypes.c_uint32), ("piece", ctypes.c_uint32))


class Search:
    """A set of secrets, made ready for looking at much memory."""

    def __init__(self, secrets: dict[str, bytes]) -> None:
        found = [(name, piece) for name, secret in secrets.items() for piece in _pieces_of(secret)]
        self._pieces = sorted(found, key=lambda named: named[1].word)
        self._values = b"".join(piece.value for _, piece in self._pieces)
        # Numbers of `struct piece` (find_pieces.c), one after the other.
        self._listed = array("I")
        start = 0
        for _, piece in self._pieces:
            length = len(piece.value)
            self._listed.extend((piece.word, piece.word_at, start, length))
            start += length
        self._native = native.load()
        self._filter = (ctypes.c_uint8 * FILTER_BYTES)()
        self._native.make_filter(self._filter, self._listed_address(), len(self._pieces))
        self._found = (_Find * (len(self._pieces) + FINDS_ROOM))()

    def _listed_address(self) -> ctypes.c_void_p:
        return ctypes.c_void_p(self._listed.buffer_info()[0])

    def hits(self, area: Area) -> Iterator[Hit]:
        """All places of all secrets in an area."""
        size_bytes = len(area.content)
        cursor = ctypes.c_size_t(0)
        while self._pieces and cursor.value < size_bytes:
            count = self._native.find_pieces(
                *(area.content, size_bytes, ctypes.byref(cursor)),
                *(self._filter, self._listed_address(), len(self._pieces), self._values),
                *(self._found, len(self._found)),
            )
            for find in self._found[:count]:
                name, piece = self._pieces[find.piece]
                yield Hit(name, piece.form, piece.value, area, area.base + find.offset)
