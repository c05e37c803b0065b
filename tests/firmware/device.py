# SPDX-License-Identifier: GPL-2.0-or-later
"""A device on the desktop: the firmware over the twins, driven APDU by APDU."""

import hsm_crypto
import hsm_port
from hsm import main
from nor_flash import NorFlash

AID = bytes.fromhex("E82B0601040181C31F0201")
SELECT = bytes.fromhex("00A404000BE82B0601040181C31F020100")
USER_PIN = b"648219"
SO_PIN = b"57621880"


class UnexpectedStatus(AssertionError):
    """`status_word`: what the card answered instead."""

    def __init__(self, status_word: int, text: str) -> None:
        super().__init__(text)
        self.status_word = status_word


class Device:
    """One board with its flash; `power_on` boots the firmware anew."""

    def __init__(self, sectors: int = 32, chip: str = "rp2040") -> None:
        self.board = hsm_port.Board(NorFlash(sectors), chip=chip)
        self.power_on()

    @property
    def flash(self) -> NorFlash:
        return self.board.flash

    def power_on(self) -> None:
        hsm_port.plug(self.board)
        self.card, self.dispatcher = main.boot()

    def transmit(self, apdu: bytes) -> bytes:
        """The whole response APDU, as it comes."""
        length = self.dispatcher.process(hsm_port.command_view(apdu))
        answer = bytes(hsm_port.response_buffer()[:length])
        hsm_port.transport_respond(length, self.dispatcher.has_more())
        return answer

    def send(self, apdu: bytes | str, expect: int = 0x9000) -> bytes:
        """Response data; the status word must be `expect`."""
        if isinstance(apdu, str):
            apdu = bytes.fromhex(apdu)
        answer = self.transmit(apdu)
        data, status_word = answer[:-2], int.from_bytes(answer[-2:], "big")
        if status_word != expect:
            text = f"{apdu.hex()} -> {answer.hex()}, not {expect:04X}"
            raise UnexpectedStatus(status_word, text)
        return data

    # --- Commands of the life cycle ---------------------------------------------------------------

    def select(self) -> bytes:
        return self.send(SELECT)

    def initialize(
        self,
        user_pin: bytes = USER_PIN,
        so_pin: bytes = SO_PIN,
        options: int = 1,
        tries: int = 3,
        expect: int = 0x9000,
        more: bytes = b"",
    ) -> None:
        """With the lowest cost of a PIN; `more`: further TLVs."""
        data = b"\x80\x02" + options.to_bytes(2, "big") + tlv(0x81, user_pin) + tlv(0x82, so_pin)
        data += tlv(0x91, bytes([tries])) + tlv(0x9E, (16).to_bytes(2, "big")) + more
        self.send(b"\x80\x50\x00\x00" + bytes([len(data)]) + data, expect)

    def verify(self, pin: bytes = USER_PIN, expect: int = 0x9000) -> None:
        self.send(b"\x00\x20\x00\x81" + bytes([len(pin)]) + pin, expect)

    def verify_so(self, pin: bytes = SO_PIN, expect: int = 0x9000) -> None:
        self.send(b"\x00\x20\x00\x88" + bytes([len(pin)]) + pin, expect)

    def generate(self, key_id: int, parameters: bytes, metadata: bytes = b"") -> bytes:
        data = bytes.fromhex("5F290100") + tlv(0x42, b"UTCA00001") + tlv(0x7F49, parameters)
        data += tlv(0x5F20, b"UTPH000000000001") + metadata
        header = bytes([0x00, 0x46, key_id, 0x00, 0x00]) + len(data).to_bytes(2, "big")
        return self.send(header + data + b"\0\0")

    def generate_ec(self, key_id: int, prime: bytes, metadata: bytes = b"") -> bytes:
        oid = bytes.fromhex("060A04007F00070202020203")
        return self.generate(key_id, oid + tlv(0x81, prime), metadata)

    def generate_rsa(self, key_id: int, bits: int, metadata: bytes = b"") -> bytes:
        oid = bytes.fromhex("060A04007F00070202020102")
        return self.generate(
            key_id, oid + tlv(0x82, b"\1\0\1") + tlv(0x02, bits.to_bytes(2, "big")), metadata
        )

    def sign(self, key_id: int, algorithm: int, data: bytes, expect: int = 0x9000) -> bytes:
        header = bytes([0x80, 0x68, key_id, algorithm, 0x00]) + len(data).to_bytes(2, "big")
        return self.send(header + data + b"\x02\x00", expect)

    def generate_raw(self, key_id: int, curve: int, metadata: bytes = b"") -> bytes:
        """A key on a curve of [RFC7748]."""
        prime, _, _, generator, order, _ = hsm_crypto.curve_parameters(curve)
        parameters = bytes.fromhex("060A04007F00070202020203") + tlv(0x81, prime)
        return self.generate(key_id, parameters + tlv(0x82, order) + tlv(0x83, generator), metadata)

    def generate_aes(
        self, key_id: int, bits: int, metadata: bytes = b"", expect: int = 0x9000
    ) -> None:
        size = bytes([len(metadata)]) if metadata else b""
        p2 = {128: 0xB0, 192: 0xB1, 256: 0xB2, 512: 0xB3}[bits]
        self.send(bytes([0x00, 0x48, key_id, p2]) + size + metadata, expect)

    def decipher(self, key_id: int, algorithm: int, data: bytes, expect: int = 0x9000) -> bytes:
        header = bytes([0x80, 0x62, key_id, algorithm, 0x00]) + len(data).to_bytes(2, "big")
        return self.send(header + data + b"\0\0", expect)

    def derive(self, key_id: int, new_id: int, number: bytes, expect: int = 0x9000) -> None:
        data = b"\x98" + number
        self.send(bytes([0x80, 0x76, key_id, new_id, len(data)]) + data, expect)

    def cipher(
        self, key_id: int, algorithm: int, data: bytes, ne: int = 65536, expect: int = 0x9000
    ) -> bytes:
        header = bytes([0x80, 0x78, key_id, algorithm, 0x00])
        if data:
            header += len(data).to_bytes(2, "big")
        return self.send(header + data + (ne & 0xFFFF).to_bytes(2, "big"), expect)

    def wrap(self, key_id: int, expect: int = 0x9000) -> bytes:
        """The key blob."""
        return self.send(bytes([0x80, 0x72, key_id, 0x92, 0, 0, 0]), expect)

    def unwrap(self, key_id: int, blob: bytes, expect: int = 0x9000) -> None:
        """The blob as data."""
        header = bytes([0x80, 0x74, key_id, 0x93, 0x00]) + len(blob).to_bytes(2, "big")
        self.send(header + blob, expect)

    def list(self) -> list[int]:
        data = self.send("80580000000000")
        return [int.from_bytes(data[i : i + 2], "big") for i in range(0, len(data), 2)]

    def read(self, fid: int, step: int = 256, expect: int = 0x9000) -> bytes:
        """The whole file, in blocks of `step` bytes."""
        contents = b""
        while True:
            offset = len(contents).to_bytes(4, "big")
            apdu = b"\x00\xb1" + fid.to_bytes(2, "big") + b"\x00\x00\x06\x54\x04" + offset
            block = self.send(apdu + step.to_bytes(2, "big"), expect)
            contents += block
            if len(block) < step:
                return contents

    def write(self, fid: int, offset: int, data: bytes, expect: int = 0x9000) -> None:
        """One UPDATE BINARY."""
        field = tlv(0x54, offset.to_bytes(4, "big")) + tlv(0x53, data)
        header = b"\x00\xd7" + fid.to_bytes(2, "big") + b"\x00" + len(field).to_bytes(2, "big")
        self.send(header + field, expect)

    def key_domain(
        self, p1: int, number: int = 0, data: bytes = b"", expect: int = 0x9000
    ) -> bytes:
        """MANAGE KEY DOMAIN: shares in total, shares missing, check value."""
        header = bytes([0x80, 0x52, p1, number])
        return self.send(header + (bytes([len(data)]) + data if data else b"") + b"\0", expect)

    def delete(self, fid: int, expect: int = 0x9000) -> None:
        self.send(b"\x00\xe4\x02\x00\x02" + fid.to_bytes(2, "big"), expect)


def tlv(tag: int, value: bytes) -> bytes:
    """A BER-TLV data object (the tests' own encoder)."""
    head = tag.to_bytes(max(1, (tag.bit_length() + 7) // 8), "big")
    if len(value) < 0x80:
        return head + bytes([len(value)]) + value
    size = (len(value).bit_length() + 7) // 8
    return head + bytes([0x80 | size]) + len(value).to_bytes(size, "big") + value
