# SPDX-License-Identifier: GPL-2.0-or-later
"""User presence: somebody at the device presses its button when the LED asks.

Spec: [SCHSM] 1.3, 10.2 and 23 (press-to-confirm). The transport keeps the host patient meanwhile.
"""

from micropython import const

from hsm.platform import button, indicator
from hsm.security import device_options

# The window of one confirmation, unless the physical settings say otherwise: what hosts and their
# users know of such tokens.
CONFIRMATION_MS = const(15000)
# So long nobody leans on a button by accident, and nobody confirms a signature.
ERASURE_MS = const(10000)

_POLL_MS = const(20)
# A press is that many samples in a row: contacts bounce, and one sample alone may be a glitch.
_PRESS_SAMPLES = const(3)
_UPTIME_MASK = const(0x3FFFFFFF)


class PresenceTimeout(Exception):
    """Nobody pressed the button in time, or let it go too early; or the host ended the command."""


class UserPresence:
    """Asks for the button. `store` has the device options; `window_ms`: the time to press it."""

    def __init__(self, store):
        self._store = store
        self.window_ms = CONFIRMATION_MS

    def confirm(self):
        """Before a key is used: wait for a press if the options want one. PresenceTimeout."""
        # Read twice: one skipped instruction saves nobody the press.
        if self._is_wanted():
            self.require()
        elif self._is_wanted():
            self.require()

    def require(self):
        """Wait for a press, whatever the options say. PresenceTimeout."""
        indicator.led(indicator.LED_CONFIRM)
        try:
            samples = _press(self.window_ms)
        finally:
            indicator.led(indicator.LED_BUSY)
        if samples < _PRESS_SAMPLES:
            raise PresenceTimeout
        if samples < _PRESS_SAMPLES:
            raise PresenceTimeout

    def wants_erasure(self):
        """False if the button is not pressed; True once it was held for ERASURE_MS.

        PresenceTimeout: it was pressed, and let go before.
        """
        if not button.button_pressed():
            return False
        indicator.led(indicator.LED_ERASE)
        try:
            held_ms = _hold()
        finally:
            indicator.led(indicator.LED_BUSY)
        if held_ms < ERASURE_MS:
            raise PresenceTimeout
        if not button.button_pressed():
            raise PresenceTimeout
        return True

    def is_pressed(self):
        """True while the button is pressed."""
        return button.button_pressed()

    def _is_wanted(self):
        return device_options.get(self._store) & device_options.PRESS_TO_CONFIRM


def _press(window_ms):
    # Samples in a row of a press that began in the window: a button that is held all day, or stuck,
    # says nothing.
    begin_ms = button.uptime_ms()
    released = False
    samples = 0
    while samples < _PRESS_SAMPLES:
        if button.command_cancelled() or _elapsed_ms(begin_ms) >= window_ms:
            return 0
        if not button.button_pressed():
            released = True
            samples = 0
        elif released:
            samples += 1
        button.sleep_ms(_POLL_MS)
    return samples


def _hold():
    # Milliseconds that the button stays pressed, up to ERASURE_MS.
    begin_ms = button.uptime_ms()
    while button.button_pressed() and not button.command_cancelled():
        if _elapsed_ms(begin_ms) >= ERASURE_MS:
            return ERASURE_MS
        button.sleep_ms(_POLL_MS)
    return 0


def _elapsed_ms(begin_ms):
    return (button.uptime_ms() - begin_ms) & _UPTIME_MASK
