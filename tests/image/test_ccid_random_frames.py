# SPDX-License-Identifier: GPL-2.0-or-later
"""Whatever comes over bulk OUT, the next good frame works."""

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sim.device import Device
from sim.usb import ccid_messages as ccid
from sim.usb.ccid_messages import Answer
from sim.usb.transfer import UsbTimeout
from tests.image.conftest import Chip

GET_CHALLENGE = bytes.fromhex("0084000008")
ANSWERS_MAX = 8
KNOWN_TYPES = sorted(ccid.ANSWER_TYPES)

frames = st.builds(
    lambda kind, length, slot, sequence, parameters, data: ccid.command(
        kind, sequence, data, slot=slot, parameters=parameters, length=length
    ),
    kind=st.sampled_from(KNOWN_TYPES) | st.integers(0, 255),
    length=st.none() | st.integers(0, 200) | st.integers(0, 0xFFFF_FFFF),
    slot=st.just(0) | st.integers(0, 255),
    sequence=st.integers(0, 255),
    parameters=st.binary(min_size=3, max_size=3) | st.sampled_from([b"\0\0\0", b"\0\1\0"]),
    data=st.binary(max_size=200),
)


def drain(device: Device) -> list[Answer]:
    """Every answer that comes until the device is silent; silence costs virtual time only."""
    answers = []
    for _ in range(ANSWERS_MAX):
        try:
            answers.append(Answer.parse(device.reader.read_raw()))
        except UsbTimeout:
            return answers
    raise AssertionError(f"more than {ANSWERS_MAX} answers")


@settings(
    max_examples=100,
    derandomize=True,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(sequence=st.lists(frames | st.binary(max_size=130), min_size=1, max_size=3))
def test_the_next_good_frame_works(chip: Chip, sequence: list[bytes]) -> None:
    chip.device.restore(chip.fresh)
    for frame in sequence:
        chip.device.reader.send_raw(frame)
        for answer in drain(chip.device):
            assert answer.length == len(answer.data)
            assert answer.kind in ccid.ANSWER_TYPES.values()
    # What a host does with a reader it no longer understands.
    chip.device.abort()
    chip.device.icc_power_on()
    assert chip.device.transmit(GET_CHALLENGE)[-2:] == b"\x90\x00"
