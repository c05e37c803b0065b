# SPDX-License-Identifier: GPL-2.0-or-later
"""The one way in and out: CCID over USB, and buffers that the port wipes.

Spec: [CCID] 6; the contract is in port/stubs/hsm_port.pyi.
"""

from hsm_port import (
    chain_buffer,
    response_buffer,
    wipe_chain_buffer,
    wipe_response_buffer,
)
from hsm_port import transport_respond as respond
from hsm_port import transport_start as start
from hsm_port import transport_wait as wait

__all__ = (
    "chain_buffer",
    "respond",
    "response_buffer",
    "start",
    "wait",
    "wipe_chain_buffer",
    "wipe_response_buffer",
)
