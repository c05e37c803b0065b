# SPDX-License-Identifier: GPL-2.0-or-later
"""`serve` as a program: how it starts, what it says, how it ends."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from sim.pcsc.vpcd import PORT
from tests.interop.namespace import Namespace
from tests.interop.server import Server

BOARD = "pico2"
SERVE = (sys.executable, "-m", "sim", "serve", "--board", BOARD)
SO_PIN, PIN = "3537363231383830", "648219"
START_TIMEOUT_S = 10


@pytest.fixture
def namespace() -> Iterator[Namespace]:
    """No pcscd runs in it."""
    with Namespace() as namespace:
        yield namespace


def start_pcscd(namespace: Namespace, *arguments: str) -> subprocess.Popen[str]:
    """A pcscd that is not the server's; it accepts clients when this returns."""
    process = namespace.start("pcscd", "--foreground", *arguments)
    deadline = time.monotonic() + START_TIMEOUT_S
    while namespace.run("test", "-S", "/run/pcscd/pcscd.comm").returncode != 0:
        assert time.monotonic() < deadline, "pcscd does not start"
        time.sleep(0.1)
    return process


def end(process: subprocess.Popen[str]) -> None:
    """End a process of `start_pcscd`."""
    process.terminate()
    process.wait()
    assert process.stdout is not None
    process.stdout.close()


def test_a_running_pcscd_is_used_and_left_alone(namespace: Namespace, tmp_path: Path) -> None:
    pcscd = start_pcscd(namespace)
    try:
        with Server(namespace, BOARD, tmp_path / "flash") as server:
            assert "SmartCard-HSM" in server.tool("opensc-tool", "-n")
            assert server.stop() == 0
        assert pcscd.poll() is None
    finally:
        end(pcscd)


def test_a_pcscd_without_the_virtual_reader_is_told_in_one_line(namespace: Namespace) -> None:
    pcscd = start_pcscd(namespace, "--config", "/dev/null")
    try:
        done = namespace.run(*SERVE)
        assert done.returncode == 2
        assert done.stderr.count("\n") == 1 and "does not listen" in done.stderr
    finally:
        end(pcscd)


def test_ctrl_c_during_a_command_keeps_what_was_written(
    namespace: Namespace, tmp_path: Path
) -> None:
    with Server(namespace, BOARD, tmp_path / "flash", options=("--verbose",)) as server:
        initialize = ("--initialize", "--so-pin", SO_PIN, "--pin", PIN, "--label", "Cut")
        server.tool("sc-hsm-tool", *initialize)
        generate = ("--login", "--pin", PIN, "--keypairgen", "--key-type", "rsa:4096")
        tool = namespace.start("pkcs11-tool", *generate)
        server.wait_for(">> 0046")
        assert server.stop() == 0
        tool.wait()
        assert tool.stdout is not None
        tool.stdout.close()
        assert any("unplugged" in line for line in server.output)
        server.start()
        assert "Cut" in server.tool("pkcs15-tool", "-D")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP], ids=lambda number: number.name)
def test_a_pcscd_of_its_own_ends_with_it(
    namespace: Namespace, tmp_path: Path, number: signal.Signals
) -> None:
    with Server(namespace, BOARD, tmp_path / "flash") as server:
        # The namespaces share the machine's processes, not its network: what matters is the port.
        assert listens(namespace)
        assert server.stop(number) == 0
    assert not listens(namespace)
    assert list(tmp_path.iterdir()) == []


def listens(namespace: Namespace) -> bool:
    """True while a pcscd has the virtual reader's port open."""
    tables = namespace.run("cat", "/proc/net/tcp", "/proc/net/tcp6").stdout
    # Local address, no remote one, state LISTEN.
    return re.search(rf":{PORT:04X} 0+:0000 0A ", tables) is not None


def test_a_served_flash_file_is_refused_to_others(namespace: Namespace, tmp_path: Path) -> None:
    path = tmp_path / "flash"
    with Server(namespace, BOARD, path):
        others = (sys.executable, "-m", "sim", "apdu", "--board", BOARD, "--flash", str(path))
        done = namespace.run(*others, "0084000008")
        assert done.returncode == 2 and done.stdout == ""
        assert done.stderr == f"error: flash file {path}: another process uses it\n"


def test_without_a_flash_file_nothing_is_kept(namespace: Namespace, tmp_path: Path) -> None:
    process = namespace.start(sys.executable, "-u", *SERVE[1:])
    assert process.stdout is not None
    assert "is in the reader" in process.stdout.readline()
    process.terminate()
    assert process.wait() == 0
    process.stdout.close()
    assert list(tmp_path.iterdir()) == []


def draw(server: Server) -> str:
    """Sixteen bytes of the card's randomness, as opensc-tool prints them."""
    output = server.tool("opensc-tool", "--send-apdu", "0084000010")
    return output[output.index("SW1") :]


def test_no_session_repeats_another(namespace: Namespace, tmp_path: Path) -> None:
    """Keys drawn from a seed that everybody knows would be everybody's keys."""
    with Server(namespace, BOARD, tmp_path / "flash") as server:
        first = draw(server)
        assert server.stop() == 0
        server.start()
        assert draw(server) != first


def test_a_given_seed_repeats_a_session(namespace: Namespace, tmp_path: Path) -> None:
    drawn = []
    for name in ("first", "second"):
        with Server(namespace, BOARD, tmp_path / name, options=("--seed", "7")) as server:
            assert "anybody" in server.output[0]
            drawn.append(draw(server))
    assert drawn[0] == drawn[1]
