# SPDX-License-Identifier: GPL-2.0-or-later
"""Public key authentication: one card exports a key, another registers it.

sc-hsm-tool wants device certificates of one authority on both cards: the test is that authority.
The tool registers, and cannot authenticate: the card then opens its keys to nobody here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from sim.apdu import command
from sim.life import cvc
from sim.life.card import APPLET_AID, tlv
from sim.life.party import Party
from tests.interop.apdus import transmit
from tests.interop.hosts import BOARD, LOGIN, PIN, SO_PIN, generate, token
from tests.interop.server import Server, ToolFailed

ROOT, ISSUER = Party(b"UTROOT00001", 11), Party(b"UTISSUER00001", 12)
# Another chip than BOARD's: the names of the devices must differ.
CUSTODIANS_BOARD = "pico2"
ROLE_ROOT, ROLE_ISSUER, ROLE_DEVICE = 0xC0, 0x80, 0x00
SELECT = command(0x00, 0xA4, 0x04, 0x00, APPLET_AID, 256)
VERIFY = command(0x00, 0x20, 0x00, 0x81, PIN.encode())
READ = command(0x00, 0xB1, 0x2F, 0x02, bytes.fromhex("54020000"), 65536, extended=True)


def certify(server: Server) -> None:
    """Give the card a device certificate of ISSUER's, with the chain up to ROOT behind it."""
    old = transmit(server, SELECT, READ)[1][:-2]
    body = cvc.find(cvc.find(old, cvc.CERTIFICATE)[0], cvc.BODY)[0]
    device = Party(cvc.CvCertificate.parse(old).holder.encode(), 1)
    device.public_key = cvc.find(body, cvc.PUBLIC_KEY)[1]
    chain = tlv(cvc.CERTIFICATE, device.certificate(ISSUER, ROLE_DEVICE))
    chain += tlv(cvc.CERTIFICATE, ISSUER.certificate(ROOT, ROLE_ISSUER))
    chain += tlv(cvc.CERTIFICATE, ROOT.certificate(ROOT, ROLE_ROOT))
    data = tlv(0x54, b"\0\0") + tlv(0x53, chain)
    update = command(0x00, 0xD7, 0x2F, 0x02, data, extended=True)
    assert [answer[-2:] for answer in transmit(server, SELECT, VERIFY, update)] == 3 * [b"\x90\0"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("custodians")


@pytest.fixture(scope="module")
def public_key(folder: Path) -> Path:
    """What the custodian's card exports for its key."""
    path = folder / "custodian.pka"
    with token(folder, "Custodian", CUSTODIANS_BOARD) as server:
        certify(server)
        generate(server, "EC:prime256v1", "10")
        export = ("--export-for-pub-key-auth", str(path), "--key-reference", "1", "--pin", PIN)
        server.tool("sc-hsm-tool", *export)
    return path


@pytest.fixture(scope="module")
def server(folder: Path, public_key: Path) -> Iterator[Server]:
    """A card that wants one custodian beside the PIN, who is not registered yet."""
    (folder / "flash").unlink()
    with token(folder, "Guarded", BOARD) as server:
        certify(server)
        pins = ("--so-pin", SO_PIN, "--pin", PIN)
        quorum = ("--public-key-auth", "1", "--required-pub-keys", "1")
        server.tool("sc-hsm-tool", "--initialize", *pins, *quorum)
        yield server


def missing_keys(server: Server) -> int:
    """How many keys the tool says are not registered yet."""
    status = server.tool("sc-hsm-tool", "--public-key-auth-status")
    found = re.search(r"Missing public keys: +(\d+)\n", status)
    assert found is not None, status
    return int(found[1])


def test_the_custodian_is_registered_once(server: Server, public_key: Path) -> None:
    assert missing_keys(server) == 1
    register = ("sc-hsm-tool", "--register-public-key", str(public_key))
    server.tool(*register)
    assert missing_keys(server) == 0
    with pytest.raises(ToolFailed, match="Not enough memory"):
        server.tool(*register)


def test_the_pin_alone_makes_no_key(server: Server) -> None:
    with pytest.raises(ToolFailed, match="CKR_USER_NOT_LOGGED_IN"):
        generate(server, "EC:prime256v1", "10", "early")
    assert "early" not in server.pkcs11(*LOGIN, "--list-objects")
