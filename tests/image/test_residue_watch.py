# SPDX-License-Identifier: GPL-2.0-or-later
"""The watch for secrets finds what is planted, and knows what the card makes."""

from __future__ import annotations

import hashlib

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from sim.apdu import GET_RESPONSE, command
from sim.device import Device
from sim.flash.power_cut import PowerCutPlan
from sim.life import card as hsm
from sim.life.card import Card
from sim.residue import memory
from sim.residue.boot_secrets import opened_by_boot
from sim.residue.handles import SECRET as SECRET_TYPE
from sim.residue.handles import Handles
from sim.residue.search import forms
from sim.residue.watch import SECRETS_MAX, ResidueError, Watch
from tests.image.conftest import PIN

SECRET = bytes.fromhex("8b1f5ce0397d42a6f30e91c4587ad62b")
SESSION_SECRET = bytes.fromhex("c4d1073f9a6be2581490fd2e7733a805")
# The device class's, the log's, the live set's, the reference data's.
DEVICE_KEYS = 4
NEW_PIN = b"735182"
PIN_AND_ZEROS = b"735182" + bytes(4)
SW_SUCCESS = b"\x90\x00"
DPRAM_BUFFER = memory.DPRAM_BASE + 0xF00
LAST_SECTOR_BYTES = 4096


@pytest.fixture
def watch(personalised: Device) -> Watch:
    found = next(one for one in personalised.observers if isinstance(one, Watch))
    found.learn("planted", SECRET)
    return found


def symbol(watch: Watch, name: str) -> int:
    return memory.symbols_of(watch.device)[name].address


def free_pool(watch: Watch) -> int:
    last = max(block.address for block in memory.pool_blocks(watch.device))
    low = min(block.address + len(block.content) for block in memory.pool_blocks(watch.device))
    assert low + 256 < last
    return low + 128


PLACES = {
    "stack": lambda watch: symbol(watch, "__StackBottom") + 64,
    "GC heap": lambda watch: symbol(watch, "__StackBottom") - 64,
    "free pool": free_pool,
    "chain": lambda watch: symbol(watch, "chain") + 16,
    "USB packet memory": lambda watch: DPRAM_BUFFER,
}


def secrets_in_pool(watch: Watch) -> set[bytes]:
    handles = Handles(watch.device)
    fields = [
        field
        for block in memory.pool_blocks(watch.device)
        for field in handles.secrets(block.address, block.content)
    ]
    return {value for name, value in fields if name == SECRET_TYPE}


def look(watch: Watch, response: bytes = SW_SUCCESS) -> None:
    watch.command_ended(GET_RESPONSE + b"\0", response)


def plant(watch: Watch, address: int, value: bytes) -> None:
    if address >= memory.DPRAM_BASE:
        packets = watch.device.machine.block("USBCTRL_DPRAM").memory
        start = address - memory.DPRAM_BASE
        packets[start : start + len(value)] = value
    else:
        watch.device.machine.write_memory(address, value)


@pytest.mark.parametrize("owner", PLACES)
@pytest.mark.parametrize("form", [name for name, _ in forms(SECRET)])
def test_a_planted_secret_is_found(watch: Watch, owner: str, form: str) -> None:
    look(watch)
    plant(watch, PLACES[owner](watch), dict(forms(SECRET))[form])
    with pytest.raises(ResidueError, match=rf"planted \d+ \({form}\) at 0x[0-9a-f]+, {owner};"):
        look(watch)


def test_a_pin_with_zeros_behind_hides_no_other_secret(watch: Watch) -> None:
    """Reversed it begins like zeroed memory, of which there is more than of anything."""
    watch.device.transmit(bytes.fromhex("002000810a") + PIN_AND_ZEROS)
    assert PIN_AND_ZEROS in watch.secrets.values()
    plant(watch, PLACES["GC heap"](watch), SECRET)
    with pytest.raises(ResidueError, match="planted .* GC heap;"):
        look(watch)


