# SPDX-License-Identifier: GPL-2.0-or-later
"""Downloads packages of another Debian release beside the machine's own apt.

apt is given its own sources list, lists and cache folders. The mirror is the one that the machine
itself uses, read from its apt sources when needed; the signature of the release is checked by apt.
"""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tools.errors import ToolError

ETC_APT = Path("/etc/apt")
KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
DEBIAN_SUITES = ("bookworm", "trixie", "forky", "sid", "stable", "testing", "unstable")


class AptError(ToolError):
    """The index cannot be had: no network, no mirror, a wrong signature."""


@dataclass(frozen=True)
class Entry:
    """One line or stanza of apt's sources: a mirror and the suites taken from it."""

    uri: str
    suites: tuple[str, ...]
    components: tuple[str, ...]


def machine_entries(etc_apt: Path = ETC_APT) -> Iterator[Entry]:
    """The machine's own apt sources, from one-line lists and deb822 files."""
    parts = etc_apt / "sources.list.d"
    for path in [etc_apt / "sources.list", *sorted(parts.glob("*.list"))]:
        if path.is_file():
            yield from _one_line_entries(path.read_text())
    for path in sorted(parts.glob("*.sources")):
        yield from _deb822_entries(path.read_text())


def _one_line_entries(text: str) -> Iterator[Entry]:
    for line in text.splitlines():
        match = re.match(r"deb(?:-src)?\s+(?:\[[^]]*\]\s+)?(\S+)\s+(\S+)\s+(.*)", line.strip())
        if match:
            components = match[3].partition("#")[0].split()
            yield Entry(match[1], (match[2],), tuple(components))


def _deb822_entries(text: str) -> Iterator[Entry]:
    text = "\n".join(line for line in text.splitlines() if not line.startswith("#"))
    for stanza in re.split(r"\n\s*\n", text):
        fields: dict[str, str] = {}
        name = ""
        for line in stanza.splitlines():
            if line[:1].isspace():
                fields[name] = fields.get(name, "") + " " + line.strip()
            elif ":" in line:
                name, _, value = line.partition(":")
                name = name.strip().lower()
                fields[name] = value.strip()
        if fields.get("enabled", "yes").lower() in ("no", "false"):
            continue
        for uri in fields.get("uris", "").split():
            suites = tuple(fields.get("suites", "").split())
            yield Entry(uri, suites, tuple(fields.get("components", "").split()))


def debian_mirror(etc_apt: Path = ETC_APT) -> str:
    """The address of the Debian mirror that this machine uses."""
    for entry in machine_entries(etc_apt):
        if "main" in entry.components and any(suite in DEBIAN_SUITES for suite in entry.suites):
            return entry.uri
    raise AptError("no Debian mirror in this machine's apt sources; is it a Debian machine?")


class PrivateApt:
    """apt with its own sources list for one suite, kept in `folder`."""

    def __init__(self, folder: Path, suite: str, etc_apt: Path = ETC_APT) -> None:
        self.folder = folder.resolve()
        self.suite = suite
        self.etc_apt = etc_apt
        self._updated = False

    def options(self) -> list[str]:
        """Command-line options that keep apt inside the folder, as root or not."""
        settings = {
            "Dir::Etc::sourcelist": self.folder / "sources.list",
            "Dir::Etc::sourceparts": "-",
            "Dir::Etc::preferences": "-",
            "Dir::Etc::preferencesparts": "-",
            "Dir::State::lists": self.folder / "lists",
            "Dir::Cache": self.folder / "cache",
            "APT::Default-Release": self.suite,
            # Root's apt would drop to a user that cannot write into the cache folder.
            "APT::Sandbox::User": "",
            "Acquire::Retries": 3,
            "Acquire::Languages": "none",
        }
        return [part for key, value in settings.items() for part in ("-o", f"{key}={value}")]

    def update(self) -> None:
        """Fetches the signed index, once per run."""
        if self._updated:
            return
        mirror = debian_mirror(self.etc_apt)
        for part in ("lists/partial", "cache/archives/partial"):
            (self.folder / part).mkdir(parents=True, exist_ok=True)
        signed = f"[signed-by={KEYRING}] " if KEYRING.is_file() else ""
        lines = [f"{kind} {signed}{mirror} {self.suite} main\n" for kind in ("deb", "deb-src")]
        (self.folder / "sources.list").write_text("".join(lines))
        result = self._run(["update", "--error-on=any"], self.folder)
        if result.returncode:
            raise AptError(f"apt cannot read the index of {self.suite}: {_last_error(result)}")
        self._updated = True

    def download(self, kind: str, name: str, version: str | None, folder: Path) -> str:
        """Downloads a package's files into `folder`; returns apt's complaint, if any.

        A complaint is not an error yet: a mirror may lack a file that is not needed.
        """
        self.update()
        wanted = f"{name}={version}" if version else name
        action = ["download"] if kind == "binary" else ["source", "--download-only"]
        result = self._run([*action, wanted], folder)
        return _last_error(result) if result.returncode else ""

    def _run(self, arguments: list[str], folder: Path) -> subprocess.CompletedProcess[str]:
        command = ["apt-get", *self.options(), "-q", *arguments]
        try:
            return subprocess.run(
                command, cwd=folder, text=True, capture_output=True, stdin=subprocess.DEVNULL
            )
        except FileNotFoundError as error:
            raise AptError("apt-get not found: the sources come from Debian's mirrors") from error


def _last_error(result: subprocess.CompletedProcess[str]) -> str:
    errors = [line for line in result.stderr.splitlines() if line.startswith("E:")]
    return errors[0].removeprefix("E: ") if errors else f"apt-get ended with {result.returncode}"
