# SPDX-License-Identifier: GPL-2.0-or-later
"""INITIALIZE DEVICE: erase all, set PINs and options, make the device's own key.

Spec: [SCHSM] 10. A device that was initialised before wants its initialisation code (the SO-PIN);
a wrong one costs a try; who holds the button long enough needs none. All changes are one
transaction, the old master key goes with it.
"""

import struct

from hsm_crypto import (
    CURVE_SECP256R1,
    REASON_AUTHENTICATION,
    CryptoError,
    EcKey,
    Secret,
    reseed,
)
from micropython import const

from hsm import limits
from hsm.apdu.status_word import (
    SW_EXECUTION_ERROR,
    SW_FUNCTION_NOT_SUPPORTED,
    SW_INCORRECT_PARAMETERS_P1_P2,
    CommandError,
)
from hsm.encoding import ber_tlv
from hsm.encoding.ber_tlv import TlvError
from hsm.files import pkcs15
from hsm.files.object_ids import (
    EF_DEVICE_CERTIFICATE,
    FID_DEVICE_KEY,
    FID_DEVICE_KEY_DESCRIPTION,
    FID_DEVICE_KEY_REQUEST,
    ID_SO_PIN,
    ID_USER_PIN,
    KIND_FILE,
    KIND_PRIVATE_KEY,
)
from hsm.keys import cv_certificate
from hsm.keys.algorithms import KEY_EC
from hsm.profile import PROTOCOL_MAJOR, PROTOCOL_MINOR
from hsm.security import (
    device_options,
    key_domains,
    public_key_authentication,
    reference_data,
    root,
    user_class,
)
from hsm.security.device_options import RESET_RETRY_COUNTER_ENABLED, TRANSPORT_PIN
from hsm.security.reference_data import FLAG_TRANSPORT, ReferenceData
from hsm.security.user_presence import PresenceTimeout
from hsm.store import DAMAGED, OTHER_VERSION, READY
from hsm.store.record import FLAG_PERSISTENT

_TAG_OPTIONS = const(0x80)
_TAG_USER_PIN = const(0x81)
_TAG_SO_PIN = const(0x82)
_TAG_USER_PIN_TRIES = const(0x91)
_TAG_DKEK_SHARES = const(0x92)
_TAG_PUBLIC_KEY_AUTHENTICATION = const(0x93)
_TAG_KEY_DOMAINS = const(0x97)
# This card's own: PIN iterations, 2 to 4 bytes, for test campaigns; limits.py has the bounds.
_TAG_PIN_ITERATIONS = const(0x9E)

_MASTER_KEY_BYTES = const(32)
# The state of the store, in a byte of the version query that hosts ignore.
_STATE_USABLE = const(0)
_STATES = {DAMAGED: 1, OTHER_VERSION: 2}
# A holder reference ends in them; the rest is the name ([TR-03110-3] D.2).
_SEQUENCE_DIGITS = const(5)


class _Request:
    """The TLVs of the command. 6400: wrong; 6A81: asks for what this card does not have."""

    def __init__(self, data):
        self.options = 0
        self.user_pin = None
        self.so_pin = None
        self.tries = limits.USER_PIN_TRIES
        self.iterations = reference_data.default_iterations()
        self.dkek_shares = None
        self.key_domains = None
        self.authentication_keys = None
        seen = []
        try:
            for tag, value in ber_tlv.objects(data):
                if tag in seen:
                    raise CommandError(SW_EXECUTION_ERROR)
                seen.append(tag)
                self._take(tag, value)
        except TlvError:
            raise CommandError(SW_EXECUTION_ERROR)
        if self.user_pin is None or self.so_pin is None:
            raise CommandError(SW_EXECUTION_ERROR)
        if self.dkek_shares is not None and self.key_domains is not None:
            # Shares for domain 0, and no domain set up: whoever asks for both means one of them.
            raise CommandError(SW_EXECUTION_ERROR)

    def _take(self, tag, value):
        length = len(value)
        if tag == _TAG_USER_PIN:
            right = limits.USER_PIN_BYTES_MIN <= length <= limits.USER_PIN_BYTES_MAX
            self.user_pin = value
        elif tag == _TAG_SO_PIN:
            right = length == limits.SO_PIN_BYTES
            self.so_pin = value
        elif tag == _TAG_OPTIONS:
            right = length == 2
            self.options = int.from_bytes(value, "big")
            if self.options & ~device_options.SUPPORTED:
                raise CommandError(SW_FUNCTION_NOT_SUPPORTED)
        elif tag == _TAG_USER_PIN_TRIES:
            self.tries = int.from_bytes(value, "big")
            right = length == 1 and 1 <= self.tries <= limits.USER_PIN_TRIES_MAX
        elif tag == _TAG_DKEK_SHARES:
            self.dkek_shares = int.from_bytes(value, "big")
            right = length == 1
        elif tag == _TAG_PUBLIC_KEY_AUTHENTICATION:
            self.authentication_keys = value
            right = length == 2 and 1 <= value[1] <= value[0] <= limits.AUTHENTICATION_KEYS_MAX
        elif tag == _TAG_KEY_DOMAINS:
            self.key_domains = int.from_bytes(value, "big")
            right = length == 1 and 1 <= self.key_domains <= limits.KEY_DOMAINS_MAX
        elif tag == _TAG_PIN_ITERATIONS:
            self.iterations = int.from_bytes(value, "big")
            right = limits.PIN_ITERATIONS_MIN <= self.iterations <= limits.PIN_ITERATIONS_MAX
            right = right and 2 <= length <= 4
        else:
            raise CommandError(SW_FUNCTION_NOT_SUPPORTED)
        if not right:
            raise CommandError(SW_EXECUTION_ERROR)


