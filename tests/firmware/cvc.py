# SPDX-License-Identifier: GPL-2.0-or-later
"""Our tests' own reader of card-verifiable certificates, with `cryptography`.

Spec: [TR-03110-3] C.1, C.2; [SCHSM] 14. Independent of the firmware's code.
"""

import hashlib

import hsm_crypto
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ed448, ed25519, padding, rsa
from hsm_crypto_curves import CURVES, Curve


def objects(data: bytes) -> list[tuple[int, bytes, bytes]]:
    """(tag, value, whole object) of the data objects in `data`."""
    found = []
    offset = 0
    while offset < len(data):
        start = offset
        tag = data[offset]
        offset += 1
        if tag & 0x1F == 0x1F:
            tag = tag << 8 | data[offset]
            offset += 1
        length = data[offset]
        offset += 1
        if length & 0x80:
            count = length & 0x7F
            length = int.from_bytes(data[offset : offset + count], "big")
            offset += count
        assert offset + length <= len(data)
        found.append((tag, data[offset : offset + length], data[start : offset + length]))
        offset += length
    return found


def values(data: bytes) -> dict[int, bytes]:
    return {tag: value for tag, value, _ in objects(data)}


class Ec:
    """An EC public key from 7F49, complete with its parameters."""

    def __init__(self, fields: dict[int, bytes]) -> None:
        p, a, b = (int.from_bytes(fields[tag], "big") for tag in (0x81, 0x82, 0x83))
        width = len(fields[0x81])
        assert all(len(fields[tag]) == width for tag in (0x82, 0x83))
        generator = fields[0x84]
        point = (
            int.from_bytes(generator[1 : 1 + width], "big"),
            int.from_bytes(generator[1 + width :], "big"),
        )
        self.curve = Curve(p, a, b, point, int.from_bytes(fields[0x85], "big"))
        assert self.curve in CURVES.values()
        assert fields[0x87] == b"\x01"
        self.point = self.curve.decode(fields[0x86])
        assert self.point is not None

    def verify_digest(self, signature: bytes, digest: bytes) -> None:
        width = self.curve.order_bytes
        assert len(signature) == 2 * width
        self.check(
            digest,
            int.from_bytes(signature[:width], "big"),
            int.from_bytes(signature[width:], "big"),
        )

    def check(self, digest: bytes, r: int, s: int) -> None:
        """ECDSA over `digest`, leftmost bits of the order's length."""
        number = int.from_bytes(digest, "big")
        excess = 8 * len(digest) - self.curve.n.bit_length()
        assert self.curve.verify(self.point, number >> excess if excess > 0 else number, r, s)

    def verify(self, signature: bytes, message: bytes) -> None:
        self.verify_digest(signature, hashlib.sha256(message).digest())


class Rsa:
    """An RSA public key from 7F49."""

    def __init__(self, fields: dict[int, bytes]) -> None:
        self.modulus = int.from_bytes(fields[0x81], "big")
        self.exponent = int.from_bytes(fields[0x82], "big")
        self.key = rsa.RSAPublicNumbers(self.exponent, self.modulus).public_key()

    def verify(self, signature: bytes, message: bytes) -> None:
        self.key.verify(signature, message, padding.PKCS1v15(), hashes.SHA256())


class Raw:
    """An Edwards or Montgomery public key from 7F49, complete with its parameters."""

    def __init__(self, fields: dict[int, bytes]) -> None:
        self.public = fields[0x84]
        told = fields[0x81], fields[0x83], fields[0x82]
        known = {number: hsm_crypto.curve_parameters(number) for number in range(10, 14)}
        (self.curve,) = [number for number, c in known.items() if (c[0], c[3], c[4]) == told]

    def verify(self, signature: bytes, message: bytes) -> None:
        if self.curve == hsm_crypto.CURVE_ED25519:
            ed25519.Ed25519PublicKey.from_public_bytes(self.public).verify(signature, message)
        elif self.curve == hsm_crypto.CURVE_ED448:
            ed448.Ed448PublicKey.from_public_bytes(self.public).verify(signature, message)
        else:
            # It cannot sign, and does not look as if it had.
            assert signature == bytes(2 * len(self.public))


def public_key(template: bytes) -> Ec | Rsa | Raw:
    """The key in the value of a 7F49."""
    fields = values(template)
    kinds = {
        "04007f00070202020102": Rsa,
        "04007f00070202020203": Ec,
        "04007f00070202050203": Raw,
    }
    return kinds[fields[0x06].hex()](fields)


def check_certificate(certificate: bytes, signer: Ec | Rsa | None = None) -> dict[int, bytes]:
    """Verify a 7F21 with `signer`, by default its own key; the fields of its body."""
    ((tag, value, _),) = objects(certificate)
    assert tag == 0x7F21
    (body_tag, body, whole_body), (signature_tag, signature, _) = objects(value)
    assert (body_tag, signature_tag) == (0x7F4E, 0x5F37)
    fields = values(body)
    assert fields[0x5F29] == b"\0"
    (signer or public_key(fields[0x7F49])).verify(signature, whole_body)
    return fields


def check_request(request: bytes, device_key: Ec) -> dict[int, bytes]:
    """Verify both signatures of an authenticated request; the fields of its inner body."""
    ((tag, value, _),) = objects(request)
    assert tag == 0x67
    inner, authority, signature = objects(value)
    assert [inner[0], authority[0], signature[0]] == [0x7F21, 0x42, 0x5F37]
    device_key.verify(signature[1], inner[2] + authority[2])
    return check_certificate(inner[2])
