# SPDX-License-Identifier: GPL-2.0-or-later
"""Keys: algorithms, metadata, the key store, card-verifiable certificates."""
