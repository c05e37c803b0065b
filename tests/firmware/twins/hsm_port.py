# SPDX-License-Identifier: GPL-2.0-or-later
"""CPython twin of the port's module: port/stubs/hsm_port.pyi over a `NorFlash`.

One device at a time: `plug` connects a board to the module; the firmware is then booted anew.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from nor_flash import PAGE_BYTES, SECTOR_BYTES, NorFlash

COMMAND_DATA_MAX = 4096
RESPONSE_DATA_MAX = 4096
USB_VENDOR_ID, USB_PRODUCT_ID, USB_PRODUCT = 0x1209, 0x0001, "Pico HSM"
LED_GPIO, LED_GPIO_MAX, LED_GPIO_NONE = 25, 29, 255
LED_OFF, LED_READY, LED_BUSY, LED_CONFIRM, LED_ERASE = range(5)
FLASH_PAGE_BYTES = PAGE_BYTES
FLASH_SECTOR_BYTES = SECTOR_BYTES
CHIP = "rp2040"
FLASH_SIZE_BYTES = 2 << 20
FLASH_DATA_SIZE_BYTES = 0


class Reset(BaseException):
    """The firmware asked for a watchdog reset."""


class ResetToBootsel(Reset):
    """The same, into the boot ROM's loader."""


@dataclass
class Board:
    """What the module stands for."""

    flash: NorFlash
    chip: str = "rp2040"
    unique_id: bytes = bytes.fromhex("E6605481DB123456")
    uptime_ms: int = 0
    pressed: bool = False
    presses_ms: list[tuple[int, int]] = field(default_factory=list)
    """When the button is held down, from and until which uptime."""
    cancelled: bool = False
    led: int = LED_OFF
    leds: list[int] = field(default_factory=list)
    """Every state of the LED, in order."""
    commands: Iterator[bytes | None] = field(default_factory=lambda: iter(()))
    answer: Callable[[bytes], None] = lambda response: None
    atr: bytes = b""
    usb_identity: tuple[int, int, str] = (USB_VENDOR_ID, USB_PRODUCT_ID, USB_PRODUCT)
    led_gpio: int = LED_GPIO
    led_is_steady: bool = False


_command = bytearray(COMMAND_DATA_MAX + 9)
_response = bytearray(RESPONSE_DATA_MAX + 2)
_chain = bytearray(COMMAND_DATA_MAX)
_board: Board


def plug(board: Board) -> None:
    """Connect a board: power-on clears all static buffers."""
    global CHIP, FLASH_DATA_SIZE_BYTES, _board
    _board = board
    board.flash.power_on()
    board.atr = b""
    board.usb_identity = (USB_VENDOR_ID, USB_PRODUCT_ID, USB_PRODUCT)
    board.led_gpio, board.led_is_steady = LED_GPIO, False
    CHIP = board.chip
    FLASH_DATA_SIZE_BYTES = board.flash.size_bytes
    for buffer in (_command, _response, _chain):
        buffer[:] = bytes(len(buffer))


def command_view(apdu: bytes) -> memoryview:
    """The static command buffer holding `apdu` (for tests that drive the card without its loop)."""
    _command[: len(apdu)] = apdu
    return memoryview(_command)[: len(apdu)]


def flash_view() -> memoryview:
    return _board.flash.view()


def flash_program(offset: int, data: bytes | bytearray | memoryview) -> None:
    _board.flash.program(offset, data)


def flash_erase(offset: int) -> None:
    _board.flash.erase(offset)


def flash_is_erased(offset: int, length: int) -> bool:
    return _board.flash.is_erased(offset, length)


def usb_identity(vendor_id: int, product_id: int, product: bytes) -> None:
    if not (1 <= vendor_id < 1 << 16 and 0 <= product_id < 1 << 16 and len(product) <= 32):
        raise OSError(22, "EINVAL")
    if _board.atr:
        raise OSError(22, "EINVAL")
    _board.usb_identity = (vendor_id, product_id, bytes(product).decode("ascii"))


def transport_start(atr: bytes) -> None:
    if not 2 <= len(atr) <= 33:
        raise OSError(22, "EINVAL")
    _board.atr = bytes(atr)


def transport_wait() -> memoryview | None:
    apdu = next(_board.commands, b"")
    if apdu is None:
        wipe_response_buffer()
        wipe_chain_buffer()
        return None
    if not apdu:
        raise Reset
    return command_view(apdu)


def response_buffer() -> memoryview:
    return memoryview(_response)


def chain_buffer() -> memoryview:
    return memoryview(_chain)


def wipe_chain_buffer() -> None:
    _chain[:] = bytes(len(_chain))


def transport_respond(length: int, keep: bool = False) -> None:
    if not 2 <= length <= len(_response):
        raise OSError(22, "EINVAL")
    _board.answer(bytes(_response[:length]))
    _command[:] = bytes(len(_command))
    if not keep:
        wipe_response_buffer()


def wipe_response_buffer() -> None:
    _response[:] = bytes(len(_response))


def unique_id() -> bytes:
    return _board.unique_id


def uptime_ms() -> int:
    return _board.uptime_ms


def uptime_s() -> int:
    return _board.uptime_ms // 1000


def sleep_ms(duration: int) -> None:
    if not 1 <= duration <= 1000:
        raise OSError(22, "EINVAL")
    _board.uptime_ms += duration


def led(state: int) -> None:
    _board.led = state
    _board.leds.append(state)


def led_configure(gpio: int, is_steady: bool) -> None:
    if not (0 <= gpio <= LED_GPIO_MAX or gpio == LED_GPIO_NONE):
        raise OSError(22, "EINVAL")
    _board.led_gpio, _board.led_is_steady = gpio, is_steady


def button_pressed() -> bool:
    now = _board.uptime_ms
    return _board.pressed or any(begin <= now < end for begin, end in _board.presses_ms)


def command_cancelled() -> bool:
    return _board.cancelled


def build_info() -> bytes:
    return b"twin"


def reset() -> None:
    raise Reset


def reset_to_bootsel() -> None:
    raise ResetToBootsel
