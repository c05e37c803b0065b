# SPDX-License-Identifier: GPL-2.0-or-later
"""CryptoError and its reasons; what seal_object writes and open_object takes."""

from __future__ import annotations

from typing import Any

import pytest

from sim.peripherals.rosc import RoscFault
from sim.peripherals.trng import TrngFault
from tests.binding import sealed
from tests.binding.remote import Expression, Remote, bytearray_, crypto, len_

FAILED, AUTHENTICATION, ENTROPY, CANCELLED, POINT, FAULT = (
    f"CryptoError({reason})" for reason in range(1, 7)
)
P256 = 2
SHA256 = 3
HASH = bytes(range(32))
FAULTS: dict[str, tuple[str, Any]] = {
    "rp2040": ("ROSC", RoscFault.STUCK_AT_0),
    "rp2350": ("TRNG", TrngFault.AUTOCORRELATED),
}
root = crypto.Secret.from_bytes(sealed.ROOT)


def open_object(plain: bytes) -> Expression:
    """An object from its serialised form."""
    return root.open_object(sealed.LABEL, sealed.seal(plain))


@pytest.mark.parametrize(
    ("name", "number"),
    [
        ("REASON_FAILED", 1),
        ("REASON_AUTHENTICATION", 2),
        ("REASON_ENTROPY", 3),
        ("REASON_CANCELLED", 4),
        ("REASON_POINT", 5),
        ("REASON_FAULT", 6),
    ],
)
def test_the_reasons_have_their_numbers(chip: Remote, name: str, number: int) -> None:
    assert chip.run(getattr(crypto, name)) == number


# --- Seals ---------------------------------------------------------------------------------------


def test_a_secret_comes_back(chip: Remote) -> None:
    data = chip.run(root.seal_object(sealed.LABEL, crypto.Secret.from_bytes(HASH)))
    assert data == sealed.seal(bytes([sealed.KIND_SECRET]) + HASH)
    opened = chip.keep(root.open_object(sealed.LABEL, data))
    assert chip.run(opened) == "Secret"
    assert chip.run(len_(opened)) == len(HASH)
    assert chip.run(opened.mac(b"")) == chip.run(crypto.Secret.from_bytes(HASH).mac(b""))


@pytest.mark.parametrize("curve", [1, 2, 3, 4, 6, 9])
def test_a_key_on_a_curve_comes_back(chip: Remote, curve: int) -> None:
    key = chip.keep(crypto.EcKey.generate(curve))
    opened = chip.keep(root.open_object(b"", root.seal_object(b"", key)))
    assert chip.run(opened) == "EcKey"
    assert chip.run(opened.curve) == curve
    public = chip.run(key.public())
    assert chip.run(opened.public()) == public
    signature = chip.run(opened.sign(HASH))
    assert chip.run(crypto.ec_verify(curve, public, HASH, signature)) is True


def test_an_rsa_key_comes_back(chip: Remote) -> None:
    key = chip.keep(open_object(sealed.rsa_plain()))
    assert chip.run(key) == "RsaKey"
    assert chip.run(root.seal_object(sealed.LABEL, key)) == sealed.seal(sealed.rsa_plain())
    signature = chip.run(key.sign_pkcs1(SHA256, HASH))
    block = pow(int.from_bytes(signature, "big"), sealed.RSA_EXPONENT, sealed.RSA_MODULUS)
    assert block.to_bytes(128, "big").endswith(HASH)


@pytest.mark.parametrize("length", [1, 64])
def test_secrets_of_any_length_come_back(chip: Remote, length: int) -> None:
    opened = open_object(bytes([sealed.KIND_SECRET]) + bytes(length))
    assert chip.run(len_(opened)) == length


