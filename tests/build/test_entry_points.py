# SPDX-License-Identifier: GPL-2.0-or-later
"""What people and CI type: names that stay, and exit statuses that tell."""

import os
import signal
import subprocess
import sys

from tools.paths import PROJECT

SESSIONS = {"firmware", "sim", "serve", "flash", "tests", "lint", "bench", "reader-identity"}
TARGETS = {"sim", "test", "serve", "firmware", "flash", "lint", "bench", "help"}


def nox(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Runs nox in the checkout."""
    command = [sys.executable, "-m", "nox", *arguments]
    return subprocess.run(command, cwd=PROJECT, text=True, capture_output=True)


def test_nox_alone_lists_the_sessions():
    listed = {line.split()[1] for line in nox().stdout.splitlines() if line.startswith("- ")}
    assert listed >= SESSIONS


def test_make_alone_lists_the_targets():
    for arguments in ([], ["help"]):
        command = ["make", *arguments]
        answer = subprocess.run(command, cwd=PROJECT, text=True, capture_output=True, check=True)
        listed = {line.split()[1] for line in answer.stdout.splitlines() if line.startswith("  ")}
        assert listed >= TARGETS


def test_the_tools_exit_status_comes_through():
    result = nox("-s", "flash", "--", "--board", "nano")
    assert result.returncode == 2
    assert result.stderr.endswith("error: unknown board 'nano'; known boards: pico, pico2\n")


def test_bench_refuses_first_where_it_could_not_write_last(tmp_path):
    for path in (tmp_path, tmp_path / "absent" / "bench.json"):
        command = [sys.executable, "-m", "bench", "--json", str(path)]
        result = subprocess.run(command, cwd=PROJECT, text=True, capture_output=True)
        assert result.returncode == 2
        assert result.stderr.startswith("error: ") and result.stderr.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


def test_ci_runs_what_developers_run():
    script = PROJECT / ".ci" / "run"
    assert os.access(script, os.X_OK)
    assert script.read_text().splitlines()[-1] == "exec make test"


def test_ctrl_c_leaves_the_end_to_the_command(tmp_path):
    """A session must not cut short a command that still has something to save."""
    (tmp_path / "noxfile.py").write_text(
        "import importlib.util, sys, nox\n"
        f"spec = importlib.util.spec_from_file_location('ours', {str(PROJECT / 'noxfile.py')!r})\n"
        "ours = importlib.util.module_from_spec(spec)\n"
        "spec.loader.exec_module(ours)\n"
        "@nox.session(venv_backend='none')\n"
        "def slow(session):\n"
        "    ours.call(session, sys.executable, 'slow.py')\n"
    )
    (tmp_path / "slow.py").write_text(
        "import time\n"
        "try:\n"
        "    print('ready', flush=True)\n"
        "    time.sleep(60)\n"
        "except KeyboardInterrupt:\n"
        "    time.sleep(1.5)\n"
        "    print('saved', flush=True)\n"
    )
    command = [sys.executable, "-m", "nox", "-s", "slow"]
    with subprocess.Popen(
        command, cwd=tmp_path, text=True, stdout=subprocess.PIPE, start_new_session=True
    ) as process:
        assert process.stdout
        assert process.stdout.readline() == "ready\n"
        os.killpg(process.pid, signal.SIGINT)
        assert process.stdout.read() == "saved\n"
        assert process.wait() == 0
