# SPDX-License-Identifier: GPL-2.0-or-later
"""Secure messaging: commands leave their protection behind, answers get theirs.

Spec: [7816-4] 10, [TR-03110-3] F; [SCHSM] 21. Data fields are encrypted, headers and all data
objects covered by a MAC. Each part of a chain is protected by itself. An answer that is longer than
the Le inside is continued by GET RESPONSE inside; one that is longer than the Le outside by a plain
one.
"""

from micropython import const

from hsm.apdu.status_word import (
    SW_BYTES_STILL_AVAILABLE,
    SW_NO_FURTHER_QUALIFICATION,
    SW_SECURE_MESSAGING_OBJECTS_INCORRECT,
    SW_SECURE_MESSAGING_OBJECTS_MISSING,
    CommandError,
)
from hsm.encoding import ber_tlv

_CLA_SECURE_MESSAGING = const(0x0C)

_TAG_CRYPTOGRAM_ODD_INS = const(0x85)
_TAG_CRYPTOGRAM = const(0x87)
_TAG_LE = const(0x97)
_TAG_STATUS_WORD = const(0x99)
_TAG_MAC = const(0x8E)
_PADDING_INDICATOR = const(0x01)  # [7816-4] 10.2.3.1

_BLOCK_BYTES = const(16)
_MAC_BYTES = const(8)
# Around a cryptogram: its header and indicator, the status word and the MAC.
_FRAME_BYTES = const(4 + 1 + 4 + 10)


class SecureMessaging:
    """Works on a channel of the crypto module.

    `buffer`: static memory as long as the longest answer; `wipe` wipes it. Answers wait there.
    """

    def __init__(self, buffer, wipe):
        self._buffer = buffer
        self._wipe = wipe
        self._begin = 0
        self._end = 0

    def has_rest(self):
        """True if GET RESPONSE inside has something to send."""
        return self._begin < self._end

    def drop_rest(self):
        """Forget and wipe what was not fetched."""
        if self._end:
            self._begin = self._end = 0
            self._wipe()

    def unwrap(self, channel, command, room):
        """Make `command` the one that was protected; its data field is decrypted to `room`.

        CommandError (6987, 6988), TlvError, CryptoError: the channel must not be used any more.
        """
        objects = _Objects(command.ins, command.data)
        header = bytes((command.cla, command.ins, command.p1, command.p2))
        parts = (header + _padding(len(header)), objects.covered, _padding(len(objects.covered)))
        channel.advance()
        if not channel.mac_matches(objects.mac, *parts):
            raise CommandError(SW_SECURE_MESSAGING_OBJECTS_INCORRECT)
        if not channel.mac_matches(objects.mac, *parts):
            raise CommandError(SW_SECURE_MESSAGING_OBJECTS_INCORRECT)
        length = 0
        cryptogram = objects.cryptogram
        if cryptogram is not None:
            if len(cryptogram) > len(room):
                raise CommandError(SW_SECURE_MESSAGING_OBJECTS_INCORRECT)
            length = channel.decrypt_into(cryptogram, room[: len(cryptogram)])
        command.cla &= ~_CLA_SECURE_MESSAGING
        command.ne = objects.ne
        command.data = room[:length]

    def wrap(self, channel, response, ne, status_word):
        """Protect what is in `response`, or the rest of the last one; the outer status word.

        Not more than `ne` bytes are sent; 61xx inside says how many are left.
        """
        plain = response.contents()
        if plain:
            self._begin, self._end = 0, len(plain)
            self._buffer[: self._end][:] = plain
            response.discard()
        # One byte at least of the last block is padding.
        capacity = (len(response.room()) - _FRAME_BYTES) // _BLOCK_BYTES * _BLOCK_BYTES - 1
        count = min(ne, self._end - self._begin, capacity)
        channel.advance()
        if count:
            self._encrypt(channel, response, count)
        left = self._end - self._begin
        if left:
            status_word = SW_BYTES_STILL_AVAILABLE | (left if left < 256 else 0)
        else:
            self.drop_rest()
        response.append(bytes((_TAG_STATUS_WORD, 2, status_word >> 8, status_word & 0xFF)))
        covered = response.contents()
        mac = channel.mac(covered, _padding(len(covered)))
        response.append(ber_tlv.encode(_TAG_MAC, mac))
        return SW_NO_FURTHER_QUALIFICATION

    def _encrypt(self, channel, response, count):
        padded = (count // _BLOCK_BYTES + 1) * _BLOCK_BYTES
        response.append(ber_tlv.header(_TAG_CRYPTOGRAM, 1 + padded))
        response.append(bytes((_PADDING_INDICATOR,)))
        end = self._begin + count
        response.extend(channel.encrypt_into(self._buffer[self._begin : end], response.room()))
        self._begin = end


class _Objects:
    """The data objects of a protected command, in their one order: cryptogram, Le, MAC.

    `covered`: those that the MAC covers besides the header.
    """

    def __init__(self, ins, data):
        self.cryptogram = None
        self.ne = 0
        offset = 0
        tag, start, end = _read(data, offset)
        if tag == (_TAG_CRYPTOGRAM_ODD_INS if ins & 1 else _TAG_CRYPTOGRAM):
            self.cryptogram = data[start:end]
            if not ins & 1:
                if start == end or data[start] != _PADDING_INDICATOR:
                    raise CommandError(SW_SECURE_MESSAGING_OBJECTS_INCORRECT)
                self.cryptogram = data[start + 1 : end]
            offset = end
            tag, start, end = _read(data, offset)
        if tag == _TAG_LE:
            if not 1 <= end - start <= 2:
                raise CommandError(SW_SECURE_MESSAGING_OBJECTS_INCORRECT)
            self.ne = int.from_bytes(data[start:end], "big") or 1 << 8 * (end - start)
            offset = end
            tag, start, end = _read(data, offset)
        if tag != _TAG_MAC or end - start != _MAC_BYTES or end != len(data):
            raise CommandError(SW_SECURE_MESSAGING_OBJECTS_INCORRECT)
        self.mac = data[start:end]
        self.covered = data[:offset]


def _read(data, offset):
    if offset == len(data):
        raise CommandError(SW_SECURE_MESSAGING_OBJECTS_MISSING)
    return ber_tlv.read(data, offset)


def _padding(length):
    # [7816-4] 10.2.3.1; nothing behind nothing: the header has its own.
    if not length:
        return b""
    return b"\x80" + bytes(-(length + 1) % _BLOCK_BYTES)
