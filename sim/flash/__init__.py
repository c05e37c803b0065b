# SPDX-License-Identifier: GPL-2.0-or-later
"""The NOR flash chip: cells, journal, wear, serial commands, power cuts.

Pages of 256 bytes are programmed, sectors of 4096 bytes erased; programming only clears bits.
"""

PAGE_BYTES = 256
SECTOR_BYTES = 4096
ERASED = 0xFF
