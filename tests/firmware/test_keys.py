# SPDX-License-Identifier: GPL-2.0-or-later
"""Keys: generation with its request, metadata, use counters, every SIGN algorithm."""

import hashlib
from collections.abc import Callable

import cvc
import hsm_crypto
import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, utils
from device import Device, UnexpectedStatus, tlv
from hsm.commands import generate_key_pair, generate_symmetric_key, initialize_device
from hsm.security import key_domains

HASHES = {
    1: hashes.SHA1(),
    2: hashes.SHA224(),
    3: hashes.SHA256(),
    4: hashes.SHA384(),
    5: hashes.SHA512(),
}
NAMES = {1: "sha1", 2: "sha224", 3: "sha256", 4: "sha384", 5: "sha512"}
PRIMES = {
    curve: hsm_crypto.curve_parameters(curve)[0]
    for curve in range(hsm_crypto.CURVE_SECP192R1, hsm_crypto.CURVE_BRAINPOOLP512R1 + 1)
}
P256 = PRIMES[hsm_crypto.CURVE_SECP256R1]
P521 = PRIMES[hsm_crypto.CURVE_SECP521R1]
MESSAGE = b"what the host wants signed" * 5


@pytest.fixture
def device() -> Device:
    device = Device(sectors=64)
    device.initialize()
    device.verify()
    return device


def device_key(device: Device) -> cvc.Ec:
    fields = cvc.check_certificate(device.read(0x2F02))
    key = cvc.public_key(fields[0x7F49])
    assert isinstance(key, cvc.Ec)
    return key


# --- The device's own key -------------------------------------------------------------------------


def test_device_certificate(device: Device) -> None:
    fields = cvc.check_certificate(device.read(0x2F02))
    name = fields[0x5F20]
    assert name == fields[0x42]
    assert len(name) == 16 and name[:2] == b"UT" and name[-5:] == b"00001"
    assert name.isalnum()
    assert [byte < 10 for byte in fields[0x5F25] + fields[0x5F24]] == [True] * 12
    assert fields[0x7F4C].hex() == "060904007f0007030102025301" + "00"
    assert cvc.check_request(device.read(0xCE00), device_key(device))[0x5F20] == name
    assert name[:-5] in device.read(0xC400)


def test_names_differ_between_chips(device: Device) -> None:
    other = Device()
    other.board.unique_id = bytes.fromhex("0123456789ABCDEF")
    other.power_on()
    other.initialize()
    names = {cvc.check_certificate(d.read(0x2F02))[0x5F20] for d in (device, other)}
    assert len(names) == 2


def test_device_key_is_not_for_hosts(device: Device) -> None:
    device.sign(0, 0x70, bytes(32), expect=0x6A82)
    data = bytes.fromhex("5F2901007F4903060102")
    device.send(b"\0\x46\0\0\0" + len(data).to_bytes(2, "big") + data + b"\0\0", 0x6A86)


# --- Generation -----------------------------------------------------------------------------------


@pytest.mark.parametrize("curve", PRIMES)
def test_ec_key_on_every_curve(device: Device, curve: int) -> None:
    request = device.generate_ec(7, PRIMES[curve])
    fields = cvc.check_request(request, device_key(device))
    assert fields[0x42] == b"UTCA00001"
    assert fields[0x5F20] == b"UTPH000000000001"
    key = cvc.public_key(fields[0x7F49])
    assert isinstance(key, cvc.Ec)
    assert device.read(0xCE07) == request
    bits = 8 * len(PRIMES[curve])
    assert device.read(0xC407).hex() == (
        "a01a30020c003008040137" + "0303072080" + "a10a3008300204000202" + f"{bits:04x}"
    )
    device.power_on()
    device.verify()
    for index, name in NAMES.items():
        der = device.sign(7, 0x70 | index, MESSAGE)
        key.check(hashlib.new(name, MESSAGE).digest(), *utils.decode_dss_signature(der))
    for length in (1, 20, 32, 64, 66):
        digest = bytes(range(1, length + 1))
        key.check(digest, *utils.decode_dss_signature(device.sign(7, 0x70, digest)))
    device.sign(7, 0x70, b"", expect=0x6700)
    device.sign(7, 0x20, bytes(32), expect=0x6400)


