# SPDX-License-Identifier: GPL-2.0-or-later
"""Reads the secrets out of the handles in the crypto pool, by their C layouts.

A handle is a block of the pool which a Python object of type `hsm_crypto_type_...` points at: two
words in the heap, the type's address and the block's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from sim.device import Device
from sim.residue.memory import symbols_of

# What the blocks begin with (object.h, ec.h, edwards.h, montgomery.h, aes_key.h, hd_node.h).
SECRET_BYTES_MAX = 64
SEAL_KEYS_AT, SEAL_KEYS_BYTES = 66, 64
FIELD_BYTES_MAX = 66
SEED_BYTES_MAX = 57
MONTGOMERY_BYTES_MAX = 56
AES_BYTES_MAX = 64
HD_CHAIN_AT, HD_HALF_BYTES, HD_SYMMETRIC = 10, 32, 3
CHANNEL_KEY_BYTES = 16
# rsa_key.h: the words that point at numbers, and the header of a number of the library.
RSA_SECRETS = {"p": 12, "q": 16, "dP": 20, "dQ": 24, "qInv": 28}
RSA_BYTES_MIN = 500
NUMBER_HEADER_BYTES = 8

# The type of all keys of the firmware itself.
SECRET = "secret"

Fields = Iterator[tuple[str, bytes]]


@dataclass(frozen=True)
class HandleType:
    """A type of handles: its name in allowed.toml, its blocks' least length, what is secret."""

    name: str
    symbol: str
    least_bytes: int
    fields: Callable[[Device, bytes], Fields]


def _secret(_: Device, block: bytes) -> Fields:
    yield "", block[2 : 2 + min(block[0], SECRET_BYTES_MAX)]
    if block[1]:
        yield " for sealing", block[SEAL_KEYS_AT : SEAL_KEYS_AT + SEAL_KEYS_BYTES]


def _private(length: int) -> Callable[[Device, bytes], Fields]:
    # A curve's number, then the private key; shorter ones have zeros behind them.
    def fields(_: Device, block: bytes) -> Fields:
        yield "", block[1 : 1 + length].rstrip(b"\0")

    return fields


def _aes(_: Device, block: bytes) -> Fields:
    yield "", block[1 : 1 + min(block[0], AES_BYTES_MAX)]


def _hd_node(_: Device, block: bytes) -> Fields:
    key_at = HD_CHAIN_AT + HD_HALF_BYTES
    if block[0] == HD_SYMMETRIC:
        # On a curve it is part of the extended public key ([BIP32]).
        yield " chain code", block[HD_CHAIN_AT:key_at]
    yield " key", block[key_at : key_at + HD_HALF_BYTES]


def _channel(_: Device, block: bytes) -> Fields:
    yield " encryption", block[:CHANNEL_KEY_BYTES]
    yield " MAC", block[CHANNEL_KEY_BYTES : 2 * CHANNEL_KEY_BYTES]


def _rsa(device: Device, block: bytes) -> Fields:
    half_bytes = int.from_bytes(block[:2], "little") // 16
    for name, at in RSA_SECRETS.items():
        pointer = int.from_bytes(block[at : at + 4], "little")
        # A key whose making was given up may lack numbers.
        if pointer:
            words = device.machine.read_memory(pointer + NUMBER_HEADER_BYTES, half_bytes)
            yield f" {name}", words[::-1]


TYPES = (
    HandleType(SECRET, "hsm_crypto_type_secret", SEAL_KEYS_AT + SEAL_KEYS_BYTES, _secret),
    HandleType("ec key", "hsm_crypto_type_ec_key", 3 * FIELD_BYTES_MAX, _private(FIELD_BYTES_MAX)),
    HandleType(
        "edwards key", "hsm_crypto_type_edwards_key", 2 * SEED_BYTES_MAX, _private(SEED_BYTES_MAX)
    ),
    HandleType(
        "montgomery key",
        "hsm_crypto_type_montgomery_key",
        2 * MONTGOMERY_BYTES_MAX,
        _private(MONTGOMERY_BYTES_MAX),
    ),
    HandleType("aes key", "hsm_crypto_type_aes_key", 1 + AES_BYTES_MAX, _aes),
    HandleType("rsa key", "hsm_crypto_type_rsa_key", RSA_BYTES_MIN, _rsa),
    HandleType("hd node", "hsm_crypto_type_hd_node", HD_CHAIN_AT + 2 * HD_HALF_BYTES, _hd_node),
    HandleType("channel", "hsm_crypto_type_secure_channel", 3 * CHANNEL_KEY_BYTES, _channel),
)
# Check values and rounding behind the fields.
_SLACK_BYTES = 32


class Handles:
    """Tells what a block of the pool is."""

    def __init__(self, device: Device) -> None:
        self._device = device
        symbols = symbols_of(device)
        self._types = [(symbols[kind.symbol].address, kind) for kind in TYPES]

    def secrets(self, address: int, content: bytes) -> list[tuple[str, bytes]]:
        """Secrets of the handle at `address`, with names; none for a block of another kind."""
        for type_address, kind in self._types:
            extra_bytes = len(content) - kind.least_bytes
            fits = 0 <= extra_bytes < _SLACK_BYTES or (kind.name == "rsa key" and extra_bytes >= 0)
            pair = type_address.to_bytes(4, "little") + address.to_bytes(4, "little")
            if fits and self._device.machine.sram.buffer.find(pair) >= 0:
                named = kind.fields(self._device, content)
                return [(kind.name + field, value) for field, value in named]
        return []
