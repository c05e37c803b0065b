# SPDX-License-Identifier: GPL-2.0-or-later
"""The commands of a SmartCard-HSM that a life needs, on the host's side.

Source: [SCHSM], by section.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import dataclass

from sim.apdu import SW_SUCCESS, Response, command, exchange
from sim.life.curves import CURVES
from sim.life.cvc import ECDSA_SHA256_OID, RSA_SHA256_OID

APPLET_AID = bytes.fromhex("E82B0601040181C31F0201")
RESCUE_AID = bytes.fromhex("A0583FC19B7E4F21")
USER_PIN_REFERENCE = 0x81
SO_PIN_REFERENCE = 0x88
OPTION_RESET_RETRY = 0x0001
OPTION_TRANSPORT_PIN = 0x0002
OPTION_SESSION_PIN = 0x0004
OPTION_RESET_RETRY_ONLY = 0x0020
# This card's own TLV of INITIALIZE, and the least it takes: for campaigns that log in often.
TAG_PIN_ITERATIONS = 0x9E
PIN_ITERATIONS_MIN = 16
# Metadata of a key ([SCHSM] 13.4).
TAG_USE_COUNTER = 0x90
TAG_ALGORITHMS = 0x91
TAG_KEY_DOMAIN = 0x92
# Tags of INITIALIZE ([SCHSM] 10.2).
TAG_DKEK_SHARES = 0x92
TAG_KEY_DOMAINS = 0x97

# Algorithm bytes of SIGN ([SCHSM] 16).
SIGN_RSA_PKCS1_SHA256 = 0x33
SIGN_RSA_PSS_SHA256 = 0x43
SIGN_ECDSA_SHA256 = 0x73
SIGN_ECDSA_SHA384 = 0x74
# ... and of DECIPHER ([SCHSM] 17).
DECIPHER_RSA_RAW = 0x21

EF_DEVICE_CERTIFICATE = 0x2F02
EF_WRAPPED_KEY = 0x2F10
KEY_PREFIX = 0xCC00
DESCRIPTION_PREFIX = 0xC400
CERTIFICATE_PREFIX = 0xCE00


# What a key domain that is not set up answers; after a deletion this is success.
SW_NOT_SET_UP = 0x6A88


@dataclass(frozen=True)
class KeyDomain:
    """What MANAGE KEY DOMAIN tells of a domain ([SCHSM] 11)."""

    shares: int
    missing: int
    check_value: bytes
    """8 bytes, of the complete DKEK; zeros before."""

    @staticmethod
    def parse(data: bytes) -> KeyDomain:
        """From the response data."""
        return KeyDomain(data[0], data[1], data[2:10])


@dataclass(frozen=True)
class FlashState:
    """What READ of the rescue application tells of the flash ([SCHSM] 24)."""

    free_bytes: int
    total_bytes: int
    erases_max: int
    erases_total: int
    sectors_retired: int
    sectors: int
    erases_rated: int


class CardError(Exception):
    """A command was refused; `sw` is its status word."""

    def __init__(self, name: str, sw: int) -> None:
        super().__init__(f"{name}: {sw:04X}")
        self.sw = sw


def tlv(tag: int, value: bytes) -> bytes:
    """A BER-TLV object."""
    name = tag.to_bytes(2 if tag > 0xFF else 1, "big")
    if len(value) < 0x80:
        length = bytes((len(value),))
    else:
        digits = (len(value).bit_length() + 7) // 8
        length = bytes((0x80 | digits,)) + len(value).to_bytes(digits, "big")
    return name + length + value


def ec_key_template(curve_name: str) -> bytes:
    """The value of 7F49 for a key pair on a curve of CURVES."""
    template = tlv(0x06, ECDSA_SHA256_OID)
    for tag, value in zip(range(0x81, 0x86), CURVES[curve_name].fields(), strict=True):
        template += tlv(tag, value)
    return template + tlv(0x87, b"\x01")


def rsa_key_template(bits: int) -> bytes:
    """The value of 7F49 for an RSA key pair with exponent 65537."""
    exponent, size = b"\x01\x00\x01", bits.to_bytes(2, "big")
    return tlv(0x06, RSA_SHA256_OID) + tlv(0x82, exponent) + tlv(0x02, size)


class Card:
    """The HSM behind `transmit`, which takes and returns APDUs."""

    def __init__(self, transmit: Callable[[bytes], bytes]) -> None:
        self._transmit = transmit

    def send(self, apdu: bytes) -> Response:
        """Any command; GET RESPONSE is followed, no status word is judged."""
        return exchange(self._transmit, apdu)

    def do(self, name: str, apdu: bytes) -> bytes:
        """Response data of a command that must succeed; CardError under that name."""
        response = self.send(apdu)
        if not response.ok:
            raise CardError(name, response.sw)
        return response.data

    def select(self) -> bytes:
        """SELECT the SmartCard-HSM applet; its FCP. Ends the PIN session ([SCHSM] 3)."""
        return self.do("SELECT", command(0x00, 0xA4, 0x04, 0x00, APPLET_AID, 256))

    def initialize(
        self,
        pin: bytes,
        so_pin: bytes,
        tries: int = 3,
        pin_iterations: int | None = None,
        options: int = OPTION_RESET_RETRY,
        dkek_shares: int | None = None,
        key_domains: int | None = None,
    ) -> None:
        """INITIALIZE DEVICE, by default with RESET RETRY COUNTER enabled ([SCHSM] 10).

        `dkek_shares`: that key domain 0 waits for. `key_domains`: how many, none of them set up.
        """
        data = tlv(0x80, options.to_bytes(2, "big"))
        data += tlv(0x81, pin) + tlv(0x82, so_pin) + tlv(0x91, bytes((tries,)))
        if pin_iterations is not None:
            data += tlv(TAG_PIN_ITERATIONS, pin_iterations.to_bytes(4, "big"))
        for tag, number in ((TAG_DKEK_SHARES, dkek_shares), (TAG_KEY_DOMAINS, key_domains)):
            if number is not None:
                data += tlv(tag, bytes((number,)))
        self.do("INITIALIZE DEVICE", command(0x80, 0x50, 0x00, 0x00, data))

    def version(self) -> bytes:
        """INITIALIZE DEVICE without data: free memory, state, version ([SCHSM] 10.1)."""
        return self.do("INITIALIZE DEVICE query", command(0x80, 0x50, 0x00, 0x00, ne=256))

    def pin_status(self, reference: int = USER_PIN_REFERENCE) -> int:
        """The status word of VERIFY without data ([SCHSM] 9.1)."""
        return self.send(command(0x00, 0x20, 0x00, reference)).sw

    def try_pin(self, pin: bytes, reference: int = USER_PIN_REFERENCE) -> int:
        """The status word of VERIFY."""
        return self.send(command(0x00, 0x20, 0x00, reference, pin)).sw

    def verify(self, pin: bytes, reference: int = USER_PIN_REFERENCE) -> None:
        """VERIFY the user PIN, or the SO-PIN."""
        self.do("VERIFY", command(0x00, 0x20, 0x00, reference, pin))

    def reset_retry_counter(self, so_pin: bytes, new_pin: bytes = b"") -> None:
        """RESET RETRY COUNTER: by right of the SO-PIN all tries, or a new PIN ([SCHSM] 9.3)."""
        p1, data = (0x00 if new_pin else 0x01), so_pin + new_pin
        self.do("RESET RETRY COUNTER", command(0x00, 0x2C, p1, USER_PIN_REFERENCE, data))

    def generate_key_pair(
        self,
        key_id: int,
        template: bytes,
        uses: int | None = None,
        algorithms: bytes = b"",
        domain: int | None = None,
    ) -> bytes:
        """GENERATE ASYMMETRIC KEY PAIR; the authenticated request ([SCHSM] 13, 14.2).

        `uses`: how often the key may be used, None for a key without counter. `algorithms`: the
        only ones that it may be used for, if there are any. `domain`: its key domain.
        """
        data = tlv(0x5F29, b"\x00") + tlv(0x42, b"UTCA00001") + tlv(0x7F49, template)
        data += tlv(0x5F20, b"UTDUMMY00001")
        if uses is not None:
            data += tlv(TAG_USE_COUNTER, uses.to_bytes(4, "big"))
        if algorithms:
            data += tlv(TAG_ALGORITHMS, algorithms)
        if domain is not None:
            data += tlv(TAG_KEY_DOMAIN, bytes((domain,)))
        apdu = command(0x00, 0x46, key_id, 0x00, data, 65536, extended=True)
        return self.do("GENERATE ASYMMETRIC KEY PAIR", apdu)

    def sign(self, key_id: int, algorithm: int, data: bytes) -> bytes:
        """SIGN ([SCHSM] 16)."""
        apdu = command(0x80, 0x68, key_id, algorithm, data, 512, extended=True)
        return self.do("SIGN", apdu)

    def decipher(self, key_id: int, cryptogram: bytes) -> bytes:
        """DECIPHER without padding: the whole block comes back ([SCHSM] 17.1)."""
        apdu = command(0x80, 0x62, key_id, DECIPHER_RSA_RAW, cryptogram, 512, extended=True)
        return self.do("DECIPHER", apdu)

    def uses_left(self, key_id: int) -> int | None:
        """What is left of the key's use counter, in SELECT's answer; None without one."""
        file_id = (KEY_PREFIX | key_id).to_bytes(2, "big")
        control = self.do("SELECT", command(0x00, 0xA4, 0x00, 0x00, file_id, 256))
        counter = bytes((TAG_USE_COUNTER, 4))
        at = control.find(counter, control.find(b"\xa5"))
        return None if at < 0 else int.from_bytes(control[at + 2 : at + 6], "big")

    def list_objects(self) -> list[int]:
        """ENUMERATE OBJECTS: file identifiers ([SCHSM] 8.1)."""
        data = self.do("ENUMERATE OBJECTS", command(0x00, 0x58, 0x00, 0x00, ne=65536))
        return [int.from_bytes(data[i : i + 2], "big") for i in range(0, len(data), 2)]

    def read_binary(self, file_id: int, offset: int, length: int) -> bytes:
        """READ BINARY: up to `length` bytes from `offset` ([SCHSM] 8.2)."""
        data = tlv(0x54, offset.to_bytes(4, "big"))
        apdu = command(0x00, 0xB1, file_id >> 8, file_id & 0xFF, data, length, extended=True)
        return self.do("READ BINARY", apdu)

    def read_file(self, file_id: int, block: int = 1024) -> bytes:
        """READ BINARY from the start to the end of an elementary file ([SCHSM] 8.2)."""
        content = b""
        while True:
            part = self.read_binary(file_id, len(content), block)
            content += part
            if len(part) < block:
                return content

    def update_binary(self, file_id: int, offset: int, data: bytes) -> int:
        """The status word of one UPDATE BINARY: `offset` 0 replaces the file ([SCHSM] 8.4)."""
        field = tlv(0x54, offset.to_bytes(4, "big")) + tlv(0x53, data)
        apdu = command(0x00, 0xD7, file_id >> 8, file_id & 0xFF, field, extended=True)
        return self.send(apdu).sw

    def write_file(self, file_id: int, content: bytes, block: int = 2048) -> None:
        """Replace an elementary file, block by block."""
        for offset in range(0, max(1, len(content)), block):
            sw = self.update_binary(file_id, offset, content[offset : offset + block])
            if sw != SW_SUCCESS:
                raise CardError("UPDATE BINARY", sw)

    def change_pin(self, old: bytes, new: bytes, reference: int = USER_PIN_REFERENCE) -> None:
        """CHANGE REFERENCE DATA ([SCHSM] 9.2)."""
        self.do("CHANGE REFERENCE DATA", command(0x00, 0x24, 0x00, reference, old + new))

    def key_domain(self, number: int = 0) -> KeyDomain | None:
        """MANAGE KEY DOMAIN: the state of a domain; None if it is not set up ([SCHSM] 11)."""
        response = self.send(command(0x80, 0x52, 0x00, number, ne=256))
        if response.sw == SW_NOT_SET_UP:
            return None
        if not response.ok:
            raise CardError("MANAGE KEY DOMAIN", response.sw)
        return KeyDomain.parse(response.data)

    def set_up_key_domain(self, number: int, shares: int) -> KeyDomain:
        """MANAGE KEY DOMAIN: let a domain wait for its shares."""
        apdu = command(0x80, 0x52, 0x01, number, bytes((shares,)), 256)
        return KeyDomain.parse(self.do("MANAGE KEY DOMAIN (set up)", apdu))

    def import_dkek_share(self, share: bytes, number: int = 0) -> KeyDomain:
        """MANAGE KEY DOMAIN: one share of 32 bytes; needs no login."""
        apdu = command(0x80, 0x52, 0x00, number, share, 256)
        return KeyDomain.parse(self.do("MANAGE KEY DOMAIN (import)", apdu))

    def clear_key_domain(self, number: int = 0) -> KeyDomain:
        """MANAGE KEY DOMAIN: forget the DKEK and its shares."""
        apdu = command(0x80, 0x52, 0x04, number, ne=256)
        return KeyDomain.parse(self.do("MANAGE KEY DOMAIN (clear)", apdu))

    def wrap_key(self, key_id: int) -> bytes:
        """WRAP KEY: the key blob ([SCHSM] 12.1)."""
        return self.do("WRAP KEY", command(0x80, 0x72, key_id, 0x92, ne=65536, extended=True))

    def unwrap_key(self, key_id: int, blob: bytes = b"") -> None:
        """UNWRAP KEY: from `blob`, or from EF 2F10 if there is none ([SCHSM] 12.2)."""
        apdu = command(0x80, 0x74, key_id, 0x93, blob, extended=bool(blob))
        self.do("UNWRAP KEY", apdu)

    def delete_key_domain(self, number: int = 0) -> None:
        """MANAGE KEY DOMAIN: the domain is not set up any more."""
        sw = self.send(command(0x80, 0x52, 0x03, number, ne=256)).sw
        if sw != SW_NOT_SET_UP:
            raise CardError("MANAGE KEY DOMAIN (delete)", sw)

    def delete_file(self, file_id: int) -> None:
        """DELETE FILE ([SCHSM] 8.5)."""
        data = file_id.to_bytes(2, "big")
        self.do("DELETE FILE", command(0x00, 0xE4, 0x02, 0x00, data))

    def flash_state(self) -> FlashState:
        """How full and how worn the flash is; ends the PIN session and selects the HSM again."""
        self.do("SELECT (rescue)", command(0x00, 0xA4, 0x04, 0x00, RESCUE_AID, 256))
        space = self.do("READ (space)", command(0x80, 0x1E, 0x02, 0x00, ne=256))
        wear = self.do("READ (wear)", command(0x80, 0x1E, 0x02, 0x01, ne=256))
        self.select()
        free, _, total = struct.unpack_from(">3I", space)
        return FlashState(free, total, *struct.unpack_from(">5I", wear))

    def challenge(self, length: int) -> bytes:
        """GET CHALLENGE ([SCHSM] 8.6)."""
        return self.do("GET CHALLENGE", command(0x00, 0x84, 0x00, 0x00, ne=length))
