# SPDX-License-Identifier: GPL-2.0-or-later
"""What people and CI type: names that stay, and exit statuses that tell."""

import os
import signal
import subprocess
import sys

from tools.paths import PROJECT

BOTH = {"firmware", "sim", "serve", "flash", "lint", "bench", "reader-identity"}
CAMPAIGNS = {"powerloss", "replay", "rollback", "wear", "fuzz", "robot"}
SESSIONS = {"tests"} | BOTH | CAMPAIGNS
TARGETS = {"test", "help"} | BOTH | CAMPAIGNS


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


SESSION = f"""
import importlib.util, sys, nox
spec = importlib.util.spec_from_file_location('ours', {str(PROJECT / "noxfile.py")!r})
ours = importlib.util.module_from_spec(spec)
spec.loader.exec_module(ours)
@nox.session(venv_backend='none')
def slow(session):
    ours.HOW(session, sys.executable, 'slow.py')
"""
SAVES = """
import time
try:
    print('ready', flush=True)
    time.sleep(60)
except KeyboardInterrupt:
    time.sleep(1.5)
    print('saved', flush=True)
"""
SLEEPS = """
import time
print('ready', flush=True)
time.sleep(60)
"""


def interrupted(folder, how: str, script: str) -> tuple[str, str, int]:
    """Ctrl-C in a session that runs `script`: both outputs after it, the exit status."""
    (folder / "noxfile.py").write_text(SESSION.replace("HOW", how))
    (folder / "slow.py").write_text(script)
    with subprocess.Popen(
        [sys.executable, "-m", "nox", "-s", "slow"],
        cwd=folder,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    ) as process:
        assert process.stdout
        assert process.stdout.readline() == "ready\n"
        os.killpg(process.pid, signal.SIGINT)
        return *process.communicate(), process.returncode


def test_ctrl_c_leaves_the_end_to_the_command(tmp_path):
    """A session must not cut short a command that still has something to save."""
    output, _, status = interrupted(tmp_path, "call", SAVES)
    assert (output, status) == ("saved\n", 0)


def test_ctrl_c_ends_a_checker_without_a_traceback(tmp_path):
    output, told, status = interrupted(tmp_path, "check", SLEEPS)
    assert (output, status) == ("", 130)
    assert told.endswith("stopped\n") and "Traceback" not in told
