# SPDX-License-Identifier: GPL-2.0-or-later
"""hsm_crypto refuses wrong lengths, ranges and types, and writes within bounds."""

from __future__ import annotations

import pytest

from tests.binding import sealed
from tests.binding.remote import (
    Expression,
    Remote,
    bytearray_,
    crypto,
    memoryview_,
    part,
)

P256 = 2
SHA256 = 3
HASH = bytes(range(32))
POINT = b"\x04" + bytes(64)
SALT = bytes(16)

secret = crypto.Secret.from_bytes(HASH)
key = crypto.EcKey.generate(P256)
rsa = secret.open_object(sealed.LABEL, sealed.seal(sealed.rsa_plain()))
aes = crypto.AesKey.generate(256)
node = crypto.HdNode.generate(3)

# Numbers that a narrower type of C would take for 3, 2, 0, ...
WRAPPED = (256, 65536, 1 << 32)

OUT_OF_RANGE: dict[str, Expression] = {
    "no hash 0": crypto.digest(0, b""),
    "no hash 6": crypto.digest(6, b""),
    "no hash -1": crypto.digest(-1, b""),
    **{f"no hash 3 + {n}": crypto.digest(3 + n, b"") for n in WRAPPED},
    "random of -1": crypto.random(-1),
    "random of 4097": crypto.random(4097),
    "random of 2**32": crypto.random(1 << 32),
    "random_into 4097 bytes": crypto.random_into(bytearray_(4097)),
    "no curve 0": crypto.curve_parameters(0),
    "no curve 14": crypto.curve_parameters(14),
    "no curve -1": crypto.curve_parameters(-1),
    **{f"no curve 2 + {n}": crypto.curve_parameters(2 + n) for n in WRAPPED},
    "verify on no curve": crypto.ec_verify(0, POINT, HASH, bytes(64)),
    "verify with a short point": crypto.ec_verify(P256, POINT[:-1], HASH, bytes(64)),
    "verify with a compressed point": crypto.ec_verify(P256, b"\x02" + POINT[1:], HASH, bytes(64)),
    "verify a short signature": crypto.ec_verify(P256, POINT, HASH, bytes(63)),
    "verify a long signature": crypto.ec_verify(P256, POINT, HASH, bytes(65)),
    "verify no hash": crypto.ec_verify(P256, POINT, b"", bytes(64)),
    "verify a hash of 67 bytes": crypto.ec_verify(P256, POINT, bytes(67), bytes(64)),
    "secret of 0 random bytes": crypto.Secret.random(0),
    "secret of 65 random bytes": crypto.Secret.random(65),
    "secret of -1 random bytes": crypto.Secret.random(-1),
    "secret of 2**32 + 1 bytes": crypto.Secret.random((1 << 32) + 1),
    "secret of no bytes": crypto.Secret.from_bytes(b""),
    "secret of 65 bytes": crypto.Secret.from_bytes(bytes(65)),
    "stretch a PIN of 65 bytes": crypto.Secret.stretch(bytes(65), SALT, 1, secret),
    "stretch with 15 bytes of salt": crypto.Secret.stretch(b"1", SALT[:15], 1, secret),
    "stretch with 17 bytes of salt": crypto.Secret.stretch(b"1", bytes(17), 1, secret),
    "stretch 0 times": crypto.Secret.stretch(b"1", SALT, 0, secret),
    "stretch -1 times": crypto.Secret.stretch(b"1", SALT, -1, secret),
    "stretch 10_000_001 times": crypto.Secret.stretch(b"1", SALT, 10_000_001, secret),
    "stretch 2**32 + 1 times": crypto.Secret.stretch(b"1", SALT, (1 << 32) + 1, secret),
    "derive 0 bytes": secret.derive(b"", 0),
    "derive 65 bytes": secret.derive(b"", length=65),
    "derive 2**32 + 1 bytes": secret.derive(b"", (1 << 32) + 1),
    "a tag of 31 bytes": secret.mac_matches(bytes(31)),
    "a tag of 33 bytes": secret.mac_matches(bytes(33)),
    "fold into 31 bytes": secret.fold(bytearray_(31), 1),
    "fold into 33 bytes": secret.fold(bytearray_(33), 1),
    "fold with sign 0": secret.fold(bytearray_(32), 0),
    "fold with sign 2": secret.fold(bytearray_(32), 2),
    "fold with sign -2": secret.fold(bytearray_(32), -2),
    **{f"fold with sign 1 + {n}": secret.fold(bytearray_(32), 1 + n) for n in WRAPPED},
    "fold 24 bytes under 32": secret.fold(bytearray_(32), 1, bytes(24)),
    "fold 23 bytes and one under 32": secret.fold(bytearray_(32), 1, bytes(23), b"1"),
    "fold 56 bytes": crypto.Secret.random(1).fold(bytearray_(32), 1, bytes(56)),
    "fold nothing under 56 bytes": crypto.Secret.random(56).fold(bytearray_(32), 1),
    "fold each into 31 bytes": secret.fold_each(bytearray_(31), b"", b"", 0),
    "fold each of 3 bytes of offsets": secret.fold_each(bytearray_(32), b"", bytes(3), 0),
    "fold each of -1 bytes": secret.fold_each(bytearray_(32), b"", b"", -1),
    "fold each of 56 bytes": secret.fold_each(bytearray_(32), bytes(60), b"\1\0\0\0", 56),
    "fold each of 24 bytes under 32": secret.fold_each(bytearray_(32), bytes(60), b"\1\0\0\0", 24),
    "fold each behind the end": secret.fold_each(bytearray_(32), bytes(8), b"\1\0\0\0", 8),
    "fold each far behind the end": secret.fold_each(bytearray_(32), bytes(8), b"\xff" * 4, 8),
    "combine 32 bytes and 31": secret.combine(crypto.Secret.random(31)),
    "combine 31 bytes and 32": crypto.Secret.random(31).combine(secret),
    "seal under 31 bytes": crypto.Secret.random(31).seal(b"", b""),
    "seal under 33 bytes": crypto.Secret.random(33).seal(b"", b""),
    "open under 31 bytes": crypto.Secret.random(31).open(b"", bytes(16)),
    "open_into under 31 bytes": crypto.Secret.random(31).open_into(b"", bytes(16), bytearray_(1)),
    "seal_object under 31 bytes": crypto.Secret.random(31).seal_object(b"", secret),
    "open_object under 31 bytes": crypto.Secret.random(31).open_object(b"", bytes(40)),
    "open_into too little room": secret.open_into(b"x", secret.seal(b"x", HASH), bytearray_(31)),
    "generate on no curve": crypto.EcKey.generate(0),
    "generate on curve 2 + 2**32": crypto.EcKey.generate(2 + (1 << 32)),
    "sign no hash": key.sign(b""),
    "sign a hash of 67 bytes": key.sign(bytes(67)),
    "ecdh too little room": key.ecdh_into(key.public(), bytearray_(31)),
    "RSA of 512 bits": crypto.RsaKey.generate(512),
    "RSA of -1 bits": crypto.RsaKey.generate(-1),
    "RSA of 2049 bits": crypto.RsaKey.generate(2049),
    "RSA of 2**32 + 1024 bits": crypto.RsaKey.generate((1 << 32) + 1024),
    "exponent 1": crypto.RsaKey.generate(1024, 1),
    "exponent 4": crypto.RsaKey.generate(1024, exponent=4),
    "exponent -3": crypto.RsaKey.generate(1024, -3),
    "exponent 2**31 + 1": crypto.RsaKey.generate(1024, (1 << 31) + 1),
    "exponent 2**32 + 3": crypto.RsaKey.generate(1024, (1 << 32) + 3),
    "exponent 3 for 2048 bits": crypto.RsaKey.generate(2048, 3),
    "raw block too short": rsa.raw_into(bytes(127), bytearray_(128)),
    "raw block too long": rsa.raw_into(bytes(129), bytearray_(129)),
    "raw block of n": rsa.raw_into(sealed.RSA_MODULUS.to_bytes(128, "big"), bytearray_(128)),
    "raw too little room": rsa.raw_into(bytes(128), bytearray_(127)),
    "PKCS #1 with another hash's length": rsa.sign_pkcs1(SHA256, bytes(31)),
    "PKCS #1 of no hash": rsa.sign_pkcs1(6, HASH),
    **{f"PKCS #1 of hash {n}": rsa.sign_pkcs1(n, HASH) for n in WRAPPED},
    "PKCS #1 DigestInfo of nothing": rsa.sign_pkcs1(0, b""),
    "PKCS #1 DigestInfo too long": rsa.sign_pkcs1(0, bytes(128 - 10)),
    "PSS with another hash's length": rsa.sign_pss(SHA256, bytes(31)),
    "PSS without a hash": rsa.sign_pss(0, b""),
    "PSS of hash 3 + 256": rsa.sign_pss(3 + 256, HASH),
    "PSS too long for the key": rsa.sign_pss(5, bytes(64)),
    "verify on X25519": crypto.ec_verify(12, POINT, HASH, bytes(64)),
    "generate on Ed25519": crypto.EcKey.generate(10),
    "Edwards key on P-256": crypto.EdwardsKey.generate(2),
    "Edwards key on X25519": crypto.EdwardsKey.generate(12),
    "Montgomery key on Ed448": crypto.MontgomeryKey.generate(11),
    "Montgomery key on no curve": crypto.MontgomeryKey.generate(14),
    "X25519 too little room": crypto.MontgomeryKey.generate(12).ecdh_into(HASH, bytearray_(31)),
    "derive by nothing": key.derive(b""),
    "derive by 33 bytes": key.derive(bytes(33)),
    "agree on 521 bits": crypto.EcKey.generate(4).agree(b"\x04" + bytes(132)),
    "channel with 7 bytes": key.secure_channel(key.public(), bytes(7)),
    "decrypt 127 bytes": rsa.decrypt_pkcs1_into(bytes(127), bytearray_(128)),
    "decrypt too little room": rsa.decrypt_pkcs1_into(bytes(128), bytearray_(116)),
    "OAEP too little room": rsa.decrypt_oaep_into(3, bytes(128), bytearray_(61)),
    "OAEP of no hash": rsa.decrypt_oaep_into(0, bytes(128), bytearray_(128)),
    "OAEP too long for the key": rsa.decrypt_oaep_into(5, bytes(128), bytearray_(128)),
    "verify with another modulus": crypto.rsa_verify_pss(HASH, 3, 3, HASH, HASH),
    "verify with exponent 4": crypto.rsa_verify_pkcs1(bytes(128), 4, 3, HASH, bytes(128)),
    "verify with exponent 2**32 + 3": crypto.rsa_verify_pss(
        bytes(128), (1 << 32) + 3, 3, HASH, bytes(128)
    ),
    "verify 127 bytes": crypto.rsa_verify_pkcs1(bytes(128), 3, 3, HASH, bytes(127)),
    "PSS check without a hash": crypto.rsa_verify_pss(bytes(128), 3, 0, HASH, bytes(128)),
    "AES of 0 bits": crypto.AesKey.generate(0),
    "AES of 136 bits": crypto.AesKey.generate(136),
    "AES of 2**32 + 128 bits": crypto.AesKey.generate((1 << 32) + 128),
    "no cipher 0": aes.encrypt_into(0, b"", bytearray_(1)),
    "no cipher 10": aes.decrypt_into(10, b"", bytearray_(1)),
    **{f"no cipher 1 + {n}": aes.encrypt_into(1 + n, b"", bytearray_(1)) for n in WRAPPED},
    "ECB of 15 bytes": aes.encrypt_into(1, bytes(15), bytearray_(32)),
    "ECB with an IV": aes.encrypt_into(1, SALT, bytearray_(32), SALT),
    "CBC without an IV": aes.encrypt_into(2, SALT, bytearray_(32)),
    "CBC with associated data": aes.encrypt_into(2, SALT, bytearray_(32), SALT, b"a"),
    "CBC too little room": aes.encrypt_into(2, SALT, bytearray_(15), SALT),
    "GCM without a nonce": aes.encrypt_into(6, SALT, bytearray_(32)),
    "GCM too little room": aes.encrypt_into(6, SALT, bytearray_(31), SALT),
    "XTS of 15 bytes": aes.encrypt_into(8, bytes(15), bytearray_(15), SALT),
    "CBC of 512 bits": crypto.AesKey.generate(512).encrypt_into(2, SALT, bytearray_(16), SALT),
    "CMAC of 512 bits": crypto.AesKey.generate(512).cmac(b""),
    "HMAC of no hash": aes.hmac(0, b""),
    "HKDF of 0 bytes": aes.hkdf_into(3, b"", b"", 0, bytearray_(1)),
    "HKDF of 8161 bytes": aes.hkdf_into(3, b"", b"", 8161, bytearray_(8161)),
    "HKDF too little room": aes.hkdf_into(3, b"", b"", 33, bytearray_(32)),
    "PBKDF2 0 times": aes.pbkdf2_into(3, SALT, 0, 32, bytearray_(32)),
    "PBKDF2 2**32 + 1 times": aes.pbkdf2_into(3, SALT, (1 << 32) + 1, 32, bytearray_(32)),
    "PBKDF2 of 4097 bytes": aes.pbkdf2_into(3, SALT, 1, 4097, bytearray_(4097)),
    "X9.63 of 4097 bytes": aes.x963_into(3, b"", 4097, bytearray_(4097)),
    "PBES2 with 129 bits": aes.pbes2_encrypt_into(3, SALT, 1, 129, SALT, b"", bytearray_(16)),
    "PBES2 with 15 bytes of IV": aes.pbes2_encrypt_into(
        3, SALT, 1, 128, bytes(15), b"", bytearray_(16)
    ),
    "PBES2 too little room": aes.pbes2_encrypt_into(3, SALT, 1, 128, SALT, SALT, bytearray_(31)),
    "wrap under 31 bytes": crypto.Secret.random(31).wrap_into(aes, b"", bytearray_(1354)),
    "wrap into 1353 bytes": secret.wrap_into(aes, b"", bytearray_(1353)),
    "wrap with 256 algorithms": secret.wrap_into(aes, bytes(256), bytearray_(1354)),
    "unwrap under 33 bytes": crypto.Secret.random(33).unwrap(bytes(100)),
    "open a secret under 43 bytes": crypto.Secret.random(43).open_secret(b"", bytes(48)),
    "open a secret of 0 bytes": crypto.Secret.random(44).open_secret(b"", bytes(16)),
    "open a secret of 65 bytes": crypto.Secret.random(44).open_secret(b"", bytes(81)),
    "no scheme 0": crypto.HdNode.generate(0),
    "no scheme 4": crypto.HdNode.from_seed(4, SALT),
    "seed of nothing": crypto.HdNode.from_seed(1, b""),
    "seed of 65 bytes": crypto.HdNode.from_seed(1, bytes(65)),
    "child -1": crypto.HdNode.from_seed(1, SALT).child(-1),
    "child 2**32": crypto.HdNode.from_seed(1, SALT).child(1 << 32),
    "label of 256 bytes": node.labelled_child(bytes(256)),
    "HD with 15 bytes of IV": node.encrypt_into(b"", SALT, bytearray_(16), bytes(15)),
    "HD of 15 bytes": node.encrypt_into(b"", bytes(15), bytearray_(16)),
    "HD too little room": node.decrypt_into(b"", SALT, bytearray_(15)),
}

