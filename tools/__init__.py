# SPDX-License-Identifier: GPL-2.0-or-later
"""What a developer runs: sources, build, flashing. Nothing here is in the image."""