def test_parts_of_a_command_are_kept_until_its_last_one_only(watch: Watch) -> None:
    plant(watch, PLACES["chain"](watch), SECRET)
    watch.command_ended(bytes.fromhex("1020008102") + b"64", SW_SUCCESS)
    with pytest.raises(ResidueError, match="chain;"):
        watch.command_ended(bytes.fromhex("1020008102") + b"64", b"\x67\0")
    with pytest.raises(ResidueError, match="chain;"):
        look(watch)


def test_half_of_a_secret_is_found(watch: Watch) -> None:
    plant(watch, PLACES["stack"](watch), SECRET[8:])
    with pytest.raises(ResidueError, match="stack"):
        look(watch)


def test_a_secret_in_the_answer_is_found(watch: Watch) -> None:
    with pytest.raises(ResidueError, match="response; .*"):
        look(watch, b"\0" + SECRET + SW_SUCCESS)


def test_a_secret_in_the_flash_is_found(watch: Watch) -> None:
    look(watch)
    flash = watch.device.flash
    flash.program(flash.size_bytes - LAST_SECTOR_BYTES, SECRET * 16)
    with pytest.raises(ResidueError, match="flash"):
        look(watch)


@pytest.mark.parametrize("names", [("r4", "r5", "r6", "r7"), ("r10", "r11", "r12", "lr")])
def test_a_secret_in_a_register_is_found(watch: Watch, names: tuple[str, ...]) -> None:
    look(watch)
    core = watch.device.machine.core
    for number, name in enumerate(names):
        core.write(name, int.from_bytes(SECRET[4 * number : 4 * number + 4], "little"))
    with pytest.raises(ResidueError, match="registers"):
        watch.check("a plant", b"")


def test_what_a_session_may_hold_is_found_after_it(watch: Watch) -> None:
    """A block of the pool may hold the session's secrets, and no longer than that."""
    card = Card(watch.device.transmit)
    card.verify(PIN)
    watch.learn("session secret", SESSION_SECRET)
    block = max(memory.pool_blocks(watch.device), key=lambda block: len(block.content))
    plant(watch, block.address + len(block.content) - len(SESSION_SECRET), SESSION_SECRET)
    look(watch)
    with pytest.raises(ResidueError, match="session secret .* pool"):
        watch.session_ended()


def test_the_users_key_is_found_after_its_session(watch: Watch) -> None:
    """INITIALIZE drew it under the same watch, beside the keys that the device keeps for ever."""
    card = Card(watch.device.transmit)
    before = secrets_in_pool(watch)
    card.verify(PIN)
    [users_key] = secrets_in_pool(watch) - before
    assert users_key in watch.secrets.values()
    card.select()
    block = max(memory.pool_blocks(watch.device), key=lambda block: len(block.content))
    plant(watch, block.address + len(block.content) - len(users_key), users_key)
    with pytest.raises(ResidueError, match="session secret .* pool;"):
        look(watch)


def test_what_a_boot_opens_is_the_devices_own(watch: Watch) -> None:
    """And trying it changes nothing: not even the next random number."""
    device = watch.device
    handles = Handles(device)
    start = device.snapshot()
    expected = Card(device.transmit).challenge(16)
    device.restore(start)
    device.flash.cut = PowerCutPlan(device.flash.operation_count, "none")
    device.press_button()
    before = (bytes(device.machine.sram.buffer), device.virtual_ms, device.journal)
    seen = watch.secrets_seen
    opened = opened_by_boot(device, handles)
    assert watch.secrets_seen == seen
    assert (bytes(device.machine.sram.buffer), device.virtual_ms, device.journal) == before
    assert device.flash.cut is not None and device.machine.block("IO_QSPI").button_pressed
    assert watch in device.observers
    device.release_button()
    device.flash.cut = None
    assert opened == secrets_in_pool(watch)
    assert len(opened) == DEVICE_KEYS
    assert Card(device.transmit).challenge(16) == expected


