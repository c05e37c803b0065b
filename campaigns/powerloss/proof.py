# SPDX-License-Identifier: GPL-2.0-or-later
"""The last proof that a recovered card is whole: its keys sign."""

from __future__ import annotations

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa

from campaigns.powerloss.host_view import SW_NOT_LOGGED_IN, Bench, HostView, unlock
from sim.life import card as hsm
from sim.life.cvc import (
    AUTHENTICATED_REQUEST,
    CertificateError,
    CvCertificate,
    PublicKey,
    check_device_certificate,
    check_request,
    find,
)

# A key was opened, and there were no data.
SW_NOTHING_TO_SIGN = 0x6700
MESSAGE = b"after the power came back"


def unproven(bench: Bench, view: HostView, user_pins: tuple[bytes, ...]) -> str:
    """What a host that logs in cannot do with the keys it sees; "" if all of them sign."""
    for number, pin in enumerate(user_pins):
        if view.status(f"user PIN {number} logs in") == hsm.SW_SUCCESS:
            return _problems(bench, view, pin)
    return ""


def _problems(bench: Bench, view: HostView, pin: bytes) -> str:
    problems: list[str] = []
    bench.undone(lambda: problems.extend(_signatures(bench, view, pin)))
    return "; ".join(problems)


def _signatures(bench: Bench, view: HostView, pin: bytes) -> list[str]:
    bench.card.verify(pin)
    if view.answers.get("options") == SW_NOT_LOGGED_IN:
        unlock(bench.card)
    problems = []
    device = check_device_certificate(view.answers["file 2F02"][:-2])
    for name in view.answers:
        # A key whose use answers with data was told apart by them.
        if name.startswith("use of key CC") and view.status(name) == SW_NOTHING_TO_SIGN:
            key_id = int(name[-2:], 16)
            request = view.answers.get(f"file CE{key_id:02X}", b"")[:-2]
            try:
                _sign(bench, key_id, _public_key(request, device))
            except (CertificateError, InvalidSignature, hsm.CardError) as error:
                problems.append(f"key {key_id}: {type(error).__name__} {error}")
    return problems


def _public_key(request: bytes, device: CvCertificate) -> PublicKey | None:
    """What the request says; the device vouches for it unless the key came from elsewhere."""
    if not request:
        return None
    inner = CvCertificate.parse(find(request, AUTHENTICATED_REQUEST)[0])
    if inner.authority == inner.holder:
        inner.verify_by(inner.key)
        return inner.key
    return check_request(request, device).key


def _sign(bench: Bench, key_id: int, key: PublicKey | None) -> None:
    if isinstance(key, rsa.RSAPublicKey):
        signature = bench.card.sign(key_id, hsm.SIGN_RSA_PKCS1_SHA256, MESSAGE)
        key.verify(signature, MESSAGE, padding.PKCS1v15(), hashes.SHA256())
        return
    signature = bench.card.sign(key_id, hsm.SIGN_ECDSA_SHA256, MESSAGE)
    # Nobody was told the public key of one that was derived.
    if key is not None:
        key.verify(signature, MESSAGE, ec.ECDSA(hashes.SHA256()))
