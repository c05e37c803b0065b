# SPDX-License-Identifier: GPL-2.0-or-later
"""PSO VERIFY CERTIFICATE: trust a certificate that a trusted key signed.

Spec: [7816-8] 11.11, [SCHSM] 14.4, 20. With a login it is kept as a CA file, without one it is
forgotten at the session's end: nobody fills the flash unasked.
"""

from micropython import const

from hsm.apdu.status_word import (
    SW_CONDITIONS_OF_USE_NOT_SATISFIED,
    SW_INCORRECT_PARAMETERS_P1_P2,
    SW_WRONG_LENGTH,
    CommandError,
)
from hsm.keys.cv_certificate_check import CvCertificate
from hsm.security import access_rules

_P2_SELF_DESCRIPTIVE = const(0xBE)


def verify_certificate(card, command, response):
    """2A: the value of a 7F21. 6985: wrong signature; 6984: malformed; 6A84: too many."""
    if command.p1 or command.p2 != _P2_SELF_DESCRIPTIVE:
        raise CommandError(SW_INCORRECT_PARAMETERS_P1_P2)
    data = command.data
    if not data:
        raise CommandError(SW_WRONG_LENGTH)
    if card.trust.is_new_root(data):
        access_rules.check_new_root(card.status)
    elif CvCertificate(data).authority != card.environment.authority:
        raise CommandError(SW_CONDITIONS_OF_USE_NOT_SATISFIED)
    status = card.status
    card.trust.verify_and_add(data, status.pin_is_verified() or status.so_is_authenticated())
