# SPDX-License-Identifier: GPL-2.0-or-later
"""What an abstract card holds: what outlives the power, and what a session holds."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field

KEY_DOMAINS_MAX = 16
SHARE_BYTES = 32
OPTION_RESET_RETRY = 0x0001
OPTION_RESET_ONLY = 0x0020
# [SCHSM] 5.1
DEVICE_CERTIFICATE, TOKEN_INFO, WRAPPED_KEY = 0x2F02, 0x2F03, 0x2F10
EF_DIR, EF_ATR = 0x2F00, 0x2F01
KEY, DESCRIPTION, CERTIFICATE = 0xCC00, 0xC400, 0xCE00
MADE_BY_THE_CARD = (DEVICE_CERTIFICATE, TOKEN_INFO, DESCRIPTION, CERTIFICATE, EF_DIR)
LISTED_PREFIXES = (0xC4, 0xC8, 0xC9, 0xCA)


@dataclass
class Reference:
    """A PIN, or the initialisation code ([SCHSM] 9)."""

    value: bytes
    tries_max: int
    tries: int

    @property
    def wrong(self) -> int:
        """The status word of a wrong value with the tries that are left now ([SCHSM] 9.1)."""
        return 0x63C0 | self.tries if self.tries else 0x6983


@dataclass
class Domain:
    """A key domain that is set up ([SCHSM] 11)."""

    shares: int
    imported: int = 0
    dkek: bytes = bytes(SHARE_BYTES)

    @property
    def complete(self) -> bool:
        """True when all shares came."""
        return self.imported == self.shares

    @property
    def check_value(self) -> bytes:
        """8 bytes of the DKEK's SHA-256; zeros before it is complete."""
        return hashlib.sha256(self.dkek).digest()[:8] if self.complete else bytes(8)

    @property
    def status(self) -> bytes:
        """What MANAGE KEY DOMAIN answers."""
        return bytes([self.shares, self.shares - self.imported]) + self.check_value

    def add(self, share: bytes) -> None:
        """The DKEK is the exclusive or of all shares."""
        self.dkek = bytes(one ^ other for one, other in zip(self.dkek, share, strict=True))
        self.imported += 1


@dataclass
class Key:
    """A key; `public` (a point) and `secret` are None while the host cannot know them."""

    kind: str
    bits: int
    public: bytes | None = None
    secret: bytes | None = None
    counter: int | None = None
    algorithms: bytes = b""
    domain: int | None = None
    wrapping: int | None = None

    @property
    def metadata(self) -> dict[int, bytes]:
        """The objects of A5 ([SCHSM] 13.4)."""
        found = {}
        if self.counter is not None:
            found[0x90] = self.counter.to_bytes(4)
        if self.algorithms:
            found[0x91] = self.algorithms
        for tag, value in ((0x92, self.domain), (0x93, self.wrapping)):
            if value is not None:
                found[tag] = bytes([value])
        return found

    def allows(self, algorithm: int) -> bool:
        """True if its list has it, or there is none."""
        return not self.algorithms or algorithm in self.algorithms


@dataclass
class Store:
    """What outlives the power. A file's contents are None until they were read once."""

    options: int
    pin: Reference
    so_pin: Reference
    domains: list[Domain | None]
    keys: dict[int, Key] = field(default_factory=dict)
    files: dict[int, bytes | None] = field(
        default_factory=lambda: dict.fromkeys(MADE_BY_THE_CARD, None)
    )

    def domain_of(self, key: Key) -> Domain | None:
        """The key's domain; without metadata it is the first ([SCHSM] 13.4)."""
        return self.domains[key.domain or 0]

    @property
    def listed(self) -> set[int]:
        """What ENUMERATE OBJECTS tells ([SCHSM] 8.1)."""
        files = {fid for fid in self.files if fid >> 8 in LISTED_PREFIXES}
        return files | {KEY | number for number in (0, *self.keys)}


@dataclass
class Session:
    """What ends with the power of the card, and with SELECT of the application."""

    user: bool = False
    officer: bool = False
    current: int | None = None
    chain: tuple[tuple[int, int, int, int], bytes] | None = None


@dataclass
class State:
    """A card; without a store it was never initialised."""

    store: Store | None = None
    session: Session = field(default_factory=Session)

    @property
    def user(self) -> bool:
        """True if the user is logged in."""
        return self.session.user

    def end_session(self) -> None:
        """Loss of power, IccPowerOff, a bus reset, SELECT."""
        self.session = Session()