EC_PLAIN = bytes([sealed.KIND_EC, P256])
RSA_PLAIN = sealed.rsa_plain()
NO_OBJECTS = {
    "kind 0": b"\0" + HASH,
    "kind 8": b"\x08" + HASH,
    "AES of 31 bytes": b"\4" + HASH[:-1],
    "Edwards on P-256": b"\5\2" + 2 * HASH,
    "Edwards without a public key": b"\5\x0a" + HASH,
    "Montgomery on Ed25519": b"\6\x0a" + 2 * HASH,
    "Montgomery of 63 bytes": b"\6\x0c" + (2 * HASH)[:-1],
    "a node of no scheme": b"\7\4" + bytes(73),
    "a node of 73 bytes": b"\7\1" + bytes(72),
    "a secret of 65 bytes": bytes([sealed.KIND_SECRET]) + bytes(65),
    "a key on curve 0": bytes([sealed.KIND_EC, 0]) + bytes(96),
    "a key on curve 10": bytes([sealed.KIND_EC, 10]) + bytes(96),
    "a key a byte short": EC_PLAIN + bytes(95),
    "a key a byte long": EC_PLAIN + bytes(97),
    "RSA, header only": RSA_PLAIN[:6],
    "RSA, a byte short": RSA_PLAIN[:-1],
    "RSA of 1032 bits": RSA_PLAIN[:1] + b"\x04\x08" + RSA_PLAIN[3:],
    "RSA with exponent 4": RSA_PLAIN[:3] + b"\0\0\0\4" + RSA_PLAIN[7:],
}


@pytest.mark.parametrize("what", NO_OBJECTS)
def test_authentic_bytes_that_are_no_object(chip: Remote, what: str) -> None:
    chip.run(root.mac(b""))
    chip.drop_all()
    before = chip.pool_used_bytes()
    assert chip.outcome(open_object(NO_OBJECTS[what])) == FAILED
    chip.drop_all()
    assert chip.pool_used_bytes() <= before


DATA = sealed.seal(HASH)
OBJECT = sealed.seal(bytes([sealed.KIND_SECRET]) + HASH)
NOT_AUTHENTIC = {
    "another label": root.open(b"other", DATA),
    "a damaged tag": root.open(sealed.LABEL, bytes([DATA[0] ^ 1]) + DATA[1:]),
    "a damaged text": root.open(sealed.LABEL, DATA[:-1] + bytes([DATA[-1] ^ 1])),
    "another root": crypto.Secret.from_bytes(bytes(32)).open(sealed.LABEL, DATA),
    "too short for a tag": root.open(sealed.LABEL, DATA[:15]),
    "nothing": root.open(sealed.LABEL, b""),
    "open_into, too short": root.open_into(sealed.LABEL, b"", bytearray_(0)),
    "object, another label": root.open_object(b"other", OBJECT),
    "object, damaged": root.open_object(sealed.LABEL, OBJECT[:-1] + bytes([OBJECT[-1] ^ 1])),
    "object, cut short": root.open_object(sealed.LABEL, OBJECT[:-1]),
    "object, only a tag": root.open_object(sealed.LABEL, OBJECT[:16]),
    "object, nothing": root.open_object(sealed.LABEL, b""),
}


@pytest.mark.parametrize("what", NOT_AUTHENTIC)
def test_what_is_not_authentic(chip: Remote, what: str) -> None:
    assert chip.outcome(NOT_AUTHENTIC[what]) == AUTHENTICATION


def test_a_mac_that_does_not_match_is_no_exception(chip: Remote) -> None:
    tag = chip.run(root.mac(b"a", b"b"))
    assert chip.run(root.mac_matches(tag, b"ab")) is True
    assert chip.run(root.mac_matches(tag, b"ac")) is False
    assert chip.run(root.mac_matches(bytes([tag[0] ^ 1]) + tag[1:], b"ab")) is False


# --- Points --------------------------------------------------------------------------------------


def bad_points(chip: Remote) -> dict[str, bytes]:
    """Byte strings that are no public key on P-256."""
    prime, _, _, generator, _, _ = chip.run(crypto.curve_parameters(P256))
    other = chip.run(crypto.curve_parameters(6))[3]
    return {
        "not on the curve": generator[:-1] + bytes([generator[-1] ^ 1]),
        "on another curve": other,
        "zeros": b"\x04" + bytes(64),
        "x not below the prime": b"\x04" + prime + generator[33:],
    }


