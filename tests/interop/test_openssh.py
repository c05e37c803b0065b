# SPDX-License-Identifier: GPL-2.0-or-later
"""OpenSSH: a login with a key of the token, on a sshd in the test's own network."""

from __future__ import annotations

import getpass
import os
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.interop.hosts import MODULE, PIN, generate, token
from tests.interop.server import Server

PORT = 2222
START_TIMEOUT_S = 20
KEYS = {"ec": ("EC:prime256v1", "10", "ecdsa-sha2-nistp256"), "rsa": ("rsa:2048", "20", "ssh-rsa")}
CONFIGURATION = """\
ListenAddress 127.0.0.1:{port}
HostKey {folder}/host
AuthorizedKeysFile {folder}/authorized
PermitRootLogin prohibit-password
PasswordAuthentication no
KbdInteractiveAuthentication no
StrictModes no
UsePAM no
PidFile none
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A token with the keys of KEYS."""
    with token(tmp_path_factory.mktemp("openssh"), "SSH") as server:
        for label, (kind, key_id, _) in KEYS.items():
            generate(server, kind, key_id, label)
        yield server


@pytest.fixture(scope="module")
def folder(server: Server) -> Path:
    """Where keys and configuration of sshd are."""
    return server.flash_file.parent


def keys_of_the_token(server: Server) -> dict[str, str]:
    """What ssh-keygen says: lines for authorized_keys, by label."""
    lines = server.tool("ssh-keygen", "-D", MODULE).splitlines()
    return {line.split()[-1]: line for line in lines if line.count(" ") >= 2}


@pytest.fixture(scope="module")
def sshd(server: Server, folder: Path) -> Iterator[subprocess.Popen[str]]:
    """Lets in whoever has a key of the token, and nobody else."""
    server.tool("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(folder / "host"))
    host_key = (folder / "host.pub").read_text()
    (folder / "known").write_text(f"[127.0.0.1]:{PORT} {host_key}")
    lines = [keys_of_the_token(server)[label] for label in KEYS]
    (folder / "authorized").write_text("\n".join(lines) + "\n")
    configuration = folder / "sshd_config"
    configuration.write_text(CONFIGURATION.format(port=PORT, folder=folder))
    # As root sshd wants this folder; as another user it must not find itself to be root.
    become = [] if os.geteuid() == 0 else ["unshare", "--user", f"--map-user={os.geteuid()}"]
    if not become:
        server.tool("mkdir", "-p", "/run/sshd")
    command = (*become, "/usr/sbin/sshd", "-D", "-e", "-f", str(configuration))
    process = server.namespace.start(*command)
    wait_for_port(server)
    yield process
    process.terminate()
    process.wait()
    assert process.stdout is not None
    process.stdout.close()


def wait_for_port(server: Server) -> None:
    deadline = time.monotonic() + START_TIMEOUT_S
    while f":{PORT:04X} " not in server.namespace.run("cat", "/proc/net/tcp").stdout:
        assert time.monotonic() < deadline, "sshd does not listen"
        time.sleep(0.1)


def log_in(server: Server, folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    """Say hello on the other side."""
    ask = folder / "ask"
    ask.write_text(f"#!/bin/sh\necho {PIN}\n")
    ask.chmod(0o700)
    # The client's own keys and agent stay out of it.
    client = ("env", "-u", "SSH_AUTH_SOCK", f"SSH_ASKPASS={ask}", "SSH_ASKPASS_REQUIRE=force")
    ssh = ("ssh", "-F", "none", "-o", "IdentityFile=none", "-p", str(PORT))
    known = ("-o", f"UserKnownHostsFile={folder / 'known'}")
    address = f"{getpass.getuser()}@127.0.0.1"
    return server.namespace.run(*client, *ssh, *known, *options, address, "echo hello")


@pytest.mark.parametrize("label", KEYS)
def test_the_token_s_public_keys_are_shown(server: Server, label: str) -> None:
    assert keys_of_the_token(server)[label].startswith(KEYS[label][2])


@pytest.mark.parametrize("label", KEYS)
def test_a_key_of_the_token_logs_in(
    server: Server, sshd: subprocess.Popen[str], folder: Path, label: str
) -> None:
    (folder / "identity.pub").write_text(keys_of_the_token(server)[label])
    chosen = ("-o", "IdentitiesOnly=yes", "-o", f"IdentityFile={folder / 'identity.pub'}")
    done = log_in(server, folder, "-o", f"PKCS11Provider={MODULE}", *chosen)
    assert done.stdout == "hello\n", done.stderr


def test_nobody_gets_in_without_the_token(
    server: Server, sshd: subprocess.Popen[str], folder: Path
) -> None:
    done = log_in(server, folder)
    assert done.returncode == 255 and "Permission denied" in done.stderr


def test_the_device_s_own_key_does_not_log_in(
    server: Server, sshd: subprocess.Popen[str], folder: Path
) -> None:
    """It is shown, too, but is not among the authorized ones."""
    strangers = [line for label, line in keys_of_the_token(server).items() if label not in KEYS]
    (folder / "stranger.pub").write_text(strangers[0])
    chosen = ("-o", "IdentitiesOnly=yes", "-o", f"IdentityFile={folder / 'stranger.pub'}")
    done = log_in(server, folder, "-o", f"PKCS11Provider={MODULE}", *chosen)
    assert "Permission denied" in done.stderr
