# SPDX-License-Identifier: GPL-2.0-or-later
"""Robot Framework suites: the life of an HSM in plain language."""
