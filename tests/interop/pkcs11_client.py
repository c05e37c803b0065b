# SPDX-License-Identifier: GPL-2.0-or-later
"""A program on python-pkcs11; arguments: MODULE TOKEN PIN.

Everything that the token computes is checked with `cryptography`.
"""

from __future__ import annotations

import sys
from typing import Any

import pkcs11
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed, encode_dss_signature
from pkcs11 import Attribute, KeyType, Mechanism, ObjectClass
from pkcs11.util.ec import encode_ec_public_key, encode_named_curve_parameters
from pkcs11.util.rsa import encode_rsa_public_key

MESSAGE = b"Attack at dawn."
CURVES = {"secp256r1": 64, "secp384r1": 96, "secp521r1": 132}
RSA_BITS = 1024


def sign_on_curve(session: pkcs11.Session, curve: str, number: int) -> None:
    """A key pair of this session's, its signature, its end."""
    parameters = session.create_domain_parameters(
        KeyType.EC, {Attribute.EC_PARAMS: encode_named_curve_parameters(curve)}, local=True
    )
    private: Any  # The library's types do not know that its keys sign and decrypt.
    public, private = parameters.generate_keypair(store=True, id=bytes((number,)), label=curve)
    digest = hashes.Hash(hashes.SHA256())
    digest.update(MESSAGE)
    value = digest.finalize()
    signature = private.sign(value, mechanism=Mechanism.ECDSA)
    assert len(signature) == CURVES[curve], curve
    half = len(signature) // 2
    r, s = (int.from_bytes(part, "big") for part in (signature[:half], signature[half:]))
    key = serialization.load_der_public_key(encode_ec_public_key(public))
    assert isinstance(key, ec.EllipticCurvePublicKey)
    key.verify(encode_dss_signature(r, s), value, ec.ECDSA(Prehashed(hashes.SHA256())))
    private.destroy()


def sign_and_decrypt(session: pkcs11.Session) -> None:
    """What an RSA key does."""
    private: Any
    public, private = session.generate_keypair(
        KeyType.RSA, RSA_BITS, store=True, id=b"\x50", label="rsa"
    )
    key = serialization.load_der_public_key(_subject_public_key(encode_rsa_public_key(public)))
    assert isinstance(key, rsa.RSAPublicKey)
    signature = private.sign(MESSAGE, mechanism=Mechanism.SHA256_RSA_PKCS)
    key.verify(signature, MESSAGE, padding.PKCS1v15(), hashes.SHA256())
    cryptogram = key.encrypt(MESSAGE, padding.PKCS1v15())
    assert private.decrypt(cryptogram, mechanism=Mechanism.RSA_PKCS) == MESSAGE
    private.destroy()


def _subject_public_key(pkcs1: bytes) -> bytes:
    """DER of SubjectPublicKeyInfo from that of RSAPublicKey."""
    key = serialization.load_der_public_key(pkcs1)
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    return key.public_bytes(serialization.Encoding.DER, form)


def keep_data(session: pkcs11.Session) -> None:
    """A data object, written, found, deleted."""
    template = {
        Attribute.CLASS: ObjectClass.DATA,
        Attribute.TOKEN: True,
        Attribute.LABEL: "memo",
        Attribute.APPLICATION: "client",
        Attribute.VALUE: MESSAGE,
    }
    session.create_object(template)
    found = list(session.get_objects({Attribute.LABEL: "memo"}))
    assert [item[Attribute.VALUE] for item in found] == [MESSAGE]
    found[0].destroy()


def main() -> None:
    module, label, pin = sys.argv[1:]
    token = pkcs11.lib(module).get_token(token_label=label)
    with token.open(user_pin=pin, rw=True) as session:
        assert session.generate_random(256) != session.generate_random(256)
        for number, curve in enumerate(CURVES):
            sign_on_curve(session, curve, 0x40 + number)
        sign_and_decrypt(session)
        keep_data(session)
    print("done")


if __name__ == "__main__":
    main()
