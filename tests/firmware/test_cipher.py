# SPDX-License-Identifier: GPL-2.0-or-later
"""AES keys: every function of CIPHER against another implementation."""

import hashlib
import hmac

import hsm_crypto
import pytest
from cryptography.hazmat.decrepit.ciphers.modes import CFB, OFB
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESCCM, AESGCM, ChaCha20Poly1305
from cryptography.hazmat.primitives.cmac import CMAC
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.kdf.x963kdf import X963KDF
from device import Device, tlv

SIZES = (128, 192, 256, 512)
SECRET = bytes(range(64))
CBC_ENCRYPT, CBC_DECRYPT, CMAC_16, DERIVE, ENCRYPT, DECRYPT = 0x10, 0x11, 0x18, 0x99, 0x51, 0x52
P256 = hsm_crypto.curve_parameters(hsm_crypto.CURVE_SECP256R1)[0]
EC_KEY, COUNTED = 9, 10
DATA = bytes(range(100, 164))
IV = bytes(range(16))

AES = bytes.fromhex("6086480165030401")
ECB, CBC, OFB_, CFB_, GCM, CCM, CTR = 1, 2, 3, 4, 6, 7, 9
SMIME = bytes.fromhex("2A864886F70D01091003")
CHACHA = SMIME + b"\x12"
XTS = bytes.fromhex("2B6F028C53000001")
HMAC = bytes.fromhex("2A864886F70D02")
PBKDF2 = bytes.fromhex("2A864886F70D01050C")
PBES2 = bytes.fromhex("2A864886F70D01050D")
X963 = bytes.fromhex("2B81051086483F")
HASHES: dict[int, tuple[str, hashes.HashAlgorithm]] = {
    7: ("sha1", hashes.SHA1()),
    8: ("sha224", hashes.SHA224()),
    9: ("sha256", hashes.SHA256()),
    10: ("sha384", hashes.SHA384()),
    11: ("sha512", hashes.SHA512()),
}


