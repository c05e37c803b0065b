# SPDX-License-Identifier: GPL-2.0-or-later
"""Chip authentication and secure messaging, on the host's side.

Source: [SCHSM] 21; TR-03110 part 3, A.2.3.2 and F. With `cryptography`, independent of the card.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.cmac import CMAC

from sim.apdu import command
from sim.life.card import EF_DEVICE_CERTIFICATE, Card, CardError, tlv
from sim.life.cvc import BODY, CERTIFICATE, OID, PUBLIC_KEY, find, parse_tlv

CHIP_AUTHENTICATION_OID = bytes.fromhex("04007F00070202030202")
_SW_SUCCESS = b"\x90\x00"
_NE_MAX = 65536


def _cmac(key: bytes, data: bytes) -> bytes:
    state = CMAC(algorithms.AES(key))
    state.update(data)
    return state.finalize()[:8]


def _pad(data: bytes) -> bytes:
    return data + b"\x80" + bytes(-(len(data) + 1) % 16) if data else b""


class SecureChannel:
    """Opens a channel to the card behind `link`, which takes and returns APDUs.

    `secret`: the host's ephemeral private key. ValueError: the card did not prove what it is.
    """

    def __init__(self, link: Callable[[bytes], bytes], secret: int) -> None:
        self.link = link
        self._counter = 0
        private = ec.derive_private_key(secret, ec.SECP256R1())
        numbers = private.public_key().public_numbers()
        ephemeral = b"\x04" + numbers.x.to_bytes(32, "big") + numbers.y.to_bytes(32, "big")
        shared = private.exchange(ec.ECDH(), self._card_key())
        self._plain("MANAGE SECURITY ENVIRONMENT", 0x22, 0x41A4, tlv(0x80, CHIP_AUTHENTICATION_OID))
        request = tlv(0x7C, tlv(0x80, ephemeral))
        answer = find(self._plain("GENERAL AUTHENTICATE", 0x86, 0, request, 256), 0x7C)[0]
        nonce, token = find(answer, 0x81)[0], find(answer, 0x82)[0]
        self._encryption = hashlib.sha1(shared + nonce + b"\0\0\0\1").digest()[:16]
        self._mac = hashlib.sha1(shared + nonce + b"\0\0\0\2").digest()[:16]
        signed = tlv(PUBLIC_KEY, tlv(OID, CHIP_AUTHENTICATION_OID) + tlv(0x86, ephemeral))
        if token != _cmac(self._mac, signed):
            raise ValueError("the card's token is wrong: it has another key than its certificate")

    def _plain(self, name: str, ins: int, p1p2: int, data: bytes, ne: int | None = None) -> bytes:
        answer = self.link(command(0x00, ins, p1p2 >> 8, p1p2 & 0xFF, data, ne))
        if answer[-2:] != _SW_SUCCESS:
            raise CardError(name, int.from_bytes(answer[-2:], "big"))
        return answer[:-2]

    def _card_key(self) -> ec.EllipticCurvePublicKey:
        certificate = Card(self.link).read_file(EF_DEVICE_CERTIFICATE)
        body = find(find(certificate, CERTIFICATE)[0], BODY)[0]
        point = find(find(body, PUBLIC_KEY)[0], 0x86)[0]
        return ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), point)

    def _block(self) -> bytes:
        return self._counter.to_bytes(16, "big")

    def _cipher(self) -> Cipher[modes.CBC]:
        ecb = Cipher(algorithms.AES(self._encryption), modes.ECB()).encryptor()
        return Cipher(algorithms.AES(self._encryption), modes.CBC(ecb.update(self._block())))

    def wrap(self, header: bytes, data: bytes = b"", ne: int | None = _NE_MAX) -> bytes:
        """The protected command, an extended APDU; `header`: CLA INS P1 P2."""
        self._counter += 1
        header = bytes((header[0] | 0x0C,)) + header[1:]
        objects = b""
        if data:
            cipher = self._cipher().encryptor()
            cryptogram = cipher.update(_pad(data)) + cipher.finalize()
            odd = header[1] & 1
            objects += tlv(0x85, cryptogram) if odd else tlv(0x87, b"\x01" + cryptogram)
        if ne is not None:
            width = 1 if ne <= 256 else 2
            objects += tlv(0x97, (ne % (1 << 8 * width)).to_bytes(width, "big"))
        mac = _cmac(self._mac, self._block() + _pad(header) + _pad(objects))
        data = objects + tlv(0x8E, mac)
        cla, ins, p1, p2 = header
        return command(cla, ins, p1, p2, data, _NE_MAX, extended=True)

    def unwrap(self, answer: bytes) -> bytes:
        """Response data and status word of a protected answer. ValueError: it is none."""
        self._counter += 1
        objects = list(parse_tlv(answer[:-2]))
        tags = [tag for tag, _, _ in objects]
        if answer[-2:] != _SW_SUCCESS or tags not in ([0x99, 0x8E], [0x87, 0x99, 0x8E]):
            raise ValueError(f"not protected: {answer.hex()}")
        covered = b"".join(whole for _, _, whole in objects[:-1])
        if objects[-1][1] != _cmac(self._mac, self._block() + _pad(covered)):
            raise ValueError("wrong MAC")
        status_word = objects[-2][1]
        if len(objects) == 2:
            return status_word
        cipher = self._cipher().decryptor()
        data = cipher.update(objects[0][1][1:]) + cipher.finalize()
        return data[: data.rindex(b"\x80")] + status_word

    def transmit(self, header: str | bytes, data: bytes = b"", ne: int | None = _NE_MAX) -> bytes:
        """One protected exchange; the answer as if it had been plain."""
        header = bytes.fromhex(header) if isinstance(header, str) else header
        return self.unwrap(self.link(self.wrap(header, data, ne)))

    def send(
        self, header: str | bytes, data: bytes = b"", ne: int | None = _NE_MAX, expect: int = 0x9000
    ) -> bytes:
        """Response data. CardError: the status word inside is not `expect`."""
        answer = self.transmit(header, data, ne)
        status_word = int.from_bytes(answer[-2:], "big")
        if status_word != expect:
            raise CardError(f"{header!r} in the secure channel", status_word)
        return answer[:-2]
