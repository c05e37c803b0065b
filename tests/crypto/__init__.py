# SPDX-License-Identifier: GPL-2.0-or-later
"""Known answers for the crypto core, given inside its images."""
