# SPDX-License-Identifier: GPL-2.0-or-later
"""Makes a fresh clone ready: Debian packages, virtual environment, Node packages.

Uses the standard library only. Nothing is installed again that is there. As root, or with sudo that
asks no password, missing Debian packages are installed; otherwise they are named in one line.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import shlex
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

from tools import debian
from tools.errors import EXIT_FAILED, ToolError, exit_with
from tools.paths import BUILD, PROJECT

ENVIRONMENT = PROJECT / ".venv"
PYTHON = ENVIRONMENT / "bin" / "python"
STAMP = ENVIRONMENT / ".installed"
NODE_MANIFEST = PROJECT / "tests" / "second_opinion" / "package.json"
NODE_FOLDER = BUILD / "node"

# What each purpose needs of Debian, beside the virtual environment itself.
PURPOSES: dict[str, tuple[debian.Need, ...]] = {
    "lint": (),
    "sim": debian.BUILD,
    "serve": (*debian.BUILD, *debian.RUN),
    "tests": (*debian.BUILD, *debian.RUN),
    "interop": (*debian.BUILD, *debian.RUN, *debian.HOSTS),
}


def install_debian_packages(packages: list[str]) -> None:
    """Installs `packages`, or raises ToolError with the line to copy."""
    if not packages:
        return
    prefix = _privilege()
    if prefix is None:
        raise ToolError(f"missing Debian packages; to install: {debian.install_line(packages)}")
    print(f"installing Debian packages: {' '.join(packages)}", flush=True)
    apt = [*prefix, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-qq"]
    apt += ["-o", "DPkg::Lock::Timeout=300"]
    log = _quiet([*apt, "update"])
    log += _quiet([*apt, "install", "--yes", "--no-install-recommends", *packages])
    still = [name for name in packages if name in debian.missing(debian.ALL)]
    if still:
        print(log[-4000:], file=sys.stderr)
        raise ToolError(f"apt-get could not install: {' '.join(still)}", EXIT_FAILED)


def _privilege() -> list[str] | None:
    """The words before a command that must run as root; None when we may not."""
    if os.geteuid() == 0:
        return []
    if not shutil.which("sudo"):
        return None
    asks = subprocess.run(["sudo", "-n", "true"], capture_output=True).returncode
    return None if asks else ["sudo", "-n"]


def _quiet(command: list[str]) -> str:
    result = subprocess.run(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    return result.stdout


def make_environment() -> None:
    """Creates .venv with the packages of pyproject.toml's group `dev`, unless it has them."""
    if environment_is_current():
        return
    print("installing Python packages into .venv (about a minute)", flush=True)
    if not PYTHON.exists() or not _same_python():
        shutil.rmtree(ENVIRONMENT, ignore_errors=True)
        _checked([sys.executable, "-m", "venv", str(ENVIRONMENT)], "python3 -m venv .venv")
    # Twice quiet: errors only, no warnings before the line that tells what to do.
    pip = [str(PYTHON), "-m", "pip", "install", "-qq", "--disable-pip-version-check"]
    _checked([*pip, *_wanted_packages()], "pip install")
    STAMP.write_text(_stamp())


def environment_is_current() -> bool:
    """True when .venv has what pyproject.toml asks for, for this Python."""
    return STAMP.is_file() and STAMP.read_text() == _stamp() and PYTHON.exists()


def _wanted_packages() -> list[str]:
    text = (PROJECT / "pyproject.toml").read_text()
    return tomllib.loads(text)["dependency-groups"]["dev"]


def _stamp() -> str:
    text = "\n".join([f"Python {_version()}", *_wanted_packages()])
    return hashlib.sha256(text.encode()).hexdigest()


def _version() -> str:
    return f"{sys.version_info.major}.{sys.version_info.minor}"


def _same_python() -> bool:
    answer = subprocess.run([str(PYTHON), "--version"], capture_output=True, text=True)
    return answer.stdout.startswith(f"Python {_version()}.")


def _checked(command: list[str], name: str, folder: Path | None = None) -> None:
    result = subprocess.run(
        command,
        cwd=folder,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    if result.returncode:
        print(result.stdout, file=sys.stderr)
        raise ToolError(f"{name} failed; to repeat it: {shlex.join(command)}", EXIT_FAILED)


def install_node_packages() -> None:
    """Installs what tests/second_opinion/package.json names into build/node, unless it is there."""
    if not NODE_MANIFEST.is_file():
        return
    installed = NODE_FOLDER / "package.json"
    if installed.is_file() and installed.read_bytes() == NODE_MANIFEST.read_bytes():
        return
    print("installing Node packages into build/node", flush=True)
    shutil.rmtree(NODE_FOLDER, ignore_errors=True)
    NODE_FOLDER.mkdir(parents=True)
    npm = ["npm", "install", "--silent", "--no-audit", "--no-fund", "--ignore-scripts"]
    staged = NODE_FOLDER / "package.json"
    staged.write_bytes(NODE_MANIFEST.read_bytes())
    try:
        _checked(npm, "npm install", NODE_FOLDER)
    except ToolError:
        staged.unlink()
        raise


def set_up(purpose: str) -> None:
    """Makes this checkout ready for `purpose`, one of PURPOSES."""
    if not debian.python_is_usable():
        raise ToolError(f"Python 3.11 or newer is needed; this is {_version()}")
    needs = PURPOSES[purpose]
    if not environment_is_current():
        needs = (*debian.ENVIRONMENT, *needs)
    install_debian_packages(debian.missing(needs))
    make_environment()
    if purpose == "tests":
        install_node_packages()


def main() -> int:
    """Command line: `python3 -m tools.setup [PURPOSE]`."""
    parser = argparse.ArgumentParser(prog="python3 -m tools.setup", description=__doc__)
    parser.add_argument("purpose", nargs="?", choices=PURPOSES, default="sim")
    set_up(parser.parse_args().purpose)
    return 0


if __name__ == "__main__":
    exit_with(main)
