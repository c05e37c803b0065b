# SPDX-License-Identifier: GPL-2.0-or-later
"""Commands and frames, mutated as the code that they reach suggests."""
