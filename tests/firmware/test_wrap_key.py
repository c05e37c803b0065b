# SPDX-License-Identifier: GPL-2.0-or-later
"""WRAP KEY and UNWRAP KEY: blobs of every kind of key, and what is refused."""

import hashlib
import json
from collections.abc import Callable
from pathlib import Path

import cvc
import hsm_crypto
import key_blob
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa, utils
from device import Device, tlv
from hsm import limits
from hsm.security import key_domains
from hsm.security.key_domains import KeyDomain
from hsm_crypto_curves import CURVES
from key_blob import KeyBlob
from test_second_checks import one_wrong

VECTORS = Path(__file__).resolve().parents[1] / "vectors" / "key_blobs" / "ec.json"
DKEK = hashlib.sha256(b"the share of all").digest()
OTHER_DKEK = hashlib.sha256(b"another one").digest()
P256 = hsm_crypto.curve_parameters(hsm_crypto.CURVE_SECP256R1)[0]
EF_WRAPPED_KEY = 0x2F10
NOT_LOGGED_IN, NOT_FOUND, NO_DKEK, FORBIDDEN = 0x6982, 0x6A82, 0x6A88, 0x6985
WRONG_DATA, NO_BLOB, WRONG_P1, WRONG_P2 = 0x6A80, 0x6984, 0x6A86, 0x6B00


def with_dkek(*shares: bytes, logged_in: bool = True) -> Device:
    """Domain n has the n-th share as its DKEK."""
    device = Device(sectors=64)
    device.initialize(more=tlv(0x97, bytes([len(shares)])))
    for number, share in enumerate(shares):
        device.key_domain(1, number, b"\1")
        device.key_domain(0, number, share)
    device.select()
    if logged_in:
        device.verify()
    return device


@pytest.fixture
def device() -> Device:
    return with_dkek(DKEK)


def plugged(device: Device) -> Device:
    """Another device's turn: the twins know one board at a time."""
    device.power_on()
    device.verify()
    return device


def private_of(device: Device, key_id: int) -> object:
    """What the twin of the crypto module has inside: nothing a host could see."""
    return device.card.keys.open_for_use(key_id, range(6), 0x92)._open()


def public_of(request: bytes) -> bytes:
    """The value of 7F49 in a request."""
    inner = cvc.values(cvc.values(request)[0x67])[0x7F21]
    return cvc.values(cvc.values(inner)[0x7F4E])[0x7F49]


def raw(curve: int) -> Callable[[Device], bytes]:
    return lambda device: device.generate_raw(1, curve)


def weierstrass(curve: int) -> Callable[[Device], bytes]:
    return lambda device: device.generate_ec(1, hsm_crypto.curve_parameters(curve)[0])


RAW_CURVES = {
    "Ed25519": hsm_crypto.CURVE_ED25519,
    "Ed448": hsm_crypto.CURVE_ED448,
    "X25519": hsm_crypto.CURVE_X25519,
    "X448": hsm_crypto.CURVE_X448,
}
MAKERS: dict[str, Callable[[Device], bytes | None]] = {
    **{f"EC {curve}": weierstrass(curve) for curve in CURVES},
    **{name: raw(curve) for name, curve in RAW_CURVES.items()},
    **{f"RSA {n}": lambda d, n=n: d.generate_rsa(1, n) for n in (1024, 1536, 2048, 3072, 4096)},
    **{f"AES {n}": lambda d, n=n: d.generate_aes(1, n) for n in (128, 192, 256, 512)},
}


# --- There and back -------------------------------------------------------------------------------


@pytest.mark.parametrize("make", MAKERS.values(), ids=MAKERS.keys())
def test_every_kind_of_key_moves_to_another_device_and_back(
    make: Callable[[Device], bytes | None],
) -> None:
    first = with_dkek(DKEK)
    request = make(first)
    blob, private = first.wrap(1), private_of(first, 1)
    assert len(blob) <= limits.KEY_BLOB_BYTES_MAX
    second = with_dkek(OTHER_DKEK, DKEK)
    second.unwrap(7, blob)
    assert private_of(second, 7) == private
    back, description = second.wrap(7), second.read(0xC407)
    assert back != blob
    files = [second.read(0xCE07)] if request else []
    plugged(first)
    first.delete(0xCC01)
    first.write(EF_WRAPPED_KEY, 0, back)
    first.send("80740193")
    assert private_of(first, 1) == private
    assert first.read(0xC401) == description.replace(b"\x04\x017", b"\x04\x011")
    if request is None:
        first.send("00A4000002CE0100", NOT_FOUND)
        return
    for file in (*files, first.read(0xCE01)):
        assert public_of(file) == public_of(request)


