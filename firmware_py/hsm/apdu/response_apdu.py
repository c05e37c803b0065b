# SPDX-License-Identifier: GPL-2.0-or-later
"""The response APDU, built in the transport's static buffer, never in the heap."""

from hsm.apdu.status_word import SW_BYTES_STILL_AVAILABLE

# Contents are assigned to the whole of a slice, `buffer[a:b][:] = data`: MicroPython would
# otherwise move the rest of the buffer onto itself.


class ResponseApdu:
    """`data` grows by append; what the host's Ne leaves over is sent by GET RESPONSE.

    The transport wipes the buffer of an answer that leaves nothing over.
    """

    def __init__(self, buffer, wipe):
        self._buffer = buffer
        self._wipe = wipe
        self._capacity = len(buffer) - 2
        self._length = 0
        self._pending_at = 0

    def clear(self):
        """Start a new response; nothing of the old one stays in the buffer."""
        if self.has_more():
            self._wipe()
        self._length = 0
        self._pending_at = 0

    def discard(self):
        """Forget the response and wipe all of the buffer, whoever wrote into it."""
        self._wipe()
        self._length = 0
        self._pending_at = 0

    def append(self, data):
        """Add `data`; ValueError if the buffer is full."""
        end = self._length + len(data)
        if end > self._capacity:
            raise ValueError
        self._buffer[self._length : end][:] = data
        self._length = end

    def contents(self):
        """A view of what is in the response so far."""
        return self._buffer[: self._length]

    def room(self):
        """A view of the rest of the buffer, to be written to and then taken by `extend`."""
        return self._buffer[self._length : self._capacity]

    def extend(self, length):
        """Take `length` bytes that were written to `room()` into the response."""
        if self._length + length > self._capacity:
            raise ValueError
        self._length += length

    def has_more(self):
        """True if GET RESPONSE has something to send."""
        return self._pending_at < self._length

    def finish(self, ne, status_word):
        """Put up to `ne` bytes and the status word at the buffer's start; returns the length.

        A response longer than Ne ends in 61xx, xx bytes remaining (00: 256 or more).
        """
        start = self._pending_at
        count = min(ne, self._length - start)
        if start:
            # Bytes already sent make room for the next block: the rest moves to the front.
            self._length -= start
            self._buffer[: self._length][:] = self._buffer[start : start + self._length]
        remaining = self._length - count
        if remaining:
            status_word = SW_BYTES_STILL_AVAILABLE | (remaining if remaining < 256 else 0)
        return self._seal(count, status_word)

    def _seal(self, count, status_word):
        # The status word overwrites two bytes of the rest: they are kept behind the rest.
        buffer = self._buffer
        self._pending_at = count
        if self._length > count:
            buffer[count + 2 : self._length + 2][:] = buffer[count : self._length]
            self._length += 2
            self._pending_at += 2
        buffer[count] = status_word >> 8
        buffer[count + 1] = status_word & 0xFF
        return count + 2
