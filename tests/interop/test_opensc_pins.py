# SPDX-License-Identifier: GPL-2.0-or-later
"""PINs changed, blocked, unblocked; what pkcs15-tool shows of keys and files."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.interop.hosts import LOGIN, PIN, SO_PIN, generate, openssl, token
from tests.interop.server import Server, ToolFailed

KEY_ID = "10"
OTHER_PIN, OTHER_SO_PIN, WRONG_PIN = "112358", "0011223344556677", "999999"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A token with a key."""
    with token(tmp_path_factory.mktemp("pins"), "PINs") as server:
        generate(server, "EC:prime256v1", KEY_ID, "ec")
        yield server


@pytest.fixture(scope="module")
def folder(server: Server) -> Path:
    """Where the files of this token are."""
    return server.flash_file.parent


def check_pin(server: Server, pin: str) -> None:
    """Log in. ToolFailed: it is not the PIN."""
    server.tool("pkcs15-tool", "--verify-pin", "--auth-id", "01", "--pin", pin)


@pytest.mark.parametrize(
    ("program", "old", "new"),
    [("pkcs11-tool", PIN, OTHER_PIN), ("pkcs15-tool", OTHER_PIN, PIN)],
)
def test_the_pin_is_changed(server: Server, program: str, old: str, new: str) -> None:
    change = ("--change-pin", "--pin", old, "--new-pin", new)
    server.tool(program, *(("--login",) if program == "pkcs11-tool" else ()), *change)
    check_pin(server, new)
    with pytest.raises(ToolFailed):
        check_pin(server, old)
    check_pin(server, new)


def test_a_blocked_pin_is_set_anew_by_the_officer(server: Server) -> None:
    for _ in range(3):
        with pytest.raises(ToolFailed):
            check_pin(server, WRONG_PIN)
    with pytest.raises(ToolFailed):
        check_pin(server, PIN)
    officer = ("--login", "--login-type", "so", "--so-pin", SO_PIN)
    server.pkcs11(*officer, "--init-pin", "--new-pin", OTHER_PIN)
    check_pin(server, OTHER_PIN)


def test_the_officer_s_pin_is_changed(server: Server) -> None:
    officer = ("--login", "--login-type", "so")
    server.pkcs11(*officer, "--so-pin", SO_PIN, "--change-pin", "--new-pin", OTHER_SO_PIN)
    with pytest.raises(ToolFailed):
        server.pkcs11(*officer, "--so-pin", SO_PIN, "--init-pin", "--new-pin", PIN)
    server.pkcs11(*officer, "--so-pin", OTHER_SO_PIN, "--init-pin", "--new-pin", PIN)
    check_pin(server, PIN)


def test_the_key_is_shown(server: Server, folder: Path) -> None:
    assert "Private EC Key [ec]" in server.tool("pkcs15-tool", "--list-keys")
    ssh = server.tool("pkcs15-tool", "--read-ssh-key", KEY_ID)
    assert "ecdsa-sha2-nistp256 AAAA" in ssh
    path = folder / "key.pem"
    server.tool("pkcs15-tool", "--read-public-key", KEY_ID, "--output", str(path))
    assert "prime256v1" in openssl("pkey", "-pubin", "-in", str(path), "-noout", "-text")


def test_certificates_and_data_are_shown(server: Server, folder: Path) -> None:
    key, certificate, copy = folder / "ca.key", folder / "ca.der", folder / "copy.pem"
    new = ("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")
    files = ("-keyout", str(key), "-out", str(certificate), "-outform", "DER")
    openssl(*new, "-subj", "/CN=PINs", "-days", "30", *files)
    write = ("--write-object", str(certificate), "--type", "cert", "--id", "77", "--label", "ca")
    server.pkcs11(*LOGIN, *write)
    server.tool("pkcs15-tool", "--read-certificate", "77", "--output", str(copy))
    fingerprint = ("x509", "-noout", "-fingerprint")
    expected = openssl(*fingerprint, "-inform", "DER", "-in", str(certificate))
    assert openssl(*fingerprint, "-in", str(copy)) == expected
    data = folder / "data"
    data.write_bytes(bytes(range(256)))
    write = ("--write-object", str(data), "--type", "data", "--label", "memo")
    server.pkcs11(*LOGIN, *write, "--application-label", "memo")
    out = folder / "data.copy"
    server.tool("pkcs15-tool", "--read-data-object", "memo", "--raw", "--output", str(out))
    assert out.read_bytes() == data.read_bytes()
