# SPDX-License-Identifier: GPL-2.0-or-later
"""Long runs that live through what tests cannot: power loss, wear, rollback."""
