# SPDX-License-Identifier: GPL-2.0-or-later
"""Looks for secrets in memory: as they are, reversed, and as words of either order."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from campaigns.residue.memory import Area

# A rest of a secret of this many bytes is a find; PINs are looked for whole.
REST_BYTES = 8
WORD_BYTES = 4


@dataclass(frozen=True)
class Hit:
    """A secret, or a rest of it, at an address."""

    secret: str
    form: str
    area: str
    address: int
    length: int


def forms(secret: bytes) -> Iterator[tuple[str, bytes]]:
    """How a secret can lie in memory."""
    yield "plain", secret
    yield "reversed", secret[::-1]
    if len(secret) % WORD_BYTES == 0 and len(secret) > WORD_BYTES:
        words = [secret[i : i + WORD_BYTES] for i in range(0, len(secret), WORD_BYTES)]
        yield "words, bytes reversed", b"".join(word[::-1] for word in words)
        yield "words in reverse", b"".join(reversed(words))


def rests(value: bytes) -> Iterator[bytes]:
    """Pieces of a secret that give it away; those without entropy are left out."""
    if len(value) < 2 * REST_BYTES:
        yield value
        return
    for start in range(0, len(value) - REST_BYTES + 1, REST_BYTES):
        piece = value[start : start + REST_BYTES]
        if len(set(piece)) >= REST_BYTES // 2:
            yield piece


def search(secrets: dict[str, bytes], areas: Iterable[Area]) -> Iterator[Hit]:
    """All places of all secrets."""
    places = list(areas)
    for name, secret in secrets.items():
        seen: set[bytes] = set()
        for form, value in forms(secret):
            for piece in rests(value):
                if piece in seen:
                    continue
                seen.add(piece)
                for area in places:
                    yield from _find(name, form, piece, area)


def _find(name: str, form: str, piece: bytes, area: Area) -> Iterator[Hit]:
    start = area.content.find(piece)
    while start >= 0:
        yield Hit(name, form, area.name, area.base + start, len(piece))
        start = area.content.find(piece, start + 1)
