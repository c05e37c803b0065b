# SPDX-License-Identifier: GPL-2.0-or-later
"""Trees of keys: published vectors, one use for each selection, and every refusal."""

import hashlib
import hmac

import hsm_crypto
import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from device import SELECT, Device, tlv

K1, R1, SYMMETRIC = 1, 2, 3
HARDENED = 1 << 31
HASH = hashlib.sha256(b"a transaction").digest()
SLIP_0011 = bytes.fromhex("06 0B 2B06010401 83A878058D6B")
PRESS_TO_CONFIRM = 0x0101

# [BIP32] test vector 1.
BIP32_SEED = bytes.fromhex("000102030405060708090a0b0c0d0e0f")
BIP32_VECTORS = {
    (): (
        "xpub661MyMwAqRbcFtXgS5sYJABqqG9YLmC4Q1Rdap9gSE8NqtwybGhePY2g"
        "Z29ESFjqJoCu1Rupje8YtGqsefD265TMg7usUDFdp6W1EGMcet8"
    ),
    (HARDENED,): (
        "xpub68Gmy5EdvgibQVfPdqkBBCHxA5htiqg55crXYuXoQRKfDBFA1WEjWgP6"
        "LHhwBZeNK1VTsfTFUHCdrfp1bgwQ9xv5ski8PX9rL2dZXvgGDnw"
    ),
    (HARDENED, 1): (
        "xpub6ASuArnXKPbfEwhqN6e3mwBcDTgzisQN1wXN9BJcM47sSikHjJf3UFHK"
        "kNAWbWMiGj7Wf5uMash7SyYq527Hqck2AxYysAA7xmALppuCkwQ"
    ),
}
# [SLIP-0010] test vector 1 for nist256p1: chain code and public key.
SLIP10_VECTORS = {
    (): (
        "beeb672fe4621673f722f38529c07392fecaa61015c80c34f29ce8b41b3cb6ea",
        "0266874dc6ade47b3ecd096745ca09bcd29638dd52c2c12117b11ed3e458cfa9e8",
    ),
    (HARDENED,): (
        "3460cea53e6a6bb5fb391eeef3237ffd8724bf0a40e94943c98b83825342ee11",
        "0384610f5ecffe8fda089363a41f56a5c7ffc1d81b59a612d0d649b2d22355590c",
    ),
    (HARDENED, 1): (
        "4187afff1aafa8445010097fb99d23aee9f599450c7bd140b6826ac22ba21d0c",
        "03526c63f8d0b4bbbf9c80df553fe66742df4676b241dabefdef67733e070f6844",
    ),
}
# [SLIP-0021] test vector: the key at each path.
SLIP21_SEED = bytes.fromhex(
    "c76c4ac4f4e4a00d6b274d5c39c700bb4a7ddc04fbc6f78e85ca75007b5b495f"
    "74a9043eeb77bdd53aa6fc3a0e31462270316fa04b8c19114c8798706cd02ac8"
)
SLIP21_VECTORS = {
    (): "dbf12b44133eaab506a740f6565cc117228cbf1dd70635cfa8ddfdc9af734756",
    (b"SLIP-0021",): "1d065e3ac1bbe5c7fad32cf2305f7d709dc070d672044a19e610c77cdf33de0d",
    (b"SLIP-0021", b"Master encryption key"): (
        "ea163130e35bbafdf5ddee97a17b39cef2be4b4f390180d65b54cf05c6a82fde"
    ),
}


def path(number: int, *levels: int | bytes) -> bytes:
    """A path as hosts write it."""
    parts = [tlv(2, bytes([number]))]
    for level in levels:
        if isinstance(level, bytes):
            parts.append(tlv(4, level))
        else:
            parts.append(tlv(2, level.to_bytes(4, "big")))
    return b"".join(parts)


def hd(device: Device, p1: int, p2: int, data: bytes = b"", expect: int = 0x9000) -> bytes:
    field = bytes([len(data)]) + data if len(data) else b""
    return device.send(bytes([0x80, 0x4A, p1, p2]) + field + b"\0", expect)


def public(device: Device, number: int, *levels: int | bytes, expect: int = 0x9000) -> bytes:
    return hd(device, 0x0A, 0, path(number, *levels), expect)


def select(device: Device, number: int, *levels: int | bytes, expect: int = 0x9000) -> None:
    hd(device, 0x10, 0, path(number, *levels), expect)


def sign(device: Device, hash: bytes = HASH, key_id: int = 0, expect: int = 0x9000) -> bytes:
    return device.sign(key_id, 0xA0, hash, expect)


def crypt(
    device: Device,
    p2: int,
    data: bytes,
    label: bytes = b"",
    iv: bytes = b"",
    expect: int = 0x9000,
) -> bytes:
    """CIPHER with the selected symmetric node."""
    field = SLIP_0011 + tlv(0x81, data)
    field += tlv(0x82, iv) if iv else b""
    field += tlv(0x83, label) if label else b""
    header = bytes([0x80, 0x78, 0, p2, 0]) + len(field).to_bytes(2, "big")
    return device.send(header + field + b"\0\0", expect)


