# SPDX-License-Identifier: GPL-2.0-or-later
"""Speed, measured side by side on the shipped image; prints tables, writes JSON."""
