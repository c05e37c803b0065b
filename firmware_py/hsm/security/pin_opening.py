# SPDX-License-Identifier: GPL-2.0-or-later
"""What a PIN opens, opened twice: one skipped or forged step opens nothing.

Invariant PIN-2; for the reference data in the flash and for the session PIN in RAM.
"""

from hsm_crypto import REASON_AUTHENTICATION, CryptoError, equal


def open_twice(stretched, bound, sealed):
    """The Secret in `sealed`, the caller's from now on, or None: the PIN was another one.

    `stretched`: what came of the PIN; `bound`: what was bound to the seal. The two results are
    compared by their MACs, twice.
    """
    secret = None
    opened = False
    try:
        secret = stretched.open_object(bound, sealed)
        with stretched.open_object(bound, sealed) as again:
            same = equal(_verifier(secret), _verifier(again))
            opened = equal(_verifier(again), _verifier(secret)) and same
    except CryptoError as error:
        if error.args[0] != REASON_AUTHENTICATION:
            raise
    finally:
        if secret is not None and not opened:
            secret.wipe()
    return secret if opened else None


def _verifier(secret):
    return secret.mac(b"verified")
