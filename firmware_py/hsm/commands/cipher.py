# SPDX-License-Identifier: GPL-2.0-or-later
"""CIPHER: ciphers, MACs and key derivation with a secret key.

Spec: [SCHSM] 19. Whatever is wrong with a tag or a padding is 6400, and nothing comes out. All else
is checked before the key is opened. The counter goes down after the computation and before the
answer.
"""

from hsm_crypto import CIPHER_AES_CBC, HASH_SHA256
from micropython import const

from hsm import limits
from hsm.apdu.status_word import (
    SW_INCORRECT_PARAMETERS_P1_P2,
    SW_WRONG_LENGTH,
    CommandError,
)
from hsm.keys import algorithms, cipher_parameters
from hsm.keys.algorithms import CBC_ENCRYPT, CMAC, DERIVE, EXTENDED_DECRYPT, EXTENDED_ENCRYPT
from hsm.keys.cipher_parameters import (
    BLOCK_BYTES,
    CipherParameters,
    Pbes2Parameters,
    Pbkdf2Parameters,
)
from hsm.security import access_rules

_NE_ANY = const(65536)
_OUTPUT_BYTES_DEFAULT = const(32)
# 512 bits are for XTS and for derivation: AES itself has no such keys.
_AES_BITS_MAX = const(256)


def cipher(card, command, response):
    """78: P1 key id, P2 algorithm; data to work on, or the TLVs of an extended cipher."""
    access_rules.check_user(card.status)
    algorithm = command.p2
    kinds, _, _ = algorithms.find(algorithms.CIPHER, algorithm)
    if algorithm in (EXTENDED_ENCRYPT, EXTENDED_DECRYPT):
        parameters = CipherParameters(command.data)
        if parameters.function == cipher_parameters.SELECTED_NODE:
            _cipher_by_node(card, algorithm, parameters, response)
            return
        work = _EXTENDED[parameters.function](parameters, command)
    else:
        work = _Plain(command)
    with card.keys.open_for_use(command.p1, kinds, algorithm) as key:
        uses = card.keys.uses_now(command.p1)
        work.run(key, response)
    card.keys.count_use(command.p1)
    card.keys.check_counted(command.p1, uses)


def _cipher_by_node(card, algorithm, parameters, response):
    # P1 names no key: HIERARCHICAL KEYS selected one.
    from hsm.commands import hierarchical_keys

    encrypts = algorithm == EXTENDED_ENCRYPT
    data, iv, label = parameters.data, parameters.iv, parameters.info
    hierarchical_keys.cipher(card, encrypts, data, iv, label, response)


# Each class checks what it is asked when it is made; `run(key, response)` computes.


class _Plain:
    """The algorithms of the original card: AES-CBC without IV and padding, CMAC, derivation."""

    def __init__(self, command):
        self._algorithm = command.p2
        self._data = command.data
        if self._algorithm == CMAC:
            return
        fits = self._algorithm == DERIVE or len(self._data) % BLOCK_BYTES == 0
        if not len(self._data) or not fits:
            raise CommandError(SW_WRONG_LENGTH)

    def run(self, key, response):
        data = self._data
        if self._algorithm == DERIVE:
            room = response.room()
            response.extend(key.hkdf_into(HASH_SHA256, b"", data, len(data), room))
            return
        if key.bits > _AES_BITS_MAX:
            raise CommandError(SW_WRONG_LENGTH)
        if self._algorithm == CMAC:
            response.append(key.cmac(data))
            return
        crypt = key.encrypt_into if self._algorithm == CBC_ENCRYPT else key.decrypt_into
        response.extend(crypt(CIPHER_AES_CBC, data, response.room(), bytes(BLOCK_BYTES)))