@pytest.mark.parametrize(
    "what", ["not on the curve", "on another curve", "zeros", "x not below the prime"]
)
def test_a_bad_point(chip: Remote, what: str) -> None:
    point = bad_points(chip)[what]
    buffer = chip.keep(bytearray_(32))
    key = crypto.EcKey.generate(P256)
    assert chip.outcome(key.ecdh_into(point, buffer)) == POINT
    assert chip.run(buffer) == bytes(32)
    assert chip.outcome(crypto.ec_verify(P256, point, HASH, HASH + HASH)) == POINT


@pytest.mark.parametrize("point", [b"", b"\0", b"\x04" + bytes(63), b"\x02" + bytes(32)])
def test_what_has_no_form_of_a_point(chip: Remote, point: bytes) -> None:
    key = crypto.EcKey.generate(P256)
    assert chip.outcome(key.ecdh_into(point, bytearray_(32))) == POINT


def test_a_wrong_signature_is_no_exception(chip: Remote) -> None:
    key = chip.keep(crypto.EcKey.generate(P256))
    signature = chip.run(key.sign(HASH))
    wrong = bytes([signature[0] ^ 1]) + signature[1:]
    assert chip.run(crypto.ec_verify(P256, key.public(), HASH, signature)) is True
    assert chip.run(crypto.ec_verify(P256, key.public(), HASH, wrong)) is False
    assert chip.run(crypto.ec_verify(P256, key.public(), HASH, bytes(64))) is False


# --- Faults --------------------------------------------------------------------------------------


def test_a_changed_key_does_not_sign(chip: Remote) -> None:
    key = chip.keep(crypto.EcKey.generate(P256))
    chip.change_pool(chip.run(key.public())[1:])
    assert chip.outcome(key.sign(HASH)) == FAULT
    assert chip.outcome(key.sign(HASH, der=True)) == FAULT


def test_a_changed_rsa_key_gives_nothing_out(chip: Remote) -> None:
    key = chip.keep(open_object(sealed.rsa_plain()))
    buffer = chip.keep(bytearray_(128))
    # The library keeps numbers as little-endian words.
    chip.change_pool(sealed.RSA_P.to_bytes(64, "little"))
    assert chip.outcome(key.raw_into(bytes(127) + b"\2", buffer)) == FAULT
    assert chip.run(buffer) == bytes(128)
    assert chip.outcome(key.sign_pkcs1(SHA256, HASH)) == FAULT


RANDOM_USERS = {
    "random": crypto.random(8),
    "random_into": crypto.random_into(bytearray_(8)),
    "reseed": crypto.reseed(),
    "Secret.random": crypto.Secret.random(8),
    "EcKey.generate": crypto.EcKey.generate(P256),
    "RsaKey.generate": crypto.RsaKey.generate(1024),
}


def break_noise(chip: Remote, broken: bool = True) -> None:
    """Let the chip's noise source fail, or be sound again."""
    block, fault = FAULTS[chip.device.board.chip]
    source: Any = chip.device.machine.block(block)
    source.fault = fault if broken else type(fault).NONE


@pytest.mark.parametrize("what", RANDOM_USERS)
def test_broken_noise_ends_randomness(chip: Remote, what: str) -> None:
    break_noise(chip)
    assert chip.outcome(RANDOM_USERS[what]) == ENTROPY
    chip.collect()
    assert chip.pool_used_bytes() == 0
    break_noise(chip, broken=False)
    assert chip.outcome(crypto.random(1)) == ENTROPY, "it works again before a reset"


def test_broken_noise_is_found_at_the_next_reseed(chip: Remote) -> None:
    key = chip.keep(crypto.EcKey.generate(P256))
    break_noise(chip)
    assert chip.outcome(crypto.reseed()) == ENTROPY
    assert chip.outcome(key.sign(HASH)) == ENTROPY, "a signature hedges its nonce"
    assert chip.outcome(crypto.digest(SHA256, b"")) == "no exception"
