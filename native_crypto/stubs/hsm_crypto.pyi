# SPDX-License-Identifier: GPL-2.0-or-later
"""The crypto library as opaque handles; secrets live in C memory and are wiped when freed.

Every handle owns a block in the module's own pool (never in the garbage-collected heap). `wipe()`
destroys it at once, the finaliser does so later, `with` wipes on exit; any use afterwards raises
`ValueError`. Arguments are checked here, before the library sees them.

Errors: `TypeError` for an argument of another type; `ValueError` for wrong length or range, and for an
object already wiped;
`CryptoError(reason)` when an operation fails, with one of the REASON_ numbers and no text;
`MemoryError` when the pool is exhausted. Nothing is ever returned from a failed operation.
Operations of seconds ask whether the host ended the command: `CryptoError(REASON_CANCELLED)`.

Buffers are any object with the buffer protocol. A name ending in `_into` writes to the caller's buffer
and returns the length written: what is secret towards the heap goes through these. That buffer shares
no bytes with another argument (`ValueError`), and holds nothing of an operation that failed.
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
"""The host ended the command (key generation, PBKDF2)."""
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
CURVE_ED25519: int
CURVE_ED448: int
CURVE_X25519: int
CURVE_X448: int

CIPHER_AES_ECB: int
CIPHER_AES_CBC: int
CIPHER_AES_OFB: int
CIPHER_AES_CFB: int
CIPHER_AES_CTR: int
CIPHER_AES_GCM: int
CIPHER_AES_CCM: int
CIPHER_AES_XTS: int
CIPHER_CHACHA20_POLY1305: int

HD_SECP256K1: int
HD_SECP256R1: int
HD_SYMMETRIC: int

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

# --- Curve parameters ([SEC2], [RFC5639], [RFC7748], [RFC8032]) -------------------------------------

def curve_from_prime(prime: Buffer, generator: Buffer = b"") -> int | None:
    """The curve whose field prime is `prime` (leading zeros ignored), else None.

    For the primes of [RFC7748] the generator tells the Montgomery curve (32 bytes that begin with 09, 56 bytes
    that begin with 05) from the Edwards curve (anything else): [SCHSM] 13.1."""

def curve_parameters(curve: int) -> tuple[bytes, bytes, bytes, bytes, bytes, int]:
    """(p, a, b, G, n, h): field-width big endian; G uncompressed 04||X||Y; n of the order's width; h cofactor.

    Montgomery and Edwards curves: G as a public key, n without leading zeros; (a, b) of Montgomery curves
    are (486662 or 156326, 1) without leading zeros, of Edwards curves (a, d)."""

def ec_verify(curve: int, public: Buffer, hash: Buffer, signature: Buffer) -> bool:
    """ECDSA check of a raw r||s signature; `public` is 04||X||Y. CryptoError(REASON_POINT)."""

def rsa_verify_pkcs1(
    modulus: Buffer, exponent: int, hash: int, digest: Buffer, signature: Buffer
) -> bool:
    """RSASSA-PKCS1-v1_5 check ([RFC8017] 8.2.2) of a signature as long as the modulus.

    `modulus` 128, 192, 256, 384 or 512 bytes; `exponent` odd, 3..2**31-1."""

def rsa_verify_pss(
    modulus: Buffer, exponent: int, hash: int, digest: Buffer, signature: Buffer
) -> bool:
    """RSASSA-PSS check ([RFC8017] 8.1.2): MGF1 with the same hash, salt as long as the hash."""

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
    def open_secret(self, associated_data: Buffer, sealed: Buffer) -> Secret:
        """The secret that a host sealed under this one of 44 bytes, nonce(12) || key(32): ChaCha20-Poly1305
        ([RFC8439] 2.8), ciphertext || tag(16). [SCHSM] 23. CryptoError(REASON_AUTHENTICATION)."""
    def seal_object(self, associated_data: Buffer, handle: Handle) -> bytes:
        """Seal a handle's serialised form; it never leaves C memory in plain."""
    def open_object(self, associated_data: Buffer, sealed: Buffer) -> Handle:
        """The handle sealed by `seal_object`. CryptoError(REASON_AUTHENTICATION)."""
    def wrap_into(self, key: Key, algorithms: Buffer, buffer: bytearray | memoryview) -> int:
        """The key blob of [SCHSM] 12.3 under this DKEK of 32 bytes: RSA (type 05), EC, Edwards, Montgomery, AES.

        `algorithms` is the list of allowed algorithms, 0..255 bytes; `buffer` has room for 1,354 bytes."""
    def unwrap(self, blob: Buffer) -> tuple[Key, bytes]:
        """The key of a blob and its allowed algorithms. Also reads RSA with CRT parameters (type 06).

        CryptoError(REASON_AUTHENTICATION) for another DKEK's check value or a wrong MAC, REASON_FAILED for
        authentic bytes that are no key: damaged structure, unknown curve, numbers that do not belong together."""
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
    def agree(self, point: Buffer) -> Secret:
        """The same as a secret, for curves of up to 512 bits: XKEK ([SCHSM] 17.3), secure lock ([SCHSM] 23)."""
    def derive(self, offset: Buffer) -> EcKey:
        """The key whose scalar is this one plus `offset` modulo the group's order ([SCHSM] 18).

        `offset` is a big-endian number, 1 byte to the order's width. CryptoError(REASON_FAILED) if the sum is 0."""
    def secure_channel(self, point: Buffer, nonce: Buffer) -> SecureChannel:
        """Chip authentication ([TR-03110-3] A.2.3.2, id-CA-ECDH-AES-CBC-CMAC-128): the keys are the first 16 bytes
        of SHA-1(X || nonce || counter), X of the shared point, counter 1 to encrypt and 2 for the MAC.

        `nonce` is 8 bytes. CryptoError(REASON_POINT)."""
    def wipe(self) -> None: ...
    def __enter__(self) -> Self: ...
    def __exit__(self, *exc: object) -> None: ...

