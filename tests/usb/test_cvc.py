# SPDX-License-Identifier: GPL-2.0-or-later
"""The host's view of CV requests: good ones pass, every damage is found."""

from collections.abc import Callable

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from sim.life.card import ec_key_template, tlv
from sim.life.cvc import (
    RSA_SHA256_OID,
    CertificateError,
    check_device_certificate,
    check_request,
)

PrivateKey = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey


def sign(key: PrivateKey, message: bytes) -> bytes:
    """A TR-03110 signature."""
    if isinstance(key, rsa.RSAPrivateKey):
        return key.sign(message, padding.PKCS1v15(), hashes.SHA256())
    r, s = decode_dss_signature(key.sign(message, ec.ECDSA(hashes.SHA256())))
    width = key.curve.key_size // 8
    return r.to_bytes(width, "big") + s.to_bytes(width, "big")


def key_object(key: PrivateKey) -> bytes:
    """7F49 of a key."""
    if isinstance(key, rsa.RSAPrivateKey):
        numbers = key.public_key().public_numbers()
        fields = tlv(6, RSA_SHA256_OID) + tlv(0x81, numbers.n.to_bytes(256, "big"))
        return tlv(0x7F49, fields + tlv(0x82, b"\x01\x00\x01"))
    numbers = key.public_key().public_numbers()
    width = key.curve.key_size // 8
    point = b"\x04" + numbers.x.to_bytes(width, "big") + numbers.y.to_bytes(width, "big")
    return tlv(0x7F49, ec_key_template(key.curve.name) + tlv(0x86, point))


def certificate(key: PrivateKey, holder: bytes, authority: bytes) -> bytes:
    """7F21, signed by `key` itself."""
    content = tlv(0x5F29, b"\0") + tlv(0x42, authority) + key_object(key) + tlv(0x5F20, holder)
    body = tlv(0x7F4E, content)
    return tlv(0x7F21, body + tlv(0x5F37, sign(key, body)))


DEVICE_KEY = ec.derive_private_key(0x1234567, ec.SECP256R1())
DEVICE = certificate(DEVICE_KEY, b"UTDEVICE00001", b"UTDEVICE00001")


def request(key: PrivateKey) -> bytes:
    """An authenticated request, as the card makes it."""
    inner = certificate(key, b"UTKEY00001", b"UTCA00001")
    reference = tlv(0x42, b"UTDEVICE00001")
    outer = tlv(0x5F37, sign(DEVICE_KEY, inner + reference))
    return tlv(0x67, inner + reference + outer)


@pytest.mark.parametrize(
    "make_key",
    [
        lambda: ec.derive_private_key(99, ec.SECP256R1()),
        lambda: ec.derive_private_key(99, ec.SECP384R1()),
        lambda: rsa.generate_private_key(65537, 2048),
    ],
)
def test_a_good_request_passes(make_key: Callable[[], PrivateKey]) -> None:
    key = make_key()
    found = check_request(request(key), check_device_certificate(DEVICE)).key
    assert found.public_numbers() == key.public_key().public_numbers()


def test_every_flipped_byte_is_found() -> None:
    good = request(ec.derive_private_key(99, ec.SECP256R1()))
    device = check_device_certificate(DEVICE)
    for position in range(0, len(good), 3):
        bad = bytearray(good)
        bad[position] ^= 0x01
        with pytest.raises((CertificateError, ValueError)):
            check_request(bytes(bad), device)


def test_a_request_of_another_device_is_refused() -> None:
    other = ec.derive_private_key(5, ec.SECP256R1())
    device = check_device_certificate(certificate(other, b"UTDEVICE00001", b"UTDEVICE00001"))
    with pytest.raises(CertificateError, match="wrong signature"):
        check_request(request(ec.derive_private_key(99, ec.SECP256R1())), device)


def test_a_truncated_request_is_refused() -> None:
    good = request(ec.derive_private_key(99, ec.SECP256R1()))
    with pytest.raises(CertificateError):
        check_request(good[:-5], check_device_certificate(DEVICE))
