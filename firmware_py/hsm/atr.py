# SPDX-License-Identifier: GPL-2.0-or-later
"""The answer to reset: by it OpenSC and sc-hsm-embedded recognise the card.

Spec: [7816-3] 8.2, [SCHSM] 1.1.
"""

ATR = (
    b"\x3b\xfe"  # TS direct convention; T0: TA1 TB1 TC1 TD1 follow, 14 historical bytes
    b"\x18\x00\x00\x81"  # TA1 TB1 TC1; TD1: T=1, TD2 follows
    b"\x31\xfe\x45"  # TD2: T=1, TA3 TB3 follow; TA3 IFSC 254; TB3 BWI 4, CWI 5
    b"\x80\x31\x81\x54HSM1"  # category; card service data; pre-issuing data "HSM1"
    b"\x73\x80\x21\x40"  # card capabilities
    b"\x81\x07"  # status: life cycle 07
    b"\xfa"  # TCK
)
