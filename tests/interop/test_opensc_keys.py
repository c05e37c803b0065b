# SPDX-License-Identifier: GPL-2.0-or-later
"""Every kind of key that pkcs11-tool knows, and every use; judged by OpenSSL."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

import boards
from tests.interop.hosts import LOGIN, generate, openssl, read_public_key, token
from tests.interop.server import Server

MESSAGE = b"Attack at dawn."
CURVES = {
    "secp192r1": "40",
    "prime256v1": "41",
    "secp384r1": "42",
    "secp521r1": "43",
    "secp192k1": "44",
    "secp256k1": "45",
    "brainpoolP256r1": "46",
    "brainpoolP384r1": "47",
    "brainpoolP512r1": "48",
}
RSA_ID = "50"
# Mechanism and further options of pkcs11-tool, then what OpenSSL wants to hear.
RSA_SIGNATURES = {
    "SHA1-RSA-PKCS": (("sha1",), ()),
    "SHA512-RSA-PKCS": (("sha512",), ()),
    "SHA256-RSA-PKCS-PSS": (("sha256",), ("rsa_padding_mode:pss", "rsa_pss_saltlen:digest")),
}
RSA_PADDINGS = {
    "RSA-PKCS": ((), ("rsa_padding_mode:pkcs1",)),
    "RSA-PKCS-OAEP": (
        ("--hash-algorithm", "SHA256", "--mgf", "MGF1-SHA256"),
        ("rsa_padding_mode:oaep", "rsa_oaep_md:sha256"),
    ),
}


@pytest.fixture(scope="module", params=boards.names())
def server(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Server]:
    """One token per board, with an RSA key."""
    with token(tmp_path_factory.mktemp(request.param), "Keys", request.param) as server:
        generate(server, "rsa:2048", RSA_ID)
        (server.flash_file.parent / "message").write_bytes(MESSAGE)
        yield server


@pytest.fixture(scope="module")
def folder(server: Server) -> Path:
    """Where the files of this token are."""
    return server.flash_file.parent


@pytest.fixture(scope="module")
def rsa_key(server: Server, folder: Path) -> Path:
    """The public half of the RSA key."""
    path = folder / "rsa.pem"
    read_public_key(server, RSA_ID, path)
    return path


def options(values: tuple[str, ...], option: str) -> list[str]:
    """`option` before each of the values."""
    return [word for value in values for word in (option, value)]


@pytest.mark.parametrize("curve", CURVES)
def test_a_curve_signs_and_agrees(server: Server, folder: Path, curve: str) -> None:
    key_id, key = CURVES[curve], folder / f"{curve}.pem"
    generate(server, f"EC:{curve}", key_id)
    read_public_key(server, key_id, key)
    signature, message = folder / "signature", folder / "message"
    sign = ("--sign", "--id", key_id, "--mechanism", "ECDSA-SHA256", "-i", str(message))
    server.pkcs11(*LOGIN, *sign, "--signature-format", "openssl", "-o", str(signature))
    verify = ("-verify", str(key), "-signature", str(signature), str(message))
    assert openssl("dgst", "-sha256", *verify) == "Verified OK\n"
    assert agreed_by_the_token(server, folder, curve) == agreed_by_openssl(folder, curve)


def agreed_by_the_token(server: Server, folder: Path, curve: str) -> bytes:
    """ECDH with a key pair that is made for it."""
    private, public = folder / "peer.pem", folder / "peer.der"
    openssl("ecparam", "-name", curve, "-genkey", "-noout", "-out", str(private))
    openssl("ec", "-in", str(private), "-pubout", "-outform", "DER", "-out", str(public))
    secret = folder / "secret"
    arguments = ("--derive", "--id", CURVES[curve], "--mechanism", "ECDH1-DERIVE")
    server.pkcs11(*LOGIN, *arguments, "-i", str(public), "-o", str(secret))
    return secret.read_bytes()


def agreed_by_openssl(folder: Path, curve: str) -> bytes:
    """The same, by the other party."""
    secret, peer = folder / "expected", ("-peerkey", str(folder / f"{curve}.pem"))
    key = ("-inkey", str(folder / "peer.pem"))
    openssl("pkeyutl", "-derive", *key, *peer, "-out", str(secret))
    return secret.read_bytes()


@pytest.mark.parametrize("mechanism", RSA_SIGNATURES)
def test_rsa_signs(server: Server, folder: Path, rsa_key: Path, mechanism: str) -> None:
    (digest,), choices = RSA_SIGNATURES[mechanism]
    signature, message = folder / "signature", folder / "message"
    sign = ("--sign", "--id", RSA_ID, "--mechanism", mechanism, "-i", str(message))
    server.pkcs11(*LOGIN, *sign, "-o", str(signature))
    verify = ("-verify", str(rsa_key), "-signature", str(signature))
    chosen = options(choices, "-sigopt")
    assert openssl("dgst", f"-{digest}", *verify, *chosen, str(message)) == "Verified OK\n"


@pytest.mark.parametrize("mechanism", RSA_PADDINGS)
def test_rsa_decrypts(server: Server, folder: Path, rsa_key: Path, mechanism: str) -> None:
    more, choices = RSA_PADDINGS[mechanism]
    cryptogram, plain = folder / "cryptogram", folder / "plain"
    public = ("-pubin", "-inkey", str(rsa_key))
    files = ("-in", str(folder / "message"), "-out", str(cryptogram))
    openssl("pkeyutl", "-encrypt", *public, *files, *options(choices, "-pkeyopt"))
    decrypt = ("--decrypt", "--id", RSA_ID, "--mechanism", mechanism, *more)
    server.pkcs11(*LOGIN, *decrypt, "-i", str(cryptogram), "-o", str(plain))
    assert plain.read_bytes() == MESSAGE
