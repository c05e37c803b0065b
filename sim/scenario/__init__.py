# SPDX-License-Identifier: GPL-2.0-or-later
"""Power-loss scenarios: every cut of a command, and of its recovery.

A power cut leaves the flash and nothing else. So a command is run once and its flash operations are
written down; the image that a cut leaves is made from them, not run for. Each distinct image is
booted once, the named invariants are checked on what it became, and what the boot itself did to
the flash is cut in turn: recovery is a function of the image, so the search is one through a graph
whose nodes are images.

Nothing here knows the HSM: a `Subject` boots images and observes, invariants are handed in.
"""
