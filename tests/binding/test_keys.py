# SPDX-License-Identifier: GPL-2.0-or-later
"""Keys of every kind, called from Python in the chip, against the twin."""

from __future__ import annotations

from typing import Any

import pytest

from tests.binding import sealed
from tests.binding.remote import Expression, Remote, bytearray_, crypto, item, memoryview_, part
from tests.crypto.selftest import Cipher, Curve, EdwardsCurve, Hash
from tests.crypto.twin import Handle, hsm_crypto, rsa_key

ROOT = hsm_crypto.Secret.from_bytes(sealed.ROOT)
ROOM = 2000
IV_BYTES = {Cipher.AES_ECB: 0, Cipher.CHACHA20_POLY1305: 12, Cipher.AES_GCM: 12, Cipher.AES_CCM: 12}
DATA = bytes(range(48))
LABEL = sealed.LABEL

root = crypto.Secret.from_bytes(sealed.ROOT)


def same(key: Handle) -> Expression:
    """The twin's key in the chip."""
    return root.open_object(LABEL, ROOT.seal_object(LABEL, key))


def into(chip: Remote, function: Expression, *arguments: Any, **keywords: Any) -> bytes:
    """What a function with a buffer as its last positional argument writes there."""
    buffer = chip.keep(bytearray_(ROOM))
    length = chip.run(function(*arguments, buffer, **keywords))
    return chip.run(buffer)[:length]


def twin_into(function: Any, *arguments: Any, **keywords: Any) -> bytes:
    buffer = bytearray(ROOM)
    return bytes(buffer[: function(*arguments, buffer, **keywords)])


def check(chip: Remote, mine: Expression, its: Any, name: str, *arguments: Any) -> bytes:
    """One `_into` method of both."""
    result = into(chip, getattr(mine, name), *arguments)
    assert result == twin_into(getattr(its, name), *arguments), name
    return result


@pytest.mark.parametrize("cipher", Cipher)
def test_ciphers(chip: Remote, cipher: Cipher) -> None:
    its = hsm_crypto.AesKey._from_bytes(bytes(range(32)))
    key = chip.keep(same(its))
    aead = cipher in (Cipher.AES_GCM, Cipher.AES_CCM, Cipher.CHACHA20_POLY1305)
    keywords = {"iv": bytes(range(IV_BYTES.get(cipher, 16)))}
    keywords |= {"associated_data": b"header"} if aead else {}
    made = into(chip, key.encrypt_into, cipher, DATA, **keywords)
    assert made == twin_into(its.encrypt_into, cipher, DATA, **keywords)
    assert into(chip, key.decrypt_into, cipher, made, **keywords) == DATA
    if aead:
        buffer = chip.keep(bytearray_(64))
        forged = bytes([made[0] ^ 1]) + made[1:]
        call = key.decrypt_into(cipher, forged, buffer, **keywords)
        assert chip.outcome(call) == "CryptoError(2)"
        assert chip.run(buffer) == bytes(64)
        assert chip.outcome(key.decrypt_into(cipher, b"short", buffer)) == "CryptoError(2)"


def test_macs_and_derivation(chip: Remote) -> None:
    its = hsm_crypto.AesKey._from_bytes(bytes(range(24)))
    key = chip.keep(same(its))
    assert chip.run(key.bits) == 192
    assert chip.run(key.cmac(b"a", DATA)) == its.cmac(b"a", DATA)
    assert chip.run(key.cmac()) == its.cmac()
    for hash_ in Hash:
        assert chip.run(key.hmac(hash_, DATA, b"b")) == its.hmac(hash_, DATA, b"b")
        check(chip, key, its, "hkdf_into", hash_, b"salt", b"info", 100)
        check(chip, key, its, "hkdf_into", hash_, b"", b"", 10)
        check(chip, key, its, "pbkdf2_into", hash_, b"salt", 3, 100)
        check(chip, key, its, "x963_into", hash_, b"info", 100)
    pbes2 = (Hash.SHA256, b"salt", 3, 256, bytes(range(16)))
    made = check(chip, key, its, "pbes2_encrypt_into", *pbes2, b"plain")
    assert into(chip, key.pbes2_decrypt_into, *pbes2, made) == b"plain"
    wrong = key.pbes2_decrypt_into(*pbes2, bytes(16), bytearray_(16))
    assert chip.outcome(wrong) == "CryptoError(2)"


@pytest.mark.parametrize("curve", EdwardsCurve)
def test_edwards_and_montgomery_keys(chip: Remote, curve: EdwardsCurve) -> None:
    if curve.name.startswith("ED"):
        its = hsm_crypto.EdwardsKey.generate(curve)
        key = chip.keep(same(its))
        assert chip.run(key.sign(DATA)) == its.sign(DATA)
        fresh = chip.keep(crypto.EdwardsKey.generate(curve))
    else:
        its, peer = (hsm_crypto.MontgomeryKey.generate(curve) for _ in range(2))
        key = chip.keep(same(its))
        check(chip, key, its, "ecdh_into", peer.public())
        fresh = chip.keep(crypto.MontgomeryKey.generate(curve))
        for public in (bytes(len(peer.public())), peer.public()[:-1]):
            assert chip.outcome(key.ecdh_into(public, bytearray_(64))) == "CryptoError(5)"
    assert chip.run(key.public()) == its.public()
    assert chip.run(key.curve) == chip.run(fresh.curve) == curve
    assert chip.run(fresh.public()) != its.public()


