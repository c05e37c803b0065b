# SPDX-License-Identifier: GPL-2.0-or-later
"""APDUs through PC/SC: `python -m tests.interop.apdus HEX...` prints answers.

For what the tools have no command for; all APDUs go in one connection to the card.
"""

from __future__ import annotations

import sys

from smartcard.System import readers

from tests.interop.server import Server


def transmit(server: Server, *apdus: bytes) -> list[bytes]:
    """The answers of a served card, each with its status word."""
    command = (sys.executable, "-m", "tests.interop.apdus", *(apdu.hex() for apdu in apdus))
    return [bytes.fromhex(line) for line in server.tool(*command).splitlines()]


def main() -> None:
    connection = readers()[0].createConnection()
    connection.connect()
    for apdu in sys.argv[1:]:
        data, sw1, sw2 = connection.transmit(list(bytes.fromhex(apdu)))
        print(bytes((*data, sw1, sw2)).hex())


if __name__ == "__main__":
    main()
