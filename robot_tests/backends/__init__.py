# SPDX-License-Identifier: GPL-2.0-or-later
"""Ways to run the image, one module each; chosen by the variable BACKEND.

A module has `open_backend(board: str, image: Path | None) -> Backend`.
"""

from __future__ import annotations

import importlib
from pathlib import Path

from robot_tests.backends.backend import Backend, BackendError

KNOWN = ("chip_model",)


def load(name: str, board: str, image: Path | None = None) -> Backend:
    """The back end called `name`, or one of another package by its dotted module name.

    Raises BackendError, one line, for a back end, board or image that is not there.
    """
    path = name if "." in name else f"{__name__}.{name}"
    try:
        module = importlib.import_module(path)
    except ModuleNotFoundError as error:
        if error.name is None or not f"{path}.".startswith(f"{error.name}."):
            raise
        raise BackendError(
            f"unknown back end '{name}'; known back ends: {', '.join(KNOWN)}"
        ) from None
    return module.open_backend(board, image)
