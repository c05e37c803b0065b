# SPDX-License-Identifier: GPL-2.0-or-later
"""Looks for many secrets at once: plain, reversed, as words of either order."""

from __future__ import annotations

import ctypes
from array import array
from collections.abc import Iterator
from dataclasses import dataclass

from sim import native
from sim.residue.memory import Area

# A piece of a secret of this many bytes is a find; secrets of less than two pieces count whole.
PIECE_BYTES = 8
WORD_BYTES = 4
# Shorter ones occur by chance; [SCHSM] has PINs of 6 bytes and more.
SECRET_BYTES_MIN = 6
FILTER_BYTES = 1 << 17
HITS_MAX = 4096


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


class Search:
    """A set of secrets, made ready for looking at much memory."""

    def __init__(self, secrets: dict[str, bytes]) -> None:
        self._pieces: dict[int, list[_Piece]] = {}
        for name, secret in secrets.items():
            for form, value in forms(secret):
                for piece in pieces(value):
                    first = int.from_bytes(piece[:WORD_BYTES], "little")
                    self._pieces.setdefault(first, []).append(_Piece(name, form, piece))
        self._words = array("I", sorted(self._pieces))
        self._native = native.load()
        self._filter = (ctypes.c_uint8 * FILTER_BYTES)()
        self._native.make_filter(self._filter, self._words_address(), len(self._words))
        self._found = (ctypes.c_uint32 * HITS_MAX)()

    def _words_address(self) -> ctypes.c_void_p:
        return ctypes.c_void_p(self._words.buffer_info()[0])

    def hits(self, area: Area) -> Iterator[Hit]:
        """All places of all secrets in an area."""
        if not self._words:
            return
        count = self._native.find_words(
            area.content,
            len(area.content),
            self._filter,
            self._words_address(),
            len(self._words),
            self._found,
            HITS_MAX,
        )
        for offset in self._found[:count]:
            first = int.from_bytes(area.content[offset : offset + WORD_BYTES], "little")
            for piece in self._pieces[first]:
                if area.content.startswith(piece.value, offset):
                    yield Hit(piece.secret, piece.form, piece.value, area, area.base + offset)
