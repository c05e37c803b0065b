# SPDX-License-Identifier: GPL-2.0-or-later
"""OpenSSL, PKCS#11 engine: keys of a CA and of TLS servers in the token."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.interop.hosts import MODULE, PIN, generate, openssl, token
from tests.interop.server import Server

PORT = 4433
CA_ID, KEYS = "10", {"ec": ("EC:secp384r1", "11"), "rsa": ("rsa:2048", "20")}
CONFIGURATION = f"""\
openssl_conf = openssl_init
[openssl_init]
providers = providers
engines = engines
[providers]
default = the_usual_one
[the_usual_one]
activate = 1
[engines]
pkcs11 = pkcs11
[pkcs11]
engine_id = pkcs11
MODULE_PATH = {MODULE}
init = 0
[req]
distinguished_name = name
x509_extensions = authority
[name]
[authority]
basicConstraints = critical, CA:TRUE
keyUsage = critical, keyCertSign
[server]
subjectAltName = IP:127.0.0.1
"""


def private_key(key_id: str) -> str:
    """The engine's name of a key of the token."""
    return f"pkcs11:id=%{key_id};type=private?pin-value={PIN}"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A token with the key of a CA and those of KEYS."""
    folder = tmp_path_factory.mktemp("openssl")
    (folder / "openssl.cnf").write_text(CONFIGURATION)
    with token(folder, "TLS") as server:
        generate(server, "EC:prime256v1", CA_ID)
        for kind, key_id in KEYS.values():
            generate(server, kind, key_id)
        yield server


@pytest.fixture(scope="module")
def folder(server: Server) -> Path:
    """Where the certificates are."""
    return server.flash_file.parent


def with_engine(folder: Path, *arguments: str) -> tuple[str, ...]:
    """The command line of an openssl that knows the token."""
    return ("env", f"OPENSSL_CONF={folder / 'openssl.cnf'}", "openssl", *arguments)


@pytest.fixture(scope="module")
def authority(server: Server, folder: Path) -> Path:
    """The certificate of a CA, signed by its key in the token."""
    path = folder / "ca.pem"
    request = ("req", "-new", "-x509", "-subj", "/CN=CA", "-days", "30", "-out", str(path))
    key = ("-engine", "pkcs11", "-keyform", "engine", "-key", private_key(CA_ID))
    server.tool(*with_engine(folder, *request, *key))
    return path


def issue(server: Server, folder: Path, authority: Path, name: str) -> Path:
    """A server's certificate: request signed by its key, certificate by the CA's key."""
    request, path = folder / f"{name}.csr", folder / f"{name}.pem"
    engine = ("-engine", "pkcs11")
    key = ("-keyform", "engine", "-key", private_key(KEYS[name][1]))
    new = ("req", "-new", "-subj", "/CN=127.0.0.1", "-out", str(request))
    server.tool(*with_engine(folder, *new, *engine, *key))
    ca = ("-CA", str(authority), "-CAkeyform", "engine", "-CAkey", private_key(CA_ID))
    extensions = ("-extfile", str(folder / "openssl.cnf"), "-extensions", "server")
    files = ("-in", str(request), "-out", str(path), "-days", "7", "-CAcreateserial")
    server.tool(*with_engine(folder, "x509", "-req", *engine, *ca, *extensions, *files))
    return path


def test_the_certificate_of_the_authority_verifies(authority: Path) -> None:
    assert openssl("verify", "-CAfile", str(authority), str(authority)).endswith(": OK\n")


@pytest.mark.parametrize("name", KEYS)
@pytest.mark.parametrize("version", ["tls1_2", "tls1_3"])
def test_a_tls_server_has_its_key_in_the_token(
    server: Server, folder: Path, authority: Path, name: str, version: str
) -> None:
    certificate = issue(server, folder, authority, name)
    key = ("-keyform", "engine", "-key", private_key(KEYS[name][1]))
    # -www: without it the server would hang up when its input ends.
    arguments = ("s_server", "-accept", f"127.0.0.1:{PORT}", "-www", "-engine", "pkcs11")
    files = ("-cert", str(certificate), *key, f"-{version}")
    process = server.namespace.start(*with_engine(folder, *arguments, *files))
    try:
        assert process.stdout is not None
        lines = iter(process.stdout.readline, "")
        assert any("ACCEPT" in line for line in lines), "s_server does not start"
        address = ("-connect", f"127.0.0.1:{PORT}", "-verify_ip", "127.0.0.1")
        trust = ("-CAfile", str(authority), "-verify_return_error")
        output = server.tool("openssl", "s_client", *address, *trust)
        assert "Verification: OK" in output
    finally:
        process.terminate()
        process.wait()
        assert process.stdout is not None
        process.stdout.close()


def test_a_signature_by_the_engine_verifies(server: Server, folder: Path) -> None:
    message, signature, key = folder / "message", folder / "signature", folder / "key.pem"
    message.write_bytes(b"Attack at dawn.")
    engine = ("-engine", "pkcs11", "-keyform", "engine")
    name = private_key(KEYS["rsa"][1])
    sign = ("dgst", "-sha256", "-sign", name, "-out", str(signature), str(message))
    server.tool(*with_engine(folder, sign[0], *engine, *sign[1:]))
    public = ("pkey", "-engine", "pkcs11", "-inform", "engine", "-pubout", "-out", str(key))
    server.tool(*with_engine(folder, *public, "-in", name))
    verify = ("-verify", str(key), "-signature", str(signature), str(message))
    assert openssl("dgst", "-sha256", *verify) == "Verified OK\n"
