# SPDX-License-Identifier: GPL-2.0-or-later
"""Builds all images from pinned sources; the same bits in every folder.

build/<board>/ gets hsm.{elf,bin,uf2,map}, the image, and hsm_selftest.{elf,bin,uf2,map}, the image
that runs known-answer tests; on request hsm_binding.{elf,bin,uf2,map}, the image with a firmware
that tests call into. Nothing is run again when nothing has changed.
"""

from __future__ import annotations

import argparse
import fcntl
import hashlib
import json
import os
import shlex
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import boards
from boards import Board
from tools import board_header, debian, host_tools, image_report, paths, progress
from tools.errors import ToolError, exit_with
from tools.host_tools import HostTools
from tools.lock import sha256_of
from tools.sources import Sources, Tree

TARGETS = ("hsm", "hsm_selftest")
# Not built unless asked for: what tests make for themselves.
BINDING = "hsm_binding"
KINDS = ("elf", "bin", "uf2", "map")
# What an image is made from, beside the pinned sources and what the board's header says.
INPUTS = ("port", "native_crypto", "firmware_py", "third_party.lock")
INPUTS_OF_TARGET = {BINDING: ("tests/binding/firmware",)}
JOBS = str(os.cpu_count() or 2)


@dataclass(frozen=True)
class Image:
    """The files of one built image, below build/<board>/."""

    board: str
    target: str
    folder: Path
    # Made by this run, and not there already.
    built: bool = field(default=False, compare=False)

    def file(self, kind: str) -> Path:
        """The file of one of KINDS."""
        return self.folder / f"{self.target}.{kind}"


def build(
    names: list[str] | None = None, folder: Path = paths.BUILD, targets: tuple[str, ...] = TARGETS
) -> list[Image]:
    """Builds `targets` for the boards called `names` (all) into `folder`/<board>, where needed."""
    try:
        chosen = [boards.load(name) for name in names or boards.names()]
    except boards.UnknownBoardError as error:
        raise ToolError(str(error)) from error
    check_tools()
    folder = folder.resolve()
    for path in (paths.PROJECT, folder, paths.cache()):
        if any(character.isspace() for character in str(path)):
            raise ToolError(
                f"the compilers' makefiles cannot work below a path with blanks: {path}"
            )
    with _only_one(paths.cache()):
        sources = Sources(say=progress.console.print)
        trees = {name: sources.tree(name) for name in _needed(sources)}
        tools = host_tools.build(sources)
    with _only_one(folder):
        return [
            image
            for board in chosen
            for image in _Build(board, folder / board.name, sources, trees, tools).run(targets)
        ]


def check_tools() -> None:
    """Raises ToolError with the line to copy when the machine lacks a tool of the build."""
    missing = debian.missing(debian.BUILD)
    if missing:
        raise ToolError(f"tools are missing; to install: {debian.install_line(missing)}")


def _needed(sources: Sources) -> list[str]:
    return [name for name, package in sources.lock.packages.items() if not package.optional]


