# SPDX-License-Identifier: GPL-2.0-or-later
"""Commands that change only the selected file, and whose answers tell the state."""

from __future__ import annotations

from collections.abc import Sequence

from fuzz.model.apdu import build, tlv
from fuzz.model.state import EF_DIR, KEY, State, Store

OFFSET_0 = tlv(0x54, b"\0\0")
ALL = 65536


def brief() -> list[bytes]:
    """Who is logged in, tries, which objects there are."""
    return [build("00200081"), build("00200088"), build("80580000", ne=ALL)]


def read(fid: int) -> bytes:
    """A whole file."""
    return build(f"00B1{fid:04X}", OFFSET_0, ALL)


def thorough(states: Sequence[State]) -> list[bytes]:
    """The same, and all that any of these states has: key domains, keys, contents of files."""
    stores = [state.store for state in states if state.store]
    found = brief()
    if not stores:
        return found
    count = max(len(store.domains) for store in stores)
    found += _values(stores)
    found += [build(f"805200{number:02X}", ne=256) for number in range(count)]
    for key_id in sorted({number for store in stores for number in store.keys}):
        found.append(build("00A40000", (KEY | key_id).to_bytes(2), 256))
    fids = {fid for store in stores for fid in store.files if fid >> 8 != 0xCD}
    return found + [read(fid) for fid in sorted(fids | {EF_DIR})]


def _values(stores: Sequence[Store]) -> list[bytes]:
    """Which PIN holds: to ask may cost a try, which the model counts."""
    found = []
    for header, values in (
        ("00200081", {store.pin.value for store in stores}),
        ("00200088", {store.so_pin.value for store in stores}),
    ):
        if len(values) > 1:
            found += [build(header, value) for value in sorted(values)]
    return found
