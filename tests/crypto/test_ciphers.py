# SPDX-License-Identifier: GPL-2.0-or-later
"""AES in all its modes, ChaCha20-Poly1305 and CMAC against published vectors."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, replace

import pytest
from cryptography.hazmat.primitives.ciphers import Cipher as HostCipher
from cryptography.hazmat.primitives.ciphers import algorithms, modes

from tests.crypto import nist, wycheproof
from tests.crypto.conftest import Pick
from tests.crypto.selftest import Cipher, Operation, Refused, Result, SelfTest

KEY_BITS = [128, 192, 256]
KINDS = ["GFSbox", "KeySbox", "MMT", "VarKey", "VarTxt"]
FOLDERS = {
    Cipher.AES_ECB: ("ECB", "ECB"),
    Cipher.AES_CBC: ("CBC", "CBC"),
    Cipher.AES_OFB: ("OFB", "OFB"),
    Cipher.AES_CFB: ("CFB", "CFB128"),
}
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


@pytest.mark.parametrize("bits", KEY_BITS)
@pytest.mark.parametrize("cipher", FOLDERS)
def test_nist_blocks(target: SelfTest, cipher: Cipher, bits: int, pick: Pick):
    """CAVP: known S-box inputs, variable keys and texts, messages of many blocks."""
    folder, name = FOLDERS[cipher]
    for kind in KINDS:
        path = f"ciphers/AES/{folder}/{name}{kind}{bits}.rsp"
        found = list(nist.records(path, "KEY", "PLAINTEXT", "CIPHERTEXT"))
        assert len(found) >= 10
        for record in pick(found, 8):
            iv = record.hex("IV") if "IV" in record else b""
            plain, sealed = record.hex("PLAINTEXT"), record.hex("CIPHERTEXT")
            Use(cipher, record.hex("KEY"), iv).check(target, plain, sealed)


@pytest.mark.parametrize("bits", KEY_BITS)
def test_counter_mode(target: SelfTest, bits: int):
    """[RFC3686]."""
    found = list(nist.records(f"ciphers/AES/CTR/aes-{bits}-ctr.txt", "KEY", "CIPHERTEXT"))
    assert len(found) == 3
    for record in found:
        plain, sealed = record.hex("PLAINTEXT"), record.hex("CIPHERTEXT")
        Use(Cipher.AES_CTR, record.hex("KEY"), record.hex("IV")).check(target, plain, sealed)


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
def test_nist_gcm(target: SelfTest, bits: int, pick: Pick):
    """CAVP's decryption with tags of 128 bits: the valid ones also encrypted."""
    found = [
        record
        for record in nist.records(f"ciphers/AES/GCM/gcmDecrypt{bits}.rsp", "Key", "CT", "Tag")
        if len(record["Tag"]) == 32
    ]
    assert len(found) > 1000
    failures = 0
    for record in pick(found, 60):
        use = Use(Cipher.AES_GCM, record.hex("Key"), record.hex("IV"), record.hex("AAD"))
        sealed = record.hex("CT") + record.hex("Tag")
        if "PT" in record:
            use.check(target, record.hex("PT"), sealed)
        else:
            assert use.refusal(target, Operation.DECRYPT, sealed) == Result.AUTHENTICATION
            failures += 1
    assert failures > 10


def test_wycheproof_gcm(target: SelfTest, pick: Pick):
    """Also long nonces, counters that wrap, and nonces that are refused."""
    tests = [test for test in wycheproof.tests("aes_gcm") if test.group["tagSize"] == 128]
    for test in pick(tests, 120):
        names = ("key", "iv", "aad", "msg", "ct", "tag")
        key, iv, aad, msg, ct, tag = (bytes.fromhex(test.fields[name]) for name in names)
        use = Use(Cipher.AES_GCM, key, iv, aad)
        if test.fields["result"] == "invalid":
            expected = Result.AUTHENTICATION if iv else Result.ARGUMENT
            assert use.refusal(target, Operation.DECRYPT, ct + tag) == expected, test.number
        else:
            use.check(target, msg, ct + tag)


