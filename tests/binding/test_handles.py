# SPDX-License-Identifier: GPL-2.0-or-later
"""Handles are wiped on demand, by `with`, by the collector; the pool has an end."""

from __future__ import annotations

import pytest

from tests.binding import sealed
from tests.binding.remote import (
    Expression,
    Remote,
    bool_,
    bytearray_,
    crypto,
    fail,
    fill,
    inside,
    item,
    len_,
    lose,
    setattr_,
    subclass,
    wipe_all,
)

MESSAGE = bytes(range(32))
USES = {
    "Secret": {
        "len": len_,
        "derive": lambda handle: handle.derive(b"label"),
        "mac": lambda handle: handle.mac(b"part"),
        "mac_matches": lambda handle: handle.mac_matches(bytes(32), b"part"),
        "fold": lambda handle: handle.fold(bytearray_(32), 1, b"part"),
        "fold_each": lambda handle: handle.fold_each(bytearray_(32), b"", b"", 0),
        "combine": lambda handle: handle.combine(handle),
        "combine with": lambda handle: crypto.Secret.random(32).combine(handle),
        "check_value": lambda handle: handle.check_value(),
        "seal": lambda handle: handle.seal(b"", b""),
        "open": lambda handle: handle.open(b"", bytes(16)),
        "open_into": lambda handle: handle.open_into(b"", bytes(16), bytearray_(16)),
        "seal_object": lambda handle: handle.seal_object(b"", handle),
        "open_object": lambda handle: handle.open_object(b"", bytes(32)),
        "stretch": lambda handle: crypto.Secret.stretch(b"1", bytes(16), 1, handle),
        "with": lambda handle: inside(handle, len_(handle)),
    },
    "EcKey": {
        "curve": lambda handle: handle.curve,
        "public": lambda handle: handle.public(),
        "sign": lambda handle: handle.sign(MESSAGE),
        "ecdh_into": lambda handle: handle.ecdh_into(bytes(65), bytearray_(32)),
    },
    "RsaKey": {
        "bits": lambda handle: handle.bits,
        "modulus": lambda handle: handle.modulus(),
        "exponent": lambda handle: handle.exponent(),
        "raw_into": lambda handle: handle.raw_into(bytes(128), bytearray_(128)),
        "sign_pkcs1": lambda handle: handle.sign_pkcs1(crypto.HASH_SHA256, MESSAGE),
        "sign_pss": lambda handle: handle.sign_pss(crypto.HASH_SHA256, MESSAGE),
    },
}
TYPES = list(USES)
# Secrets of 144 bytes each in the pool; one operation on a curve of 256 bits takes 9 KiB.
FREED_MAX = 90


def new(chip: Remote, name: str) -> Expression:
    """A kept handle of the type."""
    match name:
        case "Secret":
            return chip.keep(crypto.Secret.random(32))
        case "EcKey":
            return chip.keep(crypto.EcKey.generate(crypto.CURVE_SECP256R1))
    root = crypto.Secret.from_bytes(sealed.ROOT)
    return chip.keep(root.open_object(sealed.LABEL, sealed.seal(sealed.rsa_plain())))


@pytest.mark.parametrize(
    ("name", "use"), [(name, use) for name, uses in USES.items() for use in uses]
)
def test_use_after_wipe(chip: Remote, name: str, use: str) -> None:
    handle = new(chip, name)
    chip.run(handle.wipe())
    assert chip.outcome(USES[name][use](handle)) == "ValueError"


@pytest.mark.parametrize("name", TYPES)
def test_sealing_what_is_wiped(chip: Remote, name: str) -> None:
    handle = new(chip, name)
    chip.run(handle.wipe())
    root = crypto.Secret.from_bytes(sealed.ROOT)
    assert chip.outcome(root.seal_object(b"", handle)) == "ValueError"


@pytest.mark.parametrize("name", TYPES)
def test_wiping_again_is_allowed(chip: Remote, name: str) -> None:
    handle = new(chip, name)
    assert chip.run(handle.wipe()) is None
    used = chip.pool_used_bytes()
    assert chip.run(handle.wipe()) is None
    assert chip.pool_used_bytes() == used


