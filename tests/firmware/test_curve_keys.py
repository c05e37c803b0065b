# SPDX-License-Identifier: GPL-2.0-or-later
"""Edwards and Montgomery keys, key agreement, and EC keys derived from others."""

import cvc
import hsm_crypto
import pytest
from cryptography.hazmat.primitives.asymmetric import ed448, ed25519, utils
from device import Device, tlv
from nor_flash import TEARS, NorFlash, PowerCut

EDWARDS = (hsm_crypto.CURVE_ED25519, hsm_crypto.CURVE_ED448)
MONTGOMERY = (hsm_crypto.CURVE_X25519, hsm_crypto.CURVE_X448)
WEIERSTRASS = range(hsm_crypto.CURVE_SECP192R1, hsm_crypto.CURVE_BRAINPOOLP512R1 + 1)
PRIMES = {curve: hsm_crypto.curve_parameters(curve)[0] for curve in WEIERSTRASS}
P256 = PRIMES[hsm_crypto.CURVE_SECP256R1]
ORDER = int.from_bytes(hsm_crypto.curve_parameters(hsm_crypto.CURVE_SECP256R1)[4], "big")
ECDSA, ECDH = 0x70, 0x80
KEY, OTHER = 1, 2


@pytest.fixture
def device() -> Device:
    device = Device(sectors=64)
    device.initialize()
    device.verify()
    return device


def device_key(device: Device) -> cvc.Ec:
    key = cvc.public_key(cvc.check_certificate(device.read(0x2F02))[0x7F49])
    assert isinstance(key, cvc.Ec)
    return key


def raw_key(device: Device, request: bytes) -> cvc.Raw:
    key = cvc.public_key(cvc.check_request(request, device_key(device))[0x7F49])
    assert isinstance(key, cvc.Raw)
    return key


def ec_key(device: Device, key_id: int, curve: int, metadata: bytes = b"") -> cvc.Ec:
    request = device.generate_ec(key_id, PRIMES[curve], metadata)
    key = cvc.public_key(cvc.check_request(request, device_key(device))[0x7F49])
    assert isinstance(key, cvc.Ec)
    return key


def uses_left(device: Device, key_id: int) -> int:
    answer = device.send(bytes.fromhex("00A4000002CC") + bytes([key_id, 0]))
    at = answer.index(b"\x90\x04")
    return int.from_bytes(answer[at + 2 : at + 6], "big")


# --- Edwards --------------------------------------------------------------------------------------


@pytest.mark.parametrize("curve", EDWARDS)
def test_edwards_keys_sign_messages(device: Device, curve: int) -> None:
    request = device.generate_raw(KEY, curve)
    key = raw_key(device, request)
    assert device.read(0xCE01) == request
    bits = {hsm_crypto.CURVE_ED25519: "0100", hsm_crypto.CURVE_ED448: "01c0"}[curve]
    assert device.read(0xC401).hex() == (
        "a01930020c003007040131" + "03020520" + "a10a3008300204000202" + bits
    )
    library = {
        hsm_crypto.CURVE_ED25519: ed25519.Ed25519PublicKey,
        hsm_crypto.CURVE_ED448: ed448.Ed448PublicKey,
    }[curve]
    public = library.from_public_bytes(key.public)
    device.power_on()
    device.verify()
    for message in (b"", b"x", bytes(range(256)) * 16):
        if message:
            public.verify(device.sign(KEY, ECDSA, message), message)
        else:
            answer = device.send(bytes([0x80, 0x68, KEY, ECDSA, 0, 0, 0]))
            public.verify(answer, message)
    for algorithm in (0x71, 0x75, 0x20, 0x33):
        device.sign(KEY, algorithm, bytes(32), expect=0x6400)
    device.decipher(KEY, ECDH, bytes(32), expect=0x6400)
    device.derive(KEY, OTHER, b"\1", expect=0x6400)


def test_without_generator_it_is_an_edwards_key(device: Device) -> None:
    for curve in EDWARDS:
        prime = hsm_crypto.curve_parameters(curve)[0]
        assert raw_key(device, device.generate_ec(KEY, prime)).curve == curve


# --- Key agreement --------------------------------------------------------------------------------


@pytest.mark.parametrize("curve", MONTGOMERY)
def test_montgomery_keys_agree(device: Device, curve: int) -> None:
    key = raw_key(device, device.generate_raw(KEY, curve))
    assert key.curve == curve
    assert bytes.fromhex("0303070080") in device.read(0xC401)
    peer = hsm_crypto.MontgomeryKey.generate(curve)
    shared = bytearray(len(key.public))
    peer.ecdh_into(key.public, shared)
    assert device.decipher(KEY, ECDH, peer.public()) == b"\x04" + shared
    for wrong in (peer.public()[1:], peer.public() + b"\0", b"\x04" + peer.public()):
        device.decipher(KEY, ECDH, wrong, expect=0x6700)
    for small_order in (bytes(len(shared)), b"\x01" + bytes(len(shared) - 1)):
        device.decipher(KEY, ECDH, small_order, expect=0x6984)
    device.sign(KEY, ECDSA, bytes(32), expect=0x6400)


