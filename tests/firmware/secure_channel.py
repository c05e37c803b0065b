# SPDX-License-Identifier: GPL-2.0-or-later
"""The host's side of chip authentication and secure messaging.

Spec: [TR-03110-3] A.2.3.2, F; [SCHSM] 21. Independent of the firmware's code.
"""

import hashlib

import cvc
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.cmac import CMAC
from device import Device, tlv

OID = bytes.fromhex("04007F00070202030202")
MSE_SET_AT = "002241A40C800A" + OID.hex()


def _cmac(key: bytes, data: bytes) -> bytes:
    state = CMAC(algorithms.AES(key))
    state.update(data)
    return state.finalize()[:8]


def _pad(data: bytes) -> bytes:
    return data + b"\x80" + bytes(-(len(data) + 1) % 16) if data else b""


class SecureChannel:
    """Opens a channel to `device` and protects commands."""

    def __init__(self, device: Device) -> None:
        self._device = device
        certificate = cvc.values(cvc.values(device.read(0x2F02))[0x7F21])[0x7F4E]
        point = cvc.values(cvc.values(certificate)[0x7F49])[0x86]
        card = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), point)
        private = ec.generate_private_key(ec.SECP256R1())
        numbers = private.public_key().public_numbers()
        ephemeral = b"\x04" + numbers.x.to_bytes(32, "big") + numbers.y.to_bytes(32, "big")
        device.send(MSE_SET_AT)
        data = tlv(0x7C, tlv(0x80, ephemeral))
        answer = device.send(b"\x00\x86\x00\x00" + bytes([len(data)]) + data + b"\x00")
        fields = cvc.values(cvc.values(answer)[0x7C])
        assert set(fields) == {0x81, 0x82} and len(fields[0x81]) == 8
        shared = private.exchange(ec.ECDH(), card)
        seed = shared + fields[0x81]
        self._encryption = hashlib.sha1(seed + bytes.fromhex("00000001")).digest()[:16]
        self._mac = hashlib.sha1(seed + bytes.fromhex("00000002")).digest()[:16]
        self._counter = 0
        signed = tlv(0x7F49, tlv(0x06, OID) + tlv(0x86, ephemeral))
        assert fields[0x82] == _cmac(self._mac, signed)

    def _block(self) -> bytes:
        return self._counter.to_bytes(16, "big")

    def _cipher(self) -> Cipher:
        ecb = Cipher(algorithms.AES(self._encryption), modes.ECB()).encryptor()
        return Cipher(algorithms.AES(self._encryption), modes.CBC(ecb.update(self._block())))

    def wrap(self, header: bytes, data: bytes = b"", ne: int | None = 65536) -> bytes:
        """The protected command as an extended APDU."""
        self._counter += 1
        header = bytes([header[0] | 0x0C]) + header[1:]
        objects = b""
        if data:
            cipher = self._cipher().encryptor()
            cryptogram = cipher.update(_pad(data)) + cipher.finalize()
            odd = header[1] & 1
            objects += tlv(0x85, cryptogram) if odd else tlv(0x87, b"\x01" + cryptogram)
        if ne is not None:
            short = ne <= 256
            objects += tlv(0x97, (ne % 256).to_bytes(1) if short else (ne % 65536).to_bytes(2))
        mac = _cmac(self._mac, self._block() + _pad(header) + _pad(objects))
        objects += tlv(0x8E, mac)
        return header + b"\x00" + len(objects).to_bytes(2, "big") + objects + b"\x00\x00"

    def unwrap(self, answer: bytes) -> bytes:
        """Response data and status word of a protected answer."""
        assert answer[-2:] == b"\x90\x00", answer.hex()
        self._counter += 1
        objects = cvc.objects(answer[:-2])
        assert [tag for tag, _, _ in objects] in ([0x99, 0x8E], [0x87, 0x99, 0x8E])
        covered = b"".join(whole for _, _, whole in objects[:-1])
        assert objects[-1][1] == _cmac(self._mac, self._block() + _pad(covered))
        data = b""
        if len(objects) == 3:
            assert objects[0][1][:1] == b"\x01"
            cipher = self._cipher().decryptor()
            data = cipher.update(objects[0][1][1:]) + cipher.finalize()
            data = data[: data.rindex(b"\x80")]
        return data + objects[-2][1]

    def transmit(self, header: str | bytes, data: bytes = b"", ne: int | None = 65536) -> bytes:
        """One protected exchange; the answer as if it had been plain."""
        header = bytes.fromhex(header) if isinstance(header, str) else header
        return self.unwrap(self._device.transmit(self.wrap(header, data, ne)))

    def send(
        self, header: str | bytes, data: bytes = b"", ne: int | None = 65536, expect: int = 0x9000
    ) -> bytes:
        """Response data; the status word inside must be `expect`."""
        answer = self.transmit(header, data, ne)
        assert answer[-2:] == expect.to_bytes(2, "big"), answer.hex()
        return answer[:-2]