def test_a_new_pin_is_found(watch: Watch) -> None:
    """CHANGE REFERENCE DATA sends it behind the old one; nothing in it tells where it begins."""
    Card(watch.device.transmit).change_pin(PIN, NEW_PIN)
    plant(watch, PLACES["GC heap"](watch), NEW_PIN)
    with pytest.raises(ResidueError, match=r": PIN \d+ .* GC heap;"):
        look(watch)


def test_a_new_pin_of_a_command_without_an_answer_is_found(watch: Watch) -> None:
    watch.device.start_transmit(command(0x00, 0x24, 0x00, hsm.USER_PIN_REFERENCE, PIN + NEW_PIN))
    plant(watch, PLACES["GC heap"](watch), NEW_PIN)
    with pytest.raises(ResidueError, match=r": PIN \d+ .* GC heap;"):
        watch.device.icc_power_off()


def test_a_command_that_was_not_waited_for_is_looked_at_when_it_answers(watch: Watch) -> None:
    watch.device.start_transmit(command(0x00, 0x84, 0x00, 0x00, ne=8))
    plant(watch, PLACES["GC heap"](watch), SECRET)
    with pytest.raises(ResidueError, match=r"planted .* GC heap;"):
        watch.device.finish_transmit()


def test_the_pool_is_known_however_many_secrets_came_after(watch: Watch) -> None:
    """And nothing is kept of what it held before."""
    card = Card(watch.device.transmit)
    card.verify(PIN)
    held = secrets_in_pool(watch)
    for number in range(2 * SECRETS_MAX):
        watch.learn("secret", hashlib.sha256(bytes((number,))).digest())
        card.challenge(8)
    assert held <= set(watch.secrets.values())
    assert len(watch.secrets) < 2 * SECRETS_MAX
    assert set(watch.blocks_read) == set(memory.pool_blocks(watch.device))


def test_no_more_secrets_live_after_a_session_than_before(personalised: Device) -> None:
    """So that what a session opened cannot pass for the device's own."""
    card = Card(personalised.transmit)
    before = [len(block.content) for block in memory.pool_blocks(personalised)]
    card.verify(PIN)
    during = [len(block.content) for block in memory.pool_blocks(personalised)]
    card.select()
    after = [len(block.content) for block in memory.pool_blocks(personalised)]
    assert len(before) < len(during)
    assert sorted(after) == sorted(before)


def test_a_key_that_the_device_makes_is_known(watch: Watch) -> None:
    card = Card(watch.device.transmit)
    card.verify(PIN)
    request = card.generate_key_pair(2, hsm.ec_key_template("secp256r1"))
    scalars = [value for name, value in watch.secrets.items() if name.startswith("ec key")]
    points = [
        ec.derive_private_key(int.from_bytes(value, "big"), ec.SECP256R1()).public_key()
        for value in scalars
    ]
    assert any(_point(point) in request for point in points)


def _point(key: ec.EllipticCurvePublicKey) -> bytes:
    numbers = key.public_numbers()
    return numbers.x.to_bytes(32, "big") + numbers.y.to_bytes(32, "big")


def test_the_primes_of_an_rsa_key_are_known(watch: Watch) -> None:
    card = Card(watch.device.transmit)
    card.verify(PIN)
    request = card.generate_key_pair(3, hsm.rsa_key_template(1024))
    known = [
        int.from_bytes(value, "big")
        for name, value in watch.secrets.items()
        if name.startswith(("rsa key p", "rsa key q"))
    ]
    moduli = {p * q for p in known for q in known}
    assert any(n.to_bytes(128, "big") in request for n in moduli if n.bit_length() == 1024)


def test_old_keys_are_not_forgotten_over_the_generator(watch: Watch) -> None:
    """Its states come with each command, and would push everything else out."""
    for _ in range(100):
        Card(watch.device.transmit).challenge(8)
    assert SECRET in watch.secrets.values()