@pytest.mark.parametrize("curve", WEIERSTRASS)
def test_ec_keys_agree(device: Device, curve: int) -> None:
    key = ec_key(device, KEY, curve)
    peer = hsm_crypto.EcKey.generate(curve)
    shared = bytearray(len(PRIMES[curve]))
    peer.ecdh_into(key.curve.encode(key.point), shared)
    assert device.decipher(KEY, ECDH, peer.public()) == b"\x04" + shared
    point = bytearray(peer.public())
    device.decipher(KEY, ECDH, bytes(point[:-1]), expect=0x6700)
    device.decipher(KEY, ECDH, bytes(point) + b"\0", expect=0x6700)
    device.decipher(KEY, ECDH, b"\x02" + bytes(point[1:]), expect=0x6984)
    point[-1] ^= 1
    device.decipher(KEY, ECDH, bytes(point), expect=0x6984)
    device.decipher(KEY, ECDH, b"\x04" + b"\xff" * (len(point) - 1), expect=0x6984)
    device.decipher(KEY, 0x21, bytes(128), expect=0x6400)


def test_agreement_keeps_to_the_metadata(device: Device) -> None:
    metadata = tlv(0x90, bytes([0, 0, 0, 1])) + tlv(0x91, b"\x80")
    device.generate_ec(KEY, P256, metadata)
    point = hsm_crypto.EcKey.generate(hsm_crypto.CURVE_SECP256R1).public()
    device.sign(KEY, ECDSA, bytes(32), expect=0x6985)
    device.decipher(KEY, ECDH, bytes(65), expect=0x6984)
    device.decipher(KEY, ECDH, point)
    operations = device.flash.operations
    device.decipher(KEY, ECDH, point, expect=0x6A84)
    assert device.flash.operations == operations
    device.select()
    device.decipher(KEY, ECDH, point, expect=0x6982)


# --- Derivation -----------------------------------------------------------------------------------


def check_signature(device: Device, key_id: int, curve: int, public: bytes) -> None:
    der = device.sign(key_id, ECDSA, bytes(range(32)))
    r, s = utils.decode_dss_signature(der)
    width = len(hsm_crypto.curve_parameters(curve)[4])
    signature = r.to_bytes(width, "big") + s.to_bytes(width, "big")
    assert hsm_crypto.ec_verify(curve, public, bytes(range(32)), signature)


@pytest.mark.parametrize("curve", WEIERSTRASS)
def test_derived_keys_are_the_sum_modulo_the_order(device: Device, curve: int) -> None:
    key = ec_key(device, KEY, curve)
    order = hsm_crypto.curve_parameters(curve)[4]
    for number in (b"\1", bytes(range(1, 25)), order[:-1] + b"\0", b"\xff" * len(order)):
        device.derive(KEY, OTHER, number)
        offset = key.curve.multiply(int.from_bytes(number, "big") % key.curve.n, key.curve.g)
        expected = key.curve.add(key.point, offset)
        check_signature(device, OTHER, curve, key.curve.encode(expected))
    assert device.read(0xC402) == device.read(0xC401).replace(b"\x04\x011", b"\x04\x012")
    device.read(0xCE02, expect=0x6A82)
    assert set(device.list()) == {0xC400, 0xCC00, 0xCC01, 0xC401, 0xCC02, 0xC402}


def test_a_derived_key_keeps_the_limits(device: Device) -> None:
    limits = tlv(0x91, b"\x70\x98") + tlv(0x92, b"\0") + tlv(0x93, b"\5")
    device.generate_ec(KEY, P256, tlv(0x90, bytes([0, 0, 0, 4])) + limits)
    device.derive(KEY, OTHER, b"\1")
    answer = device.send("00A4000002CC0200")
    assert answer.endswith(b"\x90\4\0\0\0\1" + limits)
    assert (uses_left(device, KEY), uses_left(device, OTHER)) == (3, 1)
    device.decipher(OTHER, ECDH, bytes(65), expect=0x6985)
    # Back to the same scalar: still no more than four uses of it and of what comes of it.
    device.derive(OTHER, 3, (ORDER - 1).to_bytes(32, "big"))
    assert [uses_left(device, key_id) for key_id in (KEY, OTHER, 3)] == [3, 0, 1]
    device.sign(3, ECDSA, bytes(32))
    device.derive(3, 4, b"\1", expect=0x6A84)
    device.generate_ec(5, P256, tlv(0x91, b"\x70"))
    device.derive(5, 6, b"\1", expect=0x6985)