def initialize_device(card, command, response):
    """50: without data the version query; with data initialise.

    63Cx, 6983: initialisation code; 6600: the button was let go too early.
    """
    if command.p1 or command.p2:
        raise CommandError(SW_INCORRECT_PARAMETERS_P1_P2)
    if not command.data:
        store = card.store
        free = store.capacity()[1] if store.state == READY else 0
        state = _STATES.get(store.state, _STATE_USABLE)
        response.append(struct.pack(">IBBB", free, state, PROTOCOL_MAJOR, PROTOCOL_MINOR))
        return
    request = _Request(command.data)
    card.log_out()
    store = card.store
    if store.state == DAMAGED:
        # If a failure of the flash that has passed was the cause, the code is asked for.
        store.mount()
    secret = _ask_for_code(card, request.so_pin)
    try:
        _check_code(card, secret)
    finally:
        if secret is not None:
            secret.wipe()
    if store.state != READY or not _can_be_checked(store):
        store.format(root.new_root_record())
    card.session_pin.clear()
    _initialize(card, request)


def _ask_for_code(card, code):
    # What the code has opened, the caller's; None: no code is due.
    if _is_code_due(card.store) and not card.presence.wants_erasure():
        return ReferenceData(card.store, ID_SO_PIN).verify(code)
    return None


def _check_code(card, secret):
    # Asked anew, by a call of its own: one skipped instruction erases no card.
    if _is_code_due(card.store) and not card.presence.is_pressed():
        if not isinstance(secret, Secret):
            raise PresenceTimeout


def _is_code_due(store):
    return store.state == READY and _can_be_checked(store) and store.contains(ID_SO_PIN)


def _can_be_checked(store):
    # The commit's MAC covers the tags of all seals, and each seal its contents. Where cells lost a
    # bit, no code can be checked, or the device's own key never opens again: a damaged store.
    try:
        if store.contains(ID_SO_PIN):
            ReferenceData(store, ID_SO_PIN)
        if store.contains(FID_DEVICE_KEY):
            store.open_object(FID_DEVICE_KEY).wipe()
            store.read(EF_DEVICE_CERTIFICATE)
    except CryptoError as error:
        if error.args[0] != REASON_AUTHENTICATION:
            raise
        return False
    return True


def _initialize(card, request):
    # The SO-PIN opens a copy of the master key only if RESET RETRY COUNTER may ever need it.
    reseed()
    master_key = so_secret = Secret.random(_MASTER_KEY_BYTES)
    try:
        if not request.options & RESET_RETRY_COUNTER_ENABLED:
            so_secret = Secret.random(_MASTER_KEY_BYTES)
        # A random DKEK is of the user class from the start.
        card.store.seal.adopt_user_class(Secret.random(user_class.KEY_BYTES))
        _make_everything(card, request, master_key, so_secret)
        card.status.open_user(master_key)
    except Exception:
        card.status.close_user()
        master_key.wipe()
        so_secret.wipe()
        raise
    card.status.open_so(so_secret)
    if so_secret is not master_key:
        master_key.wipe()


def _make_everything(card, request, master_key, so_secret):
    store = card.store
    with store.transaction() as change:
        change.clear()
        reference_data.put(
            change,
            store.seal,
            ID_USER_PIN,
            request.user_pin,
            request.tries,
            request.iterations,
            master_key,
            FLAG_TRANSPORT if request.options & TRANSPORT_PIN else 0,
        )
        reference_data.put(
            change,
            store.seal,
            ID_SO_PIN,
            request.so_pin,
            limits.SO_PIN_TRIES,
            request.iterations,
            so_secret,
        )
        user_class.put_new(change, store.seal, master_key)
        device_options.put(change, request.options)
        _put_key_domains(change, store.seal, request)
        if request.authentication_keys is not None:
            public_key_authentication.put(change, *request.authentication_keys)
        if not store.contains(FID_DEVICE_KEY):
            _make_device_key(change, card.device_name)
        change.commit()


def _put_key_domains(change, seal, request):
    if request.key_domains is not None:
        key_domains.put_count(change, request.key_domains)
    elif request.dkek_shares is not None:
        key_domains.put(change, seal, 0, request.dkek_shares)
    else:
        key_domains.put_without_dkek(change, seal, 0)


def _make_device_key(change, name):
    with EcKey.generate(CURVE_SECP256R1) as key:
        request = cv_certificate.authenticated_request(KEY_EC, key, name, name, key, name)
        certificate = cv_certificate.device_certificate(name, key)
        change.put_object(FID_DEVICE_KEY, KIND_PRIVATE_KEY, key, FLAG_PERSISTENT)
    change.replace(EF_DEVICE_CERTIFICATE, KIND_FILE, certificate, FLAG_PERSISTENT)
    change.replace(FID_DEVICE_KEY_REQUEST, KIND_FILE, request, FLAG_PERSISTENT)
    description = pkcs15.device_key_description(name[:-_SEQUENCE_DIGITS])
    change.replace(FID_DEVICE_KEY_DESCRIPTION, KIND_FILE, description, FLAG_PERSISTENT)