@pytest.mark.parametrize("name", TYPES)
def test_wiping_gives_the_block_back(chip: Remote, name: str) -> None:
    chip.run(new(chip, name).wipe())  # what is set up at the first use stays
    chip.drop_all()
    before = chip.pool_used_bytes()
    for _ in range(3):
        chip.run(new(chip, name).wipe())
    chip.drop_all()
    assert chip.pool_used_bytes() == before


def test_wiping_erases_the_block(chip: Remote) -> None:
    value = bytes(range(100, 164))
    handle = chip.keep(crypto.Secret.from_bytes(value))
    assert value in chip.pool()
    chip.run(handle.wipe())
    assert value not in chip.pool()


@pytest.mark.parametrize("name", TYPES)
def test_with_wipes(chip: Remote, name: str) -> None:
    handle = new(chip, name)
    used = chip.pool_used_bytes()
    assert chip.run(inside(handle, crypto.HASH_SHA256)) == 3
    assert chip.pool_used_bytes() < used
    first_use = next(iter(USES[name].values()))
    assert chip.outcome(first_use(handle)) == "ValueError"


@pytest.mark.parametrize("name", TYPES)
def test_with_wipes_and_lets_an_exception_through(chip: Remote, name: str) -> None:
    handle = new(chip, name)
    used = chip.pool_used_bytes()
    assert chip.outcome(inside(handle, fail())) == "KeyError"
    assert chip.pool_used_bytes() < used


@pytest.mark.parametrize("name", TYPES)
def test_the_collector_frees_what_nobody_holds(chip: Remote, name: str) -> None:
    new(chip, name)
    chip.drop_all()
    # A stale word on the stack may hold one object; it cannot hold a row of them.
    kept = chip.pool_used_bytes()
    for _ in range(6):
        new(chip, name)
    used = chip.pool_used_bytes()
    chip.drop_all()
    block_bytes = (used - kept) // 6
    assert block_bytes > 0
    assert chip.pool_used_bytes() <= kept + 2 * block_bytes


def test_the_collector_keeps_what_is_held(chip: Remote) -> None:
    handle = chip.keep(crypto.Secret.from_bytes(MESSAGE))
    expected = chip.run(handle.mac(b""))
    chip.collect()
    assert chip.run(handle.mac(b"")) == expected


def test_an_exhausted_pool_is_usable_again(chip: Remote) -> None:
    """Nothing hangs, nothing leaks, what there was stays as it was."""
    point = chip.run(crypto.curve_parameters(crypto.CURVE_SECP256R1))[3]
    key = new(chip, "EcKey")
    first = chip.keep(crypto.Secret.from_bytes(MESSAGE))
    expected = chip.run(first.mac(b"x"))
    handles = chip.keep(fill(crypto.Secret.from_bytes, bytes(64)))
    used = chip.pool_used_bytes()
    for name, expression in {
        "Secret.random": crypto.Secret.random(64),
        "Secret.from_bytes": crypto.Secret.from_bytes(MESSAGE),
        "EcKey.generate": crypto.EcKey.generate(crypto.CURVE_SECP256R1),
        "RsaKey.generate": crypto.RsaKey.generate(1024),
        "digest": crypto.digest(crypto.HASH_SHA512, MESSAGE),
        "ec_verify": crypto.ec_verify(crypto.CURVE_SECP256R1, point, MESSAGE, bytes(64)),
        "mac": first.mac(b"x"),
        "derive": first.derive(b"x"),
        "stretch": crypto.Secret.stretch(b"1", bytes(16), 1, first),
        "combine": first.combine(first),
        "check_value": first.check_value(),
        "random": crypto.random(32),
        "random_into": crypto.random_into(bytearray_(32)),
        "reseed": crypto.reseed(),
        "seal": first.seal(b"", MESSAGE),
        "seal_object": first.seal_object(b"", first),
        "open_object": first.open_object(b"", bytes(48)),
        "sign": key.sign(MESSAGE),
        "ecdh": key.ecdh_into(point, bytearray_(32)),
    }.items():
        assert chip.outcome(expression) == "MemoryError", name
        assert chip.pool_used_bytes() == used, name
    assert chip.run(wipe_all(handles)) > 100
    assert chip.run(first.mac(b"x")) == expected
    assert len(chip.run(key.sign(MESSAGE))) == 64
    assert chip.run(first.open(b"", first.seal(b"", MESSAGE))) == MESSAGE


