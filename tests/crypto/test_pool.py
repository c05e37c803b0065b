# SPDX-License-Identifier: GPL-2.0-or-later
"""The crypto pool, compiled for this machine: zeroed, wiped, merged, guarded."""

from __future__ import annotations

import ctypes
import random
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tools import paths

CORE = paths.PROJECT / "native_crypto" / "core"
HEADER_BYTES = 8
POOL_BYTES = 48 * 1024


class Pool:
    """pool.c through ctypes."""

    def __init__(self, library: Path) -> None:
        self._library = ctypes.CDLL(str(library))
        for name in ("crypto_pool_alloc", "crypto_pool_alloc_handle"):
            function = getattr(self._library, name)
            function.restype = ctypes.c_void_p
            function.argtypes = [ctypes.c_size_t]
        self._library.crypto_pool_free.argtypes = [ctypes.c_void_p]
        for name in ("crypto_pool_used_bytes", "crypto_pool_peak_bytes"):
            getattr(self._library, name).restype = ctypes.c_size_t

    def alloc(self, length: int) -> int | None:
        """Scratch."""
        return self._library.crypto_pool_alloc(length)

    def alloc_handle(self, length: int) -> int | None:
        """A block that lives on."""
        return self._library.crypto_pool_alloc_handle(length)

    def free(self, block: int | None) -> None:
        """Wipe and give back."""
        self._library.crypto_pool_free(block)

    @property
    def used(self) -> int:
        """Bytes of live blocks with their headers."""
        return self._library.crypto_pool_used_bytes()

    @property
    def peak(self) -> int:
        """The most of `used` so far."""
        return self._library.crypto_pool_peak_bytes()


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """pool.c and wipe.c as a shared library."""
    path = tmp_path_factory.mktemp("pool") / "pool.so"
    sources = [str(CORE / name) for name in ("pool.c", "wipe.c")]
    command = ["gcc", "-std=gnu11", "-O2", "-Wall", "-Wextra", "-Werror", "-shared", "-fPIC"]
    subprocess.run([*command, "-o", str(path), *sources], check=True)
    return path


@pytest.fixture
def pool(library: Path, tmp_path: Path) -> Pool:
    """A pool of this test's own: a library is loaded once per path."""
    copy = tmp_path / "pool.so"
    copy.write_bytes(library.read_bytes())
    return Pool(copy)


def test_random_use_against_a_model(pool: Pool):
    choices = random.Random(1)
    live: dict[int, bytes] = {}
    for step in range(4000):
        if live and (choices.random() < 0.48 or pool.used > POOL_BYTES * 0.9):
            block = choices.choice(list(live))
            assert ctypes.string_at(block, len(live[block])) == live.pop(block)
            pool.free(block)
            continue
        length = choices.choice([0, 1, 7, 8, 9, 33, 257, 1028, 4000])
        block = (pool.alloc if step % 3 else pool.alloc_handle)(length)
        if block is None:
            assert pool.used + length + 2 * HEADER_BYTES > POOL_BYTES // 3
            continue
        assert block % 8 == 0
        assert ctypes.string_at(block, length) == bytes(length), "not wiped"
        content = choices.randbytes(length)
        ctypes.memmove(block, content, length)
        live[block] = content
    for block in live:
        pool.free(block)
    assert pool.used == 0
    assert pool.peak <= POOL_BYTES
    whole = pool.alloc(POOL_BYTES - HEADER_BYTES)
    assert whole is not None, "neighbours were not merged"
    assert ctypes.string_at(whole, POOL_BYTES - HEADER_BYTES) == bytes(POOL_BYTES - HEADER_BYTES)


def test_handles_and_scratch_grow_from_opposite_ends(pool: Pool):
    scratch, handle = pool.alloc(100), pool.alloc_handle(100)
    assert scratch is not None and handle is not None
    assert handle - scratch > POOL_BYTES // 2
    second = pool.alloc_handle(100)
    assert second is not None and second < handle


@pytest.mark.parametrize("length", [POOL_BYTES - HEADER_BYTES + 1, POOL_BYTES, 1 << 31, 1 << 63])
def test_what_does_not_fit_is_refused(pool: Pool, length: int):
    assert pool.alloc(length) is None
    assert pool.alloc_handle(length) is None
    assert pool.used == 0


def test_nothing_can_be_freed(pool: Pool):
    pool.free(None)
    assert pool.used == 0


@pytest.mark.parametrize(
    "misuse",
    [
        "block = pool.alloc(64); pool.free(block); pool.free(block)",
        "pool.free(pool.alloc(64) + 8)",
        "pool.free(id(pool))",
        "block = pool.alloc(64); ctypes.memset(block, 255, 80); pool.free(pool.alloc(8))",
    ],
    ids=["twice", "inside a block", "elsewhere", "overrun"],
)
def test_misuse_is_fatal(library: Path, misuse: str):
    program = (
        "import ctypes; from pathlib import Path; from tests.crypto.test_pool import Pool; "
        f"pool = Pool(Path({str(library)!r})); {misuse}"
    )
    result = subprocess.run([sys.executable, "-c", program], cwd=paths.PROJECT)
    assert result.returncode in (-signal.SIGILL, -signal.SIGTRAP)
