# SPDX-License-Identifier: GPL-2.0-or-later
"""What a host can find out about a card: tries, PINs, keys, counters, files.

Everything is asked through commands; what would cost a try is asked on a snapshot.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import Any, Protocol

from campaigns.signature import is_of
from sim.apdu import SW_SUCCESS
from sim.life import card as hsm
from sim.life.card import Card, CardError

SW_MEMORY_FAILURE = 0x6581
SW_BLOCKED = 0x6983
SW_NOT_SET = 0x6A88
MESSAGE = b"Is this key still here?"
# What a host can read: prefixes of file identifiers ([SCHSM] 5.1).
READABLE = (0x2F, 0xC4, 0xC8, 0xC9, 0xCA, 0xCD, 0xCE, 0xCF)


class Board(Protocol):
    """A card that can be put back to where it was."""

    def transmit(self, apdu: bytes) -> bytes: ...

    def snapshot(self) -> Any: ...

    def restore(self, snapshot: Any) -> None: ...


@dataclass
class Memory:
    """What the host remembers of a life: every PIN and every public key that there ever was."""

    pins: dict[str, bytes] = field(default_factory=dict)
    so_pins: dict[str, bytes] = field(default_factory=dict)
    # Name -> (key id, public point): names are "key 1", "key 2", in the order of their making.
    keys: dict[str, tuple[int, bytes]] = field(default_factory=dict)
    # Files that the host wrote: they are not listed.
    files: set[int] = field(default_factory=set)

    def name_of(self, key_id: int, signature: bytes) -> str:
        """The key that made `signature` over MESSAGE."""
        for name, (at, point) in self.keys.items():
            if at == key_id and is_of(point, signature, MESSAGE):
                return name
        return f"unknown key {key_id}"


@dataclass(frozen=True)
class Observation:
    """A card after power-on. `store`: "ready", "blank" as delivered, or "damaged"."""

    store: str
    user_tries: int = 0
    so_tries: int = 0
    pins: frozenset[str] = frozenset()
    keys: frozenset[str] = frozenset()
    # (name of the key, uses left)
    uses: frozenset[tuple[str, int]] = frozenset()
    # (file identifier, digest of its contents)
    files: frozenset[tuple[int, str]] = frozenset()
    # What key domain 0 says of itself.
    domain: str = ""


def observe(device: Board, memory: Memory) -> Observation:
    """Ask a card that has just been powered everything; it is as before afterwards."""
    card = Card(device.transmit)
    status = card.pin_status()
    if status == SW_MEMORY_FAILURE:
        return Observation("damaged")
    if status == SW_NOT_SET:
        return Observation("blank")
    before = device.snapshot()
    pins = _opening(device, before, memory.pins, hsm.USER_PIN_REFERENCE)
    so_pins = _opening(device, before, memory.so_pins, hsm.SO_PIN_REFERENCE)
    if pins:
        card.verify(memory.pins[min(pins)])
    keys, uses = _keys(card, memory) if pins else ([], [])
    found = Observation(
        "ready",
        _tries(status),
        _tries(card.pin_status(hsm.SO_PIN_REFERENCE)),
        frozenset(pins + so_pins),
        frozenset(keys),
        frozenset(uses),
        frozenset(_files(card, memory)),
        str(card.key_domain()),
    )
    device.restore(before)
    return found


def _tries(status: int) -> int:
    if status == SW_BLOCKED:
        return 0
    if status >> 4 != 0x63C:
        raise CardError("VERIFY without data", status)
    return status & 0xF


def _opening(device: Board, before: Any, pins: dict[str, bytes], reference: int) -> list[str]:
    """Names of those PINs that open the card."""
    found = []
    for name, pin in pins.items():
        if Card(device.transmit).try_pin(pin, reference) == SW_SUCCESS:
            found.append(name)
        device.restore(before)
    return found


def _keys(card: Card, memory: Memory) -> tuple[list[str], list[tuple[str, int]]]:
    """Names of the keys that sign, and of those with a use counter the uses left."""
    keys, uses = [], []
    for file_id in card.list_objects():
        key_id = file_id & 0xFF
        if file_id >> 8 != hsm.KEY_PREFIX >> 8 or not key_id:
            continue
        left = card.uses_left(key_id)
        if left == 0:
            continue
        name = memory.name_of(key_id, card.sign(key_id, hsm.SIGN_ECDSA_SHA256, MESSAGE))
        keys.append(name)
        if left is not None:
            uses.append((name, left))
    return keys, uses


def _files(card: Card, memory: Memory) -> list[tuple[int, str]]:
    """All files that can be read now: listed ones, and those that the host knows of."""
    found = []
    for file_id in sorted({*card.list_objects(), *memory.files}):
        if file_id >> 8 in READABLE:
            try:
                content = card.read_file(file_id)
            except CardError:
                # Deleted, or private data without a PIN that opens.
                continue
            found.append((file_id, hashlib.sha256(content).hexdigest()[:16]))
    return found