class EdwardsKey:
    """A private key for EdDSA ([RFC8032]): CURVE_ED25519 or CURVE_ED448."""

    curve: int

    @staticmethod
    def generate(curve: int) -> EdwardsKey:
        """CryptoError(REASON_ENTROPY)."""
    def public(self) -> bytes:
        """32 or 57 bytes."""
    def sign(self, message: Buffer) -> bytes:
        """Pure EdDSA, 64 or 114 bytes, no context; computed twice and compared. CryptoError(REASON_FAULT)."""
    def wipe(self) -> None: ...
    def __enter__(self) -> Self: ...
    def __exit__(self, *exc: object) -> None: ...

class MontgomeryKey:
    """A private key for Diffie-Hellman of [RFC7748]: CURVE_X25519 or CURVE_X448."""

    curve: int

    @staticmethod
    def generate(curve: int) -> MontgomeryKey:
        """CryptoError(REASON_ENTROPY)."""
    def public(self) -> bytes:
        """32 or 56 bytes."""
    def ecdh_into(self, public: Buffer, buffer: bytearray | memoryview) -> int:
        """The shared u coordinate, 32 or 56 bytes. CryptoError(REASON_POINT) for another length or small order."""
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
    def decrypt_pkcs1_into(self, block: Buffer, buffer: bytearray | memoryview) -> int:
        """RSAES-PKCS1-v1_5 ([RFC8017] 7.2): the message; `buffer` has room for bits/8 - 11 bytes.
        CryptoError(REASON_AUTHENTICATION) for any fault of the padding, found in time that does not tell which."""
    def decrypt_oaep_into(self, hash: int, block: Buffer, buffer: bytearray | memoryview) -> int:
        """RSAES-OAEP ([RFC8017] 7.1), MGF1 with the same hash, empty label; `buffer` has room for
        bits/8 - 2 - 2 * hash bytes. CryptoError(REASON_AUTHENTICATION) as above."""
    def wipe(self) -> None: ...
    def __enter__(self) -> Self: ...
    def __exit__(self, *exc: object) -> None: ...

# --- Symmetric keys --------------------------------------------------------------------------------

class AesKey:
    """A secret key of 128, 192, 256 or 512 bits (XTS only) for ciphers, MACs and derivation ([SCHSM] 19)."""

    bits: int

    @staticmethod
    def generate(bits: int) -> AesKey:
        """CryptoError(REASON_ENTROPY)."""
    def encrypt_into(
        self,
        cipher: int,
        data: Buffer,
        buffer: bytearray | memoryview,
        iv: Buffer = b"",
        associated_data: Buffer = b"",
    ) -> int:
        """ECB, CBC ([SP800-38A]): whole blocks. OFB, CFB128, CTR: any length. XTS ([SP800-38E]): one data unit of
        16 bytes or more. GCM ([SP800-38D]), CCM ([SP800-38C]), ChaCha20-Poly1305 ([RFC8439]): ciphertext || tag(16).

        `data` is at most 65,519 bytes. `iv`: none for ECB; 16 bytes for CBC, OFB, CFB, CTR (the first counter
        block) and XTS (the tweak); 1..512 for GCM, 7..13 for CCM, 12 for ChaCha20. Only the last three take
        `associated_data`. ValueError for a key that the cipher does not take: ChaCha20 takes 256 bits, XTS 256 or
        512, the others 128, 192 or 256."""
    def decrypt_into(
        self,
        cipher: int,
        data: Buffer,
        buffer: bytearray | memoryview,
        iv: Buffer = b"",
        associated_data: Buffer = b"",
    ) -> int:
        """The reverse. CryptoError(REASON_AUTHENTICATION) for a wrong tag, and nothing is written."""
    def cmac(self, *parts: Buffer) -> bytes:
        """AES-CMAC ([SP800-38B]) of the concatenated parts, 16 bytes; not with 512 bits."""
    def hmac(self, hash: int, *parts: Buffer) -> bytes:
        """HMAC ([FIPS198-1]) of the concatenated parts."""
    def hkdf_into(
        self, hash: int, salt: Buffer, info: Buffer, length: int, buffer: bytearray | memoryview
    ) -> int:
        """HKDF ([RFC5869]), extract and expand; length 1..255 hashes."""
    def pbkdf2_into(
        self, hash: int, salt: Buffer, iterations: int, length: int, buffer: bytearray | memoryview
    ) -> int:
        """PBKDF2-HMAC ([RFC8018] 5.2) with this key as password; iterations 1..10_000_000, length 1..4096.
        CryptoError(REASON_CANCELLED)."""
    def x963_into(
        self, hash: int, info: Buffer, length: int, buffer: bytearray | memoryview
    ) -> int:
        """The KDF of [SEC1] 3.6.1 (ANSI X9.63) with this key as shared secret; length 1..4096."""
    def pbes2_encrypt_into(
        self,
        hash: int,
        salt: Buffer,
        iterations: int,
        bits: int,
        iv: Buffer,
        data: Buffer,
        buffer: bytearray | memoryview,
    ) -> int:
        """PBES2 ([RFC8018] 6.2): AES-CBC-PAD under PBKDF2 of this key; `bits` 128, 192 or 256; `iv` 16 bytes."""
    def pbes2_decrypt_into(
        self,
        hash: int,
        salt: Buffer,
        iterations: int,
        bits: int,
        iv: Buffer,
        data: Buffer,
        buffer: bytearray | memoryview,
    ) -> int:
        """The reverse; `buffer` has room for `data`. CryptoError(REASON_AUTHENTICATION) for wrong padding."""
    def wipe(self) -> None: ...
    def __enter__(self) -> Self: ...
    def __exit__(self, *exc: object) -> None: ...

