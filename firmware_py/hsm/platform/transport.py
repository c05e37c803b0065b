# SPDX-License-Identifier: GPL-2.0-or-later
"""The one way in and out: CCID over USB, and buffers that the port wipes.

Spec: [CCID] 6; the contract is in port/stubs/hsm_port.pyi.
"""

from hsm_port import (
    USB_PRODUCT,
    USB_PRODUCT_ID,
    USB_VENDOR_ID,
    chain_buffer,
    response_buffer,
    usb_identity,
    wipe_chain_buffer,
    wipe_response_buffer,
)
from hsm_port import transport_respond as respond
from hsm_port import transport_start as start
from hsm_port import transport_wait as wait

# Vendor id, product id and name of the board.
USB_IDENTITY = (USB_VENDOR_ID, USB_PRODUCT_ID, USB_PRODUCT.encode())

__all__ = (
    "USB_IDENTITY",
    "chain_buffer",
    "respond",
    "response_buffer",
    "start",
    "usb_identity",
    "wait",
    "wipe_chain_buffer",
    "wipe_response_buffer",
)
