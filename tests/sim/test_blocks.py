# SPDX-License-Identifier: GPL-2.0-or-later
"""Single blocks: time, resets, entropy, hash, arithmetic, OTP."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.bus.reset_cause import ResetCause
from sim.bus.unmodelled import UnmodelledAccess
from sim.otp import ecc
from sim.otp.otp_array import OtpArray
from sim.peripherals.bootram import Bootram
from sim.peripherals.clocks import ClocksRp2040, ClocksRp2350
from sim.peripherals.otp import Otp, OtpData
from sim.peripherals.powman import Powman
from sim.peripherals.resets import ResetsRp2040
from sim.peripherals.rosc import RoscFault, RoscRp2040
from sim.peripherals.sha256 import Sha256
from sim.peripherals.sio import SioRp2040, divide
from sim.peripherals.ticks import Ticks
from sim.peripherals.timer import TimerRp2040, TimerRp2350
from sim.peripherals.trng import Trng, TrngFault
from sim.peripherals.vreg_and_chip_reset import VregAndChipReset
from sim.peripherals.watchdog import WatchdogRp2040, WatchdogRp2350
from tests.sim.twins import MachineTwin, repeat


@pytest.fixture
def machine() -> MachineTwin:
    return MachineTwin()


# --- time ---------------------------------------------------------------------------------------


def test_the_timer_counts_microseconds_and_latches_the_high_word(machine: MachineTwin) -> None:
    timer = TimerRp2040(machine, "TIMER", first_irq=0)
    timer.bus_write(0x04, 4, 0xFFFF_FFFE)
    timer.bus_write(0x00, 4, 1)
    machine.pass_us(1)
    assert timer.bus_read(0x0C, 4) == 0xFFFF_FFFF
    machine.pass_us(5)
    assert timer.bus_read(0x08, 4) == 1
    assert timer.bus_read(0x24, 4) == 2


def test_an_alarm_fires_once_and_holds_its_line(machine: MachineTwin) -> None:
    timer = TimerRp2040(machine, "TIMER", first_irq=0)
    timer.bus_write(0x38, 4, 2)
    timer.bus_write(0x14, 4, 50)
    assert timer.bus_read(0x20, 4) == 2
    machine.pass_us(49)
    assert not machine.irq.levels.get(1)
    machine.pass_us(1)
    assert machine.irq.levels[1]
    assert timer.bus_read(0x20, 4) == 0
    timer.bus_write(0x34, 4, 2)
    assert not machine.irq.levels[1]


def test_a_disarmed_alarm_stays_silent(machine: MachineTwin) -> None:
    timer = TimerRp2040(machine, "TIMER", first_irq=0)
    timer.bus_write(0x38, 4, 1)
    timer.bus_write(0x10, 4, 50)
    timer.bus_write(0x20, 4, 1)
    machine.pass_us(100)
    assert not machine.irq.levels.get(0)


def test_an_alarm_in_the_past_waits_for_the_counter_to_come_round(machine: MachineTwin) -> None:
    timer = TimerRp2040(machine, "TIMER", first_irq=0)
    machine.pass_us(10)
    timer.bus_write(0x10, 4, 9)
    machine.pass_us(1000)
    assert timer.bus_read(0x20, 4) == 1


def test_the_timer_of_rp2350_stands_still_without_its_tick(machine: MachineTwin) -> None:
    timer, ticks = TimerRp2350(machine, "TIMER0", first_irq=0), Ticks(machine)
    machine.blocks["TIMER0"] = timer
    machine.pass_us(5)
    assert timer.time_us == 0
    ticks.bus_write(0x1C, 4, 12)
    ticks.bus_write(0x18, 4, 1)
    assert ticks.bus_read(0x18, 4) == 3
    machine.pass_us(5)
    assert timer.time_us == 5


@pytest.mark.parametrize(("block", "load"), [(WatchdogRp2040, 2000), (WatchdogRp2350, 1000)])
def test_the_watchdog_fires_after_its_time_unless_fed(
    block: type[WatchdogRp2040] | type[WatchdogRp2350], load: int, machine: MachineTwin
) -> None:
    watchdog = block(machine)
    watchdog.bus_write(0x04, 4, load)
    watchdog.bus_write(0x00, 4, 1 << 30)
    machine.pass_us(900)
    watchdog.bus_write(0x04, 4, load)
    machine.pass_us(900)
    assert machine.resets == []
    machine.pass_us(100)
    assert machine.resets == [ResetCause.WATCHDOG_TIMER]


def test_the_watchdog_trigger_is_immediate_and_scratch_survives(machine: MachineTwin) -> None:
    watchdog = WatchdogRp2040(machine)
    watchdog.bus_write(0x0C, 4, 0xDEAD_BEEF)
    watchdog.bus_write(0x00, 4, 1 << 31)
    assert machine.resets == [ResetCause.WATCHDOG_FORCE]
    watchdog.chip_reset(ResetCause.WATCHDOG_FORCE)
    assert watchdog.bus_read(0x08, 4) == 2
    assert watchdog.bus_read(0x0C, 4) == 0xDEAD_BEEF
    watchdog.chip_reset(ResetCause.RUN_PIN)
    assert watchdog.bus_read(0x08, 4) == watchdog.bus_read(0x0C, 4) == 0


@pytest.mark.parametrize(
    ("block", "offset", "power_on", "run_pin"),
    [(VregAndChipReset, 0x8, 1 << 8, 1 << 16), (Powman, 0x2C, 1 << 16, 1 << 18)],
)
def test_the_cause_of_a_chip_reset_is_told(
    block: type[VregAndChipReset] | type[Powman],
    offset: int,
    power_on: int,
    run_pin: int,
    machine: MachineTwin,
) -> None:
    causes = block(machine)
    causes.chip_reset(ResetCause.POWER_ON)
    assert causes.bus_read(offset, 4) == power_on
    causes.chip_reset(ResetCause.SYSTEM_REQUEST)
    assert causes.bus_read(offset, 4) == power_on
    causes.chip_reset(ResetCause.RUN_PIN)
    assert causes.bus_read(offset, 4) == run_pin


# --- resets and clocks --------------------------------------------------------------------------


def test_reset_lines_hold_and_release_their_blocks(machine: MachineTwin) -> None:
    resets = ResetsRp2040(machine)
    resets.reset()
    assert all(machine.held.values())
    assert len(machine.held) == 25
    resets.release("IO_QSPI", "PADS_QSPI")
    assert resets.bus_read(0x8, 4) == 1 << 6 | 1 << 9
    state = resets.state()
    resets.bus_write(0x3000, 4, 0x01FF_FFFF)
    assert resets.bus_read(0x8, 4) == 0x01FF_FFFF
    assert not any(machine.held.values())
    resets.bus_write(0x2000, 4, 1 << 24)
    assert [name for name, held in machine.held.items() if held] == ["USBCTRL"]
    resets.load_state(state)
    assert sum(machine.held.values()) == 23


@pytest.mark.parametrize("block", [ClocksRp2040, ClocksRp2350])
def test_selected_follows_the_source(
    block: type[ClocksRp2040] | type[ClocksRp2350], machine: MachineTwin
) -> None:
    clocks = block(machine)
    assert clocks.bus_read(0x44, 4) == 1
    clocks.bus_write(0x3C, 4, 1)
    assert clocks.bus_read(0x44, 4) == 2
    clocks.bus_write(0x30, 4, 2)
    assert clocks.bus_read(0x38, 4) == 4


# --- entropy ------------------------------------------------------------------------------------


def test_random_bits_repeat_with_the_seed_and_look_random() -> None:
    streams = []
    for seed in (1, 1, 2):
        machine = MachineTwin()
        machine.seed = seed
        streams.append(repeat(RoscRp2040(machine).read_randombit, 2000))
    assert streams[0] == streams[1] != streams[2]
    assert 900 < sum(streams[0]) < 1100


@pytest.mark.parametrize(
    ("fault", "low", "high"),
    [
        (RoscFault.STUCK_AT_0, 0, 0),
        (RoscFault.STUCK_AT_1, 1000, 1000),
        (RoscFault.BIASED, 800, 950),
        (RoscFault.ALTERNATING, 500, 500),
    ],
)
def test_a_broken_oscillator_is_visibly_broken(
    fault: RoscFault, low: int, high: int, machine: MachineTwin
) -> None:
    rosc = RoscRp2040(machine)
    rosc.fault = fault
    assert low <= sum(repeat(rosc.read_randombit, 1000)) <= high


def trng(machine: MachineTwin, bypass: int = 0) -> Trng:
    """A TRNG that samples quickly."""
    block = Trng(machine, irq=39)
    block.bus_write(0x130, 4, 24)
    block.bus_write(0x138, 4, bypass)
    block.bus_write(0x12C, 4, 1)
    return block


def test_the_trng_gives_a_sample_and_starts_the_next(machine: MachineTwin) -> None:
    block = trng(machine)
    block.bus_write(0x100, 4, 0)
    assert block.bus_read(0x1B8, 4) == 1
    machine.pass_us(192 * 4 * 25 // 100)
    assert block.bus_read(0x104, 4) == 1
    assert machine.irq.levels[39]
    first = [block.bus_read(0x114 + 4 * n, 4) for n in range(6)]
    assert block.bus_read(0x104, 4) == 0
    machine.pass_us(200)
    assert first != [block.bus_read(0x114 + 4 * n, 4) for n in range(6)]


@pytest.mark.parametrize(
    ("fault", "flag", "bypass"),
    [
        (TrngFault.AUTOCORRELATED, 2, 8),
        (TrngFault.REPEATING, 4, 4),
        (TrngFault.STUCK, 8, 2),
    ],
)
def test_health_checks_notice_unless_bypassed(
    fault: TrngFault, flag: int, bypass: int, machine: MachineTwin
) -> None:
    block = trng(machine)
    block.fault = fault
    machine.pass_us(1000)
    assert block.bus_read(0x104, 4) == flag
    blind = trng(machine, bypass)
    blind.fault = fault
    machine.pass_us(1000)
    assert blind.bus_read(0x104, 4) == 1
    assert [blind.bus_read(0x114 + 4 * n, 4) for n in range(6)] == [0] * 6


# --- hash and arithmetic ------------------------------------------------------------------------


@given(st.binary(max_size=200))
def test_sha256_agrees_with_hashlib(message: bytes) -> None:
    block = Sha256(MachineTwin())
    block.bus_write(0x2000, 4, 1)
    padding = b"\x80" + bytes((55 - len(message)) % 64)
    data = message + padding + (8 * len(message)).to_bytes(8, "big")
    for position in range(0, len(data), 4):
        word = data[position : position + 4]
        block.bus_write(0x04, 4, int.from_bytes(word, "little"))
    words = (block.bus_read(0x08 + 4 * n, 4) for n in range(8))
    digest = b"".join(word.to_bytes(4, "big") for word in words)
    assert digest == hashlib.sha256(message).digest()


WORDS = st.integers(0, 0xFFFF_FFFF)


@given(WORDS, WORDS)
def test_the_divider_divides(dividend: int, divisor: int) -> None:
    quotient, remainder = divide(dividend, divisor, signed=False)
    if divisor:
        assert (quotient, remainder) == divmod(dividend, divisor)
    signed_quotient, signed_remainder = divide(dividend, divisor, signed=True)
    assert (signed_quotient * divisor + signed_remainder - dividend) % (1 << 32) == 0 or not divisor


def test_division_by_zero_is_what_the_datasheet_says() -> None:
    assert divide(7, 0, signed=False) == (0xFFFF_FFFF, 7)
    assert divide(7, 0, signed=True) == (0xFFFF_FFFF, 7)
    assert divide(0xFFFF_FFF9, 0, signed=True) == (1, 0xFFFF_FFF9)
    assert divide(0x8000_0000, 0xFFFF_FFFF, signed=True) == (0x8000_0000, 0)


# --- SIO ----------------------------------------------------------------------------------------


def test_a_spinlock_is_claimed_once(machine: MachineTwin) -> None:
    sio = SioRp2040(machine)
    assert sio.bus_read(0x10C, 4) == 8
    assert sio.bus_read(0x10C, 4) == 0
    assert sio.bus_read(0x5C, 4) == 8
    sio.bus_write(0x10C, 4, 0)
    assert sio.bus_read(0x10C, 4) == 8


def test_starting_core_1_is_refused(machine: MachineTwin) -> None:
    with pytest.raises(UnmodelledAccess, match="start of core 1"):
        SioRp2040(machine).bus_write(0x54, 4, 0)


def test_outputs_drive_pins(machine: MachineTwin) -> None:
    sio = SioRp2040(machine)
    sio.bus_write(0x14, 4, 1 << 25)
    assert not sio.pin_output(25)
    sio.bus_write(0x24, 4, 1 << 25)
    assert sio.pin_output(25)
    assert sio.bus_read(0x04, 4) == 1 << 25
    sio.bus_write(0x1C, 4, 1 << 25)
    assert not sio.pin_output(25)


# --- OTP and boot RAM ---------------------------------------------------------------------------


@given(st.integers(0, 0xFFFF), st.integers(0, 21))
def test_one_wrong_bit_is_corrected(data: int, bit: int) -> None:
    row = ecc.encode(data)
    assert row.bit_count() % 2 == 0
    assert ecc.decode(row) == data
    assert ecc.decode(row ^ 1 << bit) == data
    assert ecc.decode(row ^ 0xFF_FFFF) == data
    assert ecc.valid(row ^ 1 << bit)


@given(st.integers(0, 0xFFFF), st.sets(st.integers(0, 21), min_size=2, max_size=2))
def test_two_wrong_bits_are_noticed(data: int, bits: set[int]) -> None:
    row = ecc.encode(data)
    for bit in bits:
        row ^= 1 << bit
    assert not ecc.valid(row)


def test_otp_windows_show_rows(machine: MachineTwin) -> None:
    machine.blocks["OTP"] = Otp(machine)
    data = OtpData(machine)
    rows = machine.otp
    assert data.bus_read(0x0000, 4) == rows.read_ecc(0) | rows.read_ecc(1) << 16
    assert data.bus_read(0x4000 + 4 * 3, 4) == rows.read_raw(3)
    assert data.bus_read(0x8000, 4) == data.bus_read(0x0000, 4)
    rows.rows[1] ^= 0b101
    with pytest.raises(UnmodelledAccess, match="damaged row pair"):
        data.bus_read(0x8000, 4)
    machine.blocks["OTP"].bus_write(0x3128, 4, 1)
    with pytest.raises(UnmodelledAccess, match="DCTRL"):
        data.bus_read(0, 4)


def test_chip_ids_differ_by_seed() -> None:
    assert OtpArray(1).chip_id == OtpArray(1).chip_id != OtpArray(2).chip_id


def test_boot_ram_takes_narrow_writes_in_their_lanes(machine: MachineTwin) -> None:
    bootram = Bootram(machine)
    bootram.bus_write(0x10, 4, 0x1122_3344)
    bootram.bus_write(0x11, 1, 0xAA)
    assert bootram.bus_read(0x10, 4) == 0x1122_AA44
    bootram.bus_write(0x1012, 2, 0xFFFF)
    assert bootram.bus_read(0x10, 4) == 0xEEDD_AA44
    bootram.bus_write(0x800, 4, 5)
    bootram.bus_write(0x800, 4, 2)
    assert bootram.bus_read(0x800, 4) == 7