OTHER_TYPES: dict[str, Expression] = {
    "hash": crypto.digest(None, b""),
    "digest part": crypto.digest(SHA256, 5),
    "equal": crypto.equal(b"", None),
    "random": crypto.random(b"1"),
    "random_into bytes": crypto.random_into(bytes(8)),
    "random_into read-only view": crypto.random_into(memoryview_(bytes(8))),
    "curve_from_prime": crypto.curve_from_prime(7),
    "from_bytes": crypto.Secret.from_bytes(7),
    "stretch with a key for a pepper": crypto.Secret.stretch(b"", SALT, 1, key),
    "derive": secret.derive(None),
    "mac part": secret.mac(b"", 1),
    "mac_matches part": secret.mac_matches(bytes(32), 1),
    "fold into bytes": secret.fold(bytes(32), 1),
    "fold sign": secret.fold(bytearray_(32), None),
    "fold part": secret.fold(bytearray_(32), 1, b"", 1),
    "fold each into bytes": secret.fold_each(bytes(32), b"", b"", 0),
    "fold each of no buffer": secret.fold_each(bytearray_(32), None, b"", 0),
    "fold each of no offsets": secret.fold_each(bytearray_(32), b"", 5, 0),
    "fold each of no length": secret.fold_each(bytearray_(32), b"", b"", b""),
    "combine with a key": secret.combine(key),
    "combine with bytes": secret.combine(bytes(32)),
    "seal": secret.seal(b"", None),
    "open_into bytes": secret.open_into(b"x", secret.seal(b"x", HASH), bytes(32)),
    "seal_object of bytes": secret.seal_object(b"", b""),
    "seal_object of a type": secret.seal_object(b"", crypto.Secret),
    "sign": key.sign(None),
    "ecdh_into bytes": key.ecdh_into(key.public(), bytes(32)),
    "raw_into bytes": rsa.raw_into(bytes(128), bytes(128)),
    "bits": crypto.RsaKey.generate(b""),
    "wrap a secret": secret.wrap_into(secret, b"", bytearray_(1354)),
    "wrap a node": secret.wrap_into(node, b"", bytearray_(1354)),
    "wrap bytes": secret.wrap_into(b"", b"", bytearray_(1354)),
    "encrypt into bytes": aes.encrypt_into(1, SALT, bytes(16)),
    "encrypt None": aes.encrypt_into(1, None, bytearray_(16)),
    "CMAC part": aes.cmac(b"", 1),
    "HMAC part": aes.hmac(3, b"", 1),
    "MAC part": key.secure_channel(key.public(), bytes(8)).mac(b"", 1),
    "too few arguments": crypto.equal(b""),
    "too many arguments": crypto.reseed(1),
    "an unknown keyword": key.sign(HASH, raw=True),
}


