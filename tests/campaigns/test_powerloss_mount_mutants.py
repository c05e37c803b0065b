# SPDX-License-Identifier: GPL-2.0-or-later
"""Recovery is done wrong on purpose, wherever it has something to do."""

from __future__ import annotations

from campaigns.powerloss import mount_mutants, planted
from campaigns.powerloss.mutants import Justified
from campaigns.powerloss.trial import Mutant


def mutant(scenario: str, mutation: str) -> Mutant:
    found = mount_mutants.all_mutants()
    return next(one for one in found if (one.scenario, one.mutation) == (scenario, mutation))


def test_mounts_do_all_that_recovery_does():
    mounts = mount_mutants.mounts()
    assert {name for mount in mounts for name in mount.names} >= {
        "contents zeroed",
        "destroyed mark",
        "torn header marked",
        "torn header zeroed",
        "sector given back",
    }
    torn = {mount.cut.tear for mount in mounts if "torn header marked" in mount.names}
    assert torn >= {"prefixHalf", "evenBits", "butBitFirst"}


def test_what_a_mount_does_not_destroy_is_noticed():
    assert mutant("mount after put c0.full", "drop 0").try_out() == "KEY-1"
    assert mutant("mount after put c0.full", "drop 1").try_out() == "BOOT-2"


def test_a_wipe_that_begins_with_the_header_is_noticed():
    assert planted.wipe_order_reversed() == "KEY-1"


def test_a_reason_holds_where_it_was_given():
    named = Justified("drop x", "because", ["mount after * c*.butBitFirst"])
    assert named.fits("drop x", "mount after put c12.butBitFirst")
    assert not named.fits("drop x", "mount after put c12.evenBits")
    assert not named.fits("drop y", "mount after put c12.butBitFirst")
    assert Justified("drop x", "because").fits("drop x", "put")