@pytest.mark.parametrize("bits", KEY_BITS)
def test_nist_ccm(target: SelfTest, bits: int, pick: Pick):
    """CAVP: associated data of 0..32 bytes and payloads of 0..24 bytes with tags of 16 bytes."""
    for kind in ("VADT", "VPT", "VNT"):
        key, nonce = b"", b""
        found = []
        path = f"ciphers/AES/CCM/{kind}{bits}.rsp"
        for record in nist.records(path):
            # A key, and a nonce but in VNT, hold for all records up to the next ones.
            key = record.hex("Key") if "Key" in record else key
            nonce = record.hex("Nonce") if "Nonce" in record else nonce
            if "CT" in record:
                found.append((key, nonce, record, record.section))
        assert len(found) > 50
        for key, nonce, record, section in pick(found, 20):
            payload, associated = record.hex("Payload"), record.hex("Adata")
            # What is empty is written as one zero byte.
            payload = b"" if section == "Plen = 0" else payload
            associated = b"" if section == "Alen = 0" else associated
            use = Use(Cipher.AES_CCM, key, nonce, associated)
            use.check(target, payload, record.hex("CT"))


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
def test_nist_xts(target: SelfTest, bits: int, pick: Pick):
    """CAVP, the data units of whole bytes: ciphertext stealing among them."""
    path = f"ciphers/AES/XTS/tweak-128hexstr/XTSGenAES{bits}.rsp"
    found = [
        record
        for record in nist.records(path, "Key", "PT", "CT")
        if int(record["DataUnitLen"]) % 8 == 0
    ]
    assert len(found) > 100
    for record in pick(found, 60):
        plain, sealed = record.hex("PT"), record.hex("CT")
        Use(Cipher.AES_XTS, record.hex("Key"), record.hex("i")).check(target, plain, sealed)


def test_xts_refuses_a_key_of_equal_halves(target: SelfTest):
    for operation in (Operation.ENCRYPT, Operation.DECRYPT):
        use = Use(Cipher.AES_XTS, bytes(range(16)) * 2, bytes(16))
        assert use.refusal(target, operation, bytes(32)) == Result.FAILED


def test_wycheproof_chacha20_poly1305(target: SelfTest, pick: Pick):
    for test in pick(list(wycheproof.tests("chacha20_poly1305")), 120):
        names = ("key", "iv", "aad", "msg", "ct", "tag")
        key, iv, aad, msg, ct, tag = (bytes.fromhex(test.fields[name]) for name in names)
        use = Use(Cipher.CHACHA20_POLY1305, key, iv, aad)
        if test.valid:
            use.check(target, msg, ct + tag)
        else:
            expected = Result.AUTHENTICATION if len(iv) == 12 else Result.ARGUMENT
            assert use.refusal(target, Operation.DECRYPT, ct + tag) == expected, test.number


def test_wycheproof_cmac(target: SelfTest, pick: Pick):
    for test in pick(list(wycheproof.tests("aes_cmac")), 120):
        key, msg = bytes.fromhex(test.fields["key"]), bytes.fromhex(test.fields["msg"])
        if test.group["keySize"] not in KEY_BITS:
            with pytest.raises(Refused) as refused:
                target.call(Operation.CMAC, 0, key, msg)
            assert refused.value.result == Result.ARGUMENT
            continue
        tag = target.one(Operation.CMAC, 0, key, msg).hex()
        odd = target.one(Operation.CMAC, 1, b"?" + key, b"?" + msg).hex()
        assert odd == tag
        assert (tag[: len(test.fields["tag"])] == test.fields["tag"]) == test.valid, test.number


@pytest.mark.parametrize("bits", KEY_BITS)
def test_nist_cmac(target: SelfTest, bits: int):
    """[SP800-38B] D."""
    found = list(nist.records(f"CMAC/nist-800-38b-aes{bits}.txt", "KEY", "OUTPUT"))
    assert len(found) == 4
    for record in found:
        tag = target.one(Operation.CMAC, 0, record.hex("KEY"), record.hex("MESSAGE"))
        assert tag == record.hex("OUTPUT")


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
