# SPDX-License-Identifier: GPL-2.0-or-later
"""QEMU as a second opinion on the RP2350's crypto.

Same bytes, same answers. The known answers of the other tests are computed in QEMU as well; here
it is compared with our model.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.crypto import objects
from tests.crypto.chip import Chip
from tests.crypto.qemu import Qemu
from tests.crypto.selftest import Curve, Operation, Part, Refused, SelfTest
from tests.crypto.test_objects import archive
from tools import paths

# Everything that draws from the generator; the noise source is scripted, so that all of it repeats.
SCRIPT: list[tuple[Operation, tuple[Part, ...]]] = [
    (Operation.ENTROPY, (20260, 0)),
    (Operation.RANDOM, (4096,)),
    (Operation.RESEED, ()),
    (Operation.RANDOM, (64,)),
    *((Operation.EC_GENERATE, (curve,)) for curve in Curve),
    (Operation.ECDSA_HEDGED, (Curve.SECP256R1, (7).to_bytes(32, "big"), bytes(32))),
    (Operation.ECDSA_HEDGED, (Curve.SECP521R1, (7).to_bytes(66, "big"), bytes(64))),
    (Operation.RSA_GENERATE, (1024, 65537)),
    (Operation.CANCEL, (3,)),
    (Operation.RSA_GENERATE, (2048, 65537)),
    (Operation.POOL, ()),
    (Operation.ENTROPY, (1, 1)),
    (Operation.RESEED, ()),
    (Operation.RANDOM, (1,)),
]


def answers(selftest: SelfTest) -> list[list[bytes] | str]:
    """What a self-test image says to SCRIPT."""
    said: list[list[bytes] | str] = []
    for operation, parts in SCRIPT:
        try:
            said.append(selftest.call(operation, *parts))
        except Refused as refused:
            said.append(str(refused))
    return said


def test_the_objects_are_the_same(qemu_image: Path):
    ours = objects.compiled(archive("pico2"))
    theirs = objects.compiled(qemu_image.parent / "crypto" / objects.ARCHIVE)
    assert not [key for key in ours if ours[key] != theirs.get(key)]
    assert set(ours) == set(theirs)


def test_model_and_qemu_agree(qemu_image: Path):
    chip = Chip("pico2", paths.BUILD / "pico2" / "hsm_selftest.uf2")
    chip.start()
    in_model = answers(SelfTest(chip))
    with Qemu(qemu_image) as qemu:
        in_qemu = answers(SelfTest(qemu))
    for (operation, _), ours, theirs in zip(SCRIPT, in_model, in_qemu, strict=True):
        assert ours == theirs, operation.name


def test_a_dead_qemu_is_reported(tmp_path: Path):
    with Qemu(tmp_path / "missing.elf") as qemu, pytest.raises(RuntimeError, match="QEMU ended"):
        SelfTest(qemu).random(1)