@contextmanager
def _only_one(folder: Path) -> Iterator[None]:
    """Two runs that write into one folder wait for each other."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / ".lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


@dataclass(frozen=True)
class _Build:
    """One board's build in `folder`."""

    board: Board
    folder: Path
    sources: Sources
    trees: dict[str, Tree]
    tools: HostTools

    def run(self, targets: tuple[str, ...]) -> list[Image]:
        """Builds what has changed and returns the images."""
        images = [Image(self.board.name, target, self.folder) for target in targets]
        digests = {target: self._inputs_digest(target) for target in targets}
        if any(not self._is_current(image, digests[image.target]) for image in images):
            self._configure()
            self._run("building", ["ninja", "-j", JOBS, "-C", self._work, *targets])
            for image in images:
                self._publish(image, digests[image.target])
            return [replace(image, built=True) for image in images]
        return images

    @property
    def _work(self) -> Path:
        return self.folder / "cmake"

    def _inputs_digest(self, target: str) -> str:
        """Changes with every file and setting that the image depends on."""
        digest = hashlib.sha256(json.dumps(self._settings(), default=str).encode())
        digest.update(json.dumps(self._environment(), sort_keys=True).encode())
        digest.update(board_header.header(self.board, self._build_info()).encode())
        compiler = subprocess.run(["arm-none-eabi-gcc", "--version"], capture_output=True)
        digest.update(compiler.stdout)
        for path in _input_files(target):
            digest.update(f"\n{path.relative_to(paths.PROJECT)} {sha256_of(path)}".encode())
        return digest.hexdigest()

    def _stamp(self, image: Image) -> Path:
        return self.folder / f".{image.target}.json"

    def _is_current(self, image: Image, digest: str) -> bool:
        try:
            stamp = json.loads(self._stamp(image).read_text())
            files = {kind: sha256_of(image.file(kind)) for kind in KINDS}
        except (OSError, ValueError):
            return False
        return stamp == {"inputs": digest, "files": files}

    def _publish(self, image: Image, digest: str) -> None:
        """Copies the finished files to their place, and notes what they were made from."""
        for kind in KINDS:
            suffix = "elf.map" if kind == "map" else kind
            draft = image.file(f"{kind}.new")
            shutil.copy2(self._work / f"{image.target}.{suffix}", draft)
            # In one step: somebody may be reading the image just now.
            draft.replace(image.file(kind))
        files = {kind: sha256_of(image.file(kind)) for kind in KINDS}
        self._stamp(image).write_text(json.dumps({"inputs": digest, "files": files}))

    def _configure(self) -> None:
        """Runs cmake, unless the same command has been run; ninja repeats it when needed."""
        header = board_header.header(self.board, self._build_info())
        board_header.write(self._generated / "hsm_board.h", header)
        options = [f"-D{name}={value}" for name, value in self._settings().items()]
        command = ["cmake", "-G", "Ninja", "-S", paths.PROJECT / "port", "-B", self._work, *options]
        line = shlex.join(map(str, command)) + json.dumps(self._environment(), sort_keys=True)
        note = self.folder / ".configured"
        if note.is_file() and note.read_text() == line and (self._work / "build.ninja").is_file():
            return
        note.unlink(missing_ok=True)
        shutil.rmtree(self._work, ignore_errors=True)
        self._run("configuring", command)
        note.write_text(line)

    def _run(self, action: str, command: list[str | Path]) -> None:
        kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
        again = f"python -m tools.firmware --board {self.board.name}"
        environment = {**kept, **self._environment()}
        progress.run(f"{action} {self.board.name}", command, environment, again)

    @property
    def _generated(self) -> Path:
        return self.folder / "generated"

    def _settings(self) -> dict[str, str | Path]:
        debian_tree = self.trees["pico-sdk-source"].folder / "usr/src"
        return {
            "HSM_BOARD": self.board.name,
            "HSM_GENERATED": self._generated,
            "PICO_BOARD": self.board.sdk_board,
            "PICO_SDK_PATH": debian_tree / "pico-sdk",
            "PICO_TINYUSB_PATH": debian_tree / "tinyusb",
            "MICROPY_DIR": self.trees["micropython"].folder,
            "WOLFSSL_DIR": self.trees["wolfssl"].folder,
            "MPY_CROSS": self.tools.mpy_cross,
            "picotool_DIR": self.tools.picotool,
            "CMAKE_BUILD_TYPE": "Release",
        }

    def _build_info(self) -> str:
        names = ("micropython", "pico-sdk-source", "tinyusb-source", "wolfssl")
        return ", ".join(f"{name} {self.trees[name].version}" for name in names)

    def _environment(self) -> dict[str, str]:
        """What keeps the machine, the folder and the time out of the image."""
        # The compiler uses the last mapping that fits: the most general one stands first.
        mapped = {
            paths.PROJECT: ".",
            self.folder: "build",
            self.sources.folder: "sources",
        }
        flags = " ".join(f"-ffile-prefix-map={path}={name}" for path, name in mapped.items())
        micropython = self.sources.lock.packages["micropython"].upstream_version
        return {
            "LC_ALL": "C.UTF-8",
            "PYTHONHASHSEED": "0",
            "PYTHONDONTWRITEBYTECODE": "1",
            "SOURCE_DATE_EPOCH": str(self.sources.lock.source_date_epoch),
            "MICROPY_GIT_TAG": f"v{micropython.partition('+')[0]}",
            "MICROPY_GIT_HASH": "debian",
            "CFLAGS": flags,
            "CXXFLAGS": flags,
            "ASMFLAGS": flags,
        }


def _input_files(target: str) -> Iterator[Path]:
    for name in (*INPUTS, *INPUTS_OF_TARGET.get(target, ())):
        path = paths.PROJECT / name
        files = sorted(path.rglob("*")) if path.is_dir() else [path]
        for file in files:
            if file.is_file() and "__pycache__" not in file.parts and file.suffix != ".pyi":
                yield file


def main() -> int:
    """Command line of `nox -s firmware`."""
    parser = argparse.ArgumentParser(prog="python -m tools.firmware", description=__doc__)
    parser.add_argument("--board", action="append", help=f"one of: {', '.join(boards.names())}")
    parser.add_argument("--build-dir", type=Path, default=paths.BUILD, help="default: build")
    parser.add_argument(
        "--target",
        action="append",
        choices=(*TARGETS, BINDING),
        help=f"default: {' and '.join(TARGETS)}",
    )
    parser.add_argument("--quiet", action="store_true", help="print no table of sizes")
    arguments = parser.parse_args()
    images = build(arguments.board, arguments.build_dir, tuple(arguments.target or TARGETS))
    if not arguments.quiet:
        image_report.print_table(images)
    return 0


if __name__ == "__main__":
    exit_with(main)
