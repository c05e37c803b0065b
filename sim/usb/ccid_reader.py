# SPDX-License-Identifier: GPL-2.0-or-later
"""A CCID driver for one reader with one slot, at extended APDU level.

Source: [CCID 1.1].

It behaves like libccid where hosts agree (3 s to answer, restarted by each time extension; long
APDUs cut into chained blocks) and stricter elsewhere: what the specification forbids is an error.
"""

from __future__ import annotations

from typing import Any

from sim.usb import ccid_messages as ccid
from sim.usb.ccid_messages import Answer
from sim.usb.descriptors import LEVEL_EXTENDED_APDU, TRANSFER_BULK, TRANSFER_INTERRUPT
from sim.usb.transfer import Transfer, UsbError, UsbTimeout
from sim.usb.usb_host import UsbHost

ANSWER_TIMEOUT_US = 3_000_000
WRITE_TIMEOUT_US = 3_000_000
CHAIN_BLOCKS_MAX = 64


class CcidError(Exception):
    """The reader breaks the specification; the text is one line."""


class CcidCommandFailed(CcidError):
    """bmCommandStatus says "failed"; `answer` has bError and the ICC's state."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(f"command failed: bError {answer.error_name}")
        self.answer = answer


class CcidReader:
    """The driver. `time_extensions` counts those of the last exchange.

    APDUs longer than `block_bytes_max` are chained: by default what one message holds.
    """

    def __init__(self, host: UsbHost) -> None:
        self.host = host
        self.sequence = 0
        self.time_extensions = 0
        self._bulk_in = 0
        self._bulk_out = 0
        self._interrupt_in: int | None = None
        self._interface = 0
        self.message_bytes_max = 0
        self.block_bytes_max = 0
        self._answer: Transfer | None = None

    def attach(self, reset_only: bool = False) -> None:
        """Enumerate the device (or reset and configure it again) and take its CCID interface."""
        configuration = self.host.reconfigure() if reset_only else self.host.enumerate()
        interface = configuration.ccid_interface
        bulk_in = interface.endpoint(TRANSFER_BULK, True)
        bulk_out = interface.endpoint(TRANSFER_BULK, False)
        interrupt_in = interface.endpoint(TRANSFER_INTERRUPT, True)
        assert bulk_in and bulk_out and interface.ccid
        if interface.ccid.level != LEVEL_EXTENDED_APDU:
            raise CcidError(f"dwFeatures {interface.ccid.features:08x}: not extended APDU level")
        self._bulk_in, self._bulk_out = bulk_in.number, bulk_out.number
        self._interrupt_in = interrupt_in.number if interrupt_in else None
        self._interface = interface.number
        self.message_bytes_max = interface.ccid.message_bytes_max
        self.block_bytes_max = self.message_bytes_max - ccid.HEADER_BYTES
        self.sequence = 0
        self._answer = None

    # --- Raw frames -----------------------------------------------------------------------------

    def send_raw(self, frame: bytes, timeout_us: int = WRITE_TIMEOUT_US) -> None:
        """Write any bytes to the bulk OUT pipe as one transfer; raises UsbTimeout."""
        self.host.write(self._bulk_out, frame, timeout_us)

    def read_raw(self, timeout_us: int = ANSWER_TIMEOUT_US) -> bytes:
        """One transfer from the bulk IN pipe; raises UsbTimeout."""
        transfer = self._start_answer()
        try:
            message = self.host.finish(self._bulk_in, transfer, timeout_us)
        except UsbTimeout:
            self._answer = None
            self._explain_missing_zero_packet(bytes(transfer.data))
            raise
        self._answer = None
        return message

    def _start_answer(self) -> Transfer:
        if self._answer is None:
            self._answer = self.host.start_in(self._bulk_in, self.message_bytes_max)
        return self._answer

    @staticmethod
    def _explain_missing_zero_packet(received: bytes) -> None:
        if len(received) >= ccid.HEADER_BYTES:
            whole = ccid.HEADER_BYTES + int.from_bytes(received[1:5], "little")
            if whole == len(received):
                raise CcidError(f"no zero-length packet ended the message of {whole} bytes")

    def read_interrupt(self, timeout_us: int) -> bytes:
        """One message from the interrupt pipe; raises UsbTimeout, or CcidError without a pipe."""
        if self._interrupt_in is None:
            raise CcidError("the reader has no interrupt pipe")
        return self.host.read(self._interrupt_in, 64, timeout_us)

    # --- Messages -------------------------------------------------------------------------------

    def next_sequence(self) -> int:
        """The bSeq for the next command."""
        self.sequence = (self.sequence + 1) & 0xFF
        return self.sequence

    def exchange(self, kind: int, data: bytes = b"", parameters: bytes = b"\0\0\0") -> Answer:
        """One command and its final answer; a failed command raises CcidCommandFailed."""
        self.start(kind, data, parameters)
        return self.finish(kind)

    def start(self, kind: int, data: bytes = b"", parameters: bytes = b"\0\0\0") -> None:
        """Send a command without waiting for the answer."""
        self.time_extensions = 0
        self.send_raw(ccid.command(kind, self.next_sequence(), data, parameters=parameters))

    def finish(self, kind: int) -> Answer:
        """Wait for the answer to the command sent last."""
        while True:
            answer = self.read_answer()
            if answer.command_status == ccid.COMMAND_TIME_EXTENSION:
                self._check_time_extension(answer)
                self.time_extensions += 1
                continue
            break
        expected = ccid.ANSWER_TYPES.get(kind)
        if expected is not None and answer.kind != expected:
            raise CcidError(f"message {kind:02x} answered with type {answer.kind:02x}")
        if answer.command_status != ccid.COMMAND_PROCESSED:
            raise CcidCommandFailed(answer)
        return answer

    def read_answer(self, timeout_us: int = ANSWER_TIMEOUT_US) -> Answer:
        """One RDR_to_PC message, its header checked."""
        message = self.read_raw(timeout_us)
        try:
            answer = Answer.parse(message)
        except ValueError as error:
            raise CcidError(str(error)) from None
        if answer.length != len(answer.data):
            raise CcidError(f"dwLength {answer.length}, but {len(answer.data)} bytes of data")
        if answer.slot != 0:
            raise CcidError(f"answer for slot {answer.slot}")
        if answer.sequence != self.sequence:
            raise CcidError(f"bSeq {answer.sequence} answers bSeq {self.sequence}")
        if answer.status & 0x3C or answer.command_status == 3:
            raise CcidError(f"reserved bits in bStatus {answer.status:02x}")
        return answer

    @staticmethod
    def _check_time_extension(answer: Answer) -> None:
        if answer.data:
            raise CcidError(f"time extension with {len(answer.data)} bytes of data")

    # --- The slot -------------------------------------------------------------------------------

    def slot_status(self) -> int:
        """GetSlotStatus: one of ICC_*."""
        return self.exchange(ccid.GET_SLOT_STATUS).icc_status

    def icc_power_on(self, voltage: int = 0) -> bytes:
        """IccPowerOn; the ATR."""
        answer = self.exchange(ccid.ICC_POWER_ON, parameters=bytes((voltage, 0, 0)))
        if answer.icc_status != ccid.ICC_ACTIVE:
            raise CcidError(f"IccPowerOn leaves ICC status {answer.icc_status}")
        return answer.data

    def icc_power_off(self) -> None:
        """IccPowerOff."""
        answer = self.exchange(ccid.ICC_POWER_OFF)
        if answer.icc_status != ccid.ICC_INACTIVE:
            raise CcidError(f"IccPowerOff leaves ICC status {answer.icc_status}")

    def parameters(self) -> tuple[int, bytes]:
        """GetParameters: (bProtocolNum, protocol data structure)."""
        answer = self.exchange(ccid.GET_PARAMETERS)
        return answer.parameter, answer.data

    # --- APDUs ----------------------------------------------------------------------------------

    def transmit(self, apdu: bytes) -> bytes:
        """Send a command APDU, return the response APDU (data and status word)."""
        self.start_transmit(apdu)
        return self.finish_transmit()

    def start_transmit(self, apdu: bytes) -> None:
        """Send a whole command APDU, chained when it must be; do not wait for the answer."""
        block = self.block_bytes_max
        if len(apdu) <= block:
            self.start(ccid.XFR_BLOCK, apdu)
            return
        parts = [apdu[i : i + block] for i in range(0, len(apdu), block)]
        for part in parts[:-1]:
            level = ccid.CHAIN_FIRST if part is parts[0] else ccid.CHAIN_MIDDLE
            answer = self._block(part, level)
            if answer.data or answer.parameter != ccid.CHAIN_CONTINUE:
                raise CcidError(
                    f"chained block answered with {len(answer.data)} bytes, "
                    f"bChainParameter {answer.parameter:02x}"
                )
        self.start(ccid.XFR_BLOCK, parts[-1], bytes((0, ccid.CHAIN_LAST, 0)))

    def finish_transmit(self) -> bytes:
        """The response APDU to `start_transmit`, collected from chained blocks if need be."""
        answer = self.finish(ccid.XFR_BLOCK)
        if answer.parameter == ccid.CHAIN_WHOLE:
            return self._checked(answer.data)
        if answer.parameter != ccid.CHAIN_FIRST:
            raise CcidError(f"first block has bChainParameter {answer.parameter:02x}")
        response = answer.data
        for _ in range(CHAIN_BLOCKS_MAX):
            answer = self._block(b"", ccid.CHAIN_CONTINUE)
            response += answer.data
            if answer.parameter == ccid.CHAIN_LAST:
                return self._checked(response)
            if answer.parameter != ccid.CHAIN_MIDDLE:
                raise CcidError(f"later block has bChainParameter {answer.parameter:02x}")
        raise CcidError(f"no end of the chain after {CHAIN_BLOCKS_MAX} blocks")

    def _block(self, data: bytes, level: int) -> Answer:
        extensions = self.time_extensions
        answer = self.exchange(ccid.XFR_BLOCK, data, bytes((0, level, 0)))
        self.time_extensions += extensions
        return answer

    @staticmethod
    def _checked(response: bytes) -> bytes:
        if len(response) < 2:
            raise CcidError(f"response APDU of {len(response)} bytes")
        return response

    # --- Abort ----------------------------------------------------------------------------------

    def abort_request(self, sequence: int, slot: int = 0) -> None:
        """The control-pipe half of ABORT ([CCID 1.1] 5.3.1); raises UsbStall when refused."""
        self.host.control(0x21, ccid.REQUEST_ABORT, sequence << 8 | slot, self._interface)

    def abort(self) -> Answer:
        """End the command under way: both halves of ABORT with one bSeq; the final SlotStatus.

        Answers of the dying command (its own, or time extensions) may come first and are dropped.
        """
        sequence = self.next_sequence()
        self.abort_request(sequence)
        self.send_raw(ccid.command(ccid.ABORT, sequence))
        for _ in range(4):
            message = Answer.parse(self.read_raw())
            if message.sequence == sequence and message.kind == ccid.SLOT_STATUS:
                if message.command_status != ccid.COMMAND_PROCESSED:
                    raise CcidCommandFailed(message)
                return message
        raise CcidError("ABORT was not answered")

    def class_request(self, request: int, length: int) -> bytes:
        """GET_CLOCK_FREQUENCIES or GET_DATA_RATES; raises UsbStall when there are none."""
        return self.host.control(0xA1, request, 0, self._interface, length=length)

    # --- Snapshots ------------------------------------------------------------------------------

    def state(self) -> Any:
        """Only between exchanges."""
        if self._answer is not None:
            raise UsbError("a snapshot cannot be taken while an answer is awaited")
        numbers = (self._bulk_in, self._bulk_out, self._interrupt_in, self._interface)
        return numbers, self.message_bytes_max, self.block_bytes_max, self.sequence

    def load_state(self, state: Any) -> None:
        """Undo everything since `state()`."""
        numbers, self.message_bytes_max, self.block_bytes_max, self.sequence = state
        self._bulk_in, self._bulk_out, self._interrupt_in, self._interface = numbers
        self._answer = None