def test_fresh_entropy_before_each_key(monkeypatch) -> None:
    order: list[str] = []
    for owner, name in (
        (initialize_device, "reseed"),
        (generate_key_pair, "reseed"),
        (generate_symmetric_key, "reseed"),
        (hsm_crypto.Secret, "random"),
        (hsm_crypto.EcKey, "generate"),
        (hsm_crypto.RsaKey, "generate"),
        (hsm_crypto.AesKey, "generate"),
        (hsm_crypto.EdwardsKey, "generate"),
    ):
        monkeypatch.setattr(owner, name, recorded(order, name, getattr(owner, name)))
    device = Device()
    device.initialize()
    assert order[0] == "reseed" and order.count("reseed") == 1 and order[-1] == "generate"
    device.verify()
    for generate in (
        lambda: device.generate_ec(1, P256),
        lambda: device.generate_rsa(2, 1024),
        lambda: device.generate_aes(3, 128),
        lambda: device.generate_raw(4, hsm_crypto.CURVE_ED25519),
    ):
        order.clear()
        generate()
        assert order == ["reseed", "generate"]


def recorded(order: list[str], name: str, function: Callable) -> Callable:
    """`function`, noting `name` each time that it is called."""

    def call(*arguments: object) -> object:
        order.append(name)
        return function(*arguments)

    return call


