# SPDX-License-Identifier: GPL-2.0-or-later
"""USB descriptors of a CCID device: parsed, and checked against the rules.

Sources: USB 2.0 chapter 9.6 and [CCID 1.1] 5.1. A rule broken raises DescriptorError with one line
that names the descriptor, the field and the value; nothing is repaired.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, field

DEVICE = 0x01
CONFIGURATION = 0x02
STRING = 0x03
INTERFACE = 0x04
ENDPOINT = 0x05
DEVICE_QUALIFIER = 0x06
CCID_FUNCTIONAL = 0x21

CLASS_CCID = 0x0B
TRANSFER_BULK = 2
TRANSFER_INTERRUPT = 3
PACKET_SIZES_FULL_SPEED = (8, 16, 32, 64)

# dwFeatures: level of exchange ([CCID 1.1] 5.1, bits 16 to 19).
LEVEL_MASK = 0x0007_0000
LEVEL_CHARACTER = 0x0000_0000
LEVEL_TPDU = 0x0001_0000
LEVEL_SHORT_APDU = 0x0002_0000
LEVEL_EXTENDED_APDU = 0x0004_0000


class DescriptorError(Exception):
    """A descriptor breaks a rule; the text is one line."""


def _require(condition: bool, text: str) -> None:
    if not condition:
        raise DescriptorError(text)


@dataclass(frozen=True)
class DeviceDescriptor:
    """USB 2.0 table 9-8."""

    usb_version: int
    device_class: int
    packet_bytes_max: int
    vendor_id: int
    product_id: int
    release: int
    manufacturer_index: int
    product_index: int
    serial_index: int
    configurations: int

    @classmethod
    def parse(cls, data: bytes) -> DeviceDescriptor:
        """Parse and check the 18 bytes."""
        _require(len(data) == 18, f"device descriptor: {len(data)} bytes instead of 18")
        fields = struct.unpack("<BBHBBBBHHHBBBB", data)
        length, kind, usb, device_class, subclass, protocol, packet = fields[:7]
        vendor, product, release, manufacturer, product_index, serial, configurations = fields[7:]
        _require(length == 18, f"device descriptor: bLength is {length} instead of 18")
        _require(kind == DEVICE, f"device descriptor: bDescriptorType is {kind} instead of 1")
        _require(
            usb in (0x0110, 0x0200, 0x0201, 0x0210),
            f"device descriptor: bcdUSB is {usb:04x}",
        )
        _require(
            packet in PACKET_SIZES_FULL_SPEED,
            f"device descriptor: bMaxPacketSize0 is {packet}",
        )
        _require(
            device_class != 0 or (subclass == 0 and protocol == 0),
            "device descriptor: bDeviceClass is 0 but subclass or protocol is not",
        )
        _require(vendor != 0, "device descriptor: idVendor is 0")
        _require(configurations >= 1, "device descriptor: bNumConfigurations is 0")
        return cls(
            usb,
            device_class,
            packet,
            vendor,
            product,
            release,
            manufacturer,
            product_index,
            serial,
            configurations,
        )


@dataclass(frozen=True)
class EndpointDescriptor:
    """USB 2.0 table 9-13."""

    address: int
    transfer_type: int
    packet_bytes_max: int
    interval_ms: int

    @property
    def number(self) -> int:
        """Endpoint number 1..15."""
        return self.address & 0x0F

    @property
    def is_in(self) -> bool:
        """True: device to host."""
        return bool(self.address & 0x80)

    @classmethod
    def parse(cls, data: bytes) -> EndpointDescriptor:
        """Parse and check the 7 bytes for a full-speed device."""
        _require(len(data) == 7, f"endpoint descriptor: bLength is {len(data)} instead of 7")
        _, _, address, attributes, packet, interval = struct.unpack("<BBBBHB", data)
        name = f"endpoint descriptor {address:02x}"
        _require(address & 0x70 == 0, f"{name}: reserved bits set in bEndpointAddress")
        _require(address & 0x0F != 0, f"{name}: endpoint 0 must not be described")
        _require(attributes & 0xC0 == 0, f"{name}: reserved bits set in bmAttributes")
        kind = attributes & 3
        _require(kind in (TRANSFER_BULK, TRANSFER_INTERRUPT), f"{name}: transfer type is {kind}")
        if kind == TRANSFER_BULK:
            _require(
                packet in PACKET_SIZES_FULL_SPEED,
                f"{name}: wMaxPacketSize is {packet} on a full-speed bulk endpoint",
            )
        else:
            _require(1 <= packet <= 64, f"{name}: wMaxPacketSize is {packet}")
            _require(interval >= 1, f"{name}: bInterval is 0 on an interrupt endpoint")
        return cls(address, kind, packet, interval)


@dataclass(frozen=True)
class CcidDescriptor:
    """[CCID 1.1] table 5.1-1, the fields a driver uses."""

    ccid_version: int
    slot_index_max: int
    voltage_support: int
    protocols: int
    ifsd_max: int
    features: int
    message_bytes_max: int
    class_get_response: int
    class_envelope: int
    pin_support: int
    busy_slots_max: int

    @property
    def level(self) -> int:
        """Level of exchange: one of LEVEL_*."""
        return self.features & LEVEL_MASK

    @classmethod
    def parse(cls, data: bytes) -> CcidDescriptor:
        """Parse and check the 54 bytes."""
        name = "CCID descriptor"
        _require(len(data) == 54, f"{name}: bLength is {len(data)} instead of 54")
        fields = struct.unpack("<BBHBBIIIBIIBIIIIIBBHBB", data)
        (_, kind, version, slots, voltage, protocols, clock, clock_max, _, rate, rate_max) = fields[
            :11
        ]
        (_, ifsd, synch, mechanical, features, message, get_response, envelope) = fields[11:19]
        lcd, pin, busy = fields[19:]
        _require(kind == CCID_FUNCTIONAL, f"{name}: bDescriptorType is {kind:02x}")
        _require(version in (0x0100, 0x0110), f"{name}: bcdCCID is {version:04x}")
        _require(1 <= voltage <= 7, f"{name}: bVoltageSupport is {voltage:02x}")
        _require(protocols in (1, 2, 3), f"{name}: dwProtocols is {protocols:08x}")
        _require(0 < clock <= clock_max, f"{name}: dwDefaultClock {clock} or its maximum")
        _require(0 < rate <= rate_max, f"{name}: dwDataRate {rate} or its maximum")
        _require(ifsd <= 254, f"{name}: dwMaxIFSD is {ifsd}")
        _require(synch & ~7 == 0, f"{name}: dwSynchProtocols is {synch:08x}")
        _require(mechanical & ~0xF == 0, f"{name}: dwMechanical is {mechanical:08x}")
        level = features & LEVEL_MASK
        _require(
            level in (LEVEL_CHARACTER, LEVEL_TPDU, LEVEL_SHORT_APDU, LEVEL_EXTENDED_APDU),
            f"{name}: dwFeatures {features:08x} names more than one level of exchange",
        )
        both = features & 0xC0 == 0xC0
        _require(not both, f"{name}: dwFeatures {features:08x} has both parameter negotiations")
        if level in (LEVEL_SHORT_APDU, LEVEL_EXTENDED_APDU):
            _require(
                bool(features & 0xC0),
                f"{name}: dwFeatures {features:08x}: APDU level without automatic parameters",
            )
            _require(message >= 271, f"{name}: dwMaxCCIDMessageLength is {message}, below 271")
        _require(message <= 65544 + 10, f"{name}: dwMaxCCIDMessageLength is {message}")
        _require(lcd == 0 or lcd & 0xFF != 0, f"{name}: wLcdLayout is {lcd:04x}")
        _require(pin & ~3 == 0, f"{name}: bPINSupport is {pin:02x}")
        _require(1 <= busy <= slots + 1, f"{name}: bMaxCCIDBusySlots is {busy}")
        return cls(
            version,
            slots,
            voltage,
            protocols,
            ifsd,
            features,
            message,
            get_response,
            envelope,
            pin,
            busy,
        )


@dataclass
class InterfaceDescriptor:
    """USB 2.0 table 9-12, with what follows it."""

    number: int
    alternate: int
    endpoint_count: int
    interface_class: int
    subclass: int
    protocol: int
    string_index: int
    ccid: CcidDescriptor | None = None
    endpoints: list[EndpointDescriptor] = field(default_factory=list)

    def endpoint(self, transfer_type: int, is_in: bool) -> EndpointDescriptor | None:
        """The one endpoint of this type and direction, or None."""
        for endpoint in self.endpoints:
            if endpoint.transfer_type == transfer_type and endpoint.is_in == is_in:
                return endpoint
        return None


@dataclass
class ConfigurationDescriptor:
    """USB 2.0 table 9-10, with its interfaces."""

    value: int
    attributes: int
    power_ma: int
    string_index: int
    interfaces: list[InterfaceDescriptor]

    @property
    def ccid_interface(self) -> InterfaceDescriptor:
        """The first CCID interface."""
        for interface in self.interfaces:
            if interface.interface_class == CLASS_CCID:
                return interface
        raise DescriptorError("configuration descriptor: no CCID interface")

    @classmethod
    def parse(cls, data: bytes) -> ConfigurationDescriptor:
        """Parse and check the whole set (wTotalLength bytes)."""
        name = "configuration descriptor"
        _require(len(data) >= 9, f"{name}: only {len(data)} bytes")
        fields = struct.unpack("<BBHBBBBB", data[:9])
        length, kind, total, count, value, string_index, attributes, power = fields
        _require(length == 9, f"{name}: bLength is {length} instead of 9")
        _require(kind == CONFIGURATION, f"{name}: bDescriptorType is {kind}")
        _require(total == len(data), f"{name}: wTotalLength is {total}, {len(data)} bytes came")
        _require(value != 0, f"{name}: bConfigurationValue is 0")
        _require(attributes & 0x80 != 0, f"{name}: bit 7 of bmAttributes is 0")
        _require(attributes & 0x1F == 0, f"{name}: reserved bits set in bmAttributes")
        _require(1 <= power <= 250, f"{name}: bMaxPower is {power} (units of 2 mA)")
        configuration = cls(value, attributes, 2 * power, string_index, [])
        for part in _split(data[9:]):
            configuration._add(part)
        configuration._check(count)
        return configuration

    def _add(self, part: bytes) -> None:
        descriptor_type = part[1]
        if descriptor_type == INTERFACE:
            _require(len(part) == 9, f"interface descriptor: bLength is {len(part)}")
            number, alternate, endpoints, kind, subclass, protocol, string = part[2:9]
            self.interfaces.append(
                InterfaceDescriptor(number, alternate, endpoints, kind, subclass, protocol, string)
            )
            return
        _require(
            bool(self.interfaces),
            f"descriptor type {descriptor_type:02x} stands before an interface",
        )
        interface = self.interfaces[-1]
        if descriptor_type == ENDPOINT:
            interface.endpoints.append(EndpointDescriptor.parse(part))
        elif descriptor_type == CCID_FUNCTIONAL and interface.interface_class == CLASS_CCID:
            _require(not interface.endpoints, "CCID descriptor: stands behind an endpoint")
            interface.ccid = CcidDescriptor.parse(part)
        else:
            raise DescriptorError(f"{self._name(interface)}: type {descriptor_type:02x} inside")

    @staticmethod
    def _name(interface: InterfaceDescriptor) -> str:
        return f"interface descriptor {interface.number}"

    def _check(self, count: int) -> None:
        numbers = {interface.number for interface in self.interfaces}
        _require(
            numbers == set(range(count)),
            f"configuration descriptor: bNumInterfaces is {count}, found {sorted(numbers)}",
        )
        addresses = [e.address for interface in self.interfaces for e in interface.endpoints]
        _require(
            len(addresses) == len(set(addresses)),
            "configuration descriptor: an endpoint is described twice",
        )
        for interface in self.interfaces:
            found = len(interface.endpoints)
            _require(
                found == interface.endpoint_count,
                f"{self._name(interface)}: bNumEndpoints is {interface.endpoint_count}, "
                f"{found} follow",
            )
            if interface.interface_class == CLASS_CCID:
                self._check_ccid(interface)

    def _check_ccid(self, interface: InterfaceDescriptor) -> None:
        """[CCID 1.1] 4.4, 5: class 0B, subclass 0, a bulk pair, at most one interrupt IN."""
        name = self._name(interface)
        _require(interface.subclass == 0, f"{name}: CCID with subclass {interface.subclass}")
        _require(interface.protocol == 0, f"{name}: CCID with protocol {interface.protocol}")
        _require(interface.ccid is not None, f"{name}: no CCID descriptor")
        for is_in, direction in ((False, "OUT"), (True, "IN")):
            found = interface.endpoint(TRANSFER_BULK, is_in)
            _require(found is not None, f"{name}: no bulk {direction} endpoint")


def _split(data: bytes) -> list[bytes]:
    """Cut a descriptor set at its bLength bytes."""
    parts = []
    while data:
        length = data[0]
        _require(2 <= length <= len(data), f"descriptor set: bLength {length}, {len(data)} left")
        parts.append(data[:length])
        data = data[length:]
    return parts


def parse_string(data: bytes) -> str:
    """A string descriptor's text (USB 2.0 table 9-16)."""
    _require(len(data) >= 2, f"string descriptor: only {len(data)} bytes")
    _require(data[0] == len(data), f"string descriptor: bLength {data[0]}, {len(data)} came")
    _require(data[1] == STRING, f"string descriptor: bDescriptorType is {data[1]}")
    _require(len(data) % 2 == 0, "string descriptor: odd length")
    try:
        return data[2:].decode("utf-16-le")
    except UnicodeDecodeError:
        raise DescriptorError("string descriptor: not UTF-16") from None


def parse_languages(data: bytes) -> list[int]:
    """String descriptor 0: the language codes (USB 2.0 table 9-15)."""
    parse_string(data)
    codes = list(struct.unpack(f"<{len(data) // 2 - 1}H", data[2:]))
    _require(bool(codes), "string descriptor 0: no language")
    return codes
