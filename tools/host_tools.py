# SPDX-License-Identifier: GPL-2.0-or-later
"""Builds picotool and mpy-cross once for this machine, from the pinned sources.

They are kept in the cache under a name made from everything that they are built from.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from tools import paths, progress
from tools.sources import Sources

# Part of the cache key: raise it when the way of building changes.
RECIPE = "1"
JOBS = str(os.cpu_count() or 2)


@dataclass(frozen=True)
class HostTools:
    """`picotool` is the folder of its CMake package, `mpy_cross` the program."""

    picotool: Path
    mpy_cross: Path


def build(sources: Sources) -> HostTools:
    """The tools, built if this machine does not have them yet."""
    return HostTools(picotool=_picotool(sources) / "picotool", mpy_cross=_mpy_cross(sources))


def _folder(sources: Sources, name: str, *packages: str) -> Path:
    """Where the tool is kept: a name that changes with its sources and with the compiler."""
    digest = hashlib.sha256(RECIPE.encode())
    for package in packages:
        for file_hash in sources.lock.packages[package].files.values():
            digest.update(file_hash.encode())
    compiler = subprocess.run(["g++", "--version"], capture_output=True, check=True)
    digest.update(compiler.stdout)
    return paths.cache() / "tools" / f"{name}-{digest.hexdigest()[:16]}"


def _picotool(sources: Sources) -> Path:
    folder = _folder(sources, "picotool", "picotool", "pico-sdk-source")
    if (folder / "picotool" / "picotool").is_file():
        return folder
    sdk = sources.tree("pico-sdk-source").folder / "usr/src/pico-sdk"
    source = sources.tree("picotool").folder
    work = _fresh(folder.with_name(folder.name + ".work"))
    staged = work / "install"
    settings = {
        "PICO_SDK_PATH": sdk,
        # Talking to a board is not this tool's work here, and signing is not needed yet.
        "PICOTOOL_NO_LIBUSB": 1,
        "PICOTOOL_FLAT_INSTALL": 1,
        "CMAKE_INSTALL_PREFIX": staged,
        "CMAKE_BUILD_TYPE": "Release",
    }
    options = [f"-D{name}={value}" for name, value in settings.items()]
    command = ["cmake", "-G", "Ninja", "-S", source, "-B", work / "build", *options]
    progress.run("configuring picotool", command)
    progress.run("building picotool", ["ninja", "-j", JOBS, "-C", work / "build", "install"])
    _move(staged, folder)
    shutil.rmtree(work)
    return folder


def _mpy_cross(sources: Sources) -> Path:
    folder = _folder(sources, "mpy-cross", "micropython")
    program = folder / "mpy-cross"
    if program.is_file():
        return program
    source = sources.tree("micropython").folder
    work = _fresh(folder.with_name(folder.name + ".work"))
    # MicroPython's makefile would take its version from the repository around it.
    environment = {**os.environ, "MICROPY_GIT_TAG": "v1.25.0", "MICROPY_GIT_HASH": "debian"}
    command = ["make", "-j", JOBS, "-C", source / "mpy-cross", "USER_C_MODULES="]
    progress.run("building mpy-cross", [*command, f"BUILD={work / 'build'}"], environment)
    staged = _fresh(work / "install")
    shutil.copy2(work / "build" / "mpy-cross", staged)
    _move(staged, folder)
    shutil.rmtree(work)
    return program


def _fresh(folder: Path) -> Path:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder


def _move(staged: Path, folder: Path) -> None:
    """Puts a finished tool in its place in one step: a half-built one is never found there."""
    shutil.rmtree(folder, ignore_errors=True)
    staged.rename(folder)
