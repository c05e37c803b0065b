# SPDX-License-Identifier: GPL-2.0-or-later
"""The crypto library as opaque handles; secrets live in C memory and are wiped when freed.

`Secret`, `EcKey` and `RsaKey` own a block in the module's own pool (never in the garbage-collected
heap). `wipe()` destroys it at once, the finaliser does so later, `with` wipes on exit; any use
afterwards raises `ValueError`. Arguments are checked here, before the library sees them.

Errors: `TypeError` for an argument of another type; `ValueError` for wrong length or range, and for an
object already wiped;
`CryptoError(reason)` when an operation fails, with one of the REASON_ numbers and no text;
`MemoryError` when the pool is exhausted. Nothing is ever returned from a failed operation.

Buffers are any object with the buffer protocol. A name ending in `_into` writes to the caller's buffer
and returns the length written: what is secret towards the heap goes through these.
"""

from typing import Self

Buffer = bytes | bytearray | memoryview

class CryptoError(Exception):
    """`args[0]` is a REASON_ number."""

REASON_FAILED: int
"""The library refused or failed."""
REASON_AUTHENTICATION: int
"""A tag did not match: wrong key, wrong associated data or damaged bytes."""
REASON_ENTROPY: int
"""The noise source failed its health tests; nothing that needs randomness works until reset."""
REASON_CANCELLED: int
"""The host ended the command (key generation)."""
REASON_POINT: int
"""Not a point of the curve, or the neutral element."""
REASON_FAULT: int
"""The result did not verify; it was wiped."""

HASH_SHA1: int
HASH_SHA224: int
HASH_SHA256: int
HASH_SHA384: int
HASH_SHA512: int

CURVE_SECP192R1: int
CURVE_SECP256R1: int
CURVE_SECP384R1: int
CURVE_SECP521R1: int
CURVE_SECP192K1: int
CURVE_SECP256K1: int
CURVE_BRAINPOOLP256R1: int
CURVE_BRAINPOOLP384R1: int
CURVE_BRAINPOOLP512R1: int

# --- Hashes and MACs of public data --------------------------------------------------------------

def digest(hash: int, *parts: Buffer) -> bytes:
    """Hash of the concatenated parts: 20, 28, 32, 48 or 64 bytes."""

def equal(a: Buffer, b: Buffer) -> bool:
    """Compare in time that depends on the lengths only."""

# --- Randomness ([SP800-90A] Hash_DRBG, seeded by the port) -----------------------------------------

def random(length: int) -> bytes:
    """0..4096 bytes of public randomness. CryptoError(REASON_ENTROPY)."""

def random_into(buffer: bytearray | memoryview) -> int: ...
def reseed() -> None:
    """Mix fresh, health-tested entropy into the DRBG. CryptoError(REASON_ENTROPY)."""

# --- Curve parameters ([SEC2], [RFC5639]) ----------------------------------------------------------

def curve_from_prime(prime: Buffer) -> int | None:
    """The curve whose field prime is `prime` (leading zeros ignored), else None."""

def curve_parameters(curve: int) -> tuple[bytes, bytes, bytes, bytes, bytes, int]:
    """(p, a, b, G, n, h): field-width big endian; G uncompressed 04||X||Y; n of the order's width; h cofactor."""

def ec_verify(curve: int, public: Buffer, hash: Buffer, signature: Buffer) -> bool:
    """ECDSA check of a raw r||s signature; `public` is 04||X||Y. CryptoError(REASON_POINT)."""

# --- Secrets -------------------------------------------------------------------------------------

