# SPDX-License-Identifier: GPL-2.0-or-later
"""Command and response APDUs on the host's side: building, following 61xx.

Source: [7816-4] 5.1, 12.1.1.

This is code for tests and demonstrations; it shares nothing with the firmware's parser.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

SHORT_DATA_MAX = 255
SHORT_RESPONSE_MAX = 256
EXTENDED_DATA_MAX = 65535
EXTENDED_RESPONSE_MAX = 65536

SW_SUCCESS = 0x9000
GET_RESPONSE = bytes((0x00, 0xC0, 0x00, 0x00))
RESPONSES_MAX = 300


def command(
    cla: int,
    ins: int,
    p1: int = 0,
    p2: int = 0,
    data: bytes = b"",
    ne: int | None = None,
    *,
    extended: bool | None = None,
) -> bytes:
    """A command APDU of case 1 to 4.

    `ne` is the greatest response length wanted (1..65536), None for no Le field. `extended` forces
    the form; by default it is short where possible. ValueError when a length fits no form.
    """
    if len(data) > EXTENDED_DATA_MAX:
        raise ValueError(f"{len(data)} bytes of command data")
    if ne is not None and not 1 <= ne <= EXTENDED_RESPONSE_MAX:
        raise ValueError(f"Ne {ne}")
    needs_extended = len(data) > SHORT_DATA_MAX or (ne or 0) > SHORT_RESPONSE_MAX
    if extended is None:
        extended = needs_extended
    if needs_extended and not extended:
        raise ValueError("too long for a short APDU")
    apdu = bytes((cla, ins, p1, p2))
    if not extended:
        if data:
            apdu += bytes((len(data),)) + data
        return apdu if ne is None else apdu + bytes((ne & 0xFF,))
    if data:
        apdu += b"\x00" + len(data).to_bytes(2, "big") + data
    if ne is not None:
        apdu += (b"" if data else b"\x00") + (ne & 0xFFFF).to_bytes(2, "big")
    return apdu


@dataclass(frozen=True)
class Response:
    """A response APDU."""

    data: bytes
    sw: int

    @property
    def ok(self) -> bool:
        """True for 9000."""
        return self.sw == SW_SUCCESS

    @classmethod
    def parse(cls, apdu: bytes) -> Response:
        """Split off the status word; ValueError below two bytes."""
        if len(apdu) < 2:
            raise ValueError(f"response APDU of {len(apdu)} bytes")
        return cls(apdu[:-2], int.from_bytes(apdu[-2:], "big"))


def exchange(transmit: Callable[[bytes], bytes], apdu: bytes) -> Response:
    """Send `apdu` and fetch the whole response with GET RESPONSE while the card answers 61xx."""
    response = Response.parse(transmit(apdu))
    data = response.data
    for _ in range(RESPONSES_MAX):
        if response.sw >> 8 != 0x61:
            return Response(data, response.sw)
        response = Response.parse(transmit(GET_RESPONSE + bytes((response.sw & 0xFF,))))
        data += response.data
    raise ValueError(f"still 61xx after {RESPONSES_MAX} responses")