RANDOM_USERS = {
    "random": lambda key: crypto.random(32),
    "reseed": lambda key: crypto.reseed(),
    "Secret.random": lambda key: crypto.Secret.random(32),
    "EcKey.generate": lambda key: crypto.EcKey.generate(crypto.CURVE_SECP256R1),
    "brainpool": lambda key: crypto.EcKey.generate(crypto.CURVE_BRAINPOOLP256R1),
    "sign": lambda key: key.sign(MESSAGE),
}


@pytest.mark.parametrize("user", RANDOM_USERS)
def test_a_pool_that_is_nearly_full_does_not_end_randomness(chip: Remote, user: str) -> None:
    """However much is left: the operation works, or there is no memory for it."""
    key = new(chip, "EcKey")
    handles = chip.keep(fill(crypto.Secret.from_bytes, bytes(64)))
    outcomes = []
    for index in range(FREED_MAX):
        used = chip.pool_used_bytes()
        outcomes.append(chip.outcome(RANDOM_USERS[user](key)))
        chip.collect()
        if outcomes[-1] != "no exception":
            assert chip.pool_used_bytes() == used, f"a leak with {index} blocks free"
        chip.run(item(handles, index).wipe())
    chip.run(wipe_all(handles))
    outcomes.append(chip.outcome(RANDOM_USERS[user](key)))
    assert set(outcomes) == {"MemoryError", "no exception"}
    assert outcomes == sorted(outcomes), "what works with less works with more"


def test_a_pool_full_of_lost_handles_is_free_after_a_collection(chip: Remote) -> None:
    """The interpreter does not know how much of the pool its garbage holds: one must wipe."""
    lost = lose(400, crypto.Secret.from_bytes, bytes(64))
    assert chip.outcome(lost) == "MemoryError"
    chip.collect()
    assert chip.outcome(crypto.EcKey.generate(crypto.CURVE_SECP256R1)) == "no exception"


@pytest.mark.parametrize("name", TYPES)
def test_handles_are_made_by_their_functions_only(chip: Remote, name: str) -> None:
    handle_type = getattr(crypto, name)
    assert chip.outcome(handle_type()) == "TypeError"
    assert chip.outcome(subclass(handle_type)) == "TypeError"


@pytest.mark.parametrize("name", TYPES)
def test_a_method_wants_its_own_type(chip: Remote, name: str) -> None:
    other = new(chip, "Secret" if name != "Secret" else "EcKey")
    method = {
        "Secret": lambda handle: crypto.Secret.mac(handle, b""),
        "EcKey": lambda handle: crypto.EcKey.public(handle),
        "RsaKey": lambda handle: crypto.RsaKey.modulus(handle),
    }[name]
    assert chip.outcome(method(other)) == "TypeError"
    assert chip.outcome(method(5)) == "TypeError"
    assert chip.outcome(getattr(crypto, name).wipe(b"")) == "TypeError"


def test_attributes_are_read_only(chip: Remote) -> None:
    key = new(chip, "EcKey")
    assert chip.outcome(setattr_(key, "curve", 1)) == "AttributeError"
    assert chip.run(key.curve) == 2
    assert chip.outcome(key.private_key) == "AttributeError"


def test_a_handle_is_true_even_when_wiped(chip: Remote) -> None:
    """`if handle` asks whether there is one, not how long it is."""
    handle = new(chip, "Secret")
    assert chip.run(bool_(handle)) is True
    chip.run(handle.wipe())
    assert chip.run(bool_(handle)) is True
