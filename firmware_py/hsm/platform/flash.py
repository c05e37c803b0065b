# SPDX-License-Identifier: GPL-2.0-or-later
"""The store's region of the flash.

Spec: [RP2040] 4.10, [RP2350] 4.4. Offsets count from the start of the region; program pages of 256
bytes, erase sectors of 4,096; bits only go 1 -> 0. OSError: the operation failed its read-back.
"""

import hsm_port


def part_size_bytes():
    """Size of the flash chip: image, store and what is free between them."""
    return hsm_port.FLASH_SIZE_BYTES


class Flash:
    """What the store wants of a flash; desktop tests hand in a twin with the same methods."""

    def __init__(self):
        self.size_bytes = hsm_port.FLASH_DATA_SIZE_BYTES
        self.program = hsm_port.flash_program
        self.erase = hsm_port.flash_erase
        self.is_erased = hsm_port.flash_is_erased
        self.view = hsm_port.flash_view
