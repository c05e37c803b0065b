# SPDX-License-Identifier: GPL-2.0-or-later
"""TRNG of RP2350: 192 bits per sample, three health checks.

Spec: [RP2350] 12.12.

A sample takes SAMPLE_CNT1 + 1 cycles per raw bit and four raw bits per bit (two halves of the von
Neumann corrector), unless that is bypassed. `fault` breaks the source; a check that is bypassed
does not notice.
"""

from __future__ import annotations

from enum import Enum
from typing import Any

from sim.bus.peripheral import MachinePort, Peripheral
from sim.bus.register import Register, array, read_only
from sim.entropy import Entropy

EHR_BITS = 192
EHR_VALID, AUTOCORR_ERR, CRNGT_ERR, VN_ERR = 1, 2, 4, 8
VNC_BYPASS, CRNGT_BYPASS, AUTOCORR_BYPASS = 2, 4, 8
RAW_BITS_PER_BIT = 4


class TrngFault(Enum):
    """Ways in which the source can fail, and the interrupt flag of the check that notices."""

    NONE = 0
    AUTOCORRELATED = AUTOCORR_ERR
    REPEATING = CRNGT_ERR
    STUCK = VN_ERR


_BYPASS = {
    TrngFault.AUTOCORRELATED: AUTOCORR_BYPASS,
    TrngFault.REPEATING: CRNGT_BYPASS,
    TrngFault.STUCK: VNC_BYPASS,
}


class Trng(Peripheral):
    """Samples while the source is enabled and the last sample has been taken."""

    NAME = "TRNG"
    REGISTERS = (
        Register("RNG_IMR", 0x100, 0xF, writable=0xF),
        Register("RNG_ISR", 0x104, writable=0),
        Register("RNG_ICR", 0x108, writable=0),
        Register("TRNG_CONFIG", 0x10C, writable=3),
        read_only("TRNG_VALID", 0x110),
        *array("EHR_DATA{}", 0x114, 6, writable=0),
        Register("RND_SOURCE_ENABLE", 0x12C, writable=1),
        Register("SAMPLE_CNT1", 0x130, 0xFFFF),
        Register("AUTOCORR_STATISTIC", 0x134, writable=0),
        Register("TRNG_DEBUG_CONTROL", 0x138, writable=0xE),
        Register("TRNG_SW_RESET", 0x140, writable=0),
        read_only("TRNG_BUSY", 0x1B8),
        Register("RST_BITS_COUNTER", 0x1BC, writable=0),
        read_only("RNG_VERSION", 0x1C0),
    )

    def __init__(self, machine: MachinePort, name: str | None = None, irq: int = 0) -> None:
        self.irq = irq
        self.entropy = Entropy(machine.seed, "trng")
        self.fault = TrngFault.NONE
        self.samples = 0
        self._call = 0
        self._stopped = False
        super().__init__(machine, name)

    def reset(self) -> None:
        super().reset()
        self._stop()
        self._stopped = False
        self._update()

    def _stop(self) -> None:
        if self._call:
            self.machine.clock.cancel(self._call)
            self._call = 0

    def _start(self) -> None:
        self._stop()
        if self.values["RND_SOURCE_ENABLE"] and not self._stopped:
            raw_bits = 1 if self.values["TRNG_DEBUG_CONTROL"] & VNC_BYPASS else RAW_BITS_PER_BIT
            ticks = EHR_BITS * raw_bits * (self.values["SAMPLE_CNT1"] + 1)
            self._call = self.machine.clock.call_at(self.machine.clock.now + ticks, self._sample)

    def _sample(self) -> None:
        self._call = 0
        self.samples += 1
        noticed = self.fault is not TrngFault.NONE and not (
            self.values["TRNG_DEBUG_CONTROL"] & _BYPASS[self.fault]
        )
        if noticed:
            self.values["RNG_ISR"] |= self.fault.value
            # An autocorrelation failure stops the block until it is reset.
            self._stopped = self.fault is TrngFault.AUTOCORRELATED
            self._start()
        else:
            self._fill()
        self._update()

    def _fill(self) -> None:
        stuck = self.fault is not TrngFault.NONE
        for index in range(6):
            self.values[f"EHR_DATA{index}"] = 0 if stuck else self.entropy.bits(32)
        self.values["RNG_ISR"] |= EHR_VALID

    def _update(self) -> None:
        active = self.values["RNG_ISR"] & ~self.values["RNG_IMR"]
        self.machine.irq.set_level(self.irq, bool(active))

    # --- registers ------------------------------------------------------------------------------

    def write_rng_imr(self, value: int) -> None:
        self.store("RNG_IMR", value)
        self._update()

    def write_rng_icr(self, _value: int) -> None:
        # AUTOCORR_ERR is cleared by a reset of the block only.
        self.values["RNG_ISR"] &= ~(self.raw_write & (EHR_VALID | CRNGT_ERR | VN_ERR))
        self._update()

    def read_trng_valid(self) -> int:
        return self.values["RNG_ISR"] & EHR_VALID

    def read_ehr_data5(self) -> int:
        value = self.values["EHR_DATA5"]
        for index in range(6):
            self.values[f"EHR_DATA{index}"] = 0
        self.values["RNG_ISR"] &= ~EHR_VALID
        self._start()
        self._update()
        return value

    def write_rnd_source_enable(self, value: int) -> None:
        self.store("RND_SOURCE_ENABLE", value)
        if not value & 1:
            self._stop()
        elif not self._call and not self.values["RNG_ISR"] & EHR_VALID:
            self._start()

    def write_sample_cnt1(self, value: int) -> None:
        self.store("SAMPLE_CNT1", value)
        if self._call:
            self._start()

    def write_trng_debug_control(self, value: int) -> None:
        self.store("TRNG_DEBUG_CONTROL", value)
        if self._call:
            self._start()

    def write_trng_sw_reset(self, value: int) -> None:
        if value & 1:
            self.reset()

    def write_rst_bits_counter(self, value: int) -> None:
        if value & 1 and self._call:
            self._start()

    def read_trng_busy(self) -> int:
        return 1 if self._call else 0

    def state(self) -> Any:
        return (
            super().state(),
            self.entropy.state(),
            self.fault,
            self.samples,
            self._call,
            self._stopped,
        )

    def load_state(self, state: Any) -> None:
        values, entropy, self.fault, self.samples, self._call, self._stopped = state
        super().load_state(values)
        self.entropy.load_state(entropy)
