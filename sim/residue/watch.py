# SPDX-License-Identifier: GPL-2.0-or-later
"""Follows a device: learns its secrets, and looks for them after every command.

Secrets are what hosts send as such ([SCHSM] 5 to 8), what handles in the crypto pool hold while
they are in use or as they are wiped, and the state of the random number generator.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from sim.device import Device
from sim.residue import memory
from sim.residue.handles import Handles
from sim.residue.search import Hit, Search

ALLOWED = Path(__file__).with_name("allowed.toml")
# So many of a kind, those that came last, are looked for; of the generator's states so many.
SECRETS_MAX = 24
GENERATIONS_MAX = 4
# The firmware wipes its USB buffers once the host has taken the answer.
SETTLE_MS = 0.2
# A command that the host gives up is ended at its next look at the host.
GIVE_UP_MS = 100
GENERATOR = "generator"
GENERATOR_BYTES = 55
GENERATOR_SECRETS = {"V": 4, "C": 4 + GENERATOR_BYTES}

SELECT, VERIFY, CHANGE, RESET_RETRY, INITIALIZE = 0xA4, 0x20, 0x24, 0x2C, 0x50
EXTERNAL_AUTHENTICATE, GENERAL_AUTHENTICATE = 0x82, 0x86
# Commands that open a session, or may: the user's key and the channel's are there from then on.
OPENING = (VERIFY, CHANGE, EXTERNAL_AUTHENTICATE, GENERAL_AUTHENTICATE)
SO_PIN_BYTES = 8
ROOT_RECORD_BYTES = 33
PIN_TAGS = {0x81: "PIN", 0x82: "SO-PIN"}
BY_NAME = 0x04
CHAINING = 0x10
# The firmware's buffer for the parts of a command ([SCHSM] 2).
CHAIN = "chain"
SW_SUCCESS = b"\x90\x00"


class ResidueError(AssertionError):
    """A secret lies where it must not; names secret, form, owner, address and command.

    `place`: kind of secret and owner, without what differs from find to find; `value`: the secret
    as it lay there, or a piece of it.
    """

    place = ""
    value = b""


@dataclass(frozen=True)
class Allowed:
    """A place where a kind of secrets may be: in sessions only, or always."""

    secret: str
    owner: str
    always: bool
    reason: str


def load_allowed() -> list[Allowed]:
    """The list that people read."""
    rows = tomllib.loads(ALLOWED.read_text())["allowed"]
    return [Allowed(**row) for row in rows]


class Watch:
    """One device. Attach it before the first power-on; a find raises ResidueError."""

    def __init__(self, device: Device) -> None:
        self.device = device
        self._handles = Handles(device)
        self._owners = memory.Owners(device)
        self._allowed = load_allowed()
        self._image = bytes(device.flash.buffer)
        # How many there were; what is looked for, by name: the last ones of each kind.
        self.secrets_seen = 0
        self.secrets: dict[str, bytes] = {}
        self._known: set[bytes] = set()
        self._search = Search({})
        self._constants: dict[bytes, bool] = {}
        self._is_stale = False
        self._in_session = self._was_in_session = False
        self._in_chain = False
        self._journal_end: object = None
        self._read_blocks: set[tuple[int, bytes]] = set()
        device.machine.add_watch("crypto_pool_free", self._block_is_freed)
        device.observers.append(self)

    # --- What is secret -------------------------------------------------------------------------

    def learn(self, name: str, value: bytes) -> None:
        """A secret. Names begin with what allowed.toml calls them."""
        if value in self._known or not value:
            return
        self._known.add(value)
        self.secrets_seen += 1
        self.secrets[f"{name} {self.secrets_seen}"] = value
        self._forget_beyond(GENERATIONS_MAX if name.startswith(GENERATOR) else SECRETS_MAX, name)
        self._is_stale = True

    def _forget_beyond(self, limit: int, name: str) -> None:
        # Of one kind alone: the generator's states come with every command, a key once.
        same = [one for one in self.secrets if one.rpartition(" ")[0] == name]
        for one in same[: len(same) - limit]:
            self._known.discard(self.secrets.pop(one))

    def _learn_from_command(self, apdu: bytes) -> None:
        if len(apdu) < 5:
            return
        ins, p2, data = apdu[1], apdu[3], _data(apdu)
        if ins == VERIFY:
            self.learn(PIN_TAGS.get(p2, "PIN"), data)
        elif ins == CHANGE:
            self.learn("PIN pair", data)
        elif ins == RESET_RETRY:
            self.learn("SO-PIN", data[:SO_PIN_BYTES])
            self.learn("PIN", data[SO_PIN_BYTES:])
        elif ins == INITIALIZE:
            for tag, value in _objects(data):
                if tag in PIN_TAGS:
                    self.learn(PIN_TAGS[tag], value)

    def _block_is_freed(self) -> None:
        machine = self.device.machine
        address = machine.core.read("r0")
        if address:
            header = machine.read_memory(address - memory.BLOCK_HEADER_BYTES, 4)
            size_bytes = int.from_bytes(header, "little") - memory.BLOCK_HEADER_BYTES
            if 0 < size_bytes <= machine.chip.sram_bytes:
                self._learn_handle(address, machine.read_memory(address, size_bytes))

    def _learn_handle(self, address: int, content: bytes) -> None:
        for name, value in self._handles.secrets(address, content):
            if len(value) == ROOT_RECORD_BYTES:
                name = "root record"
            elif name.startswith("secret"):
                name = ("session " if self._in_session else "device ") + name
            self.learn(name, value)

    def _learn_from_pool(self, blocks: list[memory.Block]) -> None:
        for block in blocks:
            if (block.address, block.content) not in self._read_blocks:
                self._read_blocks.add((block.address, block.content))
                self._learn_handle(block.address, block.content)

    def _learn_generator(self, blocks: list[memory.Block]) -> None:
        machine, symbols = self.device.machine, memory.symbols_of(self.device)
        generator = symbols["generator"]
        words = machine.read_memory(generator.address, generator.size_bytes)
        contents = {block.address: block.content for block in blocks}
        for at in range(0, len(words), 4):
            content = contents.get(int.from_bytes(words[at : at + 4], "little"))
            if content is not None:
                for name, start in GENERATOR_SECRETS.items():
                    self.learn(f"{GENERATOR} {name}", content[start : start + GENERATOR_BYTES])

    # --- What Device tells ----------------------------------------------------------------------

    def command_begins(self, apdu: bytes) -> None:
        """Before a command goes out."""
        self._learn_from_command(apdu)
        self._was_in_session = self._in_session
        if _is_part(apdu):
            return
        ins = apdu[1] if len(apdu) > 1 else None
        if ins in OPENING and _data(apdu):  # without data VERIFY only asks
            self._in_session = True
        elif ins == INITIALIZE or apdu[1:3] == bytes((SELECT, BY_NAME)):
            self._in_session = False

    def command_ended(self, apdu: bytes, response: bytes) -> None:
        """After its answer came. Raises ResidueError."""
        self.device.run_for_ms(SETTLE_MS)
        blocks = list(memory.pool_blocks(self.device))
        self._learn_generator(blocks)
        self._learn_from_pool(blocks)
        self._in_chain = _is_part(apdu) and response[-2:] == SW_SUCCESS
        if response[-2:] != SW_SUCCESS:
            self._in_session = self._was_in_session
        elif apdu[1] == INITIALIZE and not self._in_chain:
            self._in_session = True
        self.check(f"command {apdu[:4].hex()}", response)

    def session_ended(self) -> None:
        """After a power cycle, a bus reset, or the ICC was switched off."""
        self._in_session = self._in_chain = False
        self.device.run_for_ms(GIVE_UP_MS)
        self.check("the end of the session", b"")

    def state(self) -> tuple:
        """For a snapshot: what is drawn after it will be drawn again, for something else."""
        return self._in_session, self._in_chain, self._journal_end, dict(self.secrets)

    def load_state(self, state: tuple) -> None:
        """Back to a snapshot."""
        self._in_session, self._in_chain, self._journal_end, secrets = state
        self.secrets = dict(secrets)
        self._known = set(secrets.values())
        self._read_blocks.clear()
        self._is_stale = True

    # --- Where secrets are ----------------------------------------------------------------------

    def check(self, after: str, response: bytes) -> None:
        """Look now; `after` is for the message. Raises ResidueError."""
        if self._is_stale:
            self._search = Search(self.secrets)
            self._constants.clear()
            self._is_stale = False
        places = memory.areas(self.device) + memory.written(self._new_entries())
        places.append(memory.Area("response", 0, response))
        for area in places:
            for hit in self._search.hits(area):
                self._judge(hit, after)

    def _new_entries(self) -> list:
        journal = self.device.journal
        found = []
        for entry in reversed(journal):
            if entry is self._journal_end:
                break
            found.append(entry)
        self._journal_end = journal[-1] if journal else None
        return found

    def _judge(self, hit: Hit, after: str) -> None:
        owner = self._owners.of(hit.area, hit.address)
        if owner == CHAIN and self._in_chain:
            return  # the parts that came, until the last one
        for row in self._allowed:
            matches = hit.secret.startswith(row.secret) and row.owner == owner
            if matches and (row.always or self._in_session):
                return
        if self._is_constant(hit.value):
            return
        error = ResidueError(
            f"after {after}: {hit.secret} ({hit.form}) at 0x{hit.address:08x}, {owner}; "
            f"what may be where stands in {ALLOWED.name}"
        )
        error.place = f"{hit.secret.rpartition(' ')[0]} in {owner}"
        error.value = hit.value
        raise error

    def _is_constant(self, piece: bytes) -> bool:
        # As the order of a curve, near which tests have keys. It takes long: remembered.
        if piece not in self._constants:
            self._constants[piece] = piece in self._image or piece[::-1] in self._image
        return self._constants[piece]


def watched(device: Device) -> Device:
    """The device, which was never switched on, followed from now on."""
    Watch(device)
    return device


def _is_part(apdu: bytes) -> bool:
    # Of a chain, and not the last one.
    return bool(apdu) and bool(apdu[0] & CHAINING)


def _data(apdu: bytes) -> bytes:
    # The data field of a command of any case ([7816-4] 5.1).
    if len(apdu) <= 5:
        return b""
    if apdu[4]:
        return apdu[5 : 5 + apdu[4]]
    return apdu[7 : 7 + int.from_bytes(apdu[5:7], "big")] if len(apdu) > 7 else b""


def _objects(data: bytes) -> Iterator[tuple[int, bytes]]:
    # The short TLVs of INITIALIZE; a hostile command may end anywhere.
    while len(data) >= 2:
        yield data[0], data[2 : 2 + data[1]]
        data = data[2 + data[1] :]
