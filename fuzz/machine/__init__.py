# SPDX-License-Identifier: GPL-2.0-or-later
"""The image on a chip model, held against the abstract card step by step."""
