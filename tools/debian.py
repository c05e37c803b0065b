# SPDX-License-Identifier: GPL-2.0-or-later
"""What Debian must provide, and how to tell whether it is there.

Uses the standard library only: it runs before the virtual environment exists.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

SYSTEM_FOLDERS = ("/usr/sbin", "/sbin")


@dataclass(frozen=True)
class Need:
    """A Debian package and the question whether what we need of it is present."""

    package: str
    present: Callable[[], bool]


def _program(*names: str) -> Callable[[], bool]:
    def present() -> bool:
        return all(
            shutil.which(name) or any(Path(folder, name).exists() for folder in SYSTEM_FOLDERS)
            for name in names
        )

    return present


def _file(*paths: str) -> Callable[[], bool]:
    return lambda: any(Path(path).exists() for path in paths)


def _any_file(folder: str, pattern: str) -> Callable[[], bool]:
    return lambda: any(Path(folder).glob(pattern))


def _arm_library(name: str) -> Callable[[], bool]:
    def present() -> bool:
        try:
            command = ["arm-none-eabi-gcc", "-mthumb", f"-print-file-name={name}"]
            answer = subprocess.run(command, capture_output=True, text=True)
        except FileNotFoundError:
            return False
        # A compiler that does not find the file repeats its bare name.
        return Path(answer.stdout.strip()).is_absolute()

    return present


def _python_headers() -> bool:
    return Path(sysconfig.get_path("include"), "Python.h").exists()


def _python_venv() -> bool:
    try:
        import ensurepip  # noqa: F401
        import venv  # noqa: F401
    except ImportError:
        return False
    return True


VPCD_DRIVER = "/usr/lib/pcsc/drivers/serial/libifdvpcd.so"

# For building the firmware.
BUILD = (
    Need("gcc-arm-none-eabi", _program("arm-none-eabi-gcc", "arm-none-eabi-g++")),
    Need("libnewlib-arm-none-eabi", _arm_library("nano.specs")),
    Need("libstdc++-arm-none-eabi-newlib", _arm_library("libstdc++.a")),
    Need("g++", _program("g++")),
    Need("make", _program("make")),
    Need("cmake", _program("cmake")),
    Need("ninja-build", _program("ninja")),
    Need("dpkg-dev", _program("dpkg-source")),
    Need("xz-utils", _program("xz")),
)

# For the virtual environment: pyscard is compiled against PC/SC.
ENVIRONMENT = (
    Need("python3-venv", _python_venv),
    Need("python3-dev", _python_headers),
    Need("g++", _program("g++")),
    Need("libpcsclite-dev", _file("/usr/include/PCSC/winscard.h")),
    Need("swig", _program("swig")),
)

# For running the image behind PC/SC and in other people's emulators.
RUN = (
    Need("pcscd", _program("pcscd")),
    Need("vsmartcard-vpcd", _file(VPCD_DRIVER)),
    Need("opensc", _program("opensc-tool", "pkcs11-tool", "pkcs15-tool", "sc-hsm-tool")),
    Need("openssl", _program("openssl")),
    Need("iproute2", _program("ip")),
    Need("qemu-system-arm", _program("qemu-system-arm")),
    Need("npm", _program("node", "npm")),
)

# Hosts of other people that the image is tried with.
HOSTS = (
    Need("openssh-server", _program("sshd")),
    Need("openssh-client", _program("ssh", "ssh-keygen")),
    Need("libengine-pkcs11-openssl", _any_file("/usr/lib", "*/engines-*/pkcs11.so")),
    Need("gnutls-bin", _program("p11tool", "certtool")),
)

ALL = (*ENVIRONMENT, *BUILD, *RUN, *HOSTS)


def missing(needs: Iterable[Need]) -> list[str]:
    """Names of the packages that are needed and not there, in order, each once."""
    return list(dict.fromkeys(need.package for need in needs if not need.present()))


def install_line(packages: Iterable[str]) -> str:
    """The one line to copy that installs `packages`."""
    return f"sudo apt-get install --yes --no-install-recommends {' '.join(packages)}"


def python_is_usable() -> bool:
    """True for the Python versions that the project runs on."""
    return sys.version_info >= (3, 11)