def test_derivation_replaces_what_was_there(device: Device) -> None:
    device.generate_ec(KEY, P256)
    device.generate_rsa(OTHER, 1024, tlv(0x90, bytes([0, 0, 0, 1])))
    device.derive(KEY, OTHER, b"\1")
    device.sign(OTHER, ECDSA, bytes(32))
    device.sign(OTHER, ECDSA, bytes(32))
    device.read(0xCE02, expect=0x6A82)


def test_derivation_refuses(device: Device) -> None:
    device.generate_ec(KEY, P256)
    device.generate_rsa(3, 1024)
    before = device.flash.image()
    for key_id, new_id, data, status_word in (
        (KEY, 0, b"\x98\1", 0x6A86),
        (KEY, KEY, b"\x98\1", 0x6A86),
        (KEY, OTHER, b"", 0x6700),
        (KEY, OTHER, b"\x98", 0x6700),
        (KEY, OTHER, b"\x99\1", 0x6700),
        (KEY, OTHER, b"\x98" + bytes(33), 0x6700),
        (0, OTHER, b"\x98\1", 0x6A82),
        (9, OTHER, b"\x98\1", 0x6A82),
        (3, OTHER, b"\x98\1", 0x6400),
    ):
        head = bytes([0x80, 0x76, key_id, new_id])
        device.send(head + (bytes([len(data)]) + data if data else b""), status_word)
    device.select()
    device.derive(KEY, OTHER, b"\1", expect=0x6982)
    assert device.flash.image() == before
    device.verify()
    device.derive(KEY, OTHER, b"\1")


def test_the_sum_is_never_zero(device: Device, monkeypatch) -> None:
    scalar = 12345
    monkeypatch.setattr(
        hsm_crypto.EcKey, "generate", lambda curve: hsm_crypto.EcKey._from_scalar(curve, scalar)
    )
    device.generate_ec(KEY, P256)
    before = device.flash.image()
    device.derive(KEY, OTHER, (ORDER - scalar).to_bytes(32, "big"), expect=0x6400)
    assert device.flash.image() == before


# --- Power, and the button ------------------------------------------------------------------------


def test_no_cut_makes_a_use_or_a_key_out_of_nothing() -> None:
    """ATOM-1: the use leaves the old key with the transaction that makes the new one."""
    device = Device(sectors=16)
    device.initialize()
    device.verify()
    device.generate_ec(KEY, P256, tlv(0x90, bytes([0, 0, 0, 5])))
    device.generate_ec(OTHER, P256, tlv(0x91, b"\x70"))
    image = device.flash.image()

    def started(image: bytes) -> Device:
        device = Device(sectors=16)
        device.board.flash = NorFlash(16, image)
        device.power_on()
        device.verify()
        return device

    device = started(image)
    before = device.flash.operations
    device.derive(KEY, OTHER, b"\1")
    count = device.flash.operations - before
    seen = set()
    for at in range(count):
        for tear in TEARS:
            device = started(image)
            device.flash.arm(at, tear)
            with pytest.raises(PowerCut):
                device.derive(KEY, OTHER, b"\1")
            device = started(device.flash.image())
            metadata = device.send("00A4000002CC0200").hex()
            if uses_left(device, KEY) == 5:
                assert metadata.endswith("a58103910170")
                device.read(0xCE02)
            else:
                assert uses_left(device, KEY) == 4 and metadata.endswith("900400000001")
                device.read(0xCE02, expect=0x6A82)
            seen.add(metadata)
            device.sign(OTHER, ECDSA, bytes(32))
    assert len(seen) == 2


def test_each_use_asks_for_the_button() -> None:
    device = Device(sectors=64)
    device.initialize(options=0x0101)
    device.verify()
    device.generate_ec(KEY, P256, tlv(0x90, bytes([0, 0, 0, 9])))
    device.generate_rsa(3, 1024)
    device.generate_aes(4, 128)
    before = device.flash.image()
    point = hsm_crypto.EcKey.generate(hsm_crypto.CURVE_SECP256R1).public()
    uses = (
        lambda expect: device.sign(KEY, ECDSA, bytes(32), expect),
        lambda expect: device.decipher(KEY, ECDH, point, expect),
        lambda expect: device.decipher(3, 0x21, bytes(128), expect),
        lambda expect: device.derive(KEY, OTHER, b"\1", expect),
        lambda expect: device.cipher(4, 0x10, bytes(16), expect=expect),
    )
    for use in uses:
        use(0x6600)
    # What would be refused asks nobody.
    now = device.board.uptime_ms
    device.sign(KEY, 0x20, bytes(32), expect=0x6400)
    device.cipher(4, 0x10, bytes(15), expect=0x6700)
    assert device.board.uptime_ms == now
    assert device.flash.image() == before
    for use in uses:
        now = device.board.uptime_ms
        device.board.presses_ms = [(now + 100, now + 500)]
        use(0x9000)
        assert device.board.uptime_ms > now
