# SPDX-License-Identifier: GPL-2.0-or-later
"""The developer's commands. All run in .venv, which they make when it is missing.

Works from `make`, and with a nox of your own in a fresh clone.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import nox

nox.options.default_venv_backend = "none"
# `nox` alone lists the sessions.
nox.options.sessions = []

PROJECT = Path(__file__).parent
PYTHON = str(PROJECT / ".venv" / "bin" / "python")
EXIT_STOPPED = 130
SYSTEM_PYTHON = sys.executable if sys.version_info >= (3, 11) else "python3"


def run(session: nox.Session, *arguments: str, purpose: str = "sim") -> None:
    """Runs a Python module of the project in .venv, made ready for `purpose` before."""
    call(session, SYSTEM_PYTHON, "-m", "tools.setup", purpose)
    call(session, PYTHON, "-m", *arguments)


def call(session: nox.Session, *command: str) -> None:
    """Runs a command; ends nox with its exit status if that is not 0 (nox itself knows only 1).

    Ctrl-C is the command's affair: it gets the signal, too, and may have something to save.
    """
    session.log(" ".join(command))
    interrupted = False
    with subprocess.Popen(command) as process:
        while True:
            try:
                status = process.wait()
                break
            except KeyboardInterrupt:
                interrupted = True
    if status:
        sys.exit(EXIT_STOPPED if interrupted else status)


def check(session: nox.Session, *command: str) -> None:
    """Runs a checker of others, as `call` does, but Ctrl-C ends it from here.

    Nothing of it has to be saved, and it would answer the signal with a traceback.
    """
    session.log(" ".join(command))
    with subprocess.Popen(command, start_new_session=True) as process:
        try:
            status = process.wait()
        except KeyboardInterrupt:
            os.killpg(process.pid, signal.SIGTERM)
            process.wait()
            print("stopped", file=sys.stderr)
            sys.exit(EXIT_STOPPED)
    if status:
        sys.exit(status)


@nox.session
def firmware(session: nox.Session) -> None:
    """The image and the self-test image of each board, with their SHA-256 and sizes."""
    run(session, "tools.firmware", *session.posargs)


@nox.session
def sim(session: nox.Session) -> None:
    """Boot both chips and run the life of an HSM on each."""
    run(session, "tools.firmware", "--quiet", "--target", "hsm")
    run(session, "sim", "life", *session.posargs)


@nox.session
def serve(session: nox.Session) -> None:
    """The image as a PC/SC reader until Ctrl-C: -- --board pico2 [--flash FILE]."""
    run(session, "tools.firmware", "--quiet", "--target", "hsm", purpose="serve")
    run(session, "sim", "serve", *session.posargs, purpose="serve")


@nox.session
def flash(session: nox.Session) -> None:
    """Copy the image to a board in BOOTSEL mode: -- --board pico [--drive PATH]."""
    run(session, "tools.firmware", "--quiet", "--target", "hsm")
    run(session, "tools.flash", *session.posargs)


@nox.session(name="reader-identity")
def reader_identity(session: nox.Session) -> None:
    """What makes pcscd accept a real board: the entry for libccid; -- --write adds it."""
    run(session, "tools.reader_identity", *session.posargs, purpose="lint")


@nox.session
def tests(session: nox.Session) -> None:
    """Everything that CI runs; with arguments, pytest alone on them."""
    run(session, "tools.firmware", purpose="tests")
    if session.posargs:
        run(session, "pytest", *session.posargs, purpose="tests")
        return
    # All of them always run: a wrong blank should not hide a wrong signature.
    results = {name: timed(step, session) for name, step in STEPS.items()}
    print("\neverything that CI runs:")
    for name, (passed, minutes) in results.items():
        repeat = REPEAT.get(name, f"nox -s {name}")
        verdict = "passed" if passed else f"FAILED; to repeat it: {repeat}"
        print(f"  {name:10} {minutes:5.1f} min  {verdict}")
    STEPS_REPORT.write_text(json.dumps({name: minutes for name, (_, minutes) in results.items()}))
    if not all(passed for passed, _ in results.values()):
        session.error("not everything passed")
    print()
    call(session, PYTHON, "-m", "tests.pyramid")


STEPS_REPORT = PROJECT / "build" / "steps.json"
BOTH_CORES = ("-n", "2", "--dist", "loadfile")
BRIEF_SOAK = ("--commands", "1000")
REPEAT = {"pytest": "nox -s tests -- tests", "soak": f"nox -s soak -- {' '.join(BRIEF_SOAK)}"}


def timed(step: Callable[[nox.Session], None], session: nox.Session) -> tuple[bool, float]:
    """Runs a step: whether it passed, and the minutes that it took."""
    started_s = time.monotonic()
    return passes(step, session), (time.monotonic() - started_s) / 60


def suites(session: nox.Session) -> None:
    """All pytest suites but that of the hosts, on both cores."""
    options = (*BOTH_CORES, "--durations", "15", "--ignore", "tests/interop")
    run(session, "pytest", *options, "--junitxml", "build/pytest.xml", "tests", purpose="tests")


def passes(step: Callable[[nox.Session], None], session: nox.Session) -> bool:
    """Runs a step; False when one of its commands failed. Ctrl-C ends all steps."""
    try:
        step(session)
    except SystemExit as error:
        if error.code == EXIT_STOPPED:
            raise
        return False
    return True


@nox.session
def lint(session: nox.Session) -> None:
    """Style, types, and the import rules between the floors."""
    call(session, SYSTEM_PYTHON, "-m", "tools.setup", "lint")
    check(session, PYTHON, "-m", "ruff", "check", ".")
    check(session, PYTHON, "-m", "ruff", "format", "--check", ".")
    check(session, PYTHON, "-m", "pyright")
    check(session, str(Path(PYTHON).with_name("lint-imports")), "--no-logo")
    check(session, str(Path(PYTHON).with_name("robocop")), "check", "robot_tests")


@nox.session
def robot(session: nox.Session) -> None:
    """Suites in plain language on all boards: -- [--board pico2] [--suite keys] [--test NAME]."""
    run(session, "tools.firmware", "--quiet", "--target", "hsm")
    run(session, "robot_tests", *session.posargs)


@nox.session
def interop(session: nox.Session) -> None:
    """OpenSC, OpenSSH, OpenSSL, GnuTLS and python-pkcs11 with the image: -- [-k NAME | ...]."""
    run(session, "tools.firmware", "--quiet", "--target", "hsm", purpose="interop")
    arguments = (*BOTH_CORES, "--junitxml", "build/interop.xml", "tests/interop", *session.posargs)
    run(session, "pytest", *arguments, purpose="interop")


@nox.session
def powerloss(session: nox.Session) -> None:
    """Every cut and every tear of every command: -- [--full | --board B | --scenario S | ...]."""
    run(session, "tools.firmware", "--quiet", "--target", "hsm")
    run(session, "campaigns.powerloss", *session.posargs)


@nox.session
def replay(session: nox.Session) -> None:
    """One finding of the power-loss campaign again, in full: -- ID."""
    run(session, "tools.firmware", "--quiet", "--target", "hsm")
    run(session, "campaigns.powerloss.replay", *session.posargs)


@nox.session
def rollback(session: nox.Session) -> None:
    """Put old flash contents into cards and boot them: -- [--board pico2] [--case ID]."""
    run(session, "tools.firmware", "--quiet", "--target", "hsm")
    run(session, "campaigns.rollback", *session.posargs)


@nox.session(name="same-path")
def same_path(session: nox.Session) -> None:
    """The same path whatever the secret: -- [--all | --operation NAME] [--board B] [--runs N]."""
    run(session, "tools.firmware", "--quiet", "--target", "hsm")
    run(session, "campaigns.same_path", *session.posargs)


@nox.session
def fuzz(session: nox.Session) -> None:
    """Input that nobody meant: -- [images | model | coverage] [--seconds N] [--seed S] [...]."""
    run(session, "tools.firmware", "--quiet", "--target", "hsm")
    run(session, "fuzz", *session.posargs)


@nox.session
def faults(session: nox.Session) -> None:
    """Skip single instructions of checks: -- [--kinds | --full | --seconds N | --replay ID]."""
    run(session, "tools.firmware", "--quiet", "--target", "hsm")
    run(session, "campaigns.faults", *session.posargs)


@nox.session
def wear(session: nox.Session) -> None:
    """What commands cost the flash, and lives on it to their end: -- [--life ID] [--update]."""
    run(session, "tools.firmware", "--quiet", "--target", "hsm")
    run(session, "campaigns.wear", *session.posargs)


@nox.session
def soak(session: nox.Session) -> None:
    """10,000 mixed commands on one card: -- [--commands N] [--board pico2] [--seed S]."""
    run(session, "tools.firmware", "--quiet", "--target", "hsm")
    run(session, "bench.soak", *session.posargs)


def soak_briefly(session: nox.Session) -> None:
    """The first thousand commands of the soak test."""
    run(session, "tools.firmware", "--quiet", "--target", "hsm")
    run(session, "bench.soak", *BRIEF_SOAK)


@nox.session
def bench(session: nox.Session) -> None:
    """Measure speed and cost; prints a table and writes JSON."""
    run(session, "tools.firmware", "--quiet", purpose="tests")
    run(session, "bench", *session.posargs, purpose="tests")


# What `nox -s tests` runs, the quick ones first.
STEPS: dict[str, Callable[[nox.Session], None]] = {
    "lint": lint,
    "pytest": suites,
    "interop": interop,
    "soak": soak_briefly,
    "robot": robot,
    "rollback": rollback,
    "wear": wear,
    "fuzz": fuzz,
    "same-path": same_path,
    "faults": faults,
    "powerloss": powerloss,
}
