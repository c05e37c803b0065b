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

# What the blocks hold (object.h, ec.h, edwards.h, montgomery.h, aes_key.h, hd_node.h,
# secure_channel.h).
SECRET_BYTES_MAX = 64
SEAL_KEYS_AT, SEAL_KEYS_BYTES = 66, 64
FIELD_BYTES_MAX = 66
SEED_BYTES_MAX = 57
MONTGOMERY_BYTES_MAX = 56
CHECK_BYTES = 8
AES_BYTES_MAX = 64
HD_CHAIN_AT, HD_HALF_BYTES, HD_SYMMETRIC = 10, 32, 3
CHANNEL_KEY_BYTES = 16
# rsa_key.h: the words that point at numbers in the same block, and the header of a number of the
# library.
RSA_SECRETS = {"p": 12, "q": 16, "dP": 20, "dQ": 24, "qInv": 28}
RSA_HEADER_BYTES = 48
RSA_BITS = range(1024, 4096 + 1, 512)
NUMBER_HEADER_BYTES = 8
# Blocks of the pool, and objects in MicroPython's heap, begin at multiples of these.
POOL_STEP_BYTES, HEAP_STEP_BYTES = 8, 16

# The type of all keys of the firmware itself.
SECRET = "secret"

Fields = Iterator[tuple[str, bytes]]


class LayoutError(Exception):
    """A block is not what this file says of its type: the C header was changed."""


@dataclass(frozen=True)
class HandleType:
    """A type of handles: its name in allowed.toml, its structure's length, what is secret in it.

    `fields` gets address and content of a block. `least`: there may be more, as of RSA keys.
    """

    name: str
    symbol: str
    size_bytes: int
    fields: Callable[[int, bytes], Fields]
    least: bool = False

    @property
    def block_bytes(self) -> int:
        """Of its blocks in the pool."""
        return -(-self.size_bytes // POOL_STEP_BYTES) * POOL_STEP_BYTES


def _secret(_: int, block: bytes) -> Fields:
    yield "", block[2 : 2 + min(block[0], SECRET_BYTES_MAX)]
    if block[1]:
        yield " for sealing", block[SEAL_KEYS_AT : SEAL_KEYS_AT + SEAL_KEYS_BYTES]


def _private(length: int) -> Callable[[int, bytes], Fields]:
    # A curve's number, then the private key; shorter ones have zeros behind them.
    def fields(_: int, block: bytes) -> Fields:
        yield "", block[1 : 1 + length].rstrip(b"\0")

    return fields


def _aes(_: int, block: bytes) -> Fields:
    yield "", block[1 : 1 + min(block[0], AES_BYTES_MAX)]


def _hd_node(_: int, block: bytes) -> Fields:
    key_at = HD_CHAIN_AT + HD_HALF_BYTES
    if block[0] == HD_SYMMETRIC:
        # On a curve it is part of the extended public key ([BIP32]).
        yield " chain code", block[HD_CHAIN_AT:key_at]
    yield " key", block[key_at : key_at + HD_HALF_BYTES]


def _channel(_: int, block: bytes) -> Fields:
    yield " encryption", block[:CHANNEL_KEY_BYTES]
    yield " MAC", block[CHANNEL_KEY_BYTES : 2 * CHANNEL_KEY_BYTES]


def _rsa(address: int, block: bytes) -> Fields:
    half_bytes = int.from_bytes(block[:2], "little") // 16
    for name, at in RSA_SECRETS.items():
        start = int.from_bytes(block[at : at + 4], "little") - address + NUMBER_HEADER_BYTES
        number = block[max(start, 0) : start + half_bytes]
        if start < RSA_HEADER_BYTES or not half_bytes or len(number) != half_bytes:
            raise LayoutError(f"rsa key: no number {name} of {half_bytes} bytes at offset {start}")
        yield f" {name}", number[::-1]


def _curve_type(name: str, key_bytes: int, public_bytes: int) -> HandleType:
    symbol = "hsm_crypto_type_" + name.replace(" ", "_")
    size_bytes = 1 + key_bytes + public_bytes + CHECK_BYTES
    return HandleType(name, symbol, size_bytes, _private(key_bytes))


TYPES = (
    HandleType(SECRET, "hsm_crypto_type_secret", SEAL_KEYS_AT + SEAL_KEYS_BYTES, _secret),
    _curve_type("ec key", FIELD_BYTES_MAX, 2 * FIELD_BYTES_MAX),
    _curve_type("edwards key", SEED_BYTES_MAX, SEED_BYTES_MAX),
    _curve_type("montgomery key", MONTGOMERY_BYTES_MAX, MONTGOMERY_BYTES_MAX),
    HandleType("aes key", "hsm_crypto_type_aes_key", 1 + AES_BYTES_MAX, _aes),
    HandleType("rsa key", "hsm_crypto_type_rsa_key", RSA_HEADER_BYTES, _rsa, least=True),
    HandleType("hd node", "hsm_crypto_type_hd_node", HD_CHAIN_AT + 2 * HD_HALF_BYTES, _hd_node),
    HandleType("channel", "hsm_crypto_type_secure_channel", 3 * CHANNEL_KEY_BYTES, _channel),
)


class Handles:
    """Tells what a block of the pool is."""

    def __init__(self, device: Device) -> None:
        self._device = device
        symbols = symbols_of(device)
        self._types = {symbols[kind.symbol].address: kind for kind in TYPES}
        self._sizes = {kind.block_bytes for kind in TYPES if not kind.least}
        ends = symbols["__bss_end__"].address, symbols["__StackBottom"].address
        self._heap = tuple(end - device.machine.chip.sram_base for end in ends)

    def secrets(self, address: int, content: bytes) -> list[tuple[str, bytes]]:
        """Secrets of the handle at `address`, with names; none for a block of another kind.

        Raises LayoutError.
        """
        kind = self._type_of(address)
        if kind is None:
            return []
        size_bytes = kind.block_bytes
        if len(content) < size_bytes or (len(content) > size_bytes and not kind.least):
            raise LayoutError(
                f"{kind.name}: a block of {len(content)} bytes in the pool, {size_bytes} expected; "
                f"{__name__} has the layouts of the C headers"
            )
        return [(kind.name + field, value) for field, value in kind.fields(address, content)]

    def may_be_one(self, content: bytes) -> bool:
        """Quick, for the thousands of blocks that a computation frees: no type has others."""
        return len(content) in self._sizes or int.from_bytes(content[:2], "little") in RSA_BITS

    def _type_of(self, address: int) -> HandleType | None:
        # Of the object in MicroPython's heap that points there.
        memory, pointer = self._device.machine.sram.buffer, address.to_bytes(4, "little")
        at = memory.find(pointer, *self._heap)
        while at >= 0:
            if at % HEAP_STEP_BYTES == 4:
                kind = self._types.get(int.from_bytes(memory[at - 4 : at], "little"))
                if kind is not None:
                    return kind
            at = memory.find(pointer, at + 1, self._heap[1])
        return None
