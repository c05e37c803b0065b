# SPDX-License-Identifier: GPL-2.0-or-later
"""Status words in the standard's wording, and the one error that carries them.

Spec: [7816-4] 5.6, [SCHSM] 4.
"""

from micropython import const

SW_NO_FURTHER_QUALIFICATION = const(0x9000)
SW_BYTES_STILL_AVAILABLE = const(0x6100)
SW_END_OF_FILE_REACHED = const(0x6282)
SW_COUNTER = const(0x63C0)
SW_EXECUTION_ERROR = const(0x6400)
SW_MEMORY_FAILURE = const(0x6581)
SW_USER_PRESENCE_TIMEOUT = const(0x6600)
SW_WRONG_LENGTH = const(0x6700)
SW_LAST_COMMAND_OF_CHAIN_EXPECTED = const(0x6883)
SW_SECURITY_STATUS_NOT_SATISFIED = const(0x6982)
SW_AUTHENTICATION_METHOD_BLOCKED = const(0x6983)
SW_REFERENCE_DATA_NOT_USABLE = const(0x6984)
SW_CONDITIONS_OF_USE_NOT_SATISFIED = const(0x6985)
SW_COMMAND_NOT_ALLOWED = const(0x6986)
SW_SECURE_MESSAGING_OBJECTS_MISSING = const(0x6987)
SW_SECURE_MESSAGING_OBJECTS_INCORRECT = const(0x6988)
SW_INCORRECT_PARAMETERS_DATA_FIELD = const(0x6A80)
SW_FUNCTION_NOT_SUPPORTED = const(0x6A81)
SW_FILE_OR_APPLICATION_NOT_FOUND = const(0x6A82)
SW_NOT_ENOUGH_MEMORY_SPACE = const(0x6A84)
SW_INCORRECT_PARAMETERS_P1_P2 = const(0x6A86)
SW_REFERENCED_DATA_NOT_FOUND = const(0x6A88)
SW_FILE_ALREADY_EXISTS = const(0x6A89)
SW_WRONG_PARAMETERS_P1_P2 = const(0x6B00)
SW_INSTRUCTION_NOT_SUPPORTED = const(0x6D00)
SW_CLASS_NOT_SUPPORTED = const(0x6E00)
SW_NO_PRECISE_DIAGNOSIS = const(0x6F00)


class CommandError(Exception):
    """The command ends with this status word and no data. Only the dispatcher catches it."""

    def __init__(self, status_word):
        self.status_word = status_word
