# SPDX-License-Identifier: GPL-2.0-or-later
"""OpenSC's own APDUs, replayed: a token from first contact to a wrong PIN.

Compared exactly: status words, what the host wrote and reads back, descriptors and FIDs. Not
compared: sizes of card-made files, random bytes, signatures, the device's name.
"""

from dataclasses import dataclass, field
from pathlib import Path

from device import SELECT, Device

VECTORS = Path(__file__).resolve().parents[1] / "vectors" / "opensc"
P256_PRIME = bytes.fromhex("FFFFFFFF00000001000000000000000000000000FFFFFFFFFFFFFFFFFFFFFFFF")


@dataclass
class Replay:
    """Sends recorded commands; keeps what the host's own state is made of."""

    device: Device
    selected: int = 0
    written: set[int] = field(default_factory=set)

    def run(self, name: str) -> int:
        """Replay one file; returns the number of APDUs."""
        lines = (VECTORS / name).read_text().splitlines()
        exchanges = [
            (bytes.fromhex(a[3:]), bytes.fromhex(b[3:]))
            for a, b in zip(lines[1::2], lines[2::2], strict=True)
        ]
        while exchanges:
            command, expected = exchanges.pop(0)
            if command[1] == 0xB1:
                # The host reads on until a short or empty answer: its offsets follow the size.
                recorded = expected[:-2]
                while exchanges and exchanges[0][0][1] == 0xB1 and exchanges[0][0][7:9] != b"\0\0":
                    recorded += exchanges.pop(0)[1][:-2]
                self.read_file(command, recorded)
            else:
                self.compare(command, self.device.transmit(command), expected)
        return (len(lines) - 1) // 2

    def read_file(self, command: bytes, recorded: bytes) -> None:
        contents = b""
        block = b"\x00"
        while block:
            offset = len(contents).to_bytes(2, "big")
            block = self.device.send(command[:7] + offset + command[9:])
            contents += block
            if len(contents) == 0x1E and command[-1] == 0x1E:
                break
        assert contents
        if self.selected in self.written:
            assert contents == recorded

    def compare(self, command: bytes, answer: bytes, expected: bytes) -> None:
        ins = command[1]
        assert answer[-2:].hex() == expected[-2:].hex(), f"{command.hex()} -> {answer.hex()}"
        if ins == 0xA4 and command[2] != 0x04 and answer[:1] == b"\x62":
            self.selected = int.from_bytes(answer[11:13], "big")
            assert answer[6:16].hex() == expected[6:16].hex()
        elif ins == 0xA4 and command[2] == 0x04:
            assert answer[-9:].hex() == expected[-9:].hex()
        elif ins == 0x46:
            assert answer[:1] == b"\x67"
            assert abs(len(answer) - len(expected)) <= 2
        elif ins == 0x68:
            assert bool(len(answer) > 2) == bool(len(expected) > 2)
        elif ins == 0xD7:
            self.selected = int.from_bytes(command[2:4], "big") or self.selected
            self.written.add(self.selected)
        elif ins == 0xE4:
            self.written.discard(int.from_bytes(command[5:7], "big"))
        elif ins == 0x58:
            ours = {answer[i : i + 2] for i in range(0, len(answer) - 2, 2)}
            theirs = {expected[i : i + 2] for i in range(0, len(expected) - 2, 2)}
            # CA certificates are listed here, and were not there.
            assert {fid for fid in ours if fid[:1] != b"\xca"} == theirs
        else:
            assert answer.hex() == expected.hex()


def test_the_life_of_a_token() -> None:
    replay = Replay(Device(48))
    apdus = 0
    for name in sorted(path.name for path in VECTORS.glob("*.txt")):
        if name.startswith("06"):
            # The recorded token had an EC key with id 1 before.
            replay.device.verify()
            replay.device.generate_ec(1, P256_PRIME)
            replay.device.send(SELECT)
        if name.startswith("29"):
            # In between, the recorded token's PIN was the first one again.
            replay.device.send(SELECT)
        apdus += replay.run(name)
    assert apdus > 700
