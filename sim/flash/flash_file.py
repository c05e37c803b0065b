# SPDX-License-Identifier: GPL-2.0-or-later
"""A flash file in use: writable, nobody else's, known before the device is made.

Each process keeps the whole array in memory and writes the whole file: of two at once, the last
one to write would undo what the other has written.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sim.flash.nor_flash import FlashFileError


@contextmanager
def held(path: Path | None) -> Iterator[None]:
    """Keep other processes off the flash file while the context lasts; None stands for no file.

    Raises FlashFileError for a file that could not be written later, or that is in use.
    """
    if path is None:
        yield
        return
    _check(path)
    lock_path = _lock_path(path)
    lock = _locked(path, lock_path)
    try:
        yield
    finally:
        # Still locked: a process that waits at the old name finds out in `_is_current`.
        lock_path.unlink(missing_ok=True)
        os.close(lock)


def _lock_path(path: Path) -> Path:
    # Beside the file, because saving puts a new file in the place of the old one.
    target = path.resolve()
    return target.with_name(target.name + ".lock")


def _check(path: Path) -> None:
    if path.is_dir():
        raise FlashFileError(f"flash file {path}: is a directory")
    if not path.resolve().parent.is_dir():
        raise FlashFileError(f"flash file {path}: its folder is not there")
    if path.exists() and not path.is_file():
        raise FlashFileError(f"flash file {path}: not a regular file")
    if path.exists() and not os.access(path, os.W_OK):
        raise FlashFileError(f"flash file {path}: not writable")


def _locked(path: Path, lock_path: Path) -> int:
    while True:
        try:
            lock = os.open(lock_path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        except OSError as error:
            raise FlashFileError(f"flash file {path}: not writable ({error.strerror})") from None
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(lock)
            raise FlashFileError(f"flash file {path}: another process uses it") from None
        if _is_current(lock, lock_path):
            return lock
        os.close(lock)


def _is_current(lock: int, lock_path: Path) -> bool:
    """False when the last holder removed the name between our opening and our locking it."""
    try:
        return os.path.samestat(os.fstat(lock), os.stat(lock_path))
    except FileNotFoundError:
        return False
