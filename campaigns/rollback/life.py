# SPDX-License-Identifier: GPL-2.0-or-later
"""The life that is recorded: one image of the data region after each step.

Two moments of it are the present that old contents are put into: `LAST`, before the card is
initialised again, and `END`, after it. In between the log goes round the region once, so that no
sector keeps its first contents.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from campaigns.rollback import log_reader
from campaigns.rollback.log_reader import Committed
from campaigns.rollback.witness import Memory, Observation, observe
from sim.device import Device
from sim.flash import SECTOR_BYTES
from sim.life import card as hsm
from sim.life.card import Card
from sim.life.cvc import find

LAST = "last wrong PIN"
END = "wrong PIN again"

PIN_A, PIN_B, PIN_C = b"648219", b"112358", b"271828"
SO_A, SO_B = b"57621880", b"16180339"
DKEK_SHARES = (bytes(range(32)), bytes(range(100, 132)))
WRONG_PIN = b"000000"
PUBLIC_FILE, OTHER_FILE, FILLER_FILE = 0xCF01, 0xCF02, 0xCF03
PRIVATE_FILE = 0xCD01
KEY_USES = 200
SEED = 1


@dataclass(frozen=True)
class Moment:
    """The card after a step: its data region, and what a host sees after power-on."""

    name: str
    region: bytes
    seen: Observation


@dataclass
class Record:
    """A whole life on one board. `region_offset`: of the data region in the flash."""

    board: str
    region_offset: int
    moments: list[Moment] = field(default_factory=list)
    memory: Memory = field(default_factory=Memory)
    # What was committed after each command of the life, as the reader of the log has it.
    commits: set[Committed] = field(default_factory=set)

    def index(self, name: str) -> int:
        """The number of the moment called `name`."""
        return next(i for i, moment in enumerate(self.moments) if moment.name == name)


class _Life:
    """The host's side of a life."""

    def __init__(self, card: Card, memory: Memory, sectors: int) -> None:
        self.card = card
        self.memory = memory
        self.sectors = sectors

    def initialize(self, pin_name: str, pin: bytes, so_name: str, so_pin: bytes) -> None:
        iterations = hsm.PIN_ITERATIONS_MIN
        self.card.initialize(pin, so_pin, pin_iterations=iterations, key_domains=1)
        self.memory.pins[pin_name] = pin
        self.memory.so_pins[so_name] = so_pin

    def generate(self, key_id: int, uses: int | None = None) -> None:
        template = hsm.ec_key_template("secp256r1")
        request = self.card.generate_key_pair(key_id, template, uses)
        value, _ = find(request, 0x67)
        value, _ = find(value, 0x7F21)
        value, _ = find(value, 0x7F4E)
        value, _ = find(value, 0x7F49)
        point, _ = find(value, 0x86)
        self.memory.keys[f"key {len(self.memory.keys) + 1}"] = (key_id, point)

    def change_pin(self, old: bytes, name: str, new: bytes) -> None:
        self.card.change_pin(old, new)
        self.memory.pins[name] = new

    def change_so_pin(self) -> None:
        self.card.change_pin(SO_A, SO_B, hsm.SO_PIN_REFERENCE)
        self.memory.so_pins["SO-PIN B"] = SO_B

    def write(self, file_id: int, text: str, length: int) -> None:
        self.card.write_file(file_id, (text.encode() + b" ") * (length // (len(text) + 1)))
        self.memory.files.add(file_id)

    def use(self, key_id: int, times: int) -> None:
        for _ in range(times):
            self.card.sign(key_id, hsm.SIGN_ECDSA_SHA256, b"used")

    def wrong(self, times: int, reference: int = hsm.USER_PIN_REFERENCE) -> None:
        pin = WRONG_PIN if reference == hsm.USER_PIN_REFERENCE else b"00000000"
        for _ in range(times):
            self.card.try_pin(pin, reference)

    def fill(self) -> None:
        """The log goes round the region once: each write takes at least a sector."""
        for count in range(self.sectors):
            self.write(FILLER_FILE, f"filler {count}", SECTOR_BYTES - 256)

    # --- the steps ------------------------------------------------------------------------------

    def steps(self) -> Iterator[tuple[str, Callable[[], object]]]:
        """Names and actions, in order."""
        card = self.card
        yield "as delivered", lambda: None
        yield "initialised", lambda: self.initialize("PIN A", PIN_A, "SO-PIN A", SO_A)
        yield "logged in", lambda: card.verify(PIN_A)
        yield "key 1 generated", lambda: self.generate(1)
        yield "key 2 generated", lambda: self.generate(2)
        yield "key 3 generated, with a use counter", lambda: self.generate(3, KEY_USES)
        yield "public file written", lambda: self.write(PUBLIC_FILE, "first", 3000)
        yield "other file written", lambda: self.write(OTHER_FILE, "other", 700)
        yield "private file written", lambda: self.write(PRIVATE_FILE, "secret", 1500)
        yield "key domain set up", lambda: card.set_up_key_domain(0, len(DKEK_SHARES))
        yield "DKEK share imported", lambda: card.import_dkek_share(DKEK_SHARES[0])
        yield "DKEK complete", lambda: card.import_dkek_share(DKEK_SHARES[1])
        yield "wrong PIN once", lambda: self.wrong(1)
        yield "right PIN", lambda: card.verify(PIN_A)
        yield "counted key used", lambda: self.use(3, 2)
        yield "public file replaced", lambda: self.write(PUBLIC_FILE, "second", 2000)
        yield "PIN changed", lambda: self.change_pin(PIN_A, "PIN B", PIN_B)
        yield "SO-PIN changed", self.change_so_pin
        yield "key 2 deleted", lambda: card.delete_file(hsm.KEY_PREFIX | 2)
        yield "other file deleted", lambda: card.delete_file(OTHER_FILE)
        yield "key domain deleted", lambda: card.delete_key_domain(0)
        yield "log once round the region", self.fill
        yield "filler deleted", lambda: card.delete_file(FILLER_FILE)
        yield "wrong SO-PIN", lambda: self.wrong(1, hsm.SO_PIN_REFERENCE)
        yield "right PIN again", lambda: card.verify(PIN_B)
        yield "counted key used again", lambda: self.use(3, 3)
        yield "wrong PIN", lambda: self.wrong(1)
        yield LAST, lambda: self.wrong(1)
        yield "initialised again", lambda: self.initialize("PIN C", PIN_C, "SO-PIN B", SO_B)
        yield "another key 1 generated", lambda: self.generate(1)
        yield "public file written again", lambda: self.write(PUBLIC_FILE, "third", 1000)
        yield END, lambda: self.wrong(1)


def record(board: str, image: Path, advance: Callable[[str], None] = lambda name: None) -> Record:
    """Run a life on a board. `advance` hears the name of each step that is done."""
    device = Device.from_uf2(board, image, seed=SEED)
    layout = device.board.flash
    done = Record(board, layout.data_offset)

    def region() -> bytes:
        return device.flash.read(layout.data_offset, layout.data_size_bytes)

    def transmit(apdu: bytes) -> bytes:
        before = device.flash.operation_count
        answer = device.transmit(apdu)
        if device.flash.operation_count != before:
            done.commits.add(log_reader.read(region()).committed())
        return answer

    life = _Life(Card(transmit), done.memory, layout.data_size_bytes // SECTOR_BYTES)
    device.power_on(seed=SEED)
    for name, act in life.steps():
        act()
        done.moments.append(Moment(name, region(), _seen_after_power_on(device, done.memory)))
        advance(name)
    device.power_off()
    return done


def _seen_after_power_on(device: Device, memory: Memory) -> Observation:
    """What a power cycle at this point would show; the life goes on without it."""
    before = device.snapshot()
    device.power_off()
    device.power_on(seed=SEED)
    seen = observe(device, memory)
    device.restore(before)
    return seen
