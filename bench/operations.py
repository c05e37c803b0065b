# SPDX-License-Identifier: GPL-2.0-or-later
"""What a command costs on the chip: instructions, time, the share outside crypto.

The commands run in the chip model with every instruction counted where it lies; the cycle model
turns counts into cycles and the board's clock turns these into milliseconds. RSA key generation is
in rsa_generation.py: its time is a matter of luck.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import boards
from bench.cycle_model import CycleModel
from bench.link_map import LinkMap
from bench.soak_commands import (
    AES_256,
    CBC_ENCRYPT,
    CIPHER_EXTENDED,
    ECDH,
    G_ED25519,
    G_X25519,
    OID_AES256_GCM,
    SIGN_EDDSA,
    curve_template,
    point,
)
from sim.apdu import command
from sim.device import Device, DeviceSnapshot
from sim.life import card as hsm
from sim.life.card import Card, tlv
from sim.soc import CHIPS

PIN = b"648219"
SO_PIN = b"57621880"
KEY_P256, KEY_RSA, KEY_NEW, KEY_ED25519, KEY_X25519, KEY_AES, FIRST_CURVE = 1, 2, 3, 4, 5, 6, 16
# Curves whose signatures and agreements are measured, beside P-256.
CURVES = {
    "P-384": "secp384r1",
    "P-521": "secp521r1",
    "secp256k1": "secp256k1",
    "brainpoolP256r1": "brainpoolP256r1",
    "brainpoolP512r1": "brainpoolP512r1",
}
MESSAGE = b"Attack at dawn."
SHARE = bytes(range(32))
KIBIBYTE = bytes(range(256)) * 4
CRYPTO_LIBRARY = "libhsm_crypto_core.a"


@dataclass
class Operation:
    """One command on one board."""

    board: str
    clock_mhz: int
    name: str
    instructions: int
    outside_library: int
    cycles: int

    @property
    def estimated_ms(self) -> float:
        """Milliseconds on the chip, if code and tables come without wait states."""
        return self.cycles / self.clock_mhz / 1000


class Bench:
    """A personalised device with exact counts, and its commands."""

    def __init__(self, board: str, image: Path, flash_file: Path) -> None:
        self._board = boards.load(board)
        self._map = LinkMap(image.with_suffix(".map"))
        self._device = Device.from_uf2(board, image, flash_file, exact=True, coverage=True)
        self._device.power_on()
        self._card = Card(self._device.transmit)
        self._card.select()
        self._card.verify(PIN)
        self._ready: DeviceSnapshot = self._device.snapshot()
        core = CHIPS[self._board.chip].cpu_model
        self._cycles = CycleModel(core, self._device.machine.read_memory)

    def measure(self) -> list[Operation]:
        """All commands of the table, each from the same state."""
        card = self._card
        p256 = hsm.ec_key_template("secp256r1")
        return [
            self._one("VERIFY", lambda: card.verify(PIN)),
            self._one("GENERATE P-256", lambda: card.generate_key_pair(KEY_NEW, p256)),
            *self._signatures(),
            *self._agreements(),
            *self._ciphers(),
            *self._backup(),
        ]

    def _signatures(self) -> list[Operation]:
        card = self._card
        ecdsa, pkcs1 = hsm.SIGN_ECDSA_SHA256, hsm.SIGN_RSA_PKCS1_SHA256
        block = bytes(256)
        return [
            self._one("SIGN P-256", lambda: card.sign(KEY_P256, ecdsa, MESSAGE)),
            *(
                self._one(f"SIGN {name}", lambda key_id=key_id: card.sign(key_id, ecdsa, MESSAGE))
                for key_id, name in enumerate(CURVES, FIRST_CURVE)
            ),
            self._one("SIGN Ed25519", lambda: card.sign(KEY_ED25519, SIGN_EDDSA, MESSAGE)),
            self._one("SIGN RSA-2048", lambda: card.sign(KEY_RSA, pkcs1, MESSAGE)),
            self._one("DECIPHER RSA-2048", lambda: card.decipher(KEY_RSA, block)),
        ]

    def _agreements(self) -> list[Operation]:
        # The other party has the same public key: what it costs is the same with any.
        keys = [("P-256", KEY_P256), ("X25519", KEY_X25519)]
        keys += [(name, key_id) for key_id, name in enumerate(CURVES, FIRST_CURVE)]
        return [self._one(f"ECDH {name}", self._agreement(key_id)) for name, key_id in keys]

    def _agreement(self, key_id: int) -> Callable[[], object]:
        tag = 0x84 if key_id == KEY_X25519 else 0x86
        peer = point(self._card.read_file(hsm.CERTIFICATE_PREFIX | key_id), tag)
        apdu = command(0x80, 0x62, key_id, ECDH, peer, 65536, extended=True)
        return lambda: self._send(apdu)

    def _ciphers(self) -> list[Operation]:
        objects = tlv(0x06, OID_AES256_GCM) + tlv(0x81, KIBIBYTE) + tlv(0x82, bytes(12))
        rows = {
            "AES-CBC, 1 KiB": (CBC_ENCRYPT, KIBIBYTE),
            "AES-GCM, 1 KiB": (CIPHER_EXTENDED, objects),
        }
        apdus = {
            name: command(0x80, 0x78, KEY_AES, algorithm, data, 65536, extended=True)
            for name, (algorithm, data) in rows.items()
        }
        return [self._one(name, lambda apdu=apdu: self._send(apdu)) for name, apdu in apdus.items()]

    def _backup(self) -> list[Operation]:
        card = self._card
        blobs = {"P-256": card.wrap_key(KEY_P256), "RSA-2048": card.wrap_key(KEY_RSA)}
        rows = []
        for name, key_id in (("P-256", KEY_P256), ("RSA-2048", KEY_RSA)):
            blob = blobs[name]
            rows.append(self._one(f"WRAP {name}", lambda key_id=key_id: card.wrap_key(key_id)))
            rows.append(
                self._one(f"UNWRAP {name}", lambda blob=blob: card.unwrap_key(KEY_NEW, blob))
            )
        return rows

    def _send(self, apdu: bytes) -> None:
        response = self._card.send(apdu)
        assert response.ok, f"{apdu[:4].hex()}: {response.sw:04X}"

    def _one(self, name: str, run: Callable[[], object]) -> Operation:
        self._device.restore(self._ready)
        # The first use of a command imports its module; what a host feels is the second.
        if not name.startswith(("VERIFY", "GENERATE")):
            run()
        machine = self._device.machine
        machine.clear_coverage()
        run()
        counts = machine.execution_counts()
        outside = sum(
            count
            for address, count in counts.items()
            if CRYPTO_LIBRARY not in self._map.origin(address)
        )
        return Operation(
            self._board.name,
            self._board.clock_hz // 1_000_000,
            name,
            sum(counts.values()),
            outside,
            self._cycles.cycles(counts),
        )


def personalise(board: str, image: Path, flash_file: Path) -> None:
    """Makes the flash contents that the other measurements start from."""
    device = Device.from_uf2(board, image)
    device.power_on()
    card = Card(device.transmit)
    card.select()
    card.initialize(PIN, SO_PIN, dkek_shares=1)
    card.import_dkek_share(SHARE)
    card.verify(PIN)
    card.generate_key_pair(KEY_P256, hsm.ec_key_template("secp256r1"))
    card.generate_key_pair(KEY_RSA, hsm.rsa_key_template(2048))
    card.generate_key_pair(KEY_ED25519, curve_template(G_ED25519))
    card.generate_key_pair(KEY_X25519, curve_template(G_X25519))
    card.send(command(0x00, 0x48, KEY_AES, AES_256))
    for key_id, curve in enumerate(CURVES.values(), FIRST_CURVE):
        card.generate_key_pair(key_id, hsm.ec_key_template(curve))
    device.power_off()
    device.flash.save(flash_file)
