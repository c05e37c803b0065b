# SPDX-License-Identifier: GPL-2.0-or-later
"""AES in all its modes, ChaCha20-Poly1305 and CMAC against published vectors."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, replace

import pytest
from cryptography.hazmat.primitives.ciphers import Cipher as HostCipher
from cryptography.hazmat.primitives.ciphers import algorithms, modes

from tests.crypto import cipher_cases, mac_cases
from tests.crypto.cipher_cases import CipherCase
from tests.crypto.selftest import Cipher, Operation, Refused, Result, SelfTest
from tests.vector_counts import Taker

KEY_BITS = [128, 192, 256]
AEAD = [Cipher.AES_GCM, Cipher.AES_CCM, Cipher.CHACHA20_POLY1305]
BLOCK = 16
IV_BYTES = {Cipher.AES_ECB: 0, Cipher.AES_CCM: 13, Cipher.CHACHA20_POLY1305: 12}


@dataclass(frozen=True)
class Use:
    """What a cipher is used with; bytes at an address that is `skip` behind a multiple of 4."""

    cipher: Cipher | int
    key: bytes
    iv: bytes = b""
    associated: bytes = b""
    skip: int = 0

    def run(self, target: SelfTest, operation: Operation, data: bytes) -> bytes:
        """Refused."""
        before = bytes(self.skip)
        parts = (before + part for part in (self.key, self.iv, self.associated, data))
        return target.one(operation, self.cipher, self.skip, *parts)[self.skip :]

    def refusal(self, target: SelfTest, operation: Operation, data: bytes) -> Result | int:
        """The result of what must not succeed."""
        with pytest.raises(Refused) as refused:
            self.run(target, operation, data)
        return refused.value.result

    def check(self, target: SelfTest, plain: bytes, sealed: bytes) -> None:
        """Both directions."""
        assert self.run(target, Operation.ENCRYPT, plain) == sealed
        assert self.run(target, Operation.DECRYPT, sealed) == plain


def check(target: SelfTest, case: CipherCase) -> None:
    """Both directions, or a refusal: of the tag, or of a nonce that the cipher does not take."""
    use = Use(case.cipher, case.key, case.iv, case.associated)
    if case.plain is not None:
        use.check(target, case.plain, case.sealed)
        return
    nonces = range(12, 13) if case.cipher is Cipher.CHACHA20_POLY1305 else range(1, 513)
    expected = Result.AUTHENTICATION if len(case.iv) in nonces else Result.ARGUMENT
    assert use.refusal(target, Operation.DECRYPT, case.sealed) == expected, case


@pytest.mark.parametrize("bits", KEY_BITS)
@pytest.mark.parametrize("cipher", cipher_cases.FOLDERS)
def test_nist_blocks(target: SelfTest, cipher: Cipher, bits: int, vectors: Taker):
    for kind in cipher_cases.nist_blocks(cipher, bits):
        for case in vectors.take(kind, 8):
            check(target, case)


@pytest.mark.parametrize("bits", KEY_BITS)
def test_counter_mode(target: SelfTest, bits: int, vectors: Taker):
    for case in vectors.take(cipher_cases.counter_mode(bits)):
        check(target, case)


def test_wycheproof_cbc(target: SelfTest, vectors: Taker):
    for case in vectors.take(cipher_cases.wycheproof_cbc()):
        check(target, case)


def iv_bytes(cipher: Cipher) -> int:
    return IV_BYTES.get(cipher, 12 if cipher in AEAD else BLOCK)


def keystream_mode(cipher: Cipher, key: bytes, iv: bytes, plain: bytes) -> bytes:
    """[SP800-38A] 6.3 to 6.5 with full blocks, on the host's ECB."""
    block, sealed = iv, b""
    for start in range(0, len(plain), BLOCK):
        encryptor = HostCipher(algorithms.AES(key), modes.ECB()).encryptor()
        stream = encryptor.update(block)
        part = bytes(a ^ b for a, b in zip(plain[start:], stream, strict=False))
        sealed += part
        counter = (int.from_bytes(block, "big") + 1) % (1 << 128)
        following = {Cipher.AES_OFB: stream, Cipher.AES_CFB: part, Cipher.AES_CTR: None}[cipher]
        block = counter.to_bytes(BLOCK, "big") if following is None else following
    return sealed


@pytest.mark.parametrize("cipher", [Cipher.AES_OFB, Cipher.AES_CFB, Cipher.AES_CTR])
def test_lengths_that_are_no_multiple_of_a_block(target: SelfTest, cipher: Cipher):
    """NIST's files hold whole blocks; the counter wraps here, too."""
    key, iv = bytes(range(32)), b"\xff" * BLOCK
    for length in (0, 1, 15, 17, 31, 33, 100):
        plain = bytes(range(length))
        Use(cipher, key, iv).check(target, plain, keystream_mode(cipher, key, iv, plain))


@pytest.mark.parametrize("bits", KEY_BITS)
def test_nist_gcm(target: SelfTest, bits: int, vectors: Taker):
    cases = vectors.take(cipher_cases.nist_gcm(bits), 60)
    assert sum(case.plain is None for case in cases) > 10
    for case in cases:
        check(target, case)