def test_agreement_and_derivation(chip: Remote) -> None:
    its, peer = (hsm_crypto.EcKey.generate(Curve.SECP256R1) for _ in range(2))
    key = chip.keep(same(its))
    point = peer.public()
    assert chip.run(key.agree(point).mac(b"m")) == its.agree(point).mac(b"m")
    assert chip.outcome(key.agree(point[:-1])) == "CryptoError(5)"
    assert chip.outcome(key.agree(point[:-1] + b"?")) == "CryptoError(5)"
    assert chip.run(key.derive(b"\x05").public()) == its.derive(b"\x05").public()
    minus = 2**256 - its._content  # n - d, and what n is short of 2**256
    order = int.from_bytes(hsm_crypto.curve_parameters(Curve.SECP256R1)[4], "big")
    zero = (minus - 2**256 + order).to_bytes(32, "big")
    assert chip.outcome(key.derive(zero)) == "CryptoError(1)"


def test_secure_channel(chip: Remote) -> None:
    its, peer = (hsm_crypto.EcKey.generate(Curve.SECP256R1) for _ in range(2))
    twin = its.secure_channel(peer.public(), bytes(8))
    channel = chip.keep(same(its).secure_channel(peer.public(), bytes(8)))
    assert chip.run(channel.token(DATA)) == twin.token(DATA)
    for _ in range(2):
        chip.run(channel.advance())
        twin.advance()
        tag = twin.mac(b"a", DATA)
        assert chip.run(channel.mac(b"a", DATA)) == tag
        assert chip.run(channel.mac_matches(tag, b"a", DATA)) is True
        assert chip.run(channel.mac_matches(tag, b"b", DATA)) is False
        made = check(chip, channel, twin, "encrypt_into", DATA)
        assert into(chip, channel.decrypt_into, made) == DATA
    assert chip.outcome(channel.decrypt_into(bytes(16), bytearray_(16))) == "CryptoError(2)"
    assert chip.outcome(channel.mac(*[b""] * 9)) == "ValueError"
    assert chip.outcome(channel.mac_matches(bytes(7))) == "ValueError"


def test_rsa(chip: Remote) -> None:
    its = rsa_key(sealed.RSA_P, sealed.RSA_Q, sealed.RSA_EXPONENT)
    key, n = chip.keep(same(its)), its.modulus()
    block = b"\x00\x02" + b"\x01" * 20 + b"\x00message"
    block = block.rjust(128, b"\x01") if len(block) > 128 else block + b"\x02" * (128 - len(block))
    cryptogram = pow(int.from_bytes(block, "big"), 65537, sealed.RSA_MODULUS).to_bytes(128, "big")
    check(chip, key, its, "decrypt_pkcs1_into", cryptogram)
    for call in (
        key.decrypt_pkcs1_into(bytes(128), bytearray_(128)),
        key.decrypt_oaep_into(Hash.SHA256, cryptogram, bytearray_(128)),
        key.decrypt_pkcs1_into(b"\xff" * 128, bytearray_(128)),
    ):
        assert chip.outcome(call) == "CryptoError(2)"
    digest = bytes(range(32))
    for sign, verify in (
        (its.sign_pkcs1, crypto.rsa_verify_pkcs1),
        (its.sign_pss, crypto.rsa_verify_pss),
    ):
        signature = sign(Hash.SHA256, digest)
        assert chip.run(verify(n, 65537, Hash.SHA256, digest, signature)) is True
        assert chip.run(verify(n, 65537, Hash.SHA256, bytes(32), signature)) is False


KEYS = {
    "EC": lambda: hsm_crypto.EcKey.generate(Curve.SECP256R1),
    "Edwards": lambda: hsm_crypto.EdwardsKey.generate(EdwardsCurve.ED25519),
    "Montgomery": lambda: hsm_crypto.MontgomeryKey.generate(EdwardsCurve.X448),
    "AES": lambda: hsm_crypto.AesKey.generate(512),
    "RSA": lambda: rsa_key(sealed.RSA_P, sealed.RSA_Q, sealed.RSA_EXPONENT),
}


@pytest.mark.parametrize("kind", KEYS)
def test_wrapping(chip: Remote, kind: str) -> None:
    """From the chip to the twin and back."""
    its = KEYS[kind]()
    dkek = chip.keep(root)
    blob = into(chip, dkek.wrap_into, same(its), b"\x10\x11")
    again, algorithms = ROOT.unwrap(blob)
    form = ROOT.seal_object(LABEL, its)
    assert ROOT.seal_object(LABEL, again) == form and algorithms == b"\x10\x11"
    opened = chip.keep(dkek.unwrap(twin_into(ROOT.wrap_into, its, b"\x99")))
    assert chip.run(item(opened, 1)) == b"\x99"
    assert chip.run(root.seal_object(LABEL, item(opened, 0))) == form
    assert chip.outcome(dkek.unwrap(blob[:-1] + bytes([blob[-1] ^ 1]))) == "CryptoError(2)"
    assert chip.outcome(dkek.unwrap(b"")) == "CryptoError(2)"


