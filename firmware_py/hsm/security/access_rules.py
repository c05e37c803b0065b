# SPDX-License-Identifier: GPL-2.0-or-later
"""Access rules of all files, in one place.

Spec: [SCHSM] 5.1, 5.2 and 6. What the table does not name can neither be read nor written.
"""

from micropython import const

from hsm.files.object_ids import (
    EF_ATR,
    EF_ATTESTATION_CERTIFICATE,
    EF_DIR,
    EF_TOKEN_INFO,
    FID_DEVICE_KEY,
    PREFIX_CA_CERTIFICATE,
    PREFIX_CERTIFICATE,
    PREFIX_CERTIFICATE_DESCRIPTION,
    PREFIX_DATA,
    PREFIX_DATA_DESCRIPTION,
    PREFIX_KEY,
    PREFIX_PRIVATE_DATA,
    PREFIX_PRIVATE_KEY_DESCRIPTION,
    PREFIX_TOKEN,
)


class AccessDenied(Exception):
    """The security status does not allow it."""


class NotAllowed(Exception):
    """Nobody may do this to this file."""


ALWAYS = const(0)
USER = const(1)
NEVER = const(2)

# FID's high byte: (read, update, delete)
_RULES = {
    PREFIX_CA_CERTIFICATE: (ALWAYS, USER, USER),
    PREFIX_CERTIFICATE: (ALWAYS, USER, USER),
    PREFIX_CERTIFICATE_DESCRIPTION: (ALWAYS, USER, USER),
    PREFIX_DATA: (ALWAYS, USER, USER),
    PREFIX_DATA_DESCRIPTION: (ALWAYS, USER, USER),
    PREFIX_KEY: (NEVER, NEVER, USER),
    PREFIX_PRIVATE_DATA: (USER, USER, USER),
    PREFIX_PRIVATE_KEY_DESCRIPTION: (ALWAYS, USER, USER),
    PREFIX_TOKEN: (ALWAYS, USER, USER),
}
_NEVER = (NEVER, NEVER, NEVER)


def is_file(fid):
    """True if hosts may name `fid`: the rest is internal."""
    return fid >> 8 in _RULES


def check_read(fid, status):
    """AccessDenied unless `fid` may be read now."""
    _check(_RULES.get(fid >> 8, _NEVER)[0], status)


def check_update(fid, status):
    """AccessDenied unless `fid` may be written now."""
    if fid in (EF_DIR, EF_ATR, EF_ATTESTATION_CERTIFICATE):
        raise AccessDenied
    _check(_RULES.get(fid >> 8, _NEVER)[1], status)


def check_delete(fid, status):
    """AccessDenied unless `fid` may be deleted now. NotAllowed: the card makes this file itself."""
    if fid in (EF_DIR, EF_ATR, EF_TOKEN_INFO, EF_ATTESTATION_CERTIFICATE):
        raise NotAllowed
    if fid == FID_DEVICE_KEY:
        raise AccessDenied
    _check(_RULES.get(fid >> 8, _NEVER)[2], status)


def check_user(status):
    """AccessDenied unless the user is authenticated."""
    _check(USER, status)


def check_lock(status):
    """AccessDenied unless the user is authenticated, or would be but for the secure lock."""
    if not _is_user_at_lock(status):
        raise AccessDenied
    if not _is_user_at_lock(status):
        raise AccessDenied


def check_replacement(status):
    """AccessDenied unless the PIN or the SO-PIN is verified: a key for authentication may go.

    Into a free slot a key may come without a login: it opens nothing without the PIN.
    """
    if not _is_owner(status):
        raise AccessDenied
    if not _is_owner(status):
        raise AccessDenied


def check_new_root(status):
    """AccessDenied unless a root of trust may come now.

    The user may always bring one; until a quorum can be reached, so may who has verified the PIN or
    the SO-PIN, since nobody can be authenticated then.
    """
    if not _may_bring_root(status):
        raise AccessDenied
    if not _may_bring_root(status):
        raise AccessDenied


def _is_user_at_lock(status):
    if status.user_is_authenticated():
        return True
    return status.waits_for_unlock() and status.public_keys.quorum_is_reached()


def _is_owner(status):
    return status.pin_is_verified() or status.so_is_authenticated()


def _may_bring_root(status):
    if status.user_is_authenticated():
        return True
    keys = status.public_keys
    return _is_owner(status) and keys.is_configured() and not keys.can_be_reached()


def _check(rule, status):
    # Evaluated twice, the second time anew: one skipped instruction opens nothing.
    if not _allows(rule, status):
        raise AccessDenied
    if not _allows(rule, status):
        raise AccessDenied


def _allows(rule, status):
    # Whatever is neither ALWAYS nor USER is NEVER.
    return rule == ALWAYS or (rule == USER and status.user_is_authenticated())
