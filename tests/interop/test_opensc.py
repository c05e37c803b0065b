# SPDX-License-Identifier: GPL-2.0-or-later
"""A token's first day with OpenSC's tools; each test builds on those before."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import boards
from tests.interop.hosts import LOGIN, PIN, SO_PIN, listed_objects, openssl
from tests.interop.namespace import Namespace
from tests.interop.server import Server, ToolFailed

LABEL = "Interop"
EC_ID, RSA_ID, DATA_LABEL = "10", "20", "notes"


@pytest.fixture(scope="module", params=boards.names())
def server(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Server]:
    """One token per board, which lives through all tests of this file."""
    folder = tmp_path_factory.mktemp(request.param)
    with Namespace() as namespace, Server(namespace, request.param, folder / "flash") as server:
        yield server


@pytest.fixture(scope="module")
def folder(server: Server) -> Path:
    """Where the files of this token are."""
    return server.flash_file.parent


def test_the_card_is_recognised(server: Server) -> None:
    output = server.tool("opensc-tool", "-an")
    assert "3b:fe:18:00:00:81:31:fe:45:80:31:81:54:48:53:4d:31:73:80:21:40:81:07:fa" in output
    assert "SmartCard-HSM" in output


def test_initialize(server: Server) -> None:
    server.tool("sc-hsm-tool", "--initialize", "--so-pin", SO_PIN, "--pin", PIN, "--label", LABEL)
    status = server.tool("sc-hsm-tool")
    assert "User PIN tries left  : 3" in status
    assert LABEL in server.pkcs11("--list-token-slots")


def test_a_wrong_pin_is_refused(server: Server) -> None:
    with pytest.raises(ToolFailed, match="CKR_PIN_INCORRECT"):
        server.pkcs11("--login", "--pin", "999999", "--list-objects")


def test_generate_keys(server: Server) -> None:
    arguments = ("--keypairgen", "--key-type", "EC:prime256v1", "--id", EC_ID, "--label", "ec")
    assert "EC_POINT" in server.pkcs11(*LOGIN, *arguments)
    arguments = ("--keypairgen", "--key-type", "rsa:1024", "--id", RSA_ID, "--label", "rsa")
    assert "Public Key Object; RSA" in server.pkcs11(*LOGIN, *arguments)


def check_ec_signature(server: Server, folder: Path) -> None:
    """Sign a file with the EC key and verify with the public key in `key.der`."""
    message, signature, key = folder / "message", folder / "signature", folder / "key.der"
    message.write_bytes(b"Attack at dawn.")
    sign = ("--sign", "--id", EC_ID, "--mechanism", "ECDSA-SHA256", "--signature-format", "openssl")
    server.pkcs11(*LOGIN, *sign, "-i", str(message), "-o", str(signature))
    verify = ("dgst", "-sha256", "-verify", str(key), "-keyform", "DER")
    assert "Verified OK" in openssl(*verify, "-signature", str(signature), str(message))


def test_a_signature_verifies_with_openssl(server: Server, folder: Path) -> None:
    key = folder / "key.der"
    server.pkcs11("--read-object", "--type", "pubkey", "--id", EC_ID, "-o", str(key))
    check_ec_signature(server, folder)


def test_an_rsa_signature_verifies_with_openssl(server: Server, folder: Path) -> None:
    message, signature, key = folder / "message", folder / "rsa.sig", folder / "rsa.der"
    sign = ("--sign", "--id", RSA_ID, "--mechanism", "SHA256-RSA-PKCS")
    server.pkcs11(*LOGIN, *sign, "-i", str(message), "-o", str(signature))
    server.pkcs11("--read-object", "--type", "pubkey", "--id", RSA_ID, "-o", str(key))
    verify = ("dgst", "-sha256", "-verify", str(key), "-keyform", "DER")
    assert "Verified OK" in openssl(*verify, "-signature", str(signature), str(message))


def test_objects_are_listed(server: Server) -> None:
    objects = server.pkcs11(*LOGIN, "--list-objects")
    assert objects.count("Private Key Object") >= 2
    assert "label:      ec" in objects and "label:      rsa" in objects


def test_a_certificate_is_written_and_read_back(server: Server, folder: Path) -> None:
    key, certificate, copy = folder / "ca.pem", folder / "certificate.der", folder / "copy.der"
    subject = ("-subj", "/CN=Interop", "-days", "30", "-outform", "DER")
    new = ("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")
    openssl(*new, *subject, "-keyout", str(key), "-out", str(certificate))
    write = ("--write-object", str(certificate), "--type", "cert", "--id", EC_ID)
    server.pkcs11(*LOGIN, *write, "--label", "certificate")
    server.pkcs11("--read-object", "--type", "cert", "--id", EC_ID, "-o", str(copy))
    assert copy.read_bytes() == certificate.read_bytes()


@pytest.mark.parametrize("private", [False, True])
def test_data_is_written_and_read_back(server: Server, folder: Path, private: bool) -> None:
    data, copy = folder / "data", folder / "data.copy"
    data.write_bytes(bytes(range(256)) * 5)
    label = f"{DATA_LABEL} {private}"
    secrecy = ("--private",) if private else ()
    write = ("--write-object", str(data), "--type", "data", "--label", label)
    server.pkcs11(*LOGIN, *write, "--application-label", label, *secrecy)
    read = ("--read-object", "--type", "data", "--label", label, "-o", str(copy))
    server.pkcs11(*LOGIN, *read)
    assert copy.read_bytes() == data.read_bytes()


def test_pkcs15_structure_is_readable(server: Server) -> None:
    dump = server.tool("pkcs15-tool", "-D")
    for text in (LABEL, "Private EC Key [", "Private RSA Key [rsa]", "X.509 Certificate ["):
        assert text in dump


def test_the_tools_own_test_passes(server: Server) -> None:
    output = server.pkcs11("--test", *LOGIN, timeout_s=600)
    assert "No errors" in output


def test_objects_survive_the_end_of_the_server(server: Server, folder: Path) -> None:
    before = listed_objects(server)
    assert server.stop() == 0
    server.start()
    assert listed_objects(server) == before
    check_ec_signature(server, folder)


def test_objects_are_deleted(server: Server) -> None:
    for kind, key_id in (("cert", EC_ID), ("privkey", EC_ID), ("privkey", RSA_ID)):
        server.pkcs11(*LOGIN, "--delete-object", "--type", kind, "--id", key_id)
    for private in (False, True):
        label = f"{DATA_LABEL} {private}"
        server.pkcs11(*LOGIN, "--delete-object", "--type", "data", "--label", label)
    objects = server.pkcs11(*LOGIN, "--list-objects")
    assert "label:      ec" not in objects and DATA_LABEL not in objects


def test_a_second_card_for_the_slot_is_told_in_one_line(server: Server, folder: Path) -> None:
    arguments = ("-m", "sim", "serve", "--board", server.board)
    done = server.namespace.run(sys.executable, *arguments)
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1 and "another card holds the slot" in done.stderr


def test_a_flash_file_of_the_wrong_size_is_left_alone(server: Server, folder: Path) -> None:
    wrong = folder / "wrong"
    wrong.write_bytes(b"precious")
    arguments = ("-m", "sim", "serve", "--board", server.board, "--flash", str(wrong))
    done = server.namespace.run(sys.executable, *arguments)
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1 and str(wrong) in done.stderr
    assert wrong.read_bytes() == b"precious"
