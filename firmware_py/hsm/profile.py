# SPDX-License-Identifier: GPL-2.0-or-later
"""What the card says it is: answer to reset, application names, protocol level."""

from micropython import const

# By the ATR OpenSC and sc-hsm-embedded recognise the card ([7816-3] 8.2, [SCHSM] 1.1).
ATR = (
    b"\x3b\xfe"  # TS direct convention; T0: TA1 TB1 TC1 TD1 follow, 14 historical bytes
    b"\x18\x00\x00\x81"  # TA1 TB1 TC1; TD1: T=1, TD2 follows
    b"\x31\xfe\x45"  # TD2: T=1, TA3 TB3 follow; TA3 IFSC 254; TB3 BWI 4, CWI 5
    b"\x80\x31\x81\x54HSM1"  # category; card service data; pre-issuing data "HSM1"
    b"\x73\x80\x21\x40"  # card capabilities
    b"\x81\x07"  # status: life cycle 07
    b"\xfa"  # TCK
)

# [SCHSM] 3
AID_SMARTCARD_HSM = b"\xe8\x2b\x06\x01\x04\x01\x81\xc3\x1f\x02\x01"
AID_RESCUE = b"\xa0\x58\x3f\xc1\x9b\x7e\x4f\x21"

# The protocol level that hosts find in the FCP and in the INITIALIZE query: they choose their
# behaviour by it (sc-hsm-tool asks for PIN states from 2.0 on), so it is not the firmware's own.
PROTOCOL_MAJOR = const(6)
PROTOCOL_MINOR = const(6)
