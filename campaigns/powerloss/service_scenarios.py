# SPDX-License-Identifier: GPL-2.0-or-later
"""Scenarios of the commands around keys: kinds, backup, locks, trust.

The card is one that is used for all of it: `equip`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial

from campaigns.powerloss import card_hosts as host
from campaigns.powerloss.card_scenarios import (
    EC,
    KEY_NEW,
    NEW_PIN,
    PIN,
    PRIVATE,
    PRIVATE_FILE,
    SO_PIN,
    SO_TRIES,
    TRIES,
    CardScenario,
    SetUpError,
    after_a_wrong_pin,
    after_a_wrong_so_pin,
    changes,
    closed,
    initialised,
    key_names,
    logged_in,
)
from campaigns.powerloss.host_view import HostView
from sim.life import card as hsm
from sim.life import services
from sim.life.card import Card, tlv
from sim.life.secure_lock import SecureLock

KEY_EC_COUNTED, KEY_AES_COUNTED, KEY_EC = 1, 2, 3
USES = 900
DOMAIN_COMPLETE, DOMAIN_WAITING, DOMAIN_RANDOM, DOMAIN_FREE = range(4)
DOMAINS = 4
CA_FILE = 0xCA00
SEED_OLD, SEED_NEW = 0, 1
OPTION_COUNTERS = 0x02
WAITING_SHARE = host.SHARES[0]


# --- starts ---------------------------------------------------------------------------------------


def equip(card: Card) -> None:
    """Keys of several kinds, key domains in all states, a CA, a wallet, settings."""
    card.select()
    card.initialize(PIN, SO_PIN, TRIES, hsm.PIN_ITERATIONS_MIN, key_domains=DOMAINS)
    card.verify(PIN)
    card.set_up_key_domain(DOMAIN_COMPLETE, len(host.SHARES))
    for share in host.SHARES:
        card.import_dkek_share(share, DOMAIN_COMPLETE)
    card.set_up_key_domain(DOMAIN_WAITING, 1)
    card.set_up_key_domain(DOMAIN_RANDOM, 0)
    card.generate_key_pair(KEY_EC_COUNTED, EC, uses=USES)
    uses = tlv(hsm.TAG_USE_COUNTER, USES.to_bytes(4, "big"))
    services.generate_aes(card, KEY_AES_COUNTED, uses)
    card.generate_key_pair(KEY_EC, EC)
    card.write_file(hsm.EF_WRAPPED_KEY, host.aes_blob())
    card.write_file(CA_FILE, host.ROOT_CERTIFICATE)
    card.write_file(PRIVATE_FILE, PRIVATE)
    services.put_seed(card, SEED_OLD, host.SEED)
    services.select_rescue(card)
    services.attestation_key(card)
    services.write_settings(card, host.SETTINGS)


def lock(card: Card) -> None:
    """The same, under the secure lock."""
    equip(card)
    logged_in(card)
    SecureLock(card, host.MASK).enable()


def guard(card: Card) -> None:
    """One of two custodians must sign; the key of the first one is registered."""
    card.select()
    services.initialize_with_custodians(
        card, PIN, SO_PIN, host.CUSTODIANS_MAX, host.CUSTODIANS_REQUIRED
    )
    services.trust(card, host.ROOT)
    services.trust(card, host.DEVICE, host.ROOT)
    services.register(card, host.CUSTODIANS[0].request(host.DEVICE))


def deliver(card: Card) -> None:
    """As a card comes by mail: its PIN must be changed first."""
    card.select()
    options = hsm.OPTION_RESET_RETRY | hsm.OPTION_TRANSPORT_PIN
    card.initialize(PIN, SO_PIN, TRIES, hsm.PIN_ITERATIONS_MIN, options)


STARTS = {"equipped": equip, "locked": lock, "guarded": guard, "delivered": deliver}
# Nobody has asked for the attestation key there.
UNATTESTED = ("guarded", "delivered", "earlier firmware")


def last_share_brought(card: Card) -> None:
    """A custodian completes a DKEK, which waits for the user's login."""
    card.select()
    card.import_dkek_share(WAITING_SHARE, DOMAIN_WAITING)
    after_a_wrong_pin(card)


def officer_logged_in(card: Card) -> None:
    after_a_wrong_pin(card)
    card.verify(SO_PIN, hsm.SO_PIN_REFERENCE)


def tries_spent(card: Card) -> None:
    after_a_wrong_pin(card)
    after_a_wrong_so_pin(card)


# --- what a command is for ------------------------------------------------------------------------


