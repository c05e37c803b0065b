# SPDX-License-Identifier: GPL-2.0-or-later
"""Memory that changes while a signature is computed: no signature comes out.

Done in the chip models, where a byte can be changed at any tick. RSA's check with the public
exponent is in test_rsa.py.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator

import pytest

import boards
from tests.crypto.chip import Chip
from tests.crypto.conftest import running
from tests.crypto.selftest import Curve, Operation, Refused, Result, SelfTest

CURVE = Curve.SECP256R1
PRIVATE = hashlib.sha256(b"a key").digest()
DIGEST = hashlib.sha256(b"a message").digest()
SIGNATURE_BYTES = 2 * CURVE.width
# crypto_ec_key_t: curve, then fields that have room for P-521.
FIELD_BYTES = 66
PRIVATE_OFFSET = 1
PUBLIC_OFFSET = PRIVATE_OFFSET + FIELD_BYTES
CHECK_OFFSET = PUBLIC_OFFSET + 2 * FIELD_BYTES
# The answer's header and the length of its first part.
SIGNATURE_OFFSET = 12 + 4
STEP_TICKS = 5_000


class Signer:
    """Signs with PRIVATE; knows where the key and the signature are meanwhile."""

    def __init__(self, selftest: SelfTest) -> None:
        assert isinstance(selftest.transport, Chip)
        self._selftest = selftest
        self._machine = selftest.transport.machine
        self._signature = self._address("selftest_response") + SIGNATURE_OFFSET
        self.public = selftest.one(Operation.EC_PUBLIC, CURVE, PRIVATE)
        self.begin = self.middle = self.end = 0
        """Of the last signature: the ticks of the request, of the first pass's result, of the
        answer."""

    def _address(self, name: str) -> int:
        assert self._machine.symbols is not None
        return self._machine.symbols[name].address

    def sign(self) -> bytes:
        """A signature; Refused."""
        self._machine.write_memory(self._signature, bytes(SIGNATURE_BYTES))
        self.begin = self._machine.now
        signature = self._selftest.one(Operation.ECDSA_HEDGED, CURVE, PRIVATE, DIGEST)
        self.end = self._machine.now
        return signature

    def is_good(self, signature: bytes) -> bool:
        """Whether it verifies."""
        parts = (CURVE, self.public, DIGEST, signature)
        return self._selftest.accepts(Operation.ECDSA_VERIFY, *parts)

    def after(self, ticks: int, function: Callable[[], object]) -> None:
        """Call a function this long from now."""
        self._machine.clock.call_at(self._machine.now + ticks, function)

    def when_first_signature_is_there(self, function: Callable[[], object]) -> None:
        """Call a function soon after the first pass has written its result."""

        def look() -> None:
            if any(self.signature[: CURVE.width]) and any(self.signature[CURVE.width :]):
                self.middle = self._machine.now
                function()
            else:
                self.after(STEP_TICKS, look)

        self.after(STEP_TICKS, look)

    @property
    def signature(self) -> bytes:
        """What the answer's buffer holds."""
        return self._machine.read_memory(self._signature, SIGNATURE_BYTES)

    def flip_in_signature(self) -> None:
        """One bit of the first pass's result."""
        self._flip(self._signature + 40)

    def flip_in_key(self, offset: int) -> None:
        """One bit of the key in the pool, which holds it once."""
        arena = self._machine.read_symbol("arena")
        key = bytes((CURVE,)) + PRIVATE.ljust(FIELD_BYTES, b"\0") + self.public
        assert arena.count(key) == 1
        self._flip(self._address("arena") + arena.index(key) + offset)

    def _flip(self, address: int) -> None:
        (byte,) = self._machine.read_memory(address, 1)
        self._machine.write_memory(address, bytes((byte ^ 0x10,)))


@pytest.fixture(params=boards.names())
def signer(request: pytest.FixtureRequest) -> Iterator[Signer]:
    """A signer that has signed once, undisturbed."""
    with running(request.param, request) as selftest:
        selftest.seed(1)
        signer = Signer(selftest)
        signer.when_first_signature_is_there(lambda: None)
        assert signer.is_good(signer.sign())
        assert signer.begin < signer.middle < signer.end
        yield signer


@pytest.mark.parametrize(
    "offset",
    [PRIVATE_OFFSET + 5, PUBLIC_OFFSET + 7, CHECK_OFFSET + 1],
    ids=["private key", "public key", "check"],
)
def test_a_key_that_changes_between_the_passes_is_a_fault(signer: Signer, offset: int):
    """The public key takes no part in signing: what finds a change of it is the key's check."""
    pass_ticks = signer.end - signer.middle
    signer.after(signer.middle - signer.begin - pass_ticks // 2, lambda: signer.flip_in_key(offset))
    with pytest.raises(Refused) as refused:
        signer.sign()
    assert refused.value.result is Result.FAULT
    assert signer.signature == bytes(SIGNATURE_BYTES)
    assert signer.is_good(signer.sign())


def test_passes_that_differ_are_a_fault(signer: Signer):
    """A fault in the first pass: its result is not what the second one computes."""
    signer.when_first_signature_is_there(signer.flip_in_signature)
    with pytest.raises(Refused) as refused:
        signer.sign()
    assert refused.value.result is Result.FAULT
    assert signer.signature == bytes(SIGNATURE_BYTES)
    assert signer.is_good(signer.sign())
