# SPDX-License-Identifier: GPL-2.0-or-later
"""docs/flash-format.md, read by a second reader: it finds what the store finds."""

import struct
from dataclasses import dataclass

from device import Device, tlv
from hsm_crypto import HASH_SHA256, Secret, curve_parameters, digest

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
    """All whole records, in the order of the log."""
    sectors = []
    for base in range(0, len(image), 4096):
        magic, version, sequence, reserved, check = struct.unpack_from("<2sHIII", image, base)
        if magic == b"HS" and 0x5348 + version + sequence + reserved + check == CHECK:
            assert (version, reserved) == (1, 0)
            sectors.append((sequence, base))
    found = []
    for _, base in sorted(sectors):
        offset = base + 32
        while offset + 24 <= base + 4096:
            kind, flags, id, part, length, generation, transaction, check = struct.unpack_from(
                "<BBHHHIII", image, offset
            )
            if kind + flags + id + part + length + generation + transaction + check != CHECK:
                break
            state = image[offset + 20]
            assert state in (0x00, 0xFF)
            assert image[offset + 21 : offset + 24] == b"\xff" * 3
            found.append(
                Record(kind, flags, id, part, length, generation, transaction, offset, state)
            )
            offset += (24 + length + 7) // 8 * 8
    return found


def live(image: bytes) -> dict[tuple[int, int], Record]:
    state: dict[tuple[int, int], Record] = {}
    for record in records(image):
        if record.kind == 0x41:
            state = {key: value for key, value in state.items() if key[0] != record.id}
        elif record.kind == 0x42:
            state = {key: value for key, value in state.items() if value.flags & 0x04}
        elif record.kind < 0x40 and record.state == 0xFF:
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
    key = Secret.from_bytes(root).derive(b"hsm root" + device.board.unique_id)
    commit = [record for record in records(image) if record.kind == 0x43][-1]
    covered = [image[r.offset : r.offset + 40] for r in sorted(found.values(), key=_offset)]
    groups = [covered[i : i + 32] for i in range(0, len(covered), 32)]
    if len(covered) % 32 == 0:
        groups.append([])
    hashes = b"".join(digest(HASH_SHA256, b"".join(group)) for group in groups)
    number = struct.pack("<I", commit.transaction)
    mac = key.derive(b"store commit").mac(bytes(4), b"commit", number, hashes)[:16]
    assert image[commit.offset + 24 : commit.offset + 40] == mac
    assert commit.generation == 0xFFFFF - sum(struct.unpack("<8H", mac))
    options = found[0x100E, 0]
    bound = b"HSM\x01" + struct.pack(
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


def _offset(record: Record) -> int:
    return record.offset