@pytest.mark.parametrize("bits", [1024, 1536, 2048, 3072, 4096])
def test_rsa_key_of_every_size(device: Device, bits: int) -> None:
    request = device.generate_rsa(200, bits)
    fields = cvc.check_request(request, device_key(device))
    key = cvc.public_key(fields[0x7F49])
    assert isinstance(key, cvc.Rsa)
    assert (key.modulus.bit_length(), key.exponent) == (bits, 65537)
    assert device.read(0xCEC8) == request
    assert device.read(0xC4C8).hex() == (
        "301b30020c003009" + "0403323030" + "03020274" + "a10a3008300204000202" + f"{bits:04x}"
    )
    for index, name in NAMES.items():
        digest = hashlib.new(name, MESSAGE).digest()
        chosen = HASHES[index]
        signature = device.sign(200, 0x30 | index, MESSAGE)
        key.key.verify(signature, MESSAGE, padding.PKCS1v15(), chosen)
        info = digest_info(name, digest)
        assert device.sign(200, 0x30, info) == signature
        block = b"\x00\x01" + b"\xff" * (bits // 8 - 3 - len(info)) + b"\x00" + info
        assert device.sign(200, 0x20, block) == signature
        pss = padding.PSS(padding.MGF1(chosen), chosen.digest_size)
        if bits // 8 < 2 * len(digest) + 2:
            device.sign(200, 0x40 | index, MESSAGE, expect=0x6400)
            continue
        for algorithm, data in ((0x40 | index, MESSAGE), (0x40, digest), (0x40, info)):
            key.key.verify(device.sign(200, algorithm, data), MESSAGE, pss, chosen)
    device.sign(200, 0x70, bytes(32), expect=0x6400)
    device.sign(200, 0x20, bytes(bits // 8 - 1), expect=0x6700)
    device.sign(200, 0x20, b"\xff" * (bits // 8), expect=0x6400)
    device.sign(200, 0x30, b"no DigestInfo", expect=0x6400)
    device.sign(200, 0x40, bytes(33), expect=0x6400)


def digest_info(name: str, digest: bytes) -> bytes:
    """[RFC8017] 9.2, with the OIDs as that document prints them."""
    oids = {
        "sha1": "2b0e03021a",
        "sha224": "608648016503040204",
        "sha256": "608648016503040201",
        "sha384": "608648016503040202",
        "sha512": "608648016503040203",
    }
    algorithm = tlv(0x30, tlv(0x06, bytes.fromhex(oids[name])) + b"\x05\x00")
    return tlv(0x30, algorithm + tlv(0x04, digest))


def test_unknown_algorithms(device: Device) -> None:
    device.generate_ec(1, P256)
    known = {0x20, *range(0x30, 0x36), *range(0x40, 0x46), *range(0x70, 0x76)}
    for algorithm in set(range(256)) - known:
        device.sign(1, algorithm, bytes(32), expect=0x6A86)
    device.sign(2, 0x70, bytes(32), expect=0x6A82)


EC_OID = bytes.fromhex("060A04007F00070202020203")
RSA_OID = bytes.fromhex("060A04007F00070202020102")
GOOD = tlv(0x7F49, EC_OID + tlv(0x81, P256))


@pytest.mark.parametrize(
    ("data", "status_word"),
    [
        (b"", 0x6700),
        (b"\x5f\x29\x01\x00", 0x6700),
        (tlv(0x7F49, b""), 0x6700),
        (tlv(0x7F49, EC_OID), 0x6700),
        (tlv(0x7F49, EC_OID + tlv(0x81, b"\x07")), 0x6A81),
        (tlv(0x7F49, tlv(0x06, b"\x2a\x03")), 0x6A81),
        (tlv(0x7F49, RSA_OID + tlv(0x02, b"\x02\x01")), 0x6400),
        (tlv(0x7F49, RSA_OID + tlv(0x02, b"\x08\x00") + tlv(0x82, b"\x02")), 0x6400),
        (tlv(0x7F49, RSA_OID + tlv(0x82, bytes(5))), 0x6400),
        (tlv(0x7F49, EC_OID + tlv(0x81, P256)) + tlv(0x90, b"\x01"), 0x6700),
        (tlv(0x7F49, EC_OID + tlv(0x81, P256)) + tlv(0x92, b"\x01"), 0x6A86),
        (tlv(0x7F49, EC_OID + tlv(0x81, P256)) + tlv(0x91, b"\x84"), 0x6700),
        (GOOD + tlv(0x91, b"\x70\x84") + tlv(0x92, b"\0"), 0x6700),
        (tlv(0x7F49, EC_OID + tlv(0x81, P521)) + tlv(0x91, b"\x84"), 0x6A81),
        (tlv(0x7F49, EC_OID + tlv(0x81, P256)) + tlv(0x42, bytes(17)), 0x6700),
        (tlv(0x7F49, EC_OID + tlv(0x81, P256)) + b"\x90", 0x6700),
        (tlv(0x7F49, tlv(0x06, b"")), 0x6A81),
        (GOOD + GOOD, 0x6700),
        (GOOD + 2 * tlv(0x5F20, b"UTCA00001"), 0x6700),
        (tlv(0x7F49, 2 * EC_OID + tlv(0x81, P256)), 0x6700),
        (tlv(0x7F49, EC_OID + 2 * tlv(0x81, P256)), 0x6700),
        (tlv(0x7F49, EC_OID + tlv(0x81, P256) + 2 * tlv(0x83, b"x")), 0x6700),
        (tlv(0x7F49, RSA_OID + 2 * tlv(0x02, b"\x04\x00")), 0x6700),
        (GOOD + tlv(0x90, bytes(4)) + tlv(0x90, bytes(4)), 0x6700),
        (GOOD + tlv(0x91, b"\x70") + tlv(0x91, b"\x84"), 0x6700),
        (GOOD + 7 * tlv(0x91, bytes(range(0x70, 0x90))), 0x6700),
        (GOOD + tlv(0x91, bytes(33)), 0x6700),
        (GOOD + tlv(0x91, b""), 0x6700),
        (GOOD + tlv(0x92, b"\0") + tlv(0x92, b"\0"), 0x6700),
        (GOOD + tlv(0x92, bytes(2)), 0x6700),
        (GOOD + tlv(0x93, b"\5") + tlv(0x93, b"\5"), 0x6700),
        (GOOD + tlv(0x93, bytes(300)), 0x6700),
        (tlv(0x7F49, RSA_OID) + tlv(0x92, b"\x01"), 0x6A86),
        (tlv(0x7F49, RSA_OID) + tlv(0x91, b"\x84"), 0x6A81),
        (tlv(0x7F49, RSA_OID) + tlv(0x5F20, bytes(17)), 0x6700),
    ],
)
def test_generation_refuses(device: Device, monkeypatch, data: bytes, status_word: int) -> None:
    # Not one of these requests may cost the minutes of a key that is then thrown away.
    for kind in (hsm_crypto.EcKey, hsm_crypto.RsaKey, hsm_crypto.EdwardsKey):
        monkeypatch.setattr(kind, "generate", lambda *_: pytest.fail("a key was generated"))
    header = b"\0\x46\1\0"
    body = b"\0" + len(data).to_bytes(2, "big") + data if data else b"\0"
    operations = device.flash.operations
    device.send(header + body + b"\0\0", status_word)
    device.send(b"\0\x46\0\0" + body + b"\0\0", 0x6A86)
    device.send(b"\0\x46\1\1" + body + b"\0\0", 0x6A86)
    device.select()
    device.send(header + body + b"\0\0", 0x6982)
    assert device.flash.operations == operations
    assert device.list() == [0xC400, 0xCC00]


def test_keys_for_an_exchange_name_their_domain(device: Device) -> None:
    uid = bytes(range(64))
    card = device.card
    with card.store.transaction() as change:
        key_domains.put_with_uid(change, card.store.seal, 0, uid)
        change.commit()
    metadata = tlv(0x91, b"\x84") + tlv(0x92, b"\0")
    for curve in (hsm_crypto.CURVE_BRAINPOOLP256R1, hsm_crypto.CURVE_SECP256R1):
        request = device.generate_ec(1, PRIMES[curve], metadata)
        fields = cvc.check_request(request, device_key(device))
        extension = tlv(0x06, bytes.fromhex("2B0601040181C31F030202")) + tlv(0x80, uid)
        assert fields[0x65] == tlv(0x73, extension)
        device.sign(1, 0x70, bytes(32), expect=0x6985)
    operations = device.flash.operations
    for prime in (P521, PRIMES[hsm_crypto.CURVE_SECP384R1]):
        with pytest.raises(UnexpectedStatus, match="6a81, not"):
            device.generate_ec(1, prime, metadata)
    for generate in (
        lambda: device.generate_raw(1, hsm_crypto.CURVE_X25519, metadata),
        lambda: device.generate_rsa(1, 2048, metadata),
    ):
        with pytest.raises(UnexpectedStatus, match="6a81, not"):
            generate()
    assert device.flash.operations == operations


def test_references_default_to_the_device(device: Device) -> None:
    data = tlv(0x7F49, EC_OID + tlv(0x81, P256))
    request = device.send(b"\0\x46\1\0\0" + len(data).to_bytes(2, "big") + data + b"\0\0")
    fields = cvc.check_request(request, device_key(device))
    name = cvc.check_certificate(device.read(0x2F02))[0x5F20]
    assert fields[0x42] == fields[0x5F20] == name


def test_same_id_replaces_the_key(device: Device) -> None:
    first = device.generate_ec(3, P256, tlv(0x91, b"\x70"))
    second = device.generate_rsa(3, 1024)
    assert first != second
    device.sign(3, 0x31, b"message")
    assert device.list() == [0xC400, 0xCC00, 0xCC03, 0xC403]


def test_deleting_a_key_leaves_its_files(device: Device) -> None:
    request = device.generate_ec(3, P256, tlv(0x90, bytes([0, 0, 0, 9])))
    device.delete(0xCC03)
    device.sign(3, 0x70, bytes(32), expect=0x6A82)
    assert device.read(0xCE03) == request
    device.read(0xC403)
    device.power_on()
    device.verify()
    device.sign(3, 0x70, bytes(32), expect=0x6A82)
    device.send("00A4000002CC0300", 0x6A82)


# --- Metadata -------------------------------------------------------------------------------------


def test_metadata_in_control_parameters(device: Device) -> None:
    device.generate_ec(0x21, P256, tlv(0x91, b"\x10\x11\x18\x51") + tlv(0x92, b"\0"))
    expected = "621a810200008201018302cc218a0105a58109" + "9104101118519201" + "00"
    assert device.send("00A4000002CC2100").hex() == expected
    device.sign(0x21, 0x70, bytes(32), expect=0x6985)
    device.generate_ec(0x22, P256, tlv(0x91, b"\x70\x73") + tlv(0x93, b"\x05"))
    device.sign(0x22, 0x70, bytes(32))
    device.sign(0x22, 0x73, b"message")
    device.sign(0x22, 0x75, b"message", expect=0x6985)


def test_longest_metadata_fit_the_control_parameters(device: Device) -> None:
    metadata = tlv(0x91, bytes(range(0x20, 0x40))) + tlv(0x92, b"\0") + tlv(0x93, b"\5")
    device.generate_ec(1, P256, tlv(0x90, b"\xff" * 4) + metadata)
    kept = tlv(0x90, bytes([0xFF, 0xFF, 0xFF, 0xFE])) + metadata
    answer = device.send("00A4000002CC0100")
    assert answer[:2] == bytes([0x62, len(answer) - 2])
    assert answer.endswith(b"\xa5\x81" + bytes([len(kept)]) + kept)


def test_use_counter(device: Device) -> None:
    device.generate_ec(1, P256, tlv(0x90, bytes([0, 0, 0, 3])) + tlv(0x91, b"\x70\x20"))
    assert device.send("00A4000002CC0100").hex().endswith("a5810a90040000000391027020")
    device.sign(1, 0x71, b"not allowed", expect=0x6985)
    device.sign(1, 0x20, bytes(32), expect=0x6400)
    device.sign(1, 0x70, b"", expect=0x6700)
    for left in (2, 1, 0):
        device.sign(1, 0x70, bytes([left]) * 32)
        device.power_on()
        device.verify()
        assert bytes([0x90, 4, 0, 0, 0, left]) in device.send("00A4000002CC0100")
    device.sign(1, 0x70, bytes(32), expect=0x6A84)
    device.generate_ec(1, P256)
    device.sign(1, 0x70, bytes(32))


def test_use_counter_outlives_its_bit_field(device: Device) -> None:
    device.generate_ec(1, P256, tlv(0x90, (600).to_bytes(4, "big")))
    for _ in range(600):
        device.sign(1, 0x70, bytes(32))
    device.sign(1, 0x70, bytes(32), expect=0x6A84)


def test_nothing_is_counted_without_a_counter(device: Device) -> None:
    device.generate_ec(1, P256)
    operations = device.flash.operations
    device.sign(1, 0x70, bytes(32))
    assert device.flash.operations == operations


def test_a_key_of_another_life_is_gone(device: Device) -> None:
    device.generate_ec(1, P256)
    image = device.flash.image()
    assert image.count(b"HS") >= 1
    device.initialize()
    device.sign(1, 0x70, bytes(32), expect=0x6A82)
