# SPDX-License-Identifier: GPL-2.0-or-later
"""What a card opens as it boots, without a PIN: tried on a copy of it.

Nothing else may outlive a session in a handle of type Secret. What the card holds itself cannot
tell the two apart: after INITIALIZE DEVICE both lie in its crypto pool, drawn by one command.
"""

from __future__ import annotations

from sim.device import Device
from sim.residue import memory
from sim.residue.handles import SECRET, Handles

# VERIFY without data: it asks for the PIN's state ([SCHSM] 9.1), and opens the store to tell.
QUERY = bytes.fromhex("00200081")


def opened_by_boot(device: Device, handles: Handles) -> set[bytes]:
    """Values of the Secret handles after a boot from the flash as it is; the device stays put.

    Its observers, and who watches functions of the image, see nothing of it.
    """
    observers, device.observers = device.observers, []
    device.machine.watching = False
    before = device.snapshot()
    try:
        # What a test has planned is for its own operations.
        device.flash.cut = None
        device.flash.faults = []
        device.release_button()
        device.power_on()
        device.transmit(QUERY)
        return {
            value
            for block in memory.pool_blocks(device)
            for name, value in handles.secrets(block.address, block.content)
            if name == SECRET
        }
    finally:
        device.restore(before)
        device.machine.watching = True
        device.observers = observers