@pytest.mark.parametrize("cipher", [Cipher.AES_GCM, Cipher.CHACHA20_POLY1305])
def test_wycheproof(target: SelfTest, cipher: Cipher, vectors: Taker):
    for case in vectors.take(cipher_cases.wycheproof_aead(cipher), 120):
        check(target, case)


@pytest.mark.parametrize("bits", KEY_BITS)
def test_nist_ccm(target: SelfTest, bits: int, vectors: Taker):
    for kind in cipher_cases.nist_ccm(bits):
        for case in vectors.take(kind, 20):
            check(target, case)


@pytest.mark.parametrize("cipher", AEAD)
def test_what_was_changed_is_not_authentic(target: SelfTest, cipher: Cipher):
    use = Use(cipher, bytes(range(32)), bytes(range(iv_bytes(cipher))), b"header")
    plain = bytes(range(40))
    sealed = use.run(target, Operation.ENCRYPT, plain)
    assert len(sealed) == len(plain) + 16
    for index in (0, 39, 40, 55):
        changed = bytearray(sealed)
        changed[index] ^= 0x80
        assert use.refusal(target, Operation.DECRYPT, bytes(changed)) == Result.AUTHENTICATION
    other = replace(use, associated=b"Header")
    assert other.refusal(target, Operation.DECRYPT, sealed) == Result.AUTHENTICATION
    assert use.refusal(target, Operation.DECRYPT, sealed[:15]) == Result.ARGUMENT


@pytest.mark.parametrize("cipher", Cipher)
@pytest.mark.parametrize("skip", [1, 2, 3])
def test_bytes_at_odd_addresses(target: SelfTest, cipher: Cipher, skip: int):
    """QEMU's processor faults, as the chip does, where code takes several words from such a one."""
    associated = bytes(range(21)) if cipher in AEAD else b""
    use = Use(cipher, bytes(range(32)), bytes(range(iv_bytes(cipher))), associated)
    for length in (16, 32, 96):
        sealed = use.run(target, Operation.ENCRYPT, bytes(range(length)))
        replace(use, skip=skip).check(target, bytes(range(length)), sealed)


@pytest.mark.parametrize("bits", [128, 256])
def test_nist_xts(target: SelfTest, bits: int, vectors: Taker):
    for case in vectors.take(cipher_cases.nist_xts(bits), 60):
        check(target, case)


def test_xts_refuses_a_key_of_equal_halves(target: SelfTest):
    for operation in (Operation.ENCRYPT, Operation.DECRYPT):
        use = Use(Cipher.AES_XTS, bytes(range(16)) * 2, bytes(16))
        assert use.refusal(target, operation, bytes(32)) == Result.FAILED


def test_wycheproof_cmac(target: SelfTest, vectors: Taker):
    for case in vectors.take(mac_cases.wycheproof_cmac(), 120):
        if 8 * len(case.key) not in KEY_BITS:
            with pytest.raises(Refused) as refused:
                target.call(Operation.CMAC, 0, case.key, case.message)
            assert refused.value.result == Result.ARGUMENT
            continue
        tag = target.one(Operation.CMAC, 0, case.key, case.message)
        odd = target.one(Operation.CMAC, 1, b"?" + case.key, b"?" + case.message)
        assert odd == tag and case.judge(tag), case


@pytest.mark.parametrize("bits", KEY_BITS)
def test_nist_cmac(target: SelfTest, bits: int, vectors: Taker):
    for case in vectors.take(mac_cases.nist_cmac(bits)):
        assert case.judge(target.one(Operation.CMAC, 0, case.key, case.message)), case


def test_keys_that_do_not_suit(target: SelfTest):
    keys = {Cipher.AES_XTS: (32, 64), Cipher.CHACHA20_POLY1305: (32,)}
    for cipher, length in itertools.product(Cipher, (0, 15, 16, 17, 24, 31, 32, 33, 48, 64)):
        use = Use(cipher, bytes(range(length)), bytes(iv_bytes(cipher)))
        if length in keys.get(cipher, (16, 24, 32)):
            use.run(target, Operation.ENCRYPT, bytes(16))
        else:
            assert use.refusal(target, Operation.ENCRYPT, bytes(16)) == Result.ARGUMENT


def test_other_arguments_that_do_not_suit(target: SelfTest):
    """IVs, data and associated data: the result is ARGUMENT."""
    wrong = {Cipher.AES_ECB: (1, 16), Cipher.AES_GCM: (0, 513), Cipher.AES_CCM: (6, 14)}
    uses = []
    for cipher in Cipher:
        good = Use(cipher, bytes(range(32)), bytes(iv_bytes(cipher)))
        lengths = wrong.get(cipher, (len(good.iv) - 1, len(good.iv) + 1))
        uses += [(replace(good, iv=bytes(length)), 16) for length in lengths]
        uses += [(replace(good, cipher=number), 16) for number in (0, 10, 255)]
        if cipher in (Cipher.AES_ECB, Cipher.AES_CBC):
            uses += [(good, 15), (good, 17)]
        if cipher is Cipher.AES_XTS:
            uses.append((good, 15))
        if cipher not in AEAD:
            uses.append((replace(good, associated=b"a"), 16))
    for use, length in uses:
        assert use.refusal(target, Operation.ENCRYPT, bytes(length)) == Result.ARGUMENT, use
