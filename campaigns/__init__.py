# SPDX-License-Identifier: GPL-2.0-or-later
"""Long runs that enumerate or live through what tests cannot: power loss, wear, rollback."""