def starts_anew(before: HostView, after: HostView) -> str:
    """A new life: what is the user's went, what is the board's stayed."""
    kept = ("settings", "attestation key", "file 2F02")
    lost = [name for name in kept if before.answers.get(name) != after.answers.get(name)]
    if lost:
        return f"not as before: {', '.join(lost)}"
    names = (f"seed {SEED_OLD}", f"file {CA_FILE:04X}", f"use of key CC{KEY_EC:02X}")
    left = [name for name in names if after.status(name) == hsm.SW_SUCCESS]
    if left:
        return f"left over: {', '.join(left)}"
    return initialised(before, after)


# --- commands -------------------------------------------------------------------------------------


def _locking(action: str) -> Callable[[Card], object]:
    return lambda card: getattr(SecureLock(card, host.MASK), action)()


def _generate(template: bytes) -> Callable[[Card], object]:
    return lambda card: card.generate_key_pair(KEY_NEW, template)


def _unwrap(blob: bytes) -> Callable[[Card], object]:
    return lambda card: card.unwrap_key(KEY_NEW, blob)


def _right_pin(card: Card) -> None:
    if card.try_pin(PIN) != hsm.SW_SUCCESS:
        raise SetUpError("the right PIN was not taken")


_WITHOUT_REQUEST = ("LIST", *key_names(KEY_NEW)[:3])
_NEW_KEY = ("LIST", *key_names(KEY_NEW))
_NEW_PIN = ("user PIN 0 logs in", "user PIN 1 logs in")
# What a view has of a card without keys when somebody can log in.
_ASKED_BY_THE_USER = ("options", "file CD01", "seed 0", "seed 1")
_OLD_KEY = key_names(KEY_EC)

KEYS = [
    CardScenario(
        "generate_aes",
        "equipped",
        logged_in,
        lambda card: services.generate_aes(card, KEY_NEW),
        changes(*_WITHOUT_REQUEST),
    ),
    CardScenario(
        "generate_ed25519",
        "equipped",
        logged_in,
        _generate(services.raw_key_template("Ed25519")),
        changes(*_NEW_KEY),
    ),
    CardScenario(
        "generate_x25519",
        "equipped",
        logged_in,
        _generate(services.raw_key_template("X25519")),
        changes(*_NEW_KEY),
    ),
    CardScenario(
        "replace_ec_by_aes",
        "equipped",
        logged_in,
        lambda card: services.generate_aes(card, KEY_EC),
        changes(*_OLD_KEY[1:]),
    ),
    CardScenario(
        "cipher_counted",
        "equipped",
        logged_in,
        lambda card: services.encrypt_block(card, KEY_AES_COUNTED),
        changes(f"key CC{KEY_AES_COUNTED:02X}"),
    ),
    CardScenario(
        "renew_uses",
        "use counter nearly full",
        logged_in,
        lambda card: services.encrypt_block(card, KEY_AES_COUNTED),
        changes(f"key CC{KEY_AES_COUNTED:02X}"),
        separate=True,
    ),
    CardScenario(
        "derive_ec_key",
        "equipped",
        logged_in,
        lambda card: services.derive_key(card, KEY_EC_COUNTED, KEY_NEW),
        changes(f"key CC{KEY_EC_COUNTED:02X}", *_WITHOUT_REQUEST),
    ),
    CardScenario("unwrap_ec", "equipped", logged_in, _unwrap(host.ec_blob()), changes(*_NEW_KEY)),
    CardScenario("unwrap_rsa", "equipped", logged_in, _unwrap(host.rsa_blob()), changes(*_NEW_KEY)),
    CardScenario(
        "unwrap_staged",
        "equipped",
        logged_in,
        lambda card: card.unwrap_key(KEY_NEW),
        changes(*_WITHOUT_REQUEST, f"file {hsm.EF_WRAPPED_KEY:04X}"),
    ),
    CardScenario(
        "import_seed",
        "equipped",
        logged_in,
        lambda card: services.put_seed(card, SEED_NEW, host.SEED),
        changes(f"seed {SEED_NEW}"),
    ),
    CardScenario(
        "replace_seed",
        "equipped",
        logged_in,
        lambda card: services.put_seed(card, SEED_OLD, b""),
        changes(f"seed {SEED_OLD}"),
    ),
]

