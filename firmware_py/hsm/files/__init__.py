# SPDX-License-Identifier: GPL-2.0-or-later
"""Files: FIDs, control parameters, PKCS#15 descriptions, EFs over the store."""
