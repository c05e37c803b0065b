# SPDX-License-Identifier: GPL-2.0-or-later
"""Published known answers of hashes, HMAC, CMAC and key derivation."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

from tests.crypto import nist, wycheproof
from tests.crypto.selftest import Hash
from tests.vector_counts import CAVP, RFC, WYCHEPROOF, VectorSet

ITERATIONS_MAX = 10000


@dataclass(frozen=True)
class MacCase:
    """`tag` is what the MAC begins with; not so if the case is not `valid`."""

    key: bytes
    message: bytes
    tag: bytes
    valid: bool = True

    def judge(self, mac: bytes) -> bool:
        """Whether that is the MAC that the case asks for."""
        return (mac[: len(self.tag)] == self.tag) == self.valid


@dataclass(frozen=True)
class DerivationCase:
    """`key` is what is made of the rest; `iterations` are PBKDF2's."""

    secret: bytes
    salt: bytes
    info: bytes
    key: bytes
    iterations: int = 0


def _wycheproof(file: str, algorithm: str) -> VectorSet[MacCase]:
    cases = []
    for test in wycheproof.tests(file):
        key, message, tag = (bytes.fromhex(test.fields[name]) for name in ("key", "msg", "tag"))
        cases.append(MacCase(key, message, tag, test.valid))
    return VectorSet(WYCHEPROOF, algorithm, file, cases)


@cache
def wycheproof_hmac(hash_: Hash) -> VectorSet[MacCase]:
    """Not of SHA-1; keys of 128 bits to more than a block, whole tags and short ones."""
    return _wycheproof(f"hmac_{hash_.name.lower()}", "HMAC")


@cache
def rfc_hmac(hash_: Hash) -> VectorSet[MacCase]:
    """[RFC2202], [RFC4231]."""
    rfc = "2202" if hash_ is Hash.SHA1 else "4231"
    path = f"HMAC/rfc-{rfc}-{hash_.name.lower()}.txt"
    cases = [
        MacCase(record.hex("Key"), record.hex("Msg"), record.hex("MD"))
        for record in nist.records(path, "Key", "Msg", "MD")
    ]
    return VectorSet(RFC, "HMAC", f"{rfc}, {hash_.name}", cases)


@cache
def wycheproof_cmac() -> VectorSet[MacCase]:
    """Of AES; among them keys of lengths that AES does not have."""
    return _wycheproof("aes_cmac", "AES-CMAC")


@cache
def nist_cmac(bits: int) -> VectorSet[MacCase]:
    """[SP800-38B] D."""
    cases = [
        MacCase(record.hex("KEY"), record.hex("MESSAGE"), record.hex("OUTPUT"))
        for record in nist.records(f"CMAC/nist-800-38b-aes{bits}.txt", "KEY", "OUTPUT")
    ]
    return VectorSet("NIST SP 800-38B", "AES-CMAC", f"{bits} bits", cases)


KINDS = ("Short", "Long")


@cache
def nist_digest(hash_: Hash, kind: str) -> VectorSet[MacCase]:
    """Hashes of messages of 0 bytes to 50 blocks: MACs without a key."""
    folder = "SHA1" if hash_ is Hash.SHA1 else "SHA2"
    cases = [
        MacCase(b"", record.hex("Msg")[: int(record["Len"]) // 8], record.hex("MD"))
        for record in nist.records(f"hashes/{folder}/{hash_.name}{kind}Msg.rsp", "Len", "Msg", "MD")
    ]
    return VectorSet(CAVP, hash_.name.replace("SHA", "SHA-"), f"{kind} messages", cases)


@cache
def hkdf(hash_: Hash) -> VectorSet[DerivationCase]:
    """[RFC5869] A, of SHA-1 and SHA-256."""
    path = f"KDF/rfc-5869-HKDF-{hash_.name}.txt"
    cases = [
        DerivationCase(
            record.hex("IKM"),
            record.hex("salt") if "salt" in record else b"",
            record.hex("info") if "info" in record else b"",
            record.hex("OKM"),
        )
        for record in nist.records(path, "IKM", "OKM", cut=nist.FROM_COUNT_TO_COUNT)
    ]
    return VectorSet(RFC, "HKDF", f"5869, {hash_.name}", cases)


@cache
def pbkdf2_sha1() -> VectorSet[DerivationCase]:
    """[RFC6070], but for the one of 16,777,216 iterations."""
    path = "KDF/rfc-6070-PBKDF2-SHA1.txt"
    cases = []
    for record in nist.records(path, "PASSWORD", "DERIVED_KEY", cut=nist.FROM_COUNT_TO_COUNT):
        password, salt = (record[n].replace("\\0", "\0").encode() for n in ("PASSWORD", "SALT"))
        iterations, key = int(record["ITERATIONS"]), record.hex("DERIVED_KEY")
        if iterations < ITERATIONS_MAX:
            cases.append(DerivationCase(password, salt, b"", key, iterations))
    return VectorSet(RFC, "PBKDF2", "6070, SHA1", cases)


@cache
def x963(hash_: Hash) -> VectorSet[DerivationCase]:
    """ANS X9.63-2001."""
    sections = re.split(r"(?m)^\[(SHA-\d+)\]", nist.text("KDF/ansx963_2001.txt"))
    wanted = hash_.name.replace("SHA", "SHA-")
    body = "".join(
        body for name, body in zip(sections[1::2], sections[2::2], strict=True) if name == wanted
    )
    columns = [
        [bytes.fromhex(value) for value in re.findall(rf"(?m)^{name} = (\w*)\s*$", body)]
        for name in ("Z", "SharedInfo", "key_data")
    ]
    cases = [
        DerivationCase(secret, b"", info, key) for secret, info, key in zip(*columns, strict=True)
    ]
    return VectorSet(CAVP, "X9.63 KDF", hash_.name, cases)