def base58check(data: bytes) -> str:
    digits = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
    data += hashlib.sha256(hashlib.sha256(data).digest()).digest()[:4]
    number, text = int.from_bytes(data, "big"), ""
    while number:
        number, digit = divmod(number, 58)
        text = digits[digit] + text
    return text


def twice(data: bytes) -> bytes:
    return hashlib.sha256(hashlib.sha256(data).digest()).digest()


@pytest.fixture
def device() -> Device:
    device = Device()
    device.initialize()
    hd(device, K1, 0, BIP32_SEED)
    hd(device, R1, 1, BIP32_SEED)
    hd(device, SYMMETRIC, 2, SLIP21_SEED)
    return device


# --- Public data ----------------------------------------------------------------------------------


@pytest.mark.parametrize("levels", BIP32_VECTORS)
def test_bip32(device: Device, levels: tuple[int, ...]) -> None:
    assert base58check(public(device, 0, *levels)) == BIP32_VECTORS[levels]


@pytest.mark.parametrize("levels", SLIP10_VECTORS)
def test_slip10(device: Device, levels: tuple[int, ...]) -> None:
    data = public(device, 1, *levels)
    chain_code, key = SLIP10_VECTORS[levels]
    assert data[:4].hex() == "0488b21e" and data[4] == len(levels)
    assert data[13:].hex() == chain_code + key


@pytest.mark.parametrize("levels", SLIP21_VECTORS)
def test_slip21_shows_no_secret(device: Device, levels: tuple[bytes, ...]) -> None:
    data = public(device, 2, *levels)
    key = bytes.fromhex(SLIP21_VECTORS[levels])
    assert len(data) == 77 and data[45:] == twice(key)
    assert key not in data


def test_the_seed_outlives_the_session_and_the_power(device: Device) -> None:
    before = public(device, 0, 7)
    device.power_on()
    device.select()
    device.verify()
    assert public(device, 0, 7) == before


def test_random_seeds_differ(device: Device) -> None:
    for number in (3, 4):
        hd(device, K1, number)
    assert public(device, 3)[13:] != public(device, 4)[13:]


def test_a_new_seed_replaces_the_old_one(device: Device) -> None:
    select(device, 0)
    hd(device, R1, 0, BIP32_SEED)
    assert public(device, 0)[13:] == public(device, 1)[13:]
    # What was selected of the old one is gone.
    sign(device, expect=0x6985)


# --- Use ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("number", "curve"), [(0, ec.SECP256K1()), (1, ec.SECP256R1())])
def test_sign(device: Device, number: int, curve: ec.EllipticCurve) -> None:
    levels = (HARDENED | 44, HARDENED, 5)
    key = public(device, number, *levels)[45:]
    select(device, number, *levels)
    signature = sign(device)
    verifier = ec.EllipticCurvePublicKey.from_encoded_point(curve, key)
    verifier.verify(signature, HASH, ec.ECDSA(Prehashed(hashes.SHA256())))
    with pytest.raises(InvalidSignature):
        verifier.verify(signature, bytes(32), ec.ECDSA(Prehashed(hashes.SHA256())))


def test_a_node_is_used_once(device: Device) -> None:
    sign(device, expect=0x6985)
    select(device, 0, 1)
    handles = len(hsm_crypto.live_handles)
    sign(device)
    assert len(hsm_crypto.live_handles) == handles - 1
    sign(device, expect=0x6985)


def test_cipher(device: Device) -> None:
    label, data = b"a label E1D0", bytes(range(48))
    levels = (b"SLIP-0021", b"Master encryption key")
    material = hmac.digest(bytes.fromhex(SLIP21_VECTORS[levels]), label, "sha512")
    for iv in (b"", bytes(range(16))):
        select(device, 2, *levels)
        sealed = crypt(device, 0x51, data, label, iv)
        mode = modes.CBC(iv or material[32:48])
        aes = Cipher(algorithms.AES(material[:32]), mode).encryptor()
        assert sealed == aes.update(data)
        crypt(device, 0x52, sealed, label, iv, expect=0x6985)
        select(device, 2, *levels)
        assert crypt(device, 0x52, sealed, label, iv) == data


@pytest.mark.parametrize("end", ["select", "verify", "wrong PIN", "power"])
def test_the_end_of_the_session_forgets_the_node(device: Device, end: str) -> None:
    select(device, 0)
    if end == "select":
        device.send(SELECT)
    elif end == "verify":
        device.verify()
    elif end == "wrong PIN":
        device.verify(b"000000", expect=0x63C2)
    else:
        device.card.end_session()
    device.verify()
    sign(device, expect=0x6985)