@pytest.mark.parametrize("scheme", [1, 2])
def test_trees_on_curves(chip: Remote, scheme: int) -> None:
    twin = hsm_crypto.HdNode.from_seed(scheme, DATA).child(2**31).child(7)
    node = chip.keep(crypto.HdNode.from_seed(scheme, DATA).child(2**31).child(7))
    assert chip.run(node.public()) == twin.public()
    assert chip.run(node.key().public()) == twin.key().public()
    assert chip.run(node.scheme) == scheme
    assert chip.run(same(twin).public()) == twin.public()
    assert chip.outcome(node.labelled_child(b"a")) == "ValueError"
    assert chip.outcome(node.encrypt_into(b"", DATA, bytearray_(48))) == "ValueError"


def test_symmetric_trees(chip: Remote) -> None:
    twin = hsm_crypto.HdNode.from_seed(3, DATA).labelled_child(b"a")
    node = chip.keep(crypto.HdNode.from_seed(3, DATA).labelled_child(b"a"))
    assert chip.run(node.public()) == twin.public()
    made = check(chip, node, twin, "encrypt_into", b"label", DATA)
    assert into(chip, node.decrypt_into, b"label", made) == DATA
    other = into(chip, node.encrypt_into, b"label", DATA, iv=bytes(16))
    assert other == twin_into(twin.encrypt_into, b"label", DATA, iv=bytes(16)) != made
    assert chip.outcome(node.child(0)) == "ValueError"
    assert chip.outcome(node.key()) == "ValueError"
    first, second = (chip.run(crypto.HdNode.generate(3).public()) for _ in range(2))
    assert first != second


def test_a_secret_that_a_host_sealed(chip: Remote) -> None:
    session = bytes(range(44))
    session_key = hsm_crypto.AesKey._from_bytes(session[12:])
    made = twin_into(
        session_key.encrypt_into,
        Cipher.CHACHA20_POLY1305,
        bytes(32),
        iv=session[:12],
        associated_data=b"host",
    )
    secret = crypto.Secret.from_bytes(session)
    expected = hsm_crypto.Secret.from_bytes(bytes(32)).mac()
    assert chip.run(secret.open_secret(b"host", made).mac()) == expected
    assert chip.outcome(secret.open_secret(b"hose", made)) == "CryptoError(2)"


@pytest.mark.parametrize("curve", [*Curve, *EdwardsCurve])
def test_curves(chip: Remote, curve: int) -> None:
    parameters = chip.run(crypto.curve_parameters(curve))
    assert parameters == hsm_crypto.curve_parameters(curve)
    generator = parameters[3]
    assert chip.run(crypto.curve_from_prime(parameters[0], generator)) == curve
    assert chip.run(crypto.curve_from_prime(parameters[0], generator=generator)) == curve


def test_what_is_written_is_apart_from_what_is_read(chip: Remote) -> None:
    """A buffer that overlaps data, by one byte too."""
    key = chip.keep(same(hsm_crypto.AesKey._from_bytes(bytes(range(16)))))
    buffer = chip.keep(bytearray_(64))
    view = memoryview_(buffer)
    iv = bytes(16)
    whole, low, high = part(view, 0, 64), part(view, 0, 33), part(view, 32, 64)
    for data, out in ((whole, whole), (part(view, 0, 32), part(view, 31, 63)), (high, low)):
        assert chip.outcome(key.encrypt_into(Cipher.AES_CBC, data, out, iv)) == "ValueError"
    assert chip.run(key.encrypt_into(Cipher.AES_CBC, part(view, 0, 32), high, iv)) == 32


def test_keys_are_wiped_like_others(chip: Remote) -> None:
    for kind in KEYS.values():
        key = chip.keep(same(kind()))
        chip.run(key.wipe())
        assert chip.outcome(root.seal_object(LABEL, key)) == "ValueError"
        chip.run(key.wipe())
    chip.drop_all()
    before = chip.pool_used_bytes()
    for kind in KEYS.values():
        chip.keep(same(kind()))
    assert chip.pool_used_bytes() > before
    chip.drop_all()
    assert chip.pool_used_bytes() == before


@pytest.mark.parametrize("curve", EdwardsCurve)
def test_a_key_that_changed_in_memory_is_a_fault(chip: Remote, curve: EdwardsCurve) -> None:
    """With another public key in the hash, two EdDSA signatures would give the key away."""
    kind = hsm_crypto.EdwardsKey if curve.name.startswith("ED") else hsm_crypto.MontgomeryKey
    its = kind.generate(curve)
    key = chip.keep(same(its))
    public = its.public()
    chip.change_pool(public)
    call = key.sign(DATA) if curve.name.startswith("ED") else key.ecdh_into(public, bytearray_(56))
    assert chip.outcome(call) == "CryptoError(6)"
