# SPDX-License-Identifier: GPL-2.0-or-later
"""Fetches, checks and unpacks the third-party sources of third_party.lock.

Files go into the cache (shared by all checkouts, so that a second build needs no network), trees
into build/sources/<package>. A file with a wrong SHA-256 is deleted and ends the run.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from tools import lock, paths
from tools.apt import AptError, PrivateApt
from tools.errors import ToolError, exit_with
from tools.lock import Package, sha256_of

# Both packages unpack below usr/src of one folder: pico-sdk points to TinyUSB by a relative link.
DEBIAN_TREE = "debian"


@dataclass(frozen=True)
class Tree:
    """An unpacked source: its folder and the Debian version that it really is."""

    folder: Path
    version: str


def verify(path: Path, expected: str) -> None:
    """Deletes `path` and raises ToolError, with both hashes, unless its SHA-256 is `expected`."""
    actual = sha256_of(path)
    if actual != expected:
        path.unlink()
        raise ToolError(
            f"{path.name}: wrong SHA-256, file deleted: expected {expected}, got {actual}"
        )


class Sources:
    """The sources of one lock file, in one cache, unpacked below one folder."""

    def __init__(
        self,
        locked: lock.Lock | None = None,
        cache: Path | None = None,
        folder: Path = paths.SOURCES,
        say: Callable[[str], None] = print,
    ) -> None:
        self.lock = locked or lock.load()
        self.cache = (cache or paths.cache()) / "sources"
        self.folder = folder
        self.say = say
        self.apt = PrivateApt(self.cache.parent / "apt", self.lock.suite)

    def fetch(self, package: Package) -> str | None:
        """Sees to it that the package's files are in the cache and right.

        Returns the Debian version had, or None when only the pinned upstream archive could be had
        of a package whose patches we want.
        """
        self.cache.mkdir(parents=True, exist_ok=True)
        present = [name for name in package.files if (self.cache / name).is_file()]
        for name in present:
            verify(self.cache / name, package.files[name])
        revision = self._cached_revision(package) if package.revision_files else package.version
        complete = len(present) == len(package.files)
        if complete and revision:
            return revision
        try:
            self._download(package)
        except AptError as error:
            if not complete:
                raise
            self.say(f"note: no patches of {package.name} can be had: {error}")
        return self._cached_revision(package) if package.revision_files else package.version

    def _download(self, package: Package) -> None:
        version = None if package.revision_files else package.version
        self.say(f"fetching {package.name} {version or package.upstream_version}")
        with tempfile.TemporaryDirectory(dir=self.cache) as temporary:
            folder = Path(temporary)
            complaint = self.apt.download(package.kind, package.name, version, folder)
            if complaint and package.kind == "source":
                # Debian's revision moved on; the upstream archive comes with the new one too.
                complaint = self.apt.download(package.kind, package.name, None, folder)
            for name, digest in package.files.items():
                if (folder / name).is_file():
                    verify(folder / name, digest)
                elif not (self.cache / name).is_file():
                    reason = complaint or f"{self.lock.suite} offers another version"
                    raise ToolError(f"cannot fetch {name} of {package.name}: {reason}")
            if package.revision_files:
                self._check_revision(package, folder)
            for path in folder.iterdir():
                path.replace(self.cache / path.name)

    def _check_revision(self, package: Package, folder: Path) -> None:
        """Checks a Debian revision by the lock, or notes one that only apt's index vouches for."""
        files = sorted({path.name for path in folder.iterdir()} - set(package.files))
        descriptions = [name for name in files if name.endswith(".dsc")]
        if not descriptions or not any(".debian.tar" in name for name in files):
            return
        if descriptions[0] in package.revision_files:
            for name in files:
                if name in package.revision_files:
                    verify(folder / name, package.revision_files[name])
            return
        digests = {name: sha256_of(folder / name) for name in files}
        note = {"version": _version_of(package, descriptions[0]), "files": digests}
        (folder / _note_name(package)).write_text(json.dumps(note, indent=2))
        self.say(
            f"note: {package.name} {note['version']} replaced {package.version} of "
            f"third_party.lock; its patches are taken on the word of apt's signed index"
        )

    def _cached_revision(self, package: Package) -> str | None:
        """The version whose patches are in the cache, verified; the locked one first."""
        if self._all_present(package.revision_files):
            for name, digest in package.revision_files.items():
                verify(self.cache / name, digest)
            return package.version
        note_path = self.cache / _note_name(package)
        if note_path.is_file():
            note = json.loads(note_path.read_text())
            if self._all_present(note["files"]):
                for name, digest in note["files"].items():
                    verify(self.cache / name, digest)
                return note["version"]
        return None

    def _all_present(self, names: Iterable[str]) -> bool:
        return all((self.cache / name).is_file() for name in names)

    def tree(self, name: str) -> Tree:
        """Fetches and unpacks one package; an unpacked tree is kept until its files change."""
        package = self.lock.packages.get(name)
        if package is None:
            raise ToolError(f"third_party.lock does not name {name}")
        version = self.fetch(package)
        folder = self.folder / (DEBIAN_TREE if package.kind == "binary" else name)
        stamp = self.folder / f".{name}.json"
        wanted = json.dumps({"version": version, "files": package.files, "only": package.members})
        if not (folder.is_dir() and stamp.is_file() and stamp.read_text() == wanted):
            self.say(f"unpacking {name} {version or package.upstream_version}")
            stamp.unlink(missing_ok=True)
            self._unpack(package, version, folder)
            stamp.write_text(wanted)
        if version is None:
            self.say(
                f"WARNING: {name} {package.upstream_version} is built WITHOUT Debian's security "
                f"patches: the mirror has none for it"
            )
        return Tree(folder, version or f"{package.upstream_version} (unpatched)")

    def _unpack(self, package: Package, version: str | None, folder: Path) -> None:
        folder.parent.mkdir(parents=True, exist_ok=True)
        archive = self.cache / next(iter(package.files))
        if package.kind == "binary":
            folder.mkdir(exist_ok=True)
            _run(["dpkg", "-x", str(archive), str(folder)])
            return
        shutil.rmtree(folder, ignore_errors=True)
        if package.revision_files and version:
            description = self.cache / f"{package.name}_{version}.dsc"
            _run(["dpkg-source", "--no-check", "--no-copy", "-x", str(description), str(folder)])
            return
        folder.mkdir()
        members = ["--wildcards", *package.members] if package.members else []
        _run(["tar", "-xf", str(archive), "--strip-components=1", "-C", str(folder), *members])


def _version_of(package: Package, description: str) -> str:
    return description.removeprefix(f"{package.name}_").removesuffix(".dsc")


def _note_name(package: Package) -> str:
    return f"{package.name}.revision.json"


def _run(command: list[str]) -> None:
    try:
        result = subprocess.run(command, text=True, capture_output=True, stdin=subprocess.DEVNULL)
    except FileNotFoundError as error:
        raise ToolError(f"{command[0]} not found: apt-get install dpkg-dev xz-utils") from error
    if result.returncode:
        lines = (result.stderr or result.stdout).strip().splitlines()
        raise ToolError(f"{command[0]}: {lines[-1] if lines else 'failed'}")


def main() -> int:
    """Command line: fetches and unpacks what the build needs, and optional packages by name."""
    parser = argparse.ArgumentParser(prog="python -m tools.sources", description=__doc__)
    parser.add_argument("package", nargs="*", help="packages of third_party.lock (default: needed)")
    arguments = parser.parse_args()
    sources = Sources()
    needed = [name for name, package in sources.lock.packages.items() if not package.optional]
    for name in arguments.package or needed:
        tree = sources.tree(name)
        print(f"{name:16} {tree.version:22} {tree.folder}")
    return 0


if __name__ == "__main__":
    exit_with(main)
