# SPDX-License-Identifier: GPL-2.0-or-later
"""What the port gives to the firmware: flash, transport, identity, time, indicator, reset.

Only `hsm.platform` imports this module. Buffers are static C memory handed out as memoryviews; the
port wipes them, so that no secret stays behind and none enters the garbage-collected heap.
Every function raises `OSError(errno.EINVAL)` for arguments out of range, `TypeError` for what is no buffer where
one is wanted, and changes nothing then.
"""

CHIP: str
"""`"rp2040"` or `"rp2350"`."""

FLASH_SIZE_BYTES: int
"""Size of the flash chip."""

FLASH_DATA_SIZE_BYTES: int
"""Size of the store's region; offsets below count from its start. A multiple of 4096."""

FLASH_PAGE_BYTES: int
FLASH_SECTOR_BYTES: int

USB_VENDOR_ID: int
USB_PRODUCT_ID: int
USB_PRODUCT: str
"""What the board says of itself on the bus."""

COMMAND_DATA_MAX: int
"""4096: the longest command data field, as one APDU or as a chain."""

RESPONSE_DATA_MAX: int
"""4096: the longest response data field."""

LED_OFF: int
LED_READY: int
LED_BUSY: int
LED_CONFIRM: int
LED_ERASE: int
"""States for `led`: dark; slow blink; on while a command runs; mostly on, short off each second; fast blink."""

LED_GPIO: int
"""The board's LED."""
LED_GPIO_MAX: int
LED_GPIO_NONE: int
"""For `led_configure`: the last GPIO, and none at all."""

# --- Flash ([RP2040] 4.10, [RP2350] 4.4) -------------------------------------------------------

def flash_view() -> memoryview:
    """Read-only view of the whole data region (XIP). Contents follow programs and erases at once."""

def flash_program(offset: int, data: bytes | bytearray | memoryview) -> None:
    """Program `data` at `offset`; both inside one 256-byte page; bits only go 1 -> 0.

    Bytes of the page outside `data` are programmed as FF (unchanged). The port reads back and raises
    `OSError(errno.EIO)` if any bit that had to be 0 is 1, or a bit differs from before & data.
    """

def flash_erase(offset: int) -> None:
    """Erase the 4096-byte sector at `offset` (a multiple of 4096) to FF; EIO if it does not read FF."""

def flash_is_erased(offset: int, length: int) -> bool:
    """True if all bytes read FF."""

# --- Transport (CCID over USB) -----------------------------------------------------------------

def usb_identity(vendor_id: int, product_id: int, product: bytes) -> None:
    """Another identity than the board's, before `transport_start`: ids of 16 bits, the first not 0; ASCII of 32
    bytes at most."""

def transport_start(atr: bytes) -> None:
    """Connect to the bus. From now on USB lives in an interrupt; `atr` (2..33 bytes) answers IccPowerOn."""

def transport_wait() -> memoryview | None:
    """Sleep until there is work.

    Returns the command APDU (4..4096+9 bytes) as a view on the port's static buffer, valid until
    `transport_respond`; or None when the session ended (IccPowerOn, IccPowerOff, bus reset, ABORT): the
    caller closes its session and waits again. A None is never lost between two commands.
    """

def response_buffer() -> memoryview:
    """The static response buffer, RESPONSE_DATA_MAX + 2 bytes, writable."""

def chain_buffer() -> memoryview:
    """A second static buffer, COMMAND_DATA_MAX bytes, writable: command chaining collects here.

    It is wiped with `wipe_chain_buffer`, at every session end, and at reset."""

def wipe_chain_buffer() -> None: ...
def transport_respond(length: int, keep: bool = False) -> None:
    """Send the first `length` (2..4098) bytes of the response buffer as the answer to the command.

    The command buffer and the unused C stack are wiped at once, the response buffer by
    `transport_wait` when the host has taken the answer; with `keep` (GET RESPONSE continues from
    it) not before `wipe_response_buffer` or the end of the session. If the host
    aborted the command meanwhile, nothing is sent.
    """

def wipe_response_buffer() -> None: ...

# --- Identity, time, presence, reset -------------------------------------------------------------

def unique_id() -> bytes:
    """8 bytes: the flash chip's unique id on RP2040 (command 4Bh), the chip id of OTP on RP2350. Public."""

def uptime_ms() -> int:
    """Milliseconds since reset, wraps at 2**30."""

def uptime_s() -> int:
    """Seconds since reset, wraps at 2**30."""

def sleep_ms(duration: int) -> None:
    """Sleep for 1..1000 ms; USB, LED and time extensions go on meanwhile."""

def led(state: int) -> None: ...
def led_configure(gpio: int, is_steady: bool) -> None:
    """The LED is at `gpio`, 0..LED_GPIO_MAX or LED_GPIO_NONE; steady: on in LED_READY instead of blinking."""

def button_pressed() -> bool:
    """True while BOOTSEL is held: QSPI SS sampled with interrupts off ([RP2040] 2.4.8)."""

def command_cancelled() -> bool:
    """True when the host ended the command that now runs (ABORT, IccPowerOff, bus reset)."""

def build_info() -> bytes:
    """ASCII, at most 64 bytes: firmware version, board, crypto library revision."""

def reset() -> None:
    """Watchdog reset; does not return."""

def reset_to_bootsel() -> None:
    """The same, into the boot ROM's USB loader once SRAM is wiped."""
