# SPDX-License-Identifier: GPL-2.0-or-later
"""What the errors of the lower floors mean to the host: one table.

Spec: [SCHSM] 4.
"""

from hsm_crypto import REASON_POINT, CryptoError

from hsm.apdu.status_word import (
    SW_AUTHENTICATION_METHOD_BLOCKED,
    SW_COMMAND_NOT_ALLOWED,
    SW_CONDITIONS_OF_USE_NOT_SATISFIED,
    SW_COUNTER,
    SW_EXECUTION_ERROR,
    SW_FILE_OR_APPLICATION_NOT_FOUND,
    SW_INCORRECT_PARAMETERS_DATA_FIELD,
    SW_INCORRECT_PARAMETERS_P1_P2,
    SW_MEMORY_FAILURE,
    SW_NOT_ENOUGH_MEMORY_SPACE,
    SW_REFERENCE_DATA_NOT_USABLE,
    SW_REFERENCED_DATA_NOT_FOUND,
    SW_SECURITY_STATUS_NOT_SATISFIED,
    SW_USER_PRESENCE_TIMEOUT,
    SW_WRONG_LENGTH,
)
from hsm.encoding.ber_tlv import TlvError
from hsm.files.file_system import FileEmpty
from hsm.files.physical_settings import ImpossibleSetting, InvalidSettings
from hsm.keys.algorithms import InvalidParameters, UnknownAlgorithm
from hsm.keys.hd_wallet import InvalidPath, NoMasterNode, NothingSelected, WrongLevel
from hsm.keys.key_store import AlgorithmNotAllowed, UsesExhausted, WrongKeyKind
from hsm.keys.metadata import InvalidMetadata
from hsm.keys.public_key import InvalidSignature, MalformedCertificate
from hsm.security.access_rules import AccessDenied, NotAllowed
from hsm.security.key_domains import NoDkek, NoShareExpected, UnknownKeyDomain
from hsm.security.public_key_authentication import AlreadyRegistered, NoFreeSlot, NotConfigured
from hsm.security.reference_data import (
    AuthenticationBlocked,
    AuthenticationFailed,
    TransportState,
)
from hsm.security.secure_lock import NotAgreed, WrongLockState
from hsm.security.trust_store import TrustStoreFull, UnknownAuthority
from hsm.security.user_presence import PresenceTimeout
from hsm.store import NotFound, SealLocked, StoreDamaged, StoreFailure, StoreFull

_STATUS_WORDS = {
    AccessDenied: SW_SECURITY_STATUS_NOT_SATISFIED,
    AlgorithmNotAllowed: SW_CONDITIONS_OF_USE_NOT_SATISFIED,
    AlreadyRegistered: SW_CONDITIONS_OF_USE_NOT_SATISFIED,
    AuthenticationBlocked: SW_AUTHENTICATION_METHOD_BLOCKED,
    CryptoError: SW_EXECUTION_ERROR,
    FileEmpty: SW_REFERENCE_DATA_NOT_USABLE,
    ImpossibleSetting: SW_INCORRECT_PARAMETERS_DATA_FIELD,
    InvalidMetadata: SW_WRONG_LENGTH,
    InvalidParameters: SW_WRONG_LENGTH,
    InvalidPath: SW_WRONG_LENGTH,
    InvalidSettings: SW_WRONG_LENGTH,
    InvalidSignature: SW_CONDITIONS_OF_USE_NOT_SATISFIED,
    MalformedCertificate: SW_REFERENCE_DATA_NOT_USABLE,
    NoDkek: SW_REFERENCED_DATA_NOT_FOUND,
    NoFreeSlot: SW_NOT_ENOUGH_MEMORY_SPACE,
    NoMasterNode: SW_EXECUTION_ERROR,
    NoShareExpected: SW_COMMAND_NOT_ALLOWED,
    NotAgreed: SW_COMMAND_NOT_ALLOWED,
    NotAllowed: SW_COMMAND_NOT_ALLOWED,
    NotConfigured: SW_INCORRECT_PARAMETERS_P1_P2,
    NotFound: SW_FILE_OR_APPLICATION_NOT_FOUND,
    NothingSelected: SW_CONDITIONS_OF_USE_NOT_SATISFIED,
    PresenceTimeout: SW_USER_PRESENCE_TIMEOUT,
    SealLocked: SW_SECURITY_STATUS_NOT_SATISFIED,
    StoreDamaged: SW_MEMORY_FAILURE,
    StoreFailure: SW_MEMORY_FAILURE,
    StoreFull: SW_NOT_ENOUGH_MEMORY_SPACE,
    TlvError: SW_WRONG_LENGTH,
    TransportState: SW_REFERENCE_DATA_NOT_USABLE,
    TrustStoreFull: SW_NOT_ENOUGH_MEMORY_SPACE,
    UnknownAlgorithm: SW_INCORRECT_PARAMETERS_P1_P2,
    UnknownAuthority: SW_REFERENCED_DATA_NOT_FOUND,
    UnknownKeyDomain: SW_REFERENCED_DATA_NOT_FOUND,
    UsesExhausted: SW_NOT_ENOUGH_MEMORY_SPACE,
    WrongKeyKind: SW_EXECUTION_ERROR,
    WrongLevel: SW_INCORRECT_PARAMETERS_DATA_FIELD,
    WrongLockState: SW_COMMAND_NOT_ALLOWED,
}


def status_of(error):
    """The status word that `error` stands for, or None if nobody foresaw it."""
    if isinstance(error, AuthenticationFailed):
        return SW_COUNTER | error.tries_left
    if isinstance(error, CryptoError) and error.args[0] == REASON_POINT:
        return SW_REFERENCE_DATA_NOT_USABLE
    return _STATUS_WORDS.get(type(error))