def test_the_fields_of_blobs(device: Device) -> None:
    device.generate_rsa(1, 2048, tlv(0x91, b"\x20\x92"))
    blob = key_blob.decode(device.wrap(1), DKEK)
    d, n, e = (int.from_bytes(value, "big") for value in blob.fields)
    assert (blob.kind, blob.size, blob.algorithms) == (key_blob.RSA, 2048, b"\x20\x92")
    assert e == 65537 and n.bit_length() == 2048
    assert pow(pow(5, e, n), d, n) == 5
    for curve in CURVES:
        device.generate_ec(2, hsm_crypto.curve_parameters(curve)[0])
        blob = key_blob.decode(device.wrap(2), DKEK)
        p, a, b, g, order, _ = hsm_crypto.curve_parameters(curve)
        assert (blob.kind, blob.size, blob.algorithms) == (key_blob.EC, 8 * len(p), b"")
        assert blob.fields[:5] == [a, b, p, order, g]
        private, public = blob.fields[key_blob.EC_D], blob.fields[key_blob.EC_Q]
        assert private[:1] != b"\0"
        parameters = CURVES[curve]
        point = parameters.multiply(int.from_bytes(private, "big"), parameters.g)
        assert parameters.encode(point) == public
    for bits in (128, 192, 256, 512):
        device.generate_aes(3, bits)
        blob = key_blob.decode(device.wrap(3), DKEK)
        assert (blob.kind, blob.size) == (key_blob.AES, bits // 8)


def test_an_unwrapped_key_works(device: Device) -> None:
    """And its request says whose it is: the holder's own, without a word of the device."""
    request = device.generate_ec(1, P256)
    point = cvc.values(public_of(request))[0x86]
    device.unwrap(2, device.wrap(1))
    device.power_on()
    device.verify()
    key = cvc.public_key(public_of(device.read(0xCE02)))
    assert isinstance(key, cvc.Ec) and key.curve.encode(key.point) == point
    message = b"signed by an unwrapped key"
    der = device.sign(2, 0x73, message)
    key.check(hashlib.sha256(message).digest(), *utils.decode_dss_signature(der))
    outer = cvc.values(cvc.values(device.read(0xCE02))[0x67])
    body = cvc.objects(outer[0x7F21])[0]
    assert outer[0x42] == cvc.values(body[1])[0x5F20] == b"UTIMPORTED00002"
    assert outer[0x5F37] == bytes(64)
    key.verify(cvc.values(outer[0x7F21])[0x5F37], body[2])


def test_the_description_and_the_metadata(device: Device) -> None:
    device.generate_rsa(1, 1024, tlv(0x91, b"\x20\x92") + tlv(0x90, bytes([0, 0, 0, 9])))
    device.unwrap(2, device.wrap(1))
    metadata = tlv(0x91, b"\x20\x92") + tlv(0x92, b"\0")
    assert device.send("00A4000002CC0200").endswith(b"\xa5\x81" + bytes([len(metadata)]) + metadata)
    assert device.read(0xC402).hex().endswith("a10a3008300204000202" + "0400")
    device.sign(2, 0x30, bytes(20), expect=FORBIDDEN)


def test_counters_on_all_keys_are_on_unwrapped_ones(device: Device) -> None:
    device.generate_aes(1, 128)
    blob = device.wrap(1)
    device.initialize(options=0x0201, more=tlv(0x92, b"\1"))
    device.key_domain(0, 0, DKEK)
    device.unwrap(1, blob)
    assert b"\x90\x04\xff\xff\xff\xfe" in device.send("00A4000002CC0100")


def test_an_unwrapped_key_replaces_what_had_its_id(device: Device) -> None:
    device.generate_aes(1, 256)
    blob = device.wrap(1)
    device.generate_ec(2, P256)
    device.unwrap(2, blob)
    device.send("00A4000002CE0200", NOT_FOUND)
    assert device.read(0xC402)[:1] == b"\xa8"
    assert private_of(device, 2) == private_of(device, 1)


# --- Blobs of others ------------------------------------------------------------------------------


@pytest.mark.parametrize("number", [0, 1])
def test_keys_that_another_card_wrapped(number: int) -> None:
    vectors = json.loads(VECTORS.read_text())
    vector = vectors["keys"][number]
    device = with_dkek(bytes.fromhex(vectors["dkek"]))
    device.unwrap(10, bytes.fromhex(vector["blob"]))
    assert public_of(device.read(0xCE0A)) == public_of(bytes.fromhex(vector["request"]))


@pytest.mark.parametrize("bits", [1024, 1536, 2048, 3072, 4096])
def test_rsa_with_crt_parameters(device: Device, bits: int) -> None:
    numbers = rsa.generate_private_key(65537, bits).private_numbers()
    parts = (numbers.dmp1, numbers.dmq1, numbers.p, numbers.iqmp, numbers.q)
    fields = [
        number.to_bytes((number.bit_length() + 7) // 8, "big")
        for number in (*parts, numbers.public_numbers.n, numbers.public_numbers.e)
    ]
    blob = KeyBlob(key_blob.RSA_CRT, bits, fields).encode(DKEK)
    assert len(blob) <= limits.KEY_BLOB_BYTES_MAX
    device.unwrap(1, blob)
    again = key_blob.decode(device.wrap(1), DKEK)
    assert again.kind == key_blob.RSA
    d, n, e = (int.from_bytes(value, "big") for value in again.fields)
    assert (n, e) == (numbers.public_numbers.n, 65537)
    assert pow(pow(5, e, n), d, n) == 5


# --- EF 2F10 --------------------------------------------------------------------------------------


def test_the_staged_blob_in_the_chunks_of_hosts(device: Device) -> None:
    device.generate_rsa(1, 4096)
    blob = device.wrap(1)
    assert len(blob) > 1000
    offset = 0
    while offset < len(blob):
        device.write(EF_WRAPPED_KEY, offset, blob[offset : offset + 230])
        offset += 230
    assert device.read(EF_WRAPPED_KEY) == blob
    device.send("80740993")
    assert private_of(device, 9) == private_of(device, 1)
    # It did its service.
    device.send("00A40000022F1000", NOT_FOUND)
    device.send("80740993", NOT_FOUND)


def test_a_blob_as_data_leaves_the_staged_one(device: Device) -> None:
    device.generate_aes(1, 128)
    device.generate_aes(2, 256)
    device.write(EF_WRAPPED_KEY, 0, device.wrap(1))
    device.unwrap(3, device.wrap(2))
    assert private_of(device, 3) == private_of(device, 2)
    device.send("80740393")
    assert private_of(device, 3) == private_of(device, 1)


def test_a_refused_blob_stays(device: Device) -> None:
    device.write(EF_WRAPPED_KEY, 0, bytes(100))
    device.send("80740993", NO_BLOB)
    assert device.read(EF_WRAPPED_KEY) == bytes(100)


def test_the_staged_file_has_a_limit(device: Device) -> None:
    device.write(EF_WRAPPED_KEY, 0, bytes(limits.KEY_BLOB_BYTES_MAX))
    device.write(EF_WRAPPED_KEY, limits.KEY_BLOB_BYTES_MAX, b"x", expect=0x6A84)
    device.write(EF_WRAPPED_KEY, 0, bytes(limits.KEY_BLOB_BYTES_MAX + 1), expect=0x6A84)
    device.select()
    device.write(EF_WRAPPED_KEY, 0, b"x", expect=NOT_LOGGED_IN)


# --- What is refused ------------------------------------------------------------------------------


def unchanged(device: Device, command: Callable[[], object]) -> None:
    """The command changes nothing in the flash, and the next one works."""
    operations = device.flash.operations
    handles = len(hsm_crypto.live_handles)
    command()
    assert device.flash.operations == operations
    assert len(hsm_crypto.live_handles) == handles
    device.send("80580000000000")


def test_wrap_refuses(device: Device) -> None:
    device.generate_ec(1, P256)
    device.generate_ec(2, P256, tlv(0x91, b"\x70"))
    device.generate_ec(3, P256, tlv(0x90, bytes(4)))
    for apdu, expect in (
        ("80720193000000", WRONG_P2),
        ("80720192000000", 0x9000),
        ("80720092000000", NOT_FOUND),
        ("80720992000000", NOT_FOUND),
        ("80720292000000", FORBIDDEN),
        ("80720392000000", 0x6A84),
    ):
        unchanged(device, lambda apdu=apdu, expect=expect: device.send(apdu, expect))
    device.select()
    unchanged(device, lambda: device.wrap(1, NOT_LOGGED_IN))
    device.verify_so()
    unchanged(device, lambda: device.wrap(1, NOT_LOGGED_IN))


def test_wrap_needs_the_complete_dkek_of_the_keys_own_domain() -> None:
    device = with_dkek(DKEK, OTHER_DKEK)
    for key_id, domain in ((1, b"\0"), (2, b"\1")):
        device.generate_ec(key_id, P256, tlv(0x92, domain))
    device.generate_ec(3, P256)
    assert key_blob.decode(device.wrap(1), DKEK)
    assert key_blob.decode(device.wrap(2), OTHER_DKEK)
    assert key_blob.decode(device.wrap(3), DKEK)
    device.key_domain(4, 0)
    for key_id in (1, 3):
        unchanged(device, lambda key_id=key_id: device.wrap(key_id, NO_DKEK))
    assert key_blob.decode(device.wrap(2), OTHER_DKEK)
    device.key_domain(0, 0, DKEK)
    device.wrap(3)


def test_some_of_the_shares_wrap_nothing() -> None:
    device = Device(64)
    device.initialize(more=tlv(0x92, b"\2"))
    device.generate_aes(1, 128)
    unchanged(device, lambda: device.wrap(1, NO_DKEK))
    device.key_domain(0, 0, DKEK)
    unchanged(device, lambda: device.wrap(1, NO_DKEK))
    blob = KeyBlob(key_blob.AES, 16, [bytes(16)]).encode(DKEK)
    unchanged(device, lambda: device.unwrap(2, blob, WRONG_DATA))
    device.key_domain(0, 0, OTHER_DKEK)
    both = bytes(a ^ b for a, b in zip(DKEK, OTHER_DKEK, strict=True))
    assert key_blob.decode(device.wrap(1), both)


def test_without_dkek() -> None:
    device = Device(64)
    device.initialize()
    device.generate_aes(1, 128)
    unchanged(device, lambda: device.wrap(1, NO_DKEK))
    blob = KeyBlob(key_blob.AES, 16, [bytes(16)]).encode(bytes(32))
    unchanged(device, lambda: device.unwrap(1, blob, WRONG_DATA))


def test_a_random_dkek_takes_back_its_own_keys_only() -> None:
    first = Device(64)
    first.initialize(more=tlv(0x92, b"\0"))
    first.generate_aes(1, 128)
    blob = first.wrap(1)
    second = Device(64)
    second.initialize(more=tlv(0x92, b"\0"))
    unchanged(second, lambda: second.unwrap(2, blob, WRONG_DATA))
    plugged(first).unwrap(2, blob)


def test_unwrap_refuses(device: Device) -> None:
    device.generate_aes(1, 128)
    blob = device.wrap(1)
    wrong = {
        "80740293": NOT_FOUND,
        "80740292" + "00" + f"{len(blob):04x}" + blob.hex(): WRONG_P2,
        "80740093" + "00" + f"{len(blob):04x}" + blob.hex(): WRONG_P1,
    }
    for apdu, expect in wrong.items():
        unchanged(device, lambda apdu=apdu, expect=expect: device.send(apdu, expect))
    device.select()
    unchanged(device, lambda: device.unwrap(2, blob, NOT_LOGGED_IN))
    device.verify_so()
    unchanged(device, lambda: device.unwrap(2, blob, NOT_LOGGED_IN))
    device.verify()
    device.unwrap(2, blob)


def test_every_damaged_byte_and_length_is_refused(device: Device) -> None:
    device.generate_aes(1, 128)
    blob = device.wrap(1)
    for place in range(len(blob)):
        damaged = bytearray(blob)
        damaged[place] ^= 1
        expect = NO_BLOB if place == 8 else WRONG_DATA
        unchanged(device, lambda d=bytes(damaged), e=expect: device.unwrap(2, d, e))
    for length in range(1, len(blob)):
        short = blob[:length]
        expect = NO_BLOB if length < 49 else WRONG_DATA
        unchanged(device, lambda s=short, e=expect: device.unwrap(2, s, e))
    unchanged(device, lambda: device.unwrap(2, blob + b"\0", WRONG_DATA))
    device.unwrap(2, blob)


def test_what_is_no_key_is_refused_like_a_wrong_mac(device: Device) -> None:
    p, a, b, g, order, _ = hsm_crypto.curve_parameters(hsm_crypto.CURVE_SECP256R1)
    curve = [a, b, p, order, g]
    right = CURVES[hsm_crypto.CURVE_SECP256R1]
    point = right.encode(right.g)
    for blob in (
        KeyBlob(key_blob.AES, 17, [bytes(17)]),
        KeyBlob(key_blob.AES, 32, [bytes(7)]),
        KeyBlob(key_blob.EC, 256, [*curve, b"\2", point]),
        KeyBlob(key_blob.EC, 256, [*curve, bytes(32), point]),
        KeyBlob(key_blob.EC, 256, [*curve, order, point]),
        KeyBlob(key_blob.EC, 256, [a, b, b"\x07", order, g, b"\1", point]),
        KeyBlob(key_blob.RSA, 1024, [b"\3", b"\5", b"\7"]),
        KeyBlob(key_blob.AES, 16, [bytes(16)], algorithms=bytes(33)),
    ):
        encoded = blob.encode(DKEK)
        unchanged(device, lambda encoded=encoded: device.unwrap(1, encoded, WRONG_DATA))
    device.unwrap(1, KeyBlob(key_blob.EC, 256, [*curve, b"\1", point]).encode(DKEK))


def test_exchanging_a_key_asks_for_a_press() -> None:
    device = with_dkek(DKEK)
    device.generate_aes(1, 128)
    blob = device.wrap(1)
    device.initialize(options=0x0101, more=tlv(0x92, b"\1"))
    device.key_domain(0, 0, DKEK)
    device.unwrap(1, blob)
    unchanged(device, lambda: device.wrap(1, 0x6600))
    now = device.board.uptime_ms
    device.board.presses_ms = [(now + 1000, now + 2000)]
    device.wrap(1)


# --- Checks that are made twice -------------------------------------------------------------------


@pytest.mark.parametrize("wrong_call", [0, 1, 2])
def test_one_wrong_domain_exports_nothing(monkeypatch, wrong_call: int) -> None:
    """A key of domain 0, and for one moment the card believes in domain 1."""
    from hsm.commands import wrap_key

    device = with_dkek(DKEK, OTHER_DKEK)
    device.generate_aes(1, 128)
    wrong = one_wrong(wrap_key._domain, wrong_call, 1)
    monkeypatch.setattr(wrap_key, "_domain", wrong)
    device.wrap(1, expect=0x6400)


@pytest.mark.parametrize("wrong_call", [0, 1])
def test_an_incomplete_dkek_that_looks_complete_once(monkeypatch, wrong_call: int) -> None:
    device = Device(64)
    device.initialize(more=tlv(0x92, b"\2"))
    device.generate_aes(1, 128)
    device.key_domain(0, 0, DKEK)
    wrong = one_wrong(KeyDomain.is_complete, wrong_call, True)
    monkeypatch.setattr(KeyDomain, "is_complete", lambda *arguments: wrong(*arguments))
    device.wrap(1, expect=NO_DKEK)


def test_an_incomplete_dkek_that_looks_complete_until_it_is_open(monkeypatch) -> None:
    """The blob's check value then is not the domain's."""
    device = Device(64)
    device.initialize(more=tlv(0x92, b"\2"))
    device.generate_aes(1, 128)
    device.key_domain(0, 0, DKEK)
    calls = iter(range(100))
    right = KeyDomain.is_complete
    monkeypatch.setattr(KeyDomain, "is_complete", lambda self: next(calls) < 3 or right(self))
    answer = device.transmit(bytes.fromhex("80720192000000"))
    assert answer == b"\x64\x00"


@pytest.mark.parametrize("wrong_call", [0, 1])
def test_one_wrong_domain_takes_no_key(monkeypatch, wrong_call: int) -> None:
    device = with_dkek(DKEK, OTHER_DKEK)
    blob = KeyBlob(key_blob.AES, 16, [bytes(16)]).encode(DKEK)
    wrong = one_wrong(key_domains.of_check_value, wrong_call, 1)
    monkeypatch.setattr(key_domains, "of_check_value", wrong)
    unchanged(device, lambda: device.unwrap(1, blob, WRONG_DATA))


def test_skipped_checks_of_the_metadata_export_nothing(device: Device, monkeypatch) -> None:
    device.generate_ec(2, P256, tlv(0x91, b"\x70"))
    keys = type(device.card.keys)
    for skipped in (0, 1):
        wrong = one_wrong(keys._check, skipped, None)
        with monkeypatch.context() as patch:
            patch.setattr(keys, "_check", lambda *arguments, wrong=wrong: wrong(*arguments))
            device.wrap(2, expect=FORBIDDEN)
