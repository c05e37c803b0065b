# SPDX-License-Identifier: GPL-2.0-or-later
"""Physical settings ("PHY"): how the board shows itself, kept over INITIALIZE.

Spec: [SCHSM] 24. All that hosts may write is kept and told again; what this firmware can do takes
effect: identity on the bus, LED, time to press the button, curves for new keys. It has one
interface and one kind of LED, without brightness.
"""

import struct

from hsm_crypto import (
    CURVE_BRAINPOOLP256R1,
    CURVE_BRAINPOOLP384R1,
    CURVE_BRAINPOOLP512R1,
    CURVE_ED448,
    CURVE_ED25519,
    CURVE_SECP256K1,
    CURVE_SECP256R1,
    CURVE_SECP384R1,
    CURVE_SECP521R1,
    CURVE_X448,
    CURVE_X25519,
)
from micropython import const

from hsm.encoding import ber_tlv
from hsm.files.object_ids import ID_PHYSICAL_SETTINGS, KIND_PHYSICAL_SETTINGS
from hsm.platform import indicator, transport
from hsm.store import READY
from hsm.store.record import FLAG_PERSISTENT

_TAG_USB_IDS = const(0x00)
_TAG_LED_GPIO = const(0x04)
_TAG_LED_BRIGHTNESS = const(0x05)
_TAG_OPTIONS = const(0x06)
_TAG_PRESS_S = const(0x08)
_TAG_PRODUCT = const(0x09)
_TAG_CURVES = const(0x0A)
_TAG_INTERFACES = const(0x0B)
_TAG_LED_DRIVER = const(0x0C)

PRODUCT_BYTES_MAX = const(32)

# Tag: shortest and longest value. The product name may end in a NUL.
_LENGTHS = {
    _TAG_USB_IDS: (4, 4),
    _TAG_LED_GPIO: (1, 1),
    _TAG_LED_BRIGHTNESS: (1, 1),
    _TAG_OPTIONS: (2, 2),
    _TAG_PRESS_S: (1, 1),
    _TAG_PRODUCT: (1, PRODUCT_BYTES_MAX + 1),
    _TAG_CURVES: (4, 4),
    _TAG_INTERFACES: (1, 1),
    _TAG_LED_DRIVER: (1, 2),
}

_OPTION_STEADY_LED = const(0x0008)
_INTERFACE_CCID = const(0x01)
_LED_DRIVER_NONE = const(0xFF)

_CURVE_BITS = {
    CURVE_SECP256R1: 0x001,
    CURVE_SECP384R1: 0x002,
    CURVE_SECP521R1: 0x004,
    CURVE_SECP256K1: 0x008,
    CURVE_BRAINPOOLP256R1: 0x010,
    CURVE_BRAINPOOLP384R1: 0x020,
    CURVE_BRAINPOOLP512R1: 0x040,
    CURVE_ED25519: 0x080,
    CURVE_ED448: 0x100,
    CURVE_X25519: 0x200,
    CURVE_X448: 0x400,
}


class InvalidSettings(Exception):
    """A setting is unknown, comes twice or has the wrong length."""


class ImpossibleSetting(Exception):
    """No board can have this value, or nobody could reach it any more."""


class PhysicalSettings:
    """The settings in `contents`, TLVs. InvalidSettings, ImpossibleSetting, TlvError."""

    def __init__(self, contents):
        found = {}
        for tag, value in ber_tlv.objects(contents):
            shortest, longest = _LENGTHS.get(tag, (1, 0))
            if tag in found or not shortest <= len(value) <= longest:
                raise InvalidSettings
            found[tag] = bytes(value)
        self._found = found
        if not self._is_possible():
            raise ImpossibleSetting

    def _is_possible(self):
        vendor_id, _, name = self.usb_identity()
        if not vendor_id or not 1 <= len(name) <= PRODUCT_BYTES_MAX:
            return False
        if any(not 0x20 <= character < 0x7F for character in name):
            return False
        if self._number(_TAG_LED_GPIO, 0) > indicator.LED_GPIO_MAX:
            return False
        return bool(self._number(_TAG_INTERFACES, _INTERFACE_CCID) & _INTERFACE_CCID)

    def _number(self, tag, default):
        value = self._found.get(tag)
        return default if value is None else int.from_bytes(value, "big")

    def usb_identity(self):
        """(vendor id, product id, name): of the board where they are not set."""
        vendor_id, product_id, name = transport.USB_IDENTITY
        if _TAG_USB_IDS in self._found:
            vendor_id, product_id = struct.unpack(">HH", self._found[_TAG_USB_IDS])
        if _TAG_PRODUCT in self._found:
            name = self._found[_TAG_PRODUCT]
            if name[-1] == 0:
                name = name[:-1]
        return vendor_id, product_id, name

    def apply(self, presence):
        """At boot, before the host can see the device; `presence`: the UserPresence."""
        transport.usb_identity(*self.usb_identity())
        gpio = self._number(_TAG_LED_GPIO, indicator.LED_GPIO)
        driver = self._found.get(_TAG_LED_DRIVER)
        if driver is not None and driver[0] == _LED_DRIVER_NONE:
            gpio = indicator.LED_GPIO_NONE
        is_steady = self._number(_TAG_OPTIONS, 0) & _OPTION_STEADY_LED
        indicator.led_configure(gpio, bool(is_steady))
        press_s = self._number(_TAG_PRESS_S, 0)
        if press_s:
            presence.window_ms = press_s * 1000

    def allows(self, curve):
        """True if new keys may be on `curve`: those that the mask does not name always."""
        bit = _CURVE_BITS.get(curve, 0)
        return self._number(_TAG_CURVES, bit) & bit == bit


def is_kept(store):
    """True if settings were ever written."""
    return store.state == READY and store.contains(ID_PHYSICAL_SETTINGS)


def read(store):
    """The TLVs as they were written; empty if they never were."""
    return store.read(ID_PHYSICAL_SETTINGS) if is_kept(store) else b""


def put(change, contents):
    """Put checked TLVs into a transaction: they replace all that were there."""
    change.put(ID_PHYSICAL_SETTINGS, KIND_PHYSICAL_SETTINGS, contents, FLAG_PERSISTENT)
