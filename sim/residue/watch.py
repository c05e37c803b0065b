# SPDX-License-Identifier: GPL-2.0-or-later
"""Follows a device: learns its secrets, and looks for them after every command.

Secrets are what hosts send as such ([SCHSM] 5 to 8), what handles in the crypto pool hold while
they are in use or as they are wiped, and the state of the random number generator.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path

from sim.device import Device
from sim.residue import memory
from sim.residue.boot_secrets import opened_by_boot
from sim.residue.codes import CHANGE, INITIALIZE, VERIFY, codes, data_field
from sim.residue.handles import SECRET, Handles
from sim.residue.search import Hit, Search

ALLOWED = Path(__file__).with_name("allowed.toml")
# So many of a kind, those that came last, are looked for; of the generator's states so many.
SECRETS_MAX = 48
GENERATIONS_MAX = 4
# The firmware wipes its USB buffers once the host has taken the answer.
SETTLE_MS = 0.2
# A command that the host gives up is ended at its next look at the host; until then it holds what
# it needs. Between two looks lies an exponentiation of RSA at most.
GIVE_UP_MS, GIVE_UP_MS_MAX = 100, 3000
GENERATOR = "generator"
GENERATOR_BYTES = 55
GENERATOR_SECRETS = {"V": 4, "C": 4 + GENERATOR_BYTES}

SELECT, EXTERNAL_AUTHENTICATE, GENERAL_AUTHENTICATE = 0xA4, 0x82, 0x86
# Commands that open a session, or may: the user's key and the channel's are there from then on.
OPENING = (VERIFY, CHANGE, EXTERNAL_AUTHENTICATE, GENERAL_AUTHENTICATE)
ROOT_RECORD_BYTES = 33
DEVICE, SESSION = "device ", "session "
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
        self._known: dict[bytes, str] = {}
        # What the card opens as it boots: no device draws these again for something else.
        self._of_device: set[bytes] = set()
        self._search = Search({})
        self._constants: dict[bytes, bool] = {}
        self._is_stale = False
        self._in_session = self._was_in_session = False
        self._in_chain = False
        self._journal_end: object = None
        # What the pool held at the last look, and what that told.
        self.blocks_read: dict[memory.Block, list[tuple[str, bytes]]] = {}
        device.machine.add_watch("crypto_pool_free", self._block_is_freed)
        device.observers.append(self)

    # --- What is secret -------------------------------------------------------------------------

    def learn(self, name: str, value: bytes) -> None:
        """A secret. Names begin with what allowed.toml calls them."""
        if not value:
            return
        if value in self._known:
            # Once more among the last of its kind.
            known_as = self._known[value]
            self.secrets[known_as] = self.secrets.pop(known_as)
            return
        self.secrets_seen += 1
        numbered = f"{name} {self.secrets_seen}"
        self._known[value] = numbered
        self.secrets[numbered] = value
        self._forget_beyond(GENERATIONS_MAX if name.startswith(GENERATOR) else SECRETS_MAX, name)
        self._is_stale = True

    def _forget_beyond(self, limit: int, name: str) -> None:
        # Of one kind alone: the generator's states come with every command, a key once.
        same = [one for one in self.secrets if kind_of(one) == name]
        for one in same[: len(same) - limit]:
            del self._known[self.secrets.pop(one)]

    def _learn_from_command(self, apdu: bytes) -> None:
        known = [(kind_of(name), value) for name, value in self.secrets.items()]
        for name, value in codes(apdu, known):
            self.learn(name, value)

    def _block_is_freed(self) -> None:
        machine = self.device.machine
        address = machine.core.read("r0")
        if address:
            header = machine.read_memory(address - memory.BLOCK_HEADER_BYTES, 4)
            size_bytes = int.from_bytes(header, "little") - memory.BLOCK_HEADER_BYTES
            if 0 < size_bytes <= machine.chip.sram_bytes:
                content = machine.read_memory(address, size_bytes)
                if self._handles.may_be_one(content):
                    self._learn_fields(self._handles.secrets(address, content))

    def _learn_fields(self, fields: list[tuple[str, bytes]]) -> None:
        for name, value in fields:
            if name == SECRET and len(value) == ROOT_RECORD_BYTES:
                name = "root record"
            elif fields[0][1] in self._of_device:
                # Its keys for sealing are made of it, and live as long.
                self._of_device.add(value)
            self.learn(name, value)

    def _learn_from_pool(self, blocks: list[memory.Block]) -> None:
        before, self.blocks_read = self.blocks_read, {}
        for block in blocks:
            fields = before.get(block)
            if fields is None:
                fields = self._handles.secrets(block.address, block.content)
            self.blocks_read[block] = fields
            self._learn_fields(fields)

    def _learn_what_boots_open(self) -> None:
        self._of_device |= opened_by_boot(self.device, self._handles)
        self._learn_from_pool(list(memory.pool_blocks(self.device)))

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
        if ins in OPENING and data_field(apdu):  # without data VERIFY only asks
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
        self.check("the end of the session", b"", patience_ms=GIVE_UP_MS_MAX)

    def state(self) -> tuple:
        """For a snapshot: what is drawn after it will be drawn again, for something else."""
        return self._in_session, self._in_chain, self._journal_end, dict(self.secrets)

    def load_state(self, state: tuple) -> None:
        """Back to a snapshot."""
        self._in_session, self._in_chain, self._journal_end, secrets = state
        self.secrets = dict(secrets)
        self._known = {value: name for name, value in secrets.items()}
        self.blocks_read.clear()
        self._is_stale = True

    # --- Where secrets are ----------------------------------------------------------------------

    def check(self, after: str, response: bytes, patience_ms: int = 0) -> None:
        """Look now, and again for `patience_ms` while there are finds. Raises ResidueError.

        `after` is for the message.
        """
        gone = [*memory.written(self._new_entries()), memory.Area("response", 0, response)]
        finds = self._finds(gone)
        if any(_is_sessions(name, owner) for name, owner, _ in finds):
            self._learn_what_boots_open()
            finds = self._finds(gone)
        while finds and patience_ms > 0:
            self.device.run_for_ms(GIVE_UP_MS)
            patience_ms -= GIVE_UP_MS
            gone += memory.written(self._new_entries())
            finds = self._finds(gone)
        for name, owner, hit in finds:
            error = ResidueError(
                f"after {after}: {name} ({hit.form}) at 0x{hit.address:08x}, {owner}; "
                f"what may be where stands in {ALLOWED.name}"
            )
            error.place = f"{kind_of(name)} in {owner}"
            error.value = hit.value
            raise error

    def _finds(self, gone: list[memory.Area]) -> list[tuple[str, str, Hit]]:
        # What lies where it must not, now or in what has gone out: name, owner of the place, hit.
        if self._is_stale:
            self._search = Search(self.secrets)
            self._constants.clear()
            self._is_stale = False
        places = memory.areas(self.device) + gone
        hits = [hit for area in places for hit in self._search.hits(area)]
        named = [
            (self._full_name(hit), self._owners.of(hit.area, hit.address), hit) for hit in hits
        ]
        return [find for find in named if not self._may_be(*find)]

    def _full_name(self, hit: Hit) -> str:
        if not hit.secret.startswith(SECRET):
            return hit.secret
        is_of_device = self.secrets[hit.secret] in self._of_device
        return (DEVICE if is_of_device else SESSION) + hit.secret

    def _new_entries(self) -> list:
        journal = self.device.journal
        found = []
        for entry in reversed(journal):
            if entry is self._journal_end:
                break
            found.append(entry)
        self._journal_end = journal[-1] if journal else None
        return found

    def _may_be(self, name: str, owner: str, hit: Hit) -> bool:
        if owner == CHAIN and self._in_chain:
            return True  # the parts that came, until the last one
        for row in self._allowed:
            if name.startswith(row.secret) and row.owner == owner:
                if row.always or self._in_session:
                    return True
        return self._is_constant(hit.value)

    def _is_constant(self, piece: bytes) -> bool:
        # As the order of a curve, near which tests have keys. It takes long: remembered.
        if piece not in self._constants:
            self._constants[piece] = piece in self._image or piece[::-1] in self._image
        return self._constants[piece]


def _is_sessions(name: str, owner: str) -> bool:
    return name.startswith(SESSION) and owner == memory.POOL_IN_USE


def kind_of(name: str) -> str:
    """A secret's name without its number."""
    return name.rpartition(" ")[0]


def watched(device: Device) -> Device:
    """The device, which was never switched on, followed from now on."""
    Watch(device)
    return device


def _is_part(apdu: bytes) -> bool:
    # Of a chain, and not the last one.
    return bool(apdu) and bool(apdu[0] & CHAINING)