@pytest.mark.parametrize("what", OUT_OF_RANGE)
def test_a_wrong_length_or_range(chip: Remote, what: str) -> None:
    assert chip.outcome(OUT_OF_RANGE[what]) == "ValueError"


@pytest.mark.parametrize("what", OTHER_TYPES)
def test_another_type(chip: Remote, what: str) -> None:
    assert chip.outcome(OTHER_TYPES[what]) == "TypeError"


@pytest.mark.parametrize("what", ["random of 4097", "open_into too little room", "exponent 4"])
def test_a_refusal_takes_nothing_from_the_pool(chip: Remote, what: str) -> None:
    chip.outcome(OUT_OF_RANGE[what])
    chip.collect()
    before = chip.pool_used_bytes()
    for _ in range(5):
        chip.outcome(OUT_OF_RANGE[what])
        chip.collect()
    assert chip.pool_used_bytes() <= before


LIMITS: dict[str, tuple[Expression, object]] = {
    "random of 0": (crypto.random(0), b""),
    "random_into 0 bytes": (crypto.random_into(bytearray_(0)), 0),
    "random_into 4096 bytes": (crypto.random_into(bytearray_(4096)), 4096),
    "curve of no prime": (crypto.curve_from_prime(b""), None),
    "equal nothing": (crypto.equal(b"", b""), True),
    "equal lengths differ": (crypto.equal(b"", b"\0"), False),
    "open nothing": (secret.open(b"", secret.seal(b"", b"")), b""),
    "bits": (rsa.bits, 1024),
    "exponent": (rsa.exponent(), 65537),
    "modulus": (rsa.modulus(), sealed.RSA_MODULUS.to_bytes(128, "big")),
    "curve": (key.curve, P256),
    "more room than needed": (key.ecdh_into(key.public(), bytearray_(33)), 32),
}


@pytest.mark.parametrize("what", LIMITS)
def test_the_limits_themselves(chip: Remote, what: str) -> None:
    expression, expected = LIMITS[what]
    assert chip.run(expression) == expected


def test_a_view_bounds_what_is_written(chip: Remote) -> None:
    buffer = chip.keep(bytearray_(b"\xaa" * 40))
    window = part(memoryview_(buffer), 4, 36)
    sealed_hash = chip.run(chip.keep(secret).seal(b"x", HASH))
    assert chip.run(secret.open_into(b"x", sealed_hash, window)) == 32
    assert chip.run(buffer) == b"\xaa" * 4 + HASH + b"\xaa" * 4
    short = part(memoryview_(buffer), 4, 35)
    assert chip.outcome(secret.open_into(b"x", sealed_hash, short)) == "ValueError"


def test_a_failed_open_leaves_no_plaintext(chip: Remote) -> None:
    buffer = chip.keep(bytearray_(32))
    damaged = bytearray(sealed.seal(HASH))
    damaged[-1] ^= 1
    outcome = chip.outcome(secret.open_into(sealed.LABEL, bytes(damaged), buffer))
    assert outcome == "CryptoError(2)"
    assert chip.run(buffer) == bytes(32)
