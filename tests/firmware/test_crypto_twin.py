# SPDX-License-Identifier: GPL-2.0-or-later
"""The crypto twin keeps its contract; what it computes itself has known answers."""

import ast
import inspect
from pathlib import Path

import hsm_crypto
import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from hsm_crypto import AesKey, CryptoError, EcKey, HdNode, Secret

STUB = Path(__file__).resolve().parents[2] / "native_crypto" / "stubs" / "hsm_crypto.pyi"
ROOM = 4096


def test_the_twin_has_every_name_of_the_contract() -> None:
    for node in ast.parse(STUB.read_text()).body:
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            assert isinstance(getattr(hsm_crypto, node.target.id), int)
        elif isinstance(node, ast.FunctionDef):
            check_parameters(getattr(hsm_crypto, node.name), node)
        elif isinstance(node, ast.ClassDef):
            kind = getattr(hsm_crypto, node.name)
            for member in node.body:
                if isinstance(member, ast.FunctionDef):
                    check_parameters(getattr(kind, member.name), member)


def check_parameters(function: object, node: ast.FunctionDef) -> None:
    assert callable(function)
    wanted = [argument.arg for argument in node.args.args]
    found = list(inspect.signature(function).parameters.values())
    names = [parameter.name for parameter in found if parameter.kind != parameter.VAR_POSITIONAL]
    assert names == wanted, node.name
    assert (node.args.vararg is not None) == (len(found) > len(names)), node.name
    assert sum(p.default is not p.empty for p in found) == len(node.args.defaults), node.name


def test_every_handle_survives_its_seal() -> None:
    seal = Secret.random(32)
    keys = [EcKey.generate(curve) for curve in range(1, 10)]
    keys += [hsm_crypto.EdwardsKey.generate(curve) for curve in (10, 11)]
    keys += [hsm_crypto.MontgomeryKey.generate(curve) for curve in (12, 13)]
    keys += [hsm_crypto.RsaKey.generate(1024)]
    for key in keys:
        again = seal.open_object(b"", seal.seal_object(b"", key))
        assert type(again) is type(key) and again._serialise() == key._serialise()
    for handle in (Secret.random(7), AesKey.generate(512), HdNode.generate(1)):
        again = seal.open_object(b"", seal.seal_object(b"", handle))
        assert type(again) is type(handle) and again._content == handle._content


def test_every_key_survives_its_blob() -> None:
    dkek = Secret.random(32)
    keys = [EcKey.generate(curve) for curve in range(1, 10)]
    keys += [hsm_crypto.EdwardsKey.generate(curve) for curve in (10, 11)]
    keys += [hsm_crypto.MontgomeryKey.generate(curve) for curve in (12, 13)]
    keys += [hsm_crypto.RsaKey.generate(1024), *map(AesKey.generate, (128, 192, 256, 512))]
    for key in keys:
        room = bytearray(ROOM)
        length = dkek.wrap_into(key, b"\x10\x11", room)
        assert length <= 1200
        again, algorithms = dkek.unwrap(room[:length])
        assert type(again) is type(key) and again._serialise() == key._serialise()
        assert algorithms == b"\x10\x11"
        for at in range(length):
            room[at] ^= 1
            with pytest.raises(CryptoError):
                dkek.unwrap(room[:length])
            room[at] ^= 1


# --- Trees of keys --------------------------------------------------------------------------------


SEED = bytes(range(16))