@pytest.fixture(scope="module")
def device() -> Device:
    """Keys 1 to 4 of 128 to 512 bits, whose secrets the test knows."""
    device = Device(sectors=64)
    device.initialize()
    device.verify()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            hsm_crypto.AesKey,
            "generate",
            lambda bits: hsm_crypto.AesKey._from_bytes(SECRET[: bits // 8]),
        )
        for key_id, bits in enumerate(SIZES, 1):
            device.generate_aes(key_id, bits)
    device.generate_ec(EC_KEY, P256)
    return device


def secret(key_id: int) -> bytes:
    return SECRET[: SIZES[key_id - 1] // 8]


def oid(mode: int, key_id: int) -> bytes:
    """The OID of AES in a mode, for the size of a key."""
    return AES + bytes([mode + 20 * (key_id - 1)])


def extended(
    name: bytes,
    data: bytes | None = None,
    iv: bytes | None = None,
    info: bytes | None = None,
) -> bytes:
    out = tlv(0x06, name)
    for tag, value in ((0x81, data), (0x82, iv), (0x83, info)):
        if value is not None:
            out += tlv(tag, value)
    return out


def there_and_back(
    device: Device,
    key_id: int,
    expected: bytes,
    name: bytes,
    iv: bytes | None = None,
    info: bytes | None = None,
) -> None:
    """DATA becomes `expected` and comes back."""
    request = extended(name, DATA, iv, info)
    assert device.cipher(key_id, ENCRYPT, request) == expected
    request = extended(name, expected, iv, info)
    assert device.cipher(key_id, DECRYPT, request) == DATA


# --- The algorithms of the original card ----------------------------------------------------------


@pytest.mark.parametrize("key_id", [1, 2, 3])
def test_cbc_and_cmac(device: Device, key_id: int) -> None:
    library = Cipher(algorithms.AES(secret(key_id)), modes.CBC(bytes(16)))
    for data in (bytes(16), DATA, bytes(4096)):
        cryptogram = library.encryptor().update(data)
        assert device.cipher(key_id, CBC_ENCRYPT, data) == cryptogram
        assert device.cipher(key_id, CBC_DECRYPT, cryptogram) == data
    for data in (b"", b"x", DATA, bytes(4096)):
        state = CMAC(algorithms.AES(secret(key_id)))
        state.update(data)
        assert device.cipher(key_id, CMAC_16, data) == state.finalize()
    for length in (0, 1, 15, 17):
        for algorithm in (CBC_ENCRYPT, CBC_DECRYPT):
            device.cipher(key_id, algorithm, bytes(length), expect=0x6700)


@pytest.mark.parametrize("key_id", [1, 2, 3, 4])
def test_derivation(device: Device, key_id: int) -> None:
    for info in (b"x", DATA, bytes(4096)):
        expected = HKDF(hashes.SHA256(), len(info), None, info).derive(secret(key_id))
        assert device.cipher(key_id, DERIVE, info) == expected
    device.cipher(key_id, DERIVE, b"", expect=0x6700)


def test_aes_has_no_keys_of_512_bits(device: Device) -> None:
    for algorithm in (CBC_ENCRYPT, CBC_DECRYPT, CMAC_16):
        device.cipher(4, algorithm, bytes(16), expect=0x6700)


# --- Ciphers --------------------------------------------------------------------------------------


@pytest.mark.parametrize("key_id", [1, 2, 3])
def test_modes_without_a_tag(device: Device, key_id: int) -> None:
    key = algorithms.AES(secret(key_id))
    ecb = Cipher(key, modes.ECB()).encryptor().update(DATA[:16])
    name = oid(ECB, key_id)
    assert device.cipher(key_id, ENCRYPT, extended(name, DATA[:16])) == ecb
    assert device.cipher(key_id, DECRYPT, extended(name, ecb)) == DATA[:16]
    for mode, library in ((CBC, modes.CBC), (OFB_, OFB), (CFB_, CFB), (CTR, modes.CTR)):
        name = oid(mode, key_id)
        for iv in (IV, bytes(16)):
            expected = Cipher(key, library(iv)).encryptor().update(DATA)
            there_and_back(device, key_id, expected, name, iv)
        there_and_back(device, key_id, expected, name)
        there_and_back(device, key_id, expected, name, b"")
        if mode != CBC:
            short = Cipher(key, library(IV)).encryptor().update(b"short")
            assert device.cipher(key_id, ENCRYPT, extended(name, b"short", IV)) == short


@pytest.mark.parametrize("key_id", [1, 2, 3])
def test_modes_with_a_tag(device: Device, key_id: int) -> None:
    key = secret(key_id)
    for info in (None, b"", b"associated"):
        for nonce in (bytes(7), IV[:12], IV[:13]):
            expected = AESCCM(key).encrypt(nonce, DATA, info)
            name = oid(CCM, key_id)
            there_and_back(device, key_id, expected, name, nonce, info)
        for nonce in (IV[:8], IV[:12], IV, bytes(128)):
            expected = AESGCM(key).encrypt(nonce, DATA, info)
            name = oid(GCM, key_id)
            there_and_back(device, key_id, expected, name, nonce, info)


def test_chacha20_poly1305_and_xts(device: Device) -> None:
    nonce = IV[:12]
    for info in (None, b"associated"):
        expected = ChaCha20Poly1305(secret(3)).encrypt(nonce, DATA, info)
        there_and_back(device, 3, expected, CHACHA, nonce, info)
    for key_id, number in ((3, 1), (4, 2)):
        for data in (DATA, DATA[:17]):
            key = algorithms.AES(secret(key_id))
            expected = Cipher(key, modes.XTS(IV)).encryptor().update(data)
            request = extended(XTS + bytes([number]), data, IV)
            assert device.cipher(key_id, ENCRYPT, request) == expected
            request = extended(XTS + bytes([number]), expected, IV)
            assert device.cipher(key_id, DECRYPT, request) == data


def test_the_longest_answers(device: Device) -> None:
    nonce = IV[:12]
    # 4,096 bytes of command data hold OID, nonce and headers, too.
    data = bytes(4096 - 11 - 14 - 4)
    tagged = device.cipher(1, ENCRYPT, extended(oid(GCM, 1), data, nonce))
    assert len(tagged) == len(data) + 16
    assert len(device.cipher(1, ENCRYPT, extended(oid(CTR, 1), bytes(4000)))) == 4000


def test_a_wrong_tag_tells_nothing(device: Device) -> None:
    for key_id, name, nonce in (
        (1, oid(GCM, 1), IV[:12]),
        (2, oid(CCM, 2), IV[:13]),
        (3, CHACHA, IV[:12]),
    ):
        good = device.cipher(key_id, ENCRYPT, extended(name, DATA, nonce, b"a"))
        wrong = [good[:-1] + bytes([good[-1] ^ 1]), bytes([good[0] ^ 0x80]) + good[1:], good[1:]]
        requests = [extended(name, data, nonce, b"a") for data in wrong]
        requests += [extended(name, good, nonce), extended(name, good, nonce, b"b")]
        requests += [extended(name, good, nonce[:-1] + b"\xff", b"a")]
        for request in requests:
            header = bytes([0x80, 0x78, key_id, DECRYPT, 0]) + len(request).to_bytes(2, "big")
            assert device.transmit(header + request + b"\0\0").hex() == "6400"
        device.cipher(key_id, DECRYPT, extended(name, good[:15], nonce, b"a"), expect=0x6700)
        empty = device.cipher(key_id, ENCRYPT, extended(name, b"", nonce))
        assert device.cipher(key_id, DECRYPT, extended(name, empty, nonce)) == b""


# --- MACs and key derivation ----------------------------------------------------------------------


@pytest.mark.parametrize("key_id", [1, 2, 3, 4])
def test_hmac(device: Device, key_id: int) -> None:
    for number, (name, _) in HASHES.items():
        for data in (b"", DATA, bytes(4000)):
            expected = hmac.digest(secret(key_id), data, name)
            request = extended(HMAC + bytes([number]), data)
            assert device.cipher(key_id, ENCRYPT, request) == expected


@pytest.mark.parametrize("key_id", [1, 4])
def test_hkdf(device: Device, key_id: int) -> None:
    for number, hash in ((0x1D, 9), (0x1E, 10), (0x1F, 11)):
        algorithm = HASHES[hash][1]
        for salt, info in ((None, None), (b"salt", None), (None, b"info"), (b"salt", b"info")):
            request = extended(SMIME + bytes([number]), info, salt)
            for ne in (1, 16, 257, 4096):
                expected = HKDF(algorithm, ne, salt, info).derive(secret(key_id))
                assert device.cipher(key_id, ENCRYPT, request, ne) == expected
            expected = HKDF(algorithm, algorithm.digest_size, salt, info).derive(secret(key_id))
            assert device.cipher(key_id, ENCRYPT, request) == expected
    device.cipher(key_id, ENCRYPT, extended(SMIME + b"\x1d"), ne=4097, expect=0x6700)


def test_x963(device: Device) -> None:
    for number, (_, algorithm) in HASHES.items():
        for info in (None, b"shared info"):
            request = extended(X963, HMAC + bytes([number]), info=info)
            for ne, length in ((65536, 32), (16, 16), (4096, 4096)):
                expected = X963KDF(algorithm, length, info).derive(secret(2))
                assert device.cipher(2, ENCRYPT, request, ne) == expected
    for wrong in (b"", HMAC, HMAC + b"\x06", CHACHA):
        device.cipher(2, ENCRYPT, extended(X963, wrong), expect=0x6700)


def pbkdf2_parameters(
    salt: bytes, iterations: int, length: int = 0, prf: int = 0, null: bytes = b""
) -> bytes:
    def number(value: int) -> bytes:
        return tlv(0x02, value.to_bytes(value.bit_length() // 8 + 1, "big"))

    out = tlv(0x04, salt) + number(iterations)
    if length:
        out += number(length)
    if prf:
        out += tlv(0x30, tlv(0x06, HMAC + bytes([prf])) + null)
    return out


def test_pbkdf2(device: Device) -> None:
    for prf in (0, *HASHES):
        name = HASHES[prf or 7][0]
        for length, ne, expected_length in ((0, 65536, 32), (0, 100, 100), (48, 65536, 48)):
            for null in (b"", b"\x05\x00"):
                parameters = pbkdf2_parameters(b"salt", 130, length, prf, null)
                expected = hashlib.pbkdf2_hmac(name, secret(1), b"salt", 130, expected_length)
                assert device.cipher(1, ENCRYPT, extended(PBKDF2, parameters), ne) == expected
    good = pbkdf2_parameters(b"salt", 1)
    for wrong in (
        b"",
        good[:-1],
        good + b"\x05\x00",
        good + tlv(0x30, b""),
        good + tlv(0x30, tlv(0x06, HMAC + b"\x06")),
        good + tlv(0x30, tlv(0x06, HMAC + b"\x07") + b"\x05\x01\0"),
        good + tlv(0x30, tlv(0x06, HMAC + b"\x07") + b"\x05\x00\x05\x00"),
        pbkdf2_parameters(b"salt", 0),
        pbkdf2_parameters(b"salt", 1_000_001),
        pbkdf2_parameters(b"salt", 1, 4097),
        tlv(0x04, b"salt") + tlv(0x02, b""),
        tlv(0x04, b"salt") + tlv(0x02, b"\xff"),
        tlv(0x04, b"salt") + tlv(0x02, bytes(5)),
        tlv(0x02, b"\x01") + tlv(0x04, b"salt"),
    ):
        device.cipher(1, ENCRYPT, extended(PBKDF2, wrong), expect=0x6700)


def pbes2_parameters(bits: int, iv: bytes = IV, length: int = 0, mode: int = CBC) -> bytes:
    derivation = tlv(0x06, PBKDF2) + tlv(0x30, pbkdf2_parameters(b"salt", 7, length, 9))
    scheme = tlv(0x06, AES + bytes([mode + 20 * (bits // 64 - 2)])) + tlv(0x04, iv)
    return tlv(0x30, derivation) + tlv(0x30, scheme)


def test_pbes2(device: Device) -> None:
    for bits in (128, 192, 256):
        key = hashlib.pbkdf2_hmac("sha256", secret(4), b"salt", 7, bits // 8)
        padded = DATA + b"\x10" * 16
        expected = Cipher(algorithms.AES(key), modes.CBC(IV)).encryptor().update(padded)
        for length in (0, bits // 8):
            parameters = pbes2_parameters(bits, length=length)
            for info in (parameters, tlv(0x30, parameters)):
                request = extended(PBES2, DATA, info=info)
                assert device.cipher(4, ENCRYPT, request) == expected
                request = extended(PBES2, expected, info=info)
                assert device.cipher(4, DECRYPT, request) == DATA
    info = pbes2_parameters(128)
    for data in (b"", b"x", DATA[:15], DATA[:17]):
        cryptogram = device.cipher(4, ENCRYPT, extended(PBES2, data, info=info))
        assert device.cipher(4, DECRYPT, extended(PBES2, cryptogram, info=info)) == data
    for length in (0, 15, 17):
        device.cipher(4, DECRYPT, extended(PBES2, bytes(length), info=info), expect=0x6700)
    wrong = extended(PBES2, bytes(32), info=info)
    device.cipher(4, DECRYPT, wrong, expect=0x6400)
    for parameters in (
        b"",
        tlv(0x30, b""),
        info + b"\x05\x00",
        info[: len(info) // 2],
        pbes2_parameters(128, IV[:15]),
        pbes2_parameters(128, length=32),
        pbes2_parameters(128, mode=CTR),
        pbes2_parameters(128, mode=ECB),
    ):
        device.cipher(4, ENCRYPT, extended(PBES2, DATA, info=parameters), expect=0x6700)
