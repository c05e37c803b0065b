# SPDX-License-Identifier: GPL-2.0-or-later
"""docs/flash-format.md, read by a second reader: it finds what the store finds."""

import hashlib
import struct
from dataclasses import dataclass

from device import Device, tlv
from hsm_crypto import Secret, curve_parameters

P256 = curve_parameters(2)[0]
CHECK = 0x3FFFFFFF


@dataclass
class Record:
    kind: int
    flags: int
    id: int
    part: int
    length: int
    generation: int
    transaction: int
    offset: int
    state: int


def records(image: bytes) -> list[Record]:
    """All whole records, in the order of the log; sectors that were retired hold none."""
    sectors = []
    for base in range(0, len(image), 4096):
        magic, version, sequence, reserved, check = struct.unpack_from("<2sHIII", image, base)
        if magic == b"HS" and 0x5348 + version + sequence + reserved + check == CHECK:
            assert (version, reserved) == (2, 0)
            magic, version, count, reserved, check = struct.unpack_from("<2sHIII", image, base + 16)
            assert (magic, version, reserved) == (b"EW", 2, 0)
            assert 0x5745 + version + count + reserved + check == CHECK
            sectors.append((sequence, base))
    good = image[max(sectors)[1] + 32 :][:64] if sectors else b""
    found = []
    for _, base in sorted(sectors):
        number = base // 4096
        if not good[number // 8] >> number % 8 & 1:
            continue
        offset = base + 96
        while offset + 24 <= base + 4096:
            state = image[offset]
            check, kind, flags, id, part, length, generation, transaction = struct.unpack_from(
                "<IBBHHHII", image, offset + 4
            )
            sound = kind + flags + id + part + length + generation + transaction + check == CHECK
            if not (sound if state else kind):
                break
            assert state in (0x00, 0xFF)
            assert image[offset + 1 : offset + 4] == b"\xff" * 3
            found.append(
                Record(kind, flags, id, part, length, generation, transaction, offset, state)
            )
            offset += (24 + length + 7) // 8 * 8
    return found


def live(image: bytes) -> dict[tuple[int, int], Record]:
    state: dict[tuple[int, int], Record] = {}
    for record in records(image):
        if record.state == 0xFF:
            # The store is settled: tombstones and clears are destroyed, too.
            assert record.kind < 0x40 or record.kind == 0x43
            if record.kind < 0x40:
                state[record.id, record.part] = record
    return state


def a_life() -> Device:
    device = Device(sectors=24)
    device.initialize()
    device.verify()
    device.generate_ec(1, P256, tlv(0x90, (300).to_bytes(4, "big")))
    for number in range(40):
        device.write(0xCF00 + number % 7, 0, bytes([number]) * (200 * (number % 9)))
    device.delete(0xCF03)
    device.sign(1, 0x70, bytes(32))
    device.verify(b"000000", expect=0x63C2)
    return device


def test_second_reader_agrees() -> None:
    device = a_life()
    image = device.flash.image()
    found = live(image)
    store = device.card.store
    assert {id for id, _ in found} == set(store.ids())
    for (id, part), record in found.items():
        assert store.index.offset(id, part) == record.offset


def test_dead_records_are_destroyed() -> None:
    image = a_life().flash.image()
    alive = {record.offset for record in live(image).values()}
    for record in records(image):
        payload = image[record.offset + 24 : record.offset + 24 + record.length]
        if record.kind < 0x40 and record.offset not in alive:
            assert record.state == 0x00
            assert not any(payload)


def test_keys_and_commit_mac_are_as_documented() -> None:
    device = a_life()
    image = device.flash.image()
    found = live(image)
    root_record = found[0, 0]
    root = image[root_record.offset + 24 :][: root_record.length]
    assert (root_record.kind, root_record.flags, root[0]) == (0x3F, 0x15, 1)
    assert root_record.offset % 4096 >= 96
    key = Secret.from_bytes(root).derive(b"hsm root" + device.board.unique_id)
    commit = [record for record in records(image) if record.kind == 0x43][-1]
    set_key = key.derive(b"store live set", 16)._open()
    total = 0
    for record in found.values():
        covered = image[record.offset + 8 : record.offset + 40]
        total += int.from_bytes(hashlib.sha256(set_key + covered).digest(), "little")
    number = struct.pack("<I", commit.transaction)
    live_set = (total % 2**256).to_bytes(32, "little")
    mac = key.derive(b"store commit").mac(bytes(4), b"commit", number, live_set)[:16]
    assert image[commit.offset + 24 : commit.offset + 40] == mac
    assert commit.generation == 0xFFFFF - sum(struct.unpack("<8H", mac))
    options = found[0x100E, 0]
    bound = b"HSM\x02" + struct.pack(
        "<BBHHHI", options.kind, options.flags, options.id, 0, 2, options.generation
    )
    sealed = image[options.offset + 24 :][: options.length]
    assert key.derive(b"seal device class").open(bound, sealed) == b"\x00\x01"


def test_fields_are_as_documented() -> None:
    device = a_life()
    image = device.flash.image()
    found = live(image)
    pin, info = found[0x1081, 0], found[0x1201, 0]
    assert pin.flags & 0x08 and info.flags & 0x08
    field = image[pin.offset + 24 + pin.length - 64 :][:64]
    # One login, then one wrong try.
    assert field == b"\x03" + b"\xff" * 63
    uses = image[info.offset + 24 + info.length - 64 :][:64]
    assert uses == b"\x3f" + b"\xff" * 63
