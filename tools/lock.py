# SPDX-License-Identifier: GPL-2.0-or-later
"""Reads third_party.lock: which packages, which files, which SHA-256."""

from __future__ import annotations

import hashlib
import tomllib
from dataclasses import dataclass, field
from pathlib import Path

from tools.errors import ToolError
from tools.paths import PROJECT

LOCK_FILE = PROJECT / "third_party.lock"
HASH_BLOCK_BYTES = 1 << 20


@dataclass(frozen=True)
class Package:
    """One Debian package; `files` and `revision_files` map file names to SHA-256 in hex.

    `files` are pinned. `revision_files` belong to one Debian revision, which the mirror may have
    replaced. `members` are patterns of what is unpacked (empty: everything).
    """

    name: str
    kind: str
    version: str
    licence: str
    files: dict[str, str]
    revision_files: dict[str, str] = field(default_factory=dict)
    members: tuple[str, ...] = ()
    optional: bool = False

    @property
    def upstream_version(self) -> str:
        """The version without Debian's revision."""
        return self.version.rpartition("-")[0]


@dataclass(frozen=True)
class Lock:
    """The whole lock file."""

    suite: str
    source_date_epoch: int
    packages: dict[str, Package]


def sha256_of(path: Path) -> str:
    """SHA-256 of a file, in lower-case hex."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(HASH_BLOCK_BYTES):
            digest.update(block)
    return digest.hexdigest()


def load(path: Path = LOCK_FILE) -> Lock:
    """The lock file at `path`; raises ToolError for one that cannot be understood."""
    try:
        data = tomllib.loads(path.read_text())
        packages = {name: _package(name, entry) for name, entry in data["package"].items()}
        return Lock(data["suite"], data["source_date_epoch"], packages)
    except (OSError, tomllib.TOMLDecodeError) as error:
        raise ToolError(f"{path.name}: {error}") from error
    except (KeyError, TypeError) as error:
        raise ToolError(f"{path.name}: missing or unknown entry: {error}") from error


def _package(name: str, entry: dict) -> Package:
    package = Package(name=name, **{**entry, "members": tuple(entry.get("members", ()))})
    if package.kind not in ("source", "binary"):
        raise ToolError(f"third_party.lock: {name}: kind is neither source nor binary")
    for file_name, digest in {**package.files, **package.revision_files}.items():
        if len(digest) != 64 or not set(digest) <= set("0123456789abcdef"):
            raise ToolError(f"third_party.lock: {file_name}: not a SHA-256 in lower-case hex")
        if "/" in file_name:
            raise ToolError(f"third_party.lock: {file_name}: a file name without folders, please")
    return package