def test_presence_is_asked_for_the_use_alone() -> None:
    device = Device()
    device.initialize(options=PRESS_TO_CONFIRM)
    hd(device, K1, 0, BIP32_SEED)
    begin = device.board.uptime_ms
    public(device, 0, 1)
    select(device, 0, 1)
    assert device.board.uptime_ms == begin
    # Nobody presses: the use is refused, and used up.
    sign(device, expect=0x6600)
    sign(device, expect=0x6985)
    select(device, 0, 1)
    now = device.board.uptime_ms
    device.board.presses_ms = [(now + 500, now + 1000)]
    sign(device)


# --- Refusals -------------------------------------------------------------------------------------

REFUSALS = {
    "unknown P1": (0x04, 0, BIP32_SEED, 0x6A86),
    "P1 00": (0x00, 0, b"", 0x6A86),
    "unknown seed number": (K1, 10, BIP32_SEED, 0x6A86),
    "seed too long": (K1, 0, bytes(65), 0x6700),
    "public without path": (0x0A, 0, b"", 0x6700),
    "select without path": (0x10, 0, b"", 0x6700),
    "public of an absent seed": (0x0A, 0, path(5), 0x6400),
    "select of an absent seed": (0x10, 0, path(5, 1), 0x6400),
    "a seed that cannot be": (0x0A, 0, path(10), 0x6400),
    "a path that begins with a label": (0x0A, 0, tlv(4, b"\0"), 0x6700),
    "a path that begins with an index": (0x0A, 0, tlv(2, bytes(4)), 0x6700),
    "a short index": (0x0A, 0, path(0) + tlv(2, bytes(3)), 0x6700),
    "an unknown tag": (0x0A, 0, path(0) + tlv(5, bytes(4)), 0x6700),
    "a cut path": (0x0A, 0, path(0, 1)[:-1], 0x6700),
    "a label on a curve": (0x0A, 0, path(0, b"label"), 0x6A80),
    "an index of a symmetric node": (0x10, 0, path(2, 1), 0x6A80),
    "too many levels": (0x0A, 0, path(2, *[b"l"] * 33), 0x6700),
}


@pytest.mark.parametrize("case", REFUSALS)
def test_a_refusal_changes_nothing(device: Device, case: str) -> None:
    p1, p2, data, status_word = REFUSALS[case]
    before = device.flash.image()
    handles = len(hsm_crypto.live_handles)
    hd(device, p1, p2, data, status_word)
    assert device.flash.image() == before
    assert len(hsm_crypto.live_handles) == handles
    assert base58check(public(device, 0)) == BIP32_VECTORS[()]


def test_the_longest_path_and_seed_work(device: Device) -> None:
    assert public(device, 2, *[b"l"] * 32)[4] == 32
    hd(device, SYMMETRIC, 9, bytes(64))


def test_without_login_nothing_works(device: Device) -> None:
    device.select()
    before = device.flash.image()
    hd(device, K1, 0, BIP32_SEED, 0x6982)
    hd(device, K1, 0, b"", 0x6982)
    public(device, 0, expect=0x6400)
    public(device, 5, expect=0x6400)
    select(device, 0, expect=0x6982)
    select(device, 5, expect=0x6982)
    sign(device, expect=0x6982)
    crypt(device, 0x51, bytes(16), expect=0x6982)
    assert device.flash.image() == before


@pytest.mark.parametrize(
    ("length", "key_id", "status_word"), [(31, 0, 0x6700), (33, 0, 0x6700), (32, 1, 0x6A86)]
)
def test_sign_with_wrong_parameters_uses_nothing_up(
    device: Device, length: int, key_id: int, status_word: int
) -> None:
    select(device, 0)
    sign(device, bytes(length), key_id, expect=status_word)
    sign(device)


@pytest.mark.parametrize("length", [0, 15, 17])
def test_cipher_takes_whole_blocks(device: Device, length: int) -> None:
    select(device, 2)
    crypt(device, 0x51, bytes(length), expect=0x6700)
    crypt(device, 0x51, bytes(16), iv=bytes(15), expect=0x6700)
    crypt(device, 0x51, bytes(16))


def test_a_node_of_the_wrong_kind_is_refused_and_used_up(device: Device) -> None:
    select(device, 2)
    sign(device, expect=0x6400)
    sign(device, expect=0x6985)
    select(device, 0)
    crypt(device, 0x51, bytes(16), expect=0x6400)
    crypt(device, 0x51, bytes(16), expect=0x6985)


def test_master_nodes_are_no_files(device: Device) -> None:
    device.send("00B1111004540200 0000".replace(" ", ""), 0x6982)
    device.send("00A40000021110", 0x6A82)
    device.delete(0x1110, expect=0x6982)
    assert all(fid >> 8 != 0x11 for fid in device.list())
