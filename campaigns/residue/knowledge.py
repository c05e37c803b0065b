# SPDX-License-Identifier: GPL-2.0-or-later
"""Which secrets there are: read off the commands, and out of the device's crypto pool.

What the host sends is secret by the kind of the command ([SCHSM] 9 to 12, 22). What the device made
itself is in the pool while it is in use: the handles of type Secret, and the generator's state.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import campaigns.twins  # noqa: F401  (puts tests/firmware on the import path)

# isort: split
import key_blob
from key_blob import AES, EC, EC_D, RSA, RSA_CRT

from campaigns.residue import memory
from sim.device import Device

SECRET_BLOCK_BYTES = 144
SECRET_BYTES_MAX = 64
MASTER_KEY_BYTES = 32
VERIFY, CHANGE, RESET_RETRY, INITIALIZE = 0x20, 0x24, 0x2C, 0x50
MANAGE_KEY_DOMAIN, UNWRAP = 0x52, 0x74
SO_PIN_BYTES = 8
TAGS_OF_PINS = {0x81: "PIN", 0x82: "SO-PIN"}
RSA_NAMES = {RSA: ("d",), RSA_CRT: ("dP", "dQ", "p", "qInv", "q")}


@dataclass
class Knowledge:
    """Secrets by name. Names begin with their kind, which the list of allowed places uses."""

    secrets: dict[str, bytes] = field(default_factory=dict)
    _shares: dict[int, list[bytes]] = field(default_factory=dict)
    _pin: bytes = b""

    def add(self, name: str, value: bytes) -> None:
        """A secret; short ones and all zeros are no secrets."""
        if len(value) >= 6 and any(value):
            self.secrets[name] = value

    def learn_from_command(self, apdu: bytes) -> None:
        """What the host is about to send."""
        if len(apdu) < 5:
            return
        ins, p1, p2, data = apdu[1], apdu[2], apdu[3], _data(apdu)
        if ins == VERIFY and data:
            self.add("PIN" if p2 == 0x81 else "SO-PIN", data)
        elif ins == CHANGE:
            self.add("PIN and new PIN", data)
        elif ins == RESET_RETRY:
            self.add("SO-PIN", data[:SO_PIN_BYTES])
            self.add("PIN", data[SO_PIN_BYTES:])
        elif ins == INITIALIZE:
            for tag, value in _objects(data):
                if tag in TAGS_OF_PINS:
                    self.add(TAGS_OF_PINS[tag], value)
        elif ins == MANAGE_KEY_DOMAIN and p1 == 0 and len(data) == MASTER_KEY_BYTES:
            self._learn_share(p2, data)
        elif ins == UNWRAP and data:
            self._learn_blob(p1, data)

    def learn_from_pool(self, device: Device) -> None:
        """What is in use in the device now."""
        for block in memory.pool_blocks(device):
            content = block.content
            is_secret = len(content) == SECRET_BLOCK_BYTES - memory.BLOCK_HEADER_BYTES
            if is_secret and 16 <= content[0] <= SECRET_BYTES_MAX and content[1] <= 1:
                value = content[2 : 2 + content[0]]
                self.add(f"secret {value[:4].hex()}", value)

    def _learn_share(self, domain: int, share: bytes) -> None:
        shares = self._shares.setdefault(domain, [])
        shares.append(share)
        self.add(f"DKEK share {domain}.{len(shares)}", share)
        dkek = bytes(MASTER_KEY_BYTES)
        for one in shares:
            dkek = bytes(a ^ b for a, b in zip(dkek, one, strict=True))
            self.add(f"DKEK {domain} of {len(shares)} shares", dkek)

    def _learn_blob(self, key_id: int, blob: bytes) -> None:
        for dkek in [value for name, value in self.secrets.items() if name.startswith("DKEK ")]:
            if key_blob.check_value(dkek) != blob[:8]:
                continue
            try:
                key = key_blob.decode(blob, dkek)
            except (AssertionError, ValueError, IndexError):
                return
            if key.kind == AES:
                self.add(f"key {key_id}", key.fields[0])
            elif key.kind == EC:
                self.add(f"key {key_id}", key.fields[EC_D])
            else:
                for name, value in zip(RSA_NAMES[key.kind], key.fields, strict=False):
                    self.add(f"key {key_id} {name}", value)


def _data(apdu: bytes) -> bytes:
    # The data field of a command of any case ([7816-4] 5.1).
    if len(apdu) <= 5:
        return b""
    if apdu[4]:
        return apdu[5 : 5 + apdu[4]]
    return apdu[7 : 7 + int.from_bytes(apdu[5:7], "big")] if len(apdu) > 7 else b""


def _objects(data: bytes) -> list[tuple[int, bytes]]:
    # The short TLVs of INITIALIZE; a hostile command may end anywhere.
    found = []
    while len(data) >= 2:
        found.append((data[0], data[2 : 2 + data[1]]))
        data = data[2 + data[1] :]
    return found