def test_bip32_vector_1() -> None:
    """[BIP32] test vector 1: m/0'/1."""
    node = HdNode.from_seed(hsm_crypto.HD_SECP256K1, SEED)
    assert node.public().hex() == (
        "0488b21e000000000000000000"
        "873dff81c02f525623fd1fe5167eac3a55a049de3d314bb42ee227ffed37d508"
        "0339a36013301597daef41fbe593a02cc513d0b55527ec2df1050e2e8ff49c85c2"
    )
    child = node.child(1 << 31).child(1)
    assert child.public().hex() == (
        "0488b21e025c1bd64800000001"
        "2a7857631386ba23dacac34180dd1983734e444fdbf774041578e9b6adb37c19"
        "03501e454bf00751f24b1b489aa925215d66af2234e3891c3b21a52bedb3cd711c"
    )
    assert child.key()._open().to_bytes(32, "big").hex() == (
        "3c6cb8d0f6a264c91ea8b5030fadaa8e538b020f0a387421a12de9319dc93368"
    )


def test_slip10_vector_1_on_p256() -> None:
    """[SLIP-0010] test vector 1 for nist256p1: m/0'."""
    node = HdNode.from_seed(hsm_crypto.HD_SECP256R1, SEED).child(1 << 31)
    assert node.public().hex()[10:18] == "be6105b5"
    assert node.public().hex()[26:90] == (
        "3460cea53e6a6bb5fb391eeef3237ffd8724bf0a40e94943c98b83825342ee11"
    )
    assert node.key()._open().to_bytes(32, "big").hex() == (
        "6939694369114c67917a182c59ddb8cafc3004e63ca5d3b84403ba8613debc0c"
    )


def test_slip21_vector() -> None:
    """[SLIP-0021] test vector: the keys of two nodes."""
    seed = bytes.fromhex(
        "c76c4ac4f4e4a00d6b274d5c39c700bb4a7ddc04fbc6f78e85ca75007b5b495f"
        "74a9043eeb77bdd53aa6fc3a0e31462270316fa04b8c19114c8798706cd02ac8"
    )
    node = HdNode.from_seed(hsm_crypto.HD_SYMMETRIC, seed)
    assert node._open().key.hex() == (
        "dbf12b44133eaab506a740f6565cc117228cbf1dd70635cfa8ddfdc9af734756"
    )
    child = node.labelled_child(b"SLIP-0021").labelled_child(b"Master encryption key")
    assert child._open().key.hex() == (
        "ea163130e35bbafdf5ddee97a17b39cef2be4b4f390180d65b54cf05c6a82fde"
    )


# --- Ciphers and channels -------------------------------------------------------------------------


def test_gcm_is_the_library_s_where_that_has_the_nonce() -> None:
    key = AesKey.generate(192)
    library = AESGCM(key._open())
    for length in (8, 12, 13, 16, 128):
        nonce = bytes(range(length))
        room = bytearray(ROOM)
        data, extra = bytes(range(37)), b"associated"
        count = key.encrypt_into(hsm_crypto.CIPHER_AES_GCM, data, room, nonce, extra)
        assert bytes(room[:count]) == library.encrypt(nonce, data, extra)


def test_buffers_must_not_overlap() -> None:
    key = AesKey.generate(128)
    room = memoryview(bytearray(64))
    with pytest.raises(ValueError):
        key.encrypt_into(hsm_crypto.CIPHER_AES_ECB, room[:16], room[15:])
    assert key.encrypt_into(hsm_crypto.CIPHER_AES_ECB, room[:16], room[16:]) == 16


def test_both_ends_of_a_channel_agree() -> None:
    card, host = EcKey.generate(2), EcKey.generate(2)
    channels = [
        own.secure_channel(other.public(), bytes(8)) for own, other in ((card, host), (host, card))
    ]
    for channel in channels:
        channel.advance()
    assert channels[0].token(b"x") == channels[1].token(b"x")
    for length in (0, 1, 15, 16, 255):
        sealed, opened = bytearray(272), bytearray(272)
        count = channels[0].encrypt_into(bytes(length), sealed)
        assert count == length + 16 - length % 16
        assert channels[1].decrypt_into(sealed[:count], opened) == length
    assert channels[1].mac_matches(channels[0].mac(b"a", b"b"), b"ab")
    with pytest.raises(CryptoError):
        channels[1].decrypt_into(bytes(16), bytearray(16))
