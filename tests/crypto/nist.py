# SPDX-License-Identifier: GPL-2.0-or-later
"""Published vectors of cryptography-vectors: NIST's CAVP, RFCs, others.

Every file there names where it comes from; nothing of it is copied into this project.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import resources

PACKAGE = "cryptography_vectors"


@dataclass(frozen=True)
class Record:
    """One vector: its fields by name, below the heading [..] that was in force."""

    section: str
    fields: dict[str, str]

    def __getitem__(self, name: str) -> str:
        return self.fields[name]

    def __contains__(self, name: str) -> bool:
        return name in self.fields

    def hex(self, name: str, width: int | None = None) -> bytes:
        """A hexadecimal field; with `width`, as a number of that many bytes."""
        digits = self.fields[name]
        return bytes.fromhex(digits) if width is None else int(digits, 16).to_bytes(width, "big")


def text(path: str) -> str:
    """A file of the package."""
    return (resources.files(PACKAGE) / path).read_text()


BETWEEN_BLANK_LINES = r"\n\s*\n"
FROM_COUNT_TO_COUNT = r"(?m)^(?=COUNT)"


def records(path: str, *needed: str, cut: str = BETWEEN_BLANK_LINES) -> Iterator[Record]:
    """The records with the fields `needed` of a file of `name = value` lines."""
    section = ""
    for block in re.split(cut, text(path).replace("\r", "")):
        fields: dict[str, str] = {}
        for line in map(str.strip, block.splitlines()):
            if line.startswith("["):
                section = line.strip("[]")
            elif line and not line.startswith("#"):
                name, _, value = line.partition("=")
                fields[name.strip()] = value.strip().strip('"')
        if all(name in fields for name in needed):
            yield Record(section, fields)


def rsa_examples(path: str) -> Iterator[tuple[dict[str, bytes], list[dict[str, bytes]]]]:
    """Keys and their examples in RSA Laboratories' files: numbers in lines below `# Name:`."""
    for chapter in re.split(r"(?m)^# Example(?: \d+: A \d+-bit RSA key pair)?\s*$", text(path))[1:]:
        head, *examples = re.split(r"(?m)^# (?:PKCS#1 v1\.5 |PSS |OAEP )\w* ?Example .*$", chapter)
        yield _named(head), [_named(example) for example in examples]


def _named(block: str) -> dict[str, bytes]:
    # A number may begin in the middle of a byte: exponents do.
    found = re.findall(r"(?m)^# ([\w ]+): *\n((?:[0-9a-f]+ ?\s*)+)", block.replace("\r", ""))
    numbers = ((name.strip(), "".join(digits.split())) for name, digits in found)
    return {
        name: bytes.fromhex(digits.zfill(len(digits) + len(digits) % 2)) for name, digits in numbers
    }
