# SPDX-License-Identifier: GPL-2.0-or-later
"""Key backup: shares of a DKEK, and keys that go from one device to another.

Source: [SCHSM] 11, 12.
"""

from __future__ import annotations

import hashlib

from robot.api.deco import keyword, library

from robot_tests.keywords.bench import bench
from robot_tests.keywords.outcomes import expecting
from sim.life import card as hsm
from sim.life.card import CardError
from sim.life.cvc import PublicKey

SHORT_BLOCK_BYTES = 230


def _share(name: str) -> bytes:
    return hashlib.sha256(f"the share of {name}".encode()).digest()


@library(scope="GLOBAL", auto_keywords=False)
class KeyBackup:
    """There are two devices; the host carries blobs from one to the other."""

    def __init__(self) -> None:
        self._blob = b""
        self._key: PublicKey | None = None
        self._check_value = b""

    # --- the devices ----------------------------------------------------------------------------

    @keyword
    def bring_a_second_device(self) -> None:
        """Another device of the same kind, initialised, its user logged in; it is at hand."""
        bench().bring_second()
        bench().card.verify(bench().memory.pin)

    @keyword
    def take_the_first_device(self) -> None:
        """What follows is done with the device that the test began with."""
        bench().take(second=False)

    @keyword
    def take_the_second_device(self) -> None:
        """What follows is done with the device that was brought."""
        bench().take(second=True)

    # --- key domains ----------------------------------------------------------------------------

    @keyword
    def set_up_key_domain_for_shares(self, shares: int) -> None:
        """Domain 0 is made to wait for so many custodians."""
        card = bench().card
        if card.key_domain() is not None:
            card.delete_key_domain()
        card.set_up_key_domain(0, shares)

    @keyword
    def import_share_of(self, *custodians: str, refused: str | None = None) -> None:
        """These custodians bring their shares; nobody need be logged in."""
        for custodian in custodians:
            with expecting(refused):
                bench().card.import_dkek_share(_share(custodian))

    @keyword
    def shares_missing_should_be(self, missing: int) -> None:
        """What the card tells of domain 0."""
        domain = bench().card.key_domain()
        if domain is None or domain.missing != missing:
            raise AssertionError(f"the domain is {domain}")

    @keyword
    def remember_the_check_value(self) -> None:
        """Keep domain 0's for a comparison."""
        self._check_value = self._current_check_value()

    @keyword
    def check_value_should_be_the_remembered_one(self) -> None:
        """The DKEK is the same as that of the other device."""
        if self._current_check_value() != self._check_value:
            raise AssertionError("the domain has another DKEK")

    @keyword
    def clear_the_key_domain(self) -> None:
        """Domain 0 forgets its DKEK."""
        bench().card.clear_key_domain()

    def _current_check_value(self) -> bytes:
        domain = bench().card.key_domain()
        if domain is None or not any(domain.check_value):
            raise AssertionError("domain 0 has no DKEK")
        return domain.check_value

    # --- keys -----------------------------------------------------------------------------------

    @keyword
    def wrap_key(self, number: int, refused: str | None = None) -> None:
        """The host gets the key in a blob, and remembers its public key."""
        with expecting(refused):
            self._blob = bench().card.wrap_key(number)
            self._key = bench().memory.keys.get(number)

    @keyword
    def unwrap_key(self, number: int, refused: str | None = None) -> None:
        """The key in the blob becomes a key of the card."""
        with expecting(refused):
            bench().card.unwrap_key(number, self._blob)
            self._remember(number)

    @keyword
    def unwrap_key_by_file(self, number: int) -> None:
        """The same for hosts with short commands: the blob goes to a file first, in pieces."""
        card = bench().card
        card.write_file(hsm.EF_WRAPPED_KEY, self._blob, block=SHORT_BLOCK_BYTES)
        card.unwrap_key(number)
        try:
            card.read_binary(hsm.EF_WRAPPED_KEY, 0, 1)
        except CardError:
            self._remember(number)
            return
        raise AssertionError("the blob's file is still there")

    @keyword
    def damage_the_blob(self) -> None:
        """One bit of its MAC is another one."""
        self._blob = self._blob[:-1] + bytes((self._blob[-1] ^ 1,))

    @keyword
    def blob_should_not_contain_share_of(self, custodian: str) -> None:
        """Nor should it be in the flash of the device at hand."""
        share = _share(custodian)
        if share in self._blob or share in bench().backend.flash_contents():
            raise AssertionError("the share is there to read")

    def _remember(self, number: int) -> None:
        if self._key is not None:
            bench().memory.keys[number] = self._key
