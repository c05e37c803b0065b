# SPDX-License-Identifier: GPL-2.0-or-later
"""Published known answers of AES in all its modes and of ChaCha20-Poly1305."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from tests.crypto import nist, wycheproof
from tests.crypto.selftest import Cipher
from tests.vector_counts import CAVP, RFC, WYCHEPROOF, VectorSet

KEY_BITS = (128, 192, 256)
TAG_BITS = 128
FOLDERS = {
    Cipher.AES_ECB: ("ECB", "ECB"),
    Cipher.AES_CBC: ("CBC", "CBC"),
    Cipher.AES_OFB: ("OFB", "OFB"),
    Cipher.AES_CFB: ("CFB", "CFB128"),
}
KINDS = ("GFSbox", "KeySbox", "MMT", "VarKey", "VarTxt")


@dataclass(frozen=True)
class CipherCase:
    """`sealed` is ciphertext and tag; `plain` is None where nothing may come out."""

    cipher: Cipher
    key: bytes
    iv: bytes
    associated: bytes
    plain: bytes | None
    sealed: bytes


CipherSet = VectorSet[CipherCase]


def name(cipher: Cipher) -> str:
    """As in the table: AES-GCM, ChaCha20-Poly1305."""
    if cipher is Cipher.CHACHA20_POLY1305:
        return "ChaCha20-Poly1305"
    return cipher.name.replace("_", "-")


@cache
def nist_blocks(cipher: Cipher, bits: int) -> list[CipherSet]:
    """Known S-box inputs, variable keys and texts, messages of many blocks."""
    folder, file = FOLDERS[cipher]
    sets = []
    for kind in KINDS:
        path = f"ciphers/AES/{folder}/{file}{kind}{bits}.rsp"
        cases = [
            CipherCase(
                cipher,
                record.hex("KEY"),
                record.hex("IV") if "IV" in record else b"",
                b"",
                record.hex("PLAINTEXT"),
                record.hex("CIPHERTEXT"),
            )
            for record in nist.records(path, "KEY", "PLAINTEXT", "CIPHERTEXT")
        ]
        sets.append(VectorSet(CAVP, name(cipher), f"{bits} bits, {kind}", cases))
    return sets


@cache
def counter_mode(bits: int) -> CipherSet:
    """[RFC3686]."""
    cases = [
        CipherCase(
            Cipher.AES_CTR,
            record.hex("KEY"),
            record.hex("IV"),
            b"",
            record.hex("PLAINTEXT"),
            record.hex("CIPHERTEXT"),
        )
        for record in nist.records(f"ciphers/AES/CTR/aes-{bits}-ctr.txt", "KEY", "CIPHERTEXT")
    ]
    return VectorSet(RFC, name(Cipher.AES_CTR), f"3686, {bits} bits", cases)


@cache
def nist_gcm(bits: int) -> CipherSet:
    """Decryption with tags of 128 bits, valid ones and others."""
    cases = [
        CipherCase(
            Cipher.AES_GCM,
            record.hex("Key"),
            record.hex("IV"),
            record.hex("AAD"),
            record.hex("PT") if "PT" in record else None,
            record.hex("CT") + record.hex("Tag"),
        )
        for record in nist.records(f"ciphers/AES/GCM/gcmDecrypt{bits}.rsp", "Key", "CT", "Tag")
        if 4 * len(record["Tag"]) == TAG_BITS
    ]
    return VectorSet(CAVP, name(Cipher.AES_GCM), f"{bits} bits", cases)


@cache
def nist_ccm(bits: int) -> list[CipherSet]:
    """Associated data of 0..32 bytes and payloads of 0..24 bytes with tags of 16 bytes."""
    sets = []
    for kind in ("VADT", "VPT", "VNT"):
        key, nonce, cases = b"", b"", []
        for record in nist.records(f"ciphers/AES/CCM/{kind}{bits}.rsp"):
            # A key, and a nonce but in VNT, hold for all records up to the next ones.
            key = record.hex("Key") if "Key" in record else key
            nonce = record.hex("Nonce") if "Nonce" in record else nonce
            if "CT" in record:
                # What is empty is written as one zero byte.
                associated = b"" if record.section == "Alen = 0" else record.hex("Adata")
                plain = b"" if record.section == "Plen = 0" else record.hex("Payload")
                sealed = record.hex("CT")
                cases.append(CipherCase(Cipher.AES_CCM, key, nonce, associated, plain, sealed))
        sets.append(VectorSet(CAVP, name(Cipher.AES_CCM), f"{bits} bits, {kind}", cases))
    return sets


@cache
def nist_xts(bits: int) -> CipherSet:
    """The data units of whole bytes: ciphertext stealing among them."""
    path = f"ciphers/AES/XTS/tweak-128hexstr/XTSGenAES{bits}.rsp"
    cases = [
        CipherCase(
            Cipher.AES_XTS,
            record.hex("Key"),
            record.hex("i"),
            b"",
            record.hex("PT"),
            record.hex("CT"),
        )
        for record in nist.records(path, "Key", "PT", "CT")
        if int(record["DataUnitLen"]) % 8 == 0
    ]
    return VectorSet(CAVP, name(Cipher.AES_XTS), f"{bits} bits", cases)


@cache
def wycheproof_aead(cipher: Cipher) -> CipherSet:
    """Of GCM also long nonces, counters that wrap, and nonces that are refused."""
    file = {Cipher.AES_GCM: "aes_gcm", Cipher.CHACHA20_POLY1305: "chacha20_poly1305"}[cipher]
    cases = []
    for test in wycheproof.tests(file):
        if test.group["tagSize"] == TAG_BITS:
            key, iv, associated, message = (
                bytes.fromhex(test.fields[n]) for n in ("key", "iv", "aad", "msg")
            )
            sealed = bytes.fromhex(test.fields["ct"] + test.fields["tag"])
            plain = None if test.fields["result"] == "invalid" else message
            cases.append(CipherCase(cipher, key, iv, associated, plain, sealed))
    return VectorSet(WYCHEPROOF, name(cipher), file, cases)


@cache
def wycheproof_cbc() -> CipherSet:
    """AES-CBC of what a host padded as PKCS#7; only the valid ones, as the mode checks none."""
    cases = []
    for test in wycheproof.tests("aes_cbc_pkcs5"):
        if test.valid:
            key, iv, message, sealed = (
                bytes.fromhex(test.fields[n]) for n in ("key", "iv", "msg", "ct")
            )
            count = 16 - len(message) % 16
            plain = message + bytes([count]) * count
            cases.append(CipherCase(Cipher.AES_CBC, key, iv, b"", plain, sealed))
    return VectorSet(WYCHEPROOF, name(Cipher.AES_CBC), "aes_cbc_pkcs5", cases)