class SecureChannel:
    """Session keys and send sequence counter of secure messaging ([TR-03110-3] F, [SCHSM] 21).

    The counter is a block of 16 bytes, zero at first; `advance` is called before each command and response."""

    def token(self, data: Buffer) -> bytes:
        """The first 8 bytes of the MAC key's CMAC over `data`: the card's authentication token."""
    def advance(self) -> None:
        """Add 1 to the send sequence counter. CryptoError(REASON_FAILED) if it would begin again."""
    def mac(self, *parts: Buffer) -> bytes:
        """The first 8 bytes of CMAC over the counter and the concatenated parts (at most 8), padded already."""
    def mac_matches(self, tag: Buffer, *parts: Buffer) -> bool:
        """Constant-time check of a `mac`, evaluated twice."""
    def encrypt_into(self, data: Buffer, buffer: bytearray | memoryview) -> int:
        """AES-CBC with the encrypted counter as IV, after padding ([7816-4] 10.2.3.1): 1..16 bytes more."""
    def decrypt_into(self, data: Buffer, buffer: bytearray | memoryview) -> int:
        """The reverse; `buffer` has room for `data`. CryptoError(REASON_AUTHENTICATION) for wrong padding or length."""
    def wipe(self) -> None: ...
    def __enter__(self) -> Self: ...
    def __exit__(self, *exc: object) -> None: ...

class HdNode:
    """A node of a tree of keys: [BIP32] and [SLIP-0010] with HD_SECP256K1 or HD_SECP256R1, [SLIP-0021] with
    HD_SYMMETRIC."""

    scheme: int

    @staticmethod
    def from_seed(scheme: int, seed: Buffer) -> HdNode:
        """The master node of a seed of 1..64 bytes, in a buffer that the caller wipes."""
    @staticmethod
    def generate(scheme: int) -> HdNode:
        """The master node of 64 random bytes. CryptoError(REASON_ENTROPY)."""
    def child(self, index: int) -> HdNode:
        """Private child ([SLIP-0010]) of a node on a curve; index 0..2**32-1, hardened with bit 31."""
    def labelled_child(self, label: Buffer) -> HdNode:
        """Child of a symmetric node ([SLIP-0021]); label 0..255 bytes."""
    def public(self) -> bytes:
        """What may be shown ([SCHSM] 22): 78 bytes 0488B21E || depth(1) || parent's fingerprint(4) || index(4) ||
        chain code(32) || public key(33); of a symmetric node 77 bytes, with SHA-256 applied twice to chain code and
        key, 32 bytes each, and zeros for fingerprint and index."""
    def key(self) -> EcKey:
        """The node's private key, of a node on a curve."""
    def encrypt_into(
        self, label: Buffer, data: Buffer, buffer: bytearray | memoryview, iv: Buffer = b""
    ) -> int:
        """AES-256-CBC of whole blocks under the first 32 bytes of HMAC-SHA-512(key, label), of a symmetric node;
        the IV is the next 16 bytes unless 16 are given ([SCHSM] 22)."""
    def decrypt_into(
        self, label: Buffer, data: Buffer, buffer: bytearray | memoryview, iv: Buffer = b""
    ) -> int:
        """The reverse."""
    def wipe(self) -> None: ...
    def __enter__(self) -> Self: ...
    def __exit__(self, *exc: object) -> None: ...

Key = EcKey | EdwardsKey | MontgomeryKey | RsaKey | AesKey
"""What can be wrapped."""

Handle = Secret | Key | HdNode
"""What can be sealed."""