DOMAIN_SCENARIOS = [
    CardScenario(
        "domain_random",
        "equipped",
        logged_in,
        lambda card: card.set_up_key_domain(DOMAIN_FREE, 0),
        changes(f"domain {DOMAIN_FREE}"),
    ),
    CardScenario(
        "domain_complete",
        "equipped",
        logged_in,
        lambda card: card.import_dkek_share(WAITING_SHARE, DOMAIN_WAITING),
        changes(f"domain {DOMAIN_WAITING}"),
    ),
    CardScenario(
        "domain_protect",
        "equipped",
        last_share_brought,
        _right_pin,
        changes("user PIN"),
        tries="user PIN",
        restores=TRIES,
        separate=True,
    ),
    CardScenario(
        "domain_clear_complete",
        "equipped",
        logged_in,
        lambda card: card.clear_key_domain(DOMAIN_COMPLETE),
        changes(f"domain {DOMAIN_COMPLETE}"),
    ),
    CardScenario(
        "domain_delete_complete",
        "equipped",
        logged_in,
        lambda card: card.delete_key_domain(DOMAIN_RANDOM),
        changes(f"domain {DOMAIN_RANDOM}"),
    ),
]

POLICIES = [
    CardScenario(
        "lock_enable", "equipped", logged_in, _locking("enable"), changes("SELECT", "options")
    ),
    CardScenario(
        "lock_disable", "locked", logged_in, _locking("disable"), changes("SELECT", "options")
    ),
    CardScenario(
        "change_pin_locked",
        "locked",
        after_a_wrong_pin,
        lambda card: card.change_pin(PIN, NEW_PIN),
        changes("user PIN", *_NEW_PIN),
        user_pins=(PIN, NEW_PIN),
        tries="user PIN",
        restores=TRIES,
        separate=True,
    ),
    CardScenario(
        "reset_retry_locked",
        "locked",
        after_a_wrong_so_pin,
        lambda card: card.reset_retry_counter(SO_PIN, NEW_PIN),
        changes("SO-PIN", *_NEW_PIN),
        user_pins=(PIN, NEW_PIN),
        tries="SO-PIN",
        restores=SO_TRIES,
        separate=True,
    ),
    CardScenario(
        "reset_tries",
        "equipped",
        tries_spent,
        lambda card: card.reset_retry_counter(SO_PIN),
        changes("SO-PIN", "user PIN"),
        tries="SO-PIN",
        restores=SO_TRIES,
        separate=True,
    ),
    CardScenario(
        "new_pin_by_officer",
        "equipped",
        officer_logged_in,
        lambda card: services.new_pin_by_officer(card, NEW_PIN),
        changes("user PIN", *_NEW_PIN),
        user_pins=(PIN, NEW_PIN),
    ),
    CardScenario(
        "leave_transport",
        "delivered",
        closed,
        lambda card: card.change_pin(PIN, NEW_PIN),
        changes("user PIN", *_NEW_PIN, *_ASKED_BY_THE_USER),
        user_pins=(PIN, NEW_PIN),
        separate=True,
    ),
    CardScenario(
        "change_options",
        "equipped",
        logged_in,
        lambda card: services.set_options(card, OPTION_COUNTERS),
        changes("SELECT", "options"),
    ),
    CardScenario(
        "initialize_equipped",
        "equipped",
        after_a_wrong_so_pin,
        lambda card: card.initialize(NEW_PIN, SO_PIN, TRIES, hsm.PIN_ITERATIONS_MIN, key_domains=2),
        starts_anew,
        user_pins=(PIN, NEW_PIN),
        tries="SO-PIN",
        restores=SO_TRIES,
        separate=True,
    ),
    CardScenario(
        "upgrade_at_login",
        "earlier firmware",
        # A wrong PIN was the last thing that the earlier firmware saw.
        closed,
        _right_pin,
        changes("user PIN"),
        tries="user PIN",
        restores=TRIES,
        separate=True,
    ),
]

TRUST = [
    CardScenario(
        "trust_certificate",
        "equipped",
        logged_in,
        partial(services.trust, party=host.ISSUER, authority=host.ROOT),
        changes("LIST", f"file {host.CA_FILE_OF_THE_CARD:04X}"),
    ),
    CardScenario(
        "register_custodian",
        "guarded",
        logged_in,
        partial(services.register, request=host.CUSTODIANS[1].request(host.DEVICE)),
        changes("custodians", "custodian 1"),
    ),
    CardScenario(
        "replace_custodian",
        "guarded",
        logged_in,
        partial(services.register, request=host.CUSTODIANS[2].request(host.DEVICE), slot=0),
        changes("custodian 0"),
    ),
    CardScenario(
        "replace_settings",
        "equipped",
        services.select_rescue,
        lambda card: services.write_settings(card, host.NEW_SETTINGS),
        changes("settings"),
    ),
]

SCENARIOS = [
    replace(one, in_services=True, attested=one.start not in UNATTESTED)
    for one in (*KEYS, *DOMAIN_SCENARIOS, *POLICIES, *TRUST)
]
CORE = (
    *("unwrap_staged", "derive_ec_key", "domain_complete", "domain_protect"),
    *("domain_clear_complete", "lock_enable", "lock_disable", "change_options"),
)