class Secret:
    """1..64 secret bytes."""

    @staticmethod
    def random(length: int) -> Secret: ...
    @staticmethod
    def from_bytes(data: Buffer) -> Secret:
        """Copy from a buffer that the caller wipes (a DKEK share, an unwrapped key, a public root)."""
    @staticmethod
    def stretch(pin: Buffer, salt: Buffer, iterations: int, pepper: Secret) -> Secret:
        """32 bytes: HKDF-SHA256(salt=pepper, ikm=PBKDF2-HMAC-SHA256(pin, salt, iterations), info="pin").

        `pin` 0..64 bytes, `salt` 16 bytes, `iterations` 1..10_000_000."""
    def derive(self, label: Buffer, length: int = 32) -> Secret:
        """HKDF-SHA256 (RFC 5869) with this secret as key material, no salt, `label` as info; length 1..64."""
    def mac(self, *parts: Buffer) -> bytes:
        """HMAC-SHA256 (32 bytes) of the concatenated parts."""
    def mac_matches(self, tag: Buffer, *parts: Buffer) -> bool:
        """Constant-time check of a `mac`, evaluated twice."""
    def fold(self, accumulator: bytearray | memoryview, sign: int, *parts: Buffer) -> None:
        """Add an element to a keyed multiset hash (sign 1), or take one away (sign -1).

        accumulator += or -= SHA-256(secret || parts...) modulo 2**256, both little-endian numbers of 32 bytes.
        Secret and parts are 55 bytes at most. The accumulator is for a MAC to cover, never to show:
        ASIACRYPT 2003, Clarke et al., MSet-Add-Hash."""
    def fold_each(
        self, accumulator: bytearray | memoryview, buffer: Buffer, offsets: Buffer, length: int
    ) -> None:
        """Add many elements at once: `length` bytes of `buffer` from every offset that is not 0.

        `offsets` holds them as 32-bit numbers in the machine's order, an array("I") for instance."""
    def combine(self, other: Secret) -> Secret:
        """The XOR of two secrets of one length."""
    def check_value(self) -> bytes:
        """Key check value: the first 8 bytes of SHA-256 of the secret, which must not be guessable."""
    def seal(self, associated_data: Buffer, plaintext: Buffer) -> bytes:
        """AES-SIV (RFC 5297, AES-256: keys derived from this 32-byte secret): tag(16) || ciphertext."""
    def open(self, associated_data: Buffer, sealed: Buffer) -> bytes:
        """Public contents into the heap. CryptoError(REASON_AUTHENTICATION)."""
    def open_into(
        self, associated_data: Buffer, sealed: Buffer, buffer: bytearray | memoryview
    ) -> int: ...
    def seal_object(self, associated_data: Buffer, handle: Secret | EcKey | RsaKey) -> bytes:
        """Seal a handle's serialised form; it never leaves C memory in plain."""
    def open_object(self, associated_data: Buffer, sealed: Buffer) -> Secret | EcKey | RsaKey:
        """The handle sealed by `seal_object`. CryptoError(REASON_AUTHENTICATION)."""
    def wipe(self) -> None: ...
    def __enter__(self) -> Self: ...
    def __exit__(self, *exc: object) -> None: ...
    def __len__(self) -> int: ...

# --- Private keys ----------------------------------------------------------------------------------

class EcKey:
    """A private key on a short Weierstrass curve."""

    curve: int

    @staticmethod
    def generate(curve: int) -> EcKey:
        """CryptoError(REASON_ENTROPY)."""
    def public(self) -> bytes:
        """04 || X || Y."""
    def sign(self, hash: Buffer, der: bool = False) -> bytes:
        """ECDSA over `hash` (1..66 bytes, leftmost bits of the order's length), hedged nonce, computed twice and
        compared before output. r||s of the order's width each, or DER SEQUENCE{r, s}. CryptoError(REASON_FAULT)."""
    def ecdh_into(self, point: Buffer, buffer: bytearray | memoryview) -> int:
        """X coordinate (field width) of the shared point with 04||X||Y. CryptoError(REASON_POINT)."""
    def wipe(self) -> None: ...
    def __enter__(self) -> Self: ...
    def __exit__(self, *exc: object) -> None: ...

class RsaKey:
    """An RSA private key with CRT parameters; blinded and checked in every private operation."""

    bits: int

    @staticmethod
    def generate(bits: int, exponent: int = 65537) -> RsaKey:
        """`bits` 1024, 1536, 2048, 3072 or 4096; `exponent` odd, 3..2**31-1 and >= 65537 by [FIPS186-5] for >= 2048.
        CryptoError(REASON_ENTROPY, REASON_CANCELLED)."""
    def modulus(self) -> bytes:
        """bits/8 bytes."""
    def exponent(self) -> int: ...
    def raw_into(self, block: Buffer, buffer: bytearray | memoryview) -> int:
        """block^d mod n; `block` is exactly bits/8 bytes and below n. CryptoError(REASON_FAULT)."""
    def sign_pkcs1(self, hash: int, digest: Buffer) -> bytes:
        """RSASSA-PKCS1-v1_5 over a digest of the given hash ([RFC8017] 8.2); hash 0: `digest` is a
        complete DigestInfo."""
    def sign_pss(self, hash: int, digest: Buffer) -> bytes:
        """RSASSA-PSS ([RFC8017] 8.1), MGF1 with the same hash, salt as long as the hash."""
    def wipe(self) -> None: ...
    def __enter__(self) -> Self: ...
    def __exit__(self, *exc: object) -> None: ...
