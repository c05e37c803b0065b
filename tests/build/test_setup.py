# SPDX-License-Identifier: GPL-2.0-or-later
"""Setting up: nothing twice; installed where we may, else one line to copy."""

import subprocess

import pytest

from tools import debian, setup
from tools.errors import EXIT_FAILED, ToolError

PACKAGES = ["swig", "ninja-build"]


@pytest.fixture
def commands(monkeypatch):
    """Records what would be run, and lets it succeed."""
    recorded: list[list[str]] = []

    def run(command, **_):
        recorded.append(command)
        return subprocess.CompletedProcess(command, 0, "", "")

    monkeypatch.setattr(subprocess, "run", run)
    return recorded


def test_nothing_is_run_when_nothing_is_missing(commands):
    setup.install_debian_packages([])
    assert commands == []


def test_without_rights_the_packages_are_named_in_one_line(commands, monkeypatch):
    monkeypatch.setattr(setup.os, "geteuid", lambda: 1000)
    monkeypatch.setattr(setup.shutil, "which", lambda _: None)
    with pytest.raises(ToolError, match="apt-get install .* swig ninja-build$") as caught:
        setup.install_debian_packages(PACKAGES)
    assert "\n" not in str(caught.value)
    assert caught.value.status == 2
    assert commands == []


@pytest.mark.parametrize(("user", "prefix"), [(0, []), (1000, ["sudo", "-n"])])
def test_with_rights_they_are_installed(user, prefix, commands, monkeypatch):
    monkeypatch.setattr(setup.os, "geteuid", lambda: user)
    monkeypatch.setattr(setup.shutil, "which", lambda _: "/usr/bin/sudo")
    monkeypatch.setattr(debian, "missing", lambda _: [])
    setup.install_debian_packages(PACKAGES)
    assert commands[-1][: len(prefix)] == prefix
    assert commands[-1][-2:] == PACKAGES


def test_an_installation_that_fails_is_told(commands, monkeypatch):
    monkeypatch.setattr(setup.os, "geteuid", lambda: 0)
    monkeypatch.setattr(debian, "missing", lambda _: ["swig"])
    with pytest.raises(ToolError, match="could not install: swig$") as caught:
        setup.install_debian_packages(PACKAGES)
    assert caught.value.status == EXIT_FAILED


def test_the_line_to_repeat_can_be_copied(monkeypatch):
    command = ["false", "capstone>=5.0,<6"]
    with pytest.raises(ToolError, match="to repeat it: false 'capstone>=5.0,<6'$"):
        setup._checked(command, "pip install")


def test_an_old_python_is_refused(monkeypatch):
    monkeypatch.setattr(debian, "python_is_usable", lambda: False)
    with pytest.raises(ToolError, match="Python 3.11 or newer is needed"):
        setup.set_up("sim")


def test_this_environment_is_not_made_again(monkeypatch):
    assert setup.environment_is_current()
    monkeypatch.setattr(setup, "_checked", lambda *_: pytest.fail("something was run"))
    setup.make_environment()


def test_every_package_is_needed_for_a_reason():
    names = [need.package for need in debian.ALL]
    assert {"gcc-arm-none-eabi", "pcscd", "vsmartcard-vpcd", "opensc"} <= set(names)
    assert debian.install_line(["a", "b"]).endswith(" a b")
