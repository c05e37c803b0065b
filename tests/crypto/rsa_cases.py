# SPDX-License-Identifier: GPL-2.0-or-later
"""Published RSA keys, and known answers of decryption and signatures."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from tests.crypto import nist, wycheproof
from tests.crypto.selftest import Hash, Part
from tests.vector_counts import CAVP, LABORATORIES, WYCHEPROOF, VectorSet

SIZES = (1024, 1536, 2048, 3072, 4096)
# What the card takes as a public exponent of a private key of so many bits.
EXPONENT_MAX = 2**31 - 1
OAEP = (
    "rsa_oaep_2048_sha1_mgf1sha1",
    "rsa_oaep_2048_sha256_mgf1sha256",
    "rsa_oaep_2048_sha384_mgf1sha384",
    "rsa_oaep_2048_sha512_mgf1sha512",
    "rsa_oaep_3072_sha256_mgf1sha256",
    "rsa_oaep_3072_sha512_mgf1sha512",
    "rsa_oaep_4096_sha256_mgf1sha256",
    "rsa_oaep_4096_sha512_mgf1sha512",
)
# Those whose salt is as long as the hash: the card makes and takes no others.
PSS = (
    "rsa_pss_2048_sha1_mgf1_20",
    "rsa_pss_2048_sha256_mgf1_32",
    "rsa_pss_3072_sha256_mgf1_32",
    "rsa_pss_4096_sha256_mgf1_32",
)
SIGNATURES = (
    "rsa_signature_2048_sha224",
    "rsa_signature_2048_sha256",
    "rsa_signature_2048_sha512",
    "rsa_signature_3072_sha256",
    "rsa_signature_3072_sha384",
    "rsa_signature_3072_sha512",
    "rsa_signature_4096_sha384",
    "rsa_signature_4096_sha512",
)


@dataclass(frozen=True)
class Key:
    """A private key as the requests carry it."""

    bits: int
    e: int
    p: int
    q: int

    @property
    def n(self) -> int:
        """The modulus."""
        return self.p * self.q

    @property
    def d(self) -> int:
        """A private exponent."""
        return pow(self.e, -1, math.lcm(self.p - 1, self.q - 1))

    @property
    def parts(self) -> tuple[Part, ...]:
        """What begins every request that uses the key."""
        length = self.bits // 16
        return self.bits, self.e, self.p.to_bytes(length, "big"), self.q.to_bytes(length, "big")

    def block(self, number: int) -> bytes:
        """A number of the modulus's length."""
        return number.to_bytes(self.bits // 8, "big")


@dataclass(frozen=True)
class DecryptionCase:
    """`hash_` of OAEP, None: PKCS#1 v1.5. `message` is None where nothing may come out."""

    key: Key
    hash_: Hash | None
    cryptogram: bytes
    message: bytes | None


@dataclass(frozen=True)
class SignatureCase:
    """What a key signs, and the signature; with the salt that PSS took."""

    key: Key
    hash_: Hash
    message: bytes
    signature: bytes
    salt: bytes = b""


@dataclass(frozen=True)
class VerificationCase:
    """A signature that is `valid` or not."""

    n: bytes
    e: int
    hash_: Hash
    message: bytes
    signature: bytes
    valid: bool
    comment: str = ""


def published_keys(bits: int) -> list[Key]:
    """Keys of CAVP's KeyGen (X9.31) that the core takes: from 2048 bits on with e >= 65537."""
    keys = []
    for record in nist.records("asymmetric/RSA/FIPS_186-2/KeyGenRSA.rsp", "e", "p", "q", "n"):
        key = Key(bits, *(int(record[name], 16) for name in ("e", "p", "q")))
        if key.n.bit_length() == bits and (bits < 2048 or key.e >= 65537):
            assert key.n == int(record["n"], 16)
            keys.append(key)
    return keys


@cache
def key_set(bits: int) -> VectorSet[Key]:
    """The same, to be counted."""
    return VectorSet(CAVP, "RSA keys", f"{bits} bits", published_keys(bits))


# --- RSA Laboratories -----------------------------------------------------------------------------


def _laboratories(path: str) -> Iterator[tuple[Key, list[dict[str, bytes]]]]:
    """The keys of the core's sizes, with their examples."""
    for fields, examples in nist.rsa_examples(path):
        e, p, q = (
            int.from_bytes(fields[name], "big")
            for name in ("Public exponent", "Prime 1", "Prime 2")
        )
        if (p * q).bit_length() in SIZES:
            yield Key((p * q).bit_length(), e, p, q), examples


@cache
def laboratories_pkcs1(bits: int) -> VectorSet[SignatureCase]:
    """Signatures with SHA-1."""
    cases = [
        SignatureCase(key, Hash.SHA1, example["Message to be signed"], example["Signature"])
        for key, examples in _laboratories("asymmetric/RSA/pkcs1v15sign-vectors.txt")
        for example in examples
        if key.bits == bits
    ]
    return VectorSet(LABORATORIES, "RSA PKCS#1 v1.5 signing", f"{bits} bits", cases)


@cache
def laboratories_pss(bits: int) -> VectorSet[SignatureCase]:
    """Signatures with SHA-1 and a given salt."""
    path = "asymmetric/RSA/pkcs-1v2-1d2-vec/pss-vect.txt"
    cases = [
        SignatureCase(
            key, Hash.SHA1, example["Message to be signed"], example["Signature"], example["Salt"]
        )
        for key, examples in _laboratories(path)
        for example in examples
        if key.bits == bits
    ]
    return VectorSet(LABORATORIES, "RSA PSS signing", f"{bits} bits", cases)


@cache
def laboratories_decryption(bits: int, hash_: Hash | None) -> VectorSet[DecryptionCase]:
    """PKCS#1 v1.5, or OAEP; the latter with SHA-2 is derived from the one with SHA-1."""
    if hash_ is None:
        path, algorithm = "asymmetric/RSA/pkcs1v15crypt-vectors.txt", "RSA PKCS#1 v1.5 decryption"
        detail = f"{bits} bits"
    else:
        name = hash_.name.lower()
        path = f"asymmetric/RSA/oaep-custom/oaep-{name}-{name}.txt"
        if hash_ is Hash.SHA1:
            path = "asymmetric/RSA/pkcs-1v2-1d2-vec/oaep-vect.txt"
        algorithm, detail = "RSA OAEP decryption", f"{bits} bits, {hash_.name}"
    cases = [
        DecryptionCase(key, hash_, example["Encryption"], example["Message"])
        for key, examples in _laboratories(path)
        for example in examples
        if key.bits == bits
    ]
    return VectorSet(LABORATORIES, algorithm, detail, cases)


# --- NIST -----------------------------------------------------------------------------------------


@cache
def nist_signatures(bits: int) -> tuple[VectorSet[SignatureCase], VectorSet[VerificationCase]]:
    """PKCS#1 v1.5 with every hash: the valid ones as what a key signs, and all of them to check."""
    signing, checking = [], []
    current: dict[str, int] = {}
    for record in nist.records("asymmetric/RSA/FIPS_186-2/SigVer15_186-3.rsp"):
        if record.section != f"mod = {bits}":
            continue
        current |= {name: int(record[name], 16) for name in ("n", "p", "q") if name in record}
        if "Msg" not in record:
            continue
        hash_, e = Hash[record["SHAAlg"]], int(record["e"], 16)
        message, signature = record.hex("Msg"), record.hex("S")
        valid = record["Result"].startswith("P")
        n = current["n"].to_bytes(bits // 8, "big")
        checking.append(VerificationCase(n, e, hash_, message, signature, valid, record["Result"]))
        key = Key(bits, e, max(current["p"], current["q"]), min(current["p"], current["q"]))
        if valid and key.n == current["n"] and (bits < 2048 or e >= 65537):
            signing.append(SignatureCase(key, hash_, message, signature))
    return (
        VectorSet(CAVP, "RSA PKCS#1 v1.5 signing", f"{bits} bits", signing),
        VectorSet(CAVP, "RSA PKCS#1 v1.5 checking", f"{bits} bits", checking),
    )


# --- Wycheproof -----------------------------------------------------------------------------------


def _private_key(group: dict[str, str]) -> Key:
    # Not tested for primality again at each run: that takes seconds.
    key = serialization.load_der_private_key(
        bytes.fromhex(group["privateKeyPkcs8"]), None, unsafe_skip_rsa_key_validation=True
    )
    assert isinstance(key, rsa.RSAPrivateKey)
    numbers = key.private_numbers()
    p, q = max(numbers.p, numbers.q), min(numbers.p, numbers.q)
    return Key(key.key_size, numbers.public_numbers.e, p, q)


@cache
def wycheproof_decryption(file: str) -> VectorSet[DecryptionCase]:
    """`rsa_pkcs1_2048`, or one of OAEP.

    Of whole length, and without a label: the card takes none, and refuses other lengths earlier.
    """
    hash_ = Hash[file.split("_")[3].upper()] if file.startswith("rsa_oaep") else None
    keys: dict[str, Key] = {}
    cases = []
    for test in wycheproof.tests(file):
        cryptogram = bytes.fromhex(test.fields["ct"])
        if test.group["n"] not in keys:
            keys[test.group["n"]] = _private_key(test.group)
        key = keys[test.group["n"]]
        if 8 * len(cryptogram) == key.bits and not test.fields.get("label"):
            message = bytes.fromhex(test.fields["msg"]) if test.valid else None
            cases.append(DecryptionCase(key, hash_, cryptogram, message))
    algorithm = "RSA OAEP decryption" if hash_ else "RSA PKCS#1 v1.5 decryption"
    return VectorSet(WYCHEPROOF, algorithm, file, cases)


@cache
def wycheproof_checking(file: str) -> VectorSet[VerificationCase]:
    """One of SIGNATURES or PSS.

    'Acceptable' is what may be signed but should not: short hashes, a missing NULL. It is left out,
    as are signatures of another length, which are refused earlier.
    """
    hash_ = Hash[file.split("_")[3].upper()]
    cases = []
    for test in wycheproof.tests(file):
        n = bytes.fromhex(test.group["n"]).lstrip(b"\0")
        signature, message = bytes.fromhex(test.fields["sig"]), bytes.fromhex(test.fields["msg"])
        if len(signature) == len(n) and test.fields["result"] != "acceptable":
            e, comment = int(test.group["e"], 16), test.fields["comment"]
            cases.append(VerificationCase(n, e, hash_, message, signature, test.valid, comment))
    algorithm = "RSA PSS checking" if file in PSS else "RSA PKCS#1 v1.5 checking"
    return VectorSet(WYCHEPROOF, algorithm, file, cases)
