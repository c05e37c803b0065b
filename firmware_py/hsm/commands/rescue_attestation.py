# SPDX-License-Identifier: GPL-2.0-or-later
"""Rescue application: the attestation key and its certificate.

Spec: [SCHSM] 24. The attestation key is made at its first use and stays for the life of the board.
It signs whatever it is given, without a login. So it is not the device authentication key, whose
signatures say that the card itself made a key.
"""

from hsm_crypto import CURVE_SECP256R1, EcKey, reseed
from micropython import const

from hsm.apdu.status_word import (
    SW_CONDITIONS_OF_USE_NOT_SATISFIED,
    SW_INCORRECT_PARAMETERS_DATA_FIELD,
    SW_INCORRECT_PARAMETERS_P1_P2,
    SW_WRONG_LENGTH,
    CommandError,
)
from hsm.files.object_ids import (
    EF_ATTESTATION_CERTIFICATE,
    ID_ATTESTATION_KEY,
    KIND_FILE,
    KIND_PRIVATE_KEY,
)
from hsm.store import BLANK
from hsm.store.record import FLAG_PERSISTENT

_SIGN = const(1)
_PUBLIC_KEY = const(2)
_STORE_CERTIFICATE = const(3)
_HASH_BYTES = const(32)


def attest(card, command, response):
    """10: P1 01 signs a hash (r || s), 02 answers the public key, 03 keeps a certificate.

    6985: the device was never initialised; 6A80: a certificate of another key; 6600: for 03 nobody
    pressed.
    """
    if not _SIGN <= command.p1 <= _STORE_CERTIFICATE or command.p2:
        raise CommandError(SW_INCORRECT_PARAMETERS_P1_P2)
    data = command.data
    if command.p1 == _SIGN:
        fits = len(data) == _HASH_BYTES
    else:
        fits = bool(data) == (command.p1 == _STORE_CERTIFICATE)
    if not fits:
        raise CommandError(SW_WRONG_LENGTH)
    with _open_key(card.store) as key:
        if command.p1 == _SIGN:
            response.append(key.sign(data))
        elif command.p1 == _PUBLIC_KEY:
            response.append(key.public())
        else:
            _store_certificate(card, bytes(data), key.public())


def _open_key(store):
    if store.state == BLANK:
        raise CommandError(SW_CONDITIONS_OF_USE_NOT_SATISFIED)
    if not store.contains(ID_ATTESTATION_KEY):
        reseed()
        with store.transaction() as change, EcKey.generate(CURVE_SECP256R1) as key:
            change.put_object(ID_ATTESTATION_KEY, KIND_PRIVATE_KEY, key, FLAG_PERSISTENT)
            change.commit()
    return store.open_object(ID_ATTESTATION_KEY)


def _store_certificate(card, certificate, public):
    # In whatever form, X.509 or card-verifiable: a certificate of this key has its point in it.
    if public not in certificate:
        raise CommandError(SW_INCORRECT_PARAMETERS_DATA_FIELD)
    card.presence.require()
    with card.store.transaction() as change:
        change.replace(EF_ATTESTATION_CERTIFICATE, KIND_FILE, certificate, FLAG_PERSISTENT)
        change.commit()
