# SPDX-License-Identifier: GPL-2.0-or-later
"""GnuTLS: keys, signatures, certificates and random numbers with p11tool."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest

from tests.interop.hosts import MODULE, PIN, generate, openssl, token
from tests.interop.server import Server

LABEL = "GnuTLS"
TOKEN = f"pkcs11:token={quote(LABEL + ' (UserPIN)')}"
KEYS = {"ec": ("EC:prime256v1", "10"), "rsa": ("rsa:2048", "20")}
OWN_ID = "30"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A token with the keys of KEYS."""
    with token(tmp_path_factory.mktemp("gnutls"), LABEL) as server:
        for label, (kind, key_id) in KEYS.items():
            generate(server, kind, key_id, label)
        yield server


@pytest.fixture(scope="module")
def folder(server: Server) -> Path:
    """Where exported files are."""
    return server.flash_file.parent


def gnutls(server: Server, program: str, *arguments: str) -> str:
    """Run p11tool or certtool; it takes the PIN from its environment."""
    options = ("env", f"GNUTLS_PIN={PIN}", program, "--provider", MODULE)
    return server.tool(*options, *arguments)


def p11tool(server: Server, *arguments: str) -> str:
    return gnutls(server, "p11tool", "--batch", *arguments)


def private_key(key_id: str) -> str:
    """The URL of a key of the token."""
    return f"{TOKEN};id=%{key_id};type=private"


def test_the_token_is_listed(server: Server) -> None:
    output = p11tool(server, "--list-tokens")
    assert f"Label: {LABEL} (UserPIN)" in output and "Flags: RNG, Requires login" in output


def test_the_keys_are_listed(server: Server) -> None:
    output = p11tool(server, "--login", "--list-all", TOKEN)
    for label, (_, key_id) in KEYS.items():
        assert f"id=%{key_id};object={label};type=private" in output


@pytest.mark.parametrize("label", KEYS)
def test_a_key_signs(server: Server, label: str) -> None:
    output = p11tool(server, "--login", "--test-sign", private_key(KEYS[label][1]))
    assert output.count("... ok") == 3


def test_a_key_is_generated(server: Server, folder: Path) -> None:
    path = folder / "own.pem"
    arguments = ("--generate-privkey=ecdsa", "--curve=secp384r1", "--label", "own")
    files = ("--id", OWN_ID, "--outfile", str(path), TOKEN)
    p11tool(server, "--login", *arguments, *files)
    assert "secp384r1" in openssl("pkey", "-pubin", "-in", str(path), "-noout", "-text")
    assert p11tool(server, "--login", "--test-sign", private_key(OWN_ID)).count("... ok") == 3


def test_a_certificate_is_signed_written_and_exported(server: Server, folder: Path) -> None:
    template, made, copy = folder / "template", folder / "made.pem", folder / "copy.pem"
    template.write_text('cn = "GnuTLS"\nexpiration_days = 30\n')
    key = ("--load-privkey", private_key(KEYS["ec"][1]))
    files = ("--template", str(template), "--outfile", str(made))
    gnutls(server, "certtool", "--generate-self-signed", *key, *files)
    assert openssl("verify", "-CAfile", str(made), str(made)).endswith(": OK\n")
    certificate = ("--load-certificate", str(made), "--label", "ec", "--id", KEYS["ec"][1])
    p11tool(server, "--login", "--write", *certificate, TOKEN)
    url = f"{TOKEN};id=%{KEYS['ec'][1]};type=cert"
    p11tool(server, "--export", "--outfile", str(copy), url)
    der = [openssl("x509", "-in", str(path), "-noout", "-fingerprint") for path in (made, copy)]
    assert der[0] == der[1]
    assert "1 objects deleted" in p11tool(server, "--login", "--delete", url)


def test_random_numbers(server: Server, folder: Path) -> None:
    drawn = []
    for name in ("first", "second"):
        path = folder / name
        p11tool(server, "--generate-random", "64", "--outfile", str(path), TOKEN)
        drawn.append(path.read_bytes())
    assert len(drawn[0]) == 64 and drawn[0] != drawn[1]
