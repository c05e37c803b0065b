# SPDX-License-Identifier: GPL-2.0-or-later
"""User PIN and SO-PIN: verify, change, reset, and what their counters say.

Source: [7816-4] 11.6, [SCHSM] 9.
"""

from __future__ import annotations

from robot.api.deco import keyword, library

from robot_tests.backends.backend import Capability
from robot_tests.keywords.bench import bench, value
from robot_tests.keywords.outcomes import expecting, in_words, status_word
from sim.apdu import SW_SUCCESS
from sim.life.card import SO_PIN_REFERENCE, USER_PIN_REFERENCE


def _state_should_be(reference: int, wanted: int) -> None:
    found = bench().card.pin_status(reference)
    if found != wanted:
        raise AssertionError(f"the card answers {in_words(found)}, not {in_words(wanted)}")


def _block(reference: int, wrong_pin: bytes, tries: int) -> None:
    for left in range(tries - 1, -1, -1):
        sw = bench().card.try_pin(wrong_pin, reference)
        wanted = status_word(f"{left} tries left" if left else "blocked")
        if sw != wanted:
            raise AssertionError(f"a wrong PIN answers {in_words(sw)}, not {in_words(wanted)}")


@library(scope="GLOBAL", auto_keywords=False)
class Pins:
    """``refused`` names the answer that a command should get instead of success."""

    # --- the user -------------------------------------------------------------------------------

    @keyword
    def verify_pin(self, pin: str, refused: str | None = None) -> None:
        """Log in with a user PIN."""
        with expecting(refused):
            bench().card.verify(pin.encode())

    @keyword
    def log_in(self) -> None:
        """Log in with the PIN that the card has."""
        bench().card.verify(bench().memory.pin)

    @keyword
    def log_in_and_out(self, times: str) -> None:
        """Log in and out again, e.g. ``200 times``."""
        for _ in range(int(times.removesuffix(" times"))):
            bench().card.verify(bench().memory.pin)
            bench().card.select()

    @keyword
    def verify_wrong_pin_until_blocked(self, tries: int) -> None:
        """Spend all tries: each answer tells one less, the last one that the PIN is blocked."""
        _block(USER_PIN_REFERENCE, value("WRONG_PIN"), tries)

    @keyword
    def change_pin(self, old: str, new: str, refused: str | None = None) -> None:
        """The user replaces the PIN."""
        with expecting(refused):
            bench().card.change_pin(old.encode(), new.encode())
        if refused is None:
            bench().memory.pin = new.encode()

    @keyword
    def tries_left_should_be(self, tries: int) -> None:
        """What the card tells about the user PIN's tries while nobody is logged in."""
        _state_should_be(USER_PIN_REFERENCE, status_word(f"{tries} tries left"))

    @keyword
    def user_should_be_logged_in(self) -> None:
        """The card says that the user PIN was verified in this session."""
        _state_should_be(USER_PIN_REFERENCE, SW_SUCCESS)

    @keyword
    def user_should_be_logged_out(self) -> None:
        """The card wants the user PIN before anything else."""
        if bench().card.pin_status() == SW_SUCCESS:
            raise AssertionError("the user is still logged in")

    @keyword
    def user_pin_should_be_blocked(self) -> None:
        """No try is left."""
        _state_should_be(USER_PIN_REFERENCE, status_word("blocked"))

    @keyword
    def user_pin_should_be_unset(self) -> None:
        """The device was never initialised."""
        _state_should_be(USER_PIN_REFERENCE, status_word("never set"))

    @keyword
    def user_pin_should_not_be_usable_yet(self) -> None:
        """It is a transport PIN that was not changed yet."""
        _state_should_be(USER_PIN_REFERENCE, status_word("not usable yet"))

    # --- the security officer -------------------------------------------------------------------

    @keyword
    def verify_so_pin(self, so_pin: str, refused: str | None = None) -> None:
        """Log in as security officer."""
        with expecting(refused):
            bench().card.verify(so_pin.encode(), SO_PIN_REFERENCE)

    @keyword
    def verify_wrong_so_pin_until_blocked(self, tries: int) -> None:
        """Spend all tries of the SO-PIN, which only a snapshot brings back."""
        bench().need(Capability.SNAPSHOTS)
        _block(SO_PIN_REFERENCE, value("WRONG_SO_PIN"), tries)

    @keyword
    def change_so_pin(self, old: str, new: str, refused: str | None = None) -> None:
        """The security officer replaces the SO-PIN."""
        with expecting(refused):
            bench().card.change_pin(old.encode(), new.encode(), SO_PIN_REFERENCE)
            bench().so_pin = new.encode()

    @keyword
    def reset_pin(self, so_pin: str, new_pin: str, refused: str | None = None) -> None:
        """The security officer sets a new user PIN, with all its tries."""
        with expecting(refused):
            bench().card.reset_retry_counter(so_pin.encode(), new_pin.encode())
        if refused is None:
            bench().memory.pin = new_pin.encode()

    @keyword
    def give_tries_back(self, so_pin: str, refused: str | None = None) -> None:
        """The security officer resets the user PIN's tries and leaves the PIN."""
        with expecting(refused):
            bench().card.reset_retry_counter(so_pin.encode())

    @keyword
    def so_tries_left_should_be(self, tries: int) -> None:
        """What the card tells about the SO-PIN's tries."""
        _state_should_be(SO_PIN_REFERENCE, status_word(f"{tries} tries left"))

    @keyword(name="SO PIN Should Be Unset")
    def so_pin_should_be_unset(self) -> None:
        """The device was never initialised."""
        _state_should_be(SO_PIN_REFERENCE, status_word("never set"))
