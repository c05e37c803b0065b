# SPDX-License-Identifier: GPL-2.0-or-later
"""Ends once PC/SC programs see a card: `python -m sim.pcsc.onlooker READER`.

A process of its own: while it begins, pcscd waits for the card and answers nobody. Who served the
card and asked at the same time would wait for ever.
"""

from __future__ import annotations

import sys
import time

from smartcard import scard

POLL_S = 0.05


def shows_card(reader_name: str) -> bool:
    """True if pcscd lists the reader, with a card in it."""
    result, context = scard.SCardEstablishContext(scard.SCARD_SCOPE_USER)
    if result != scard.SCARD_S_SUCCESS:
        return False
    try:
        asked = [(reader_name, scard.SCARD_STATE_UNAWARE)]
        result, states = scard.SCardGetStatusChange(context, 0, asked)
    finally:
        scard.SCardReleaseContext(context)
    return result == scard.SCARD_S_SUCCESS and bool(states[0][1] & scard.SCARD_STATE_PRESENT)


def main() -> None:
    (reader_name,) = sys.argv[1:]
    while not shows_card(reader_name):
        time.sleep(POLL_S)


if __name__ == "__main__":
    main()