class _Cipher:
    """One of the ciphers that an OID names."""

    def __init__(self, parameters, command):
        self._parameters = parameters
        self._encrypts = command.p2 == EXTENDED_ENCRYPT
        parameters.check_cipher(self._encrypts)

    def run(self, key, response):
        parameters = self._parameters
        if key.bits != parameters.bits:
            raise CommandError(SW_WRONG_LENGTH)
        crypt = key.encrypt_into if self._encrypts else key.decrypt_into
        room, iv, info = response.room(), parameters.iv, parameters.info
        response.extend(crypt(parameters.number, parameters.data, room, iv, info))


class _Pbes2:
    """AES-CBC with padding, under a key that PBKDF2 makes of this one."""

    def __init__(self, parameters, command):
        self._data = parameters.data
        self._scheme = Pbes2Parameters(parameters.info)
        self._encrypts = command.p2 == EXTENDED_ENCRYPT
        size = len(self._data)
        if self._encrypts:
            padded_bytes = size + BLOCK_BYTES - size % BLOCK_BYTES
            fits = padded_bytes <= limits.RESPONSE_DATA_BYTES_MAX
        else:
            fits = size and size % BLOCK_BYTES == 0
        if not fits:
            raise CommandError(SW_WRONG_LENGTH)

    def run(self, key, response):
        scheme, derivation = self._scheme, self._scheme.derivation
        crypt = key.pbes2_encrypt_into if self._encrypts else key.pbes2_decrypt_into
        length = crypt(
            derivation.hash,
            derivation.salt,
            derivation.iterations,
            scheme.bits,
            scheme.iv,
            self._data,
            response.room(),
        )
        response.extend(length)


class _Hmac:
    """HMAC of the data."""

    def __init__(self, parameters, command):
        _check_one_way(command)
        self._parameters = parameters

    def run(self, key, response):
        response.append(key.hmac(self._parameters.number, self._parameters.data))


class _Hkdf:
    """HKDF: 82 is the salt, 81 the info."""

    def __init__(self, parameters, command):
        _check_one_way(command)
        self._hash = parameters.number
        self._salt = parameters.iv
        self._info = parameters.data
        self._length = _output_bytes(command, algorithms.hash_bytes(self._hash))

    def run(self, key, response):
        room = response.room()
        response.extend(key.hkdf_into(self._hash, self._salt, self._info, self._length, room))


class _Pbkdf2:
    """PBKDF2 with the key as password."""

    def __init__(self, parameters, command):
        _check_one_way(command)
        self._scheme = Pbkdf2Parameters(parameters.data)
        self._length = self._scheme.length or _output_bytes(command, _OUTPUT_BYTES_DEFAULT)

    def run(self, key, response):
        scheme, room = self._scheme, response.room()
        length = key.pbkdf2_into(scheme.hash, scheme.salt, scheme.iterations, self._length, room)
        response.extend(length)


class _X963:
    """The KDF of ANSI X9.63: 81 is the OID of an HMAC, which names the hash; 83 the shared info."""

    def __init__(self, parameters, command):
        _check_one_way(command)
        self._hash = cipher_parameters.hash_of_hmac(parameters.data)
        self._info = parameters.info
        self._length = _output_bytes(command, _OUTPUT_BYTES_DEFAULT)

    def run(self, key, response):
        response.extend(key.x963_into(self._hash, self._info, self._length, response.room()))


_EXTENDED = {
    cipher_parameters.CIPHER: _Cipher,
    cipher_parameters.HMAC: _Hmac,
    cipher_parameters.HKDF: _Hkdf,
    cipher_parameters.PBKDF2: _Pbkdf2,
    cipher_parameters.PBES2: _Pbes2,
    cipher_parameters.X963: _X963,
}


def _check_one_way(command):
    # A key that may only decrypt must not make MACs and keys under that name.
    if command.p2 == EXTENDED_DECRYPT:
        raise CommandError(SW_INCORRECT_PARAMETERS_P1_P2)


def _output_bytes(command, default):
    # Ne says how much; without it, and where it means "as much as there is", the default.
    if command.ne in (0, _NE_ANY):
        return default
    if command.ne > limits.RESPONSE_DATA_BYTES_MAX:
        raise CommandError(SW_WRONG_LENGTH)
    return command.ne
