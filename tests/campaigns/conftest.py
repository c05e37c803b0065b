# SPDX-License-Identifier: GPL-2.0-or-later
"""The firmware and its twins on the import path, for tests of what runs over them."""

from campaigns import twins

assert twins.FOLDERS
