# SPDX-License-Identifier: GPL-2.0-or-later
"""Looks for many secrets at once: plain, reversed, as words of either order."""

from __future__ import annotations

import ctypes
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from sim import native
from sim.residue.memory import Area

# A piece of a secret of this many bytes is a find; secrets of less than two pieces count whole.
PIECE_BYTES = 8
WORD_BYTES = 4
# Shorter ones occur by chance; [SCHSM] has PINs of 6 bytes and more.
SECRET_BYTES_MIN = 6
FILTER_BYTES = 1 << 17
# Beyond what one offset can need; more finds are fetched in turns.
FINDS_ROOM = 4096


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
    secret: str
    form: str
    value: bytes

    @cached_property
    def word_at(self) -> int:
        """Where its rarest word begins. Memory is full of the others: a PIN may end in zeros."""
        starts = range(len(self.value) - WORD_BYTES + 1)
        return max(starts, key=lambda start: len(set(self.value[start : start + WORD_BYTES])))

    @cached_property
    def word(self) -> int:
        """Its rarest word, by which it is listed."""
        return int.from_bytes(self.value[self.word_at : self.word_at + WORD_BYTES], "little")


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
    for start in range(0, len(value) - PIECE_BYTES + 1, PIECE_BYTES):
        piece = value[start : start + PIECE_BYTES]
        if len(set(piece)) > PIECE_BYTES // 2 and not _is_count(piece):
            yield piece


def _is_count(piece: bytes) -> bool:
    # 00 01 02 ... and all zeros: tests have such keys and PINs, but tables have them, too.
    steps = {(later - earlier) % 256 for earlier, later in zip(piece, piece[1:], strict=False)}
    return len(steps) == 1


class _ListedPiece(ctypes.Structure):
    # Mirror of `struct piece` (find_pieces.c).
    _fields_ = tuple((name, ctypes.c_uint32) for name in ("word", "word_at", "start", "length"))


class _Find(ctypes.Structure):
    # Mirror of `struct find`; the lines are for readers and type checkers.
    offset: int
    piece: int

    _fields_ = (("offset", ctypes.c_uint32), ("piece", ctypes.c_uint32))


class Search:
    """A set of secrets, made ready for looking at much memory."""

    def __init__(self, secrets: dict[str, bytes]) -> None:
        found = [
            _Piece(name, form, piece)
            for name, secret in secrets.items()
            for form, value in forms(secret)
            for piece in pieces(value)
        ]
        self._pieces = sorted(found, key=lambda piece: piece.word)
        self._values = b"".join(piece.value for piece in self._pieces)
        self._listed = (_ListedPiece * len(self._pieces))()
        start = 0
        for listed, piece in zip(self._listed, self._pieces, strict=True):
            length = len(piece.value)
            listed.word, listed.word_at = piece.word, piece.word_at
            listed.start, listed.length = start, length
            start += length
        self._native = native.load()
        self._filter = (ctypes.c_uint8 * FILTER_BYTES)()
        self._native.make_filter(self._filter, self._listed, len(self._listed))
        self._found = (_Find * (len(self._listed) + FINDS_ROOM))()

    def hits(self, area: Area) -> Iterator[Hit]:
        """All places of all secrets in an area."""
        size_bytes = len(area.content)
        cursor = ctypes.c_size_t(0)
        while self._pieces and cursor.value < size_bytes:
            count = self._native.find_pieces(
                *(area.content, size_bytes, ctypes.byref(cursor)),
                *(self._filter, self._listed, len(self._listed), self._values),
                *(self._found, len(self._found)),
            )
            for find in self._found[:count]:
                piece = self._pieces[find.piece]
                yield Hit(piece.secret, piece.form, piece.value, area, area.base + find.offset)
