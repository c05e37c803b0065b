# SPDX-License-Identifier: GPL-2.0-or-later
"""The version that the card tells its hosts."""

from micropython import const

# The protocol level that hosts find in the FCP and in the INITIALIZE query: they choose their
# behaviour by it (sc-hsm-tool asks for PIN states from 2.0 on), so it is not the firmware's own.
PROTOCOL_MAJOR = const(6)
PROTOCOL_MINOR = const(6)
