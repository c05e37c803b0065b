# SPDX-License-Identifier: GPL-2.0-or-later
"""The power-loss campaign: store, firmware and image under every cut.

Run by `nox -s powerloss`; one finding again by `nox -s replay -- ID`.
"""
