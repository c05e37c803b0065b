# SPDX-License-Identifier: GPL-2.0-or-later
"""Where inputs begin: a blank card, an equipped one, one that is logged in."""

from __future__ import annotations

import hashlib

from sim.apdu import command
from sim.device import Device, DeviceSnapshot
from sim.life import card as hsm
from sim.life import services
from sim.life.card import Card
from sim.life.party import Party
from sim.residue import memory
from sim.residue.handles import Handles

PIN, SO_PIN = b"648219", b"57621880"
SHARE, SEED = (hashlib.sha256(name).digest() for name in (b"DKEK share", b"seed"))
EC_KEY, RSA_KEY, AES_KEY = 1, 2, 3
RSA_BITS = 1024
CURVE = "secp256r1"
PUBLIC_FILE, PRIVATE_FILE = 0xCA01, 0xCD01
ROOT = Party(b"UTROOT00001", 11)
INSTRUCTIONS = (
    *(0x20, 0x22, 0x24, 0x2A, 0x2C, 0x46, 0x48, 0x4A, 0x50, 0x52, 0x54, 0x58, 0x5A, 0x62, 0x64),
    *(0x68, 0x72, 0x74, 0x76, 0x78, 0x82, 0x84, 0x86, 0xA4, 0xB0, 0xB1, 0xD7, 0xE4),
)
STARTS = ("blank", "locked", "ready")


def starts(device: Device) -> dict[str, DeviceSnapshot]:
    """All STARTS of a device that has just been switched on for the first time."""
    card = Card(device.transmit)
    load_commands(card)
    card.select()
    blank = device.snapshot()
    equip(card)
    card.select()
    locked = device.snapshot()
    card.verify(PIN)
    return {"blank": blank, "locked": locked, "ready": device.snapshot()}


def equip(card: Card) -> None:
    """INITIALIZE at the lowest cost, a key of each kind, a DKEK, a wallet, a CA, files."""
    card.initialize(PIN, SO_PIN, pin_iterations=hsm.PIN_ITERATIONS_MIN, key_domains=2)
    card.select()
    card.verify(PIN)
    card.set_up_key_domain(0, 1)
    card.import_dkek_share(SHARE)
    card.generate_key_pair(EC_KEY, hsm.ec_key_template(CURVE), domain=0)
    card.generate_key_pair(RSA_KEY, hsm.rsa_key_template(RSA_BITS), uses=1000)
    services.generate_aes(card, AES_KEY)
    services.put_seed(card, 0, SEED)
    services.trust(card, ROOT)
    card.write_file(PUBLIC_FILE, b"public" * 200)
    card.write_file(PRIVATE_FILE, b"private" * 100)


def load_commands(card: Card) -> None:
    """Send every INS, in a form that is refused: a command is loaded on its first use."""
    for instruction in INSTRUCTIONS:
        card.send(command(0x80, instruction, 0xFF, 0xFF, b"\xff\xff"))


def secrets(device: Device) -> dict[str, bytes]:
    """What no answer may hold: what the host brought, and what is in the crypto pool."""
    known = {"PIN": PIN, "SO-PIN": SO_PIN, "DKEK share": SHARE, "seed": SEED}
    handles = Handles(device)
    for number, block in enumerate(memory.pool_blocks(device)):
        for name, value in handles.secrets(block.address, block.content):
            known[f"{name} in block {number} of the pool"] = value
    return known
