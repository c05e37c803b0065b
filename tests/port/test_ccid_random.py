# SPDX-License-Identifier: GPL-2.0-or-later
"""Random frames and requests never crash the codec, and the next good frame works."""

from __future__ import annotations

import struct
from collections.abc import Callable
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.port.codec import ABORT, XFR_BLOCK, Codec, frame

KNOWN_KINDS = [0x61, 0x62, 0x63, 0x65, 0x6C, 0x6F, 0x72, 0x73]
KINDS = st.one_of(st.sampled_from(KNOWN_KINDS), st.integers(0, 255))
LENGTHS = st.one_of(st.integers(0, 300), st.sampled_from([4342, 4343, 1 << 31, (1 << 32) - 1]))
LEVELS = st.sampled_from([0, 0, 1, 2, 3, 0x10, 4, 0xFFFF])
SMALL = st.integers(0, 255)

Step = Callable[[Codec], None]


@st.composite
def frames(draw: st.DrawFn) -> Step:
    """A message whose length may be a lie, cut into packets; the host may give up after some."""
    data = draw(st.binary(max_size=200))
    length = draw(st.one_of(st.just(len(data)), LENGTHS))
    slot = draw(st.sampled_from([0, 0, 0, 1, 255]))
    specific, level = draw(st.sampled_from([0, 0, 1, 9])), draw(LEVELS)
    sequence = draw(SMALL)
    message = frame(
        draw(KINDS), sequence, data, level=level, specific=specific, slot=slot, length=length
    )
    sent = message[: draw(st.integers(0, len(message)))] if draw(st.booleans()) else message

    def step(codec: Codec) -> None:
        for start in range(0, len(sent), 64):
            if not codec.packet(sent[start : start + 64]):
                return

    return step


def lines(text: st.SearchStrategy[str]) -> st.SearchStrategy[Step]:
    """A line to the harness as a step."""

    def make(line: str) -> Step:
        def step(codec: Codec) -> None:
            codec.ask(line)

        return step

    return text.map(make)


STEPS = st.one_of(
    frames(),
    frames(),
    lines(st.binary(max_size=64).map(lambda data: f"out {data.hex()}")),
    lines(st.sampled_from(["in", "peek", "sent", "extend", "take", "reset"])),
    lines(
        st.tuples(st.sampled_from([0, 0, 1]), SMALL).map(lambda pair: f"abort {pair[0]} {pair[1]}")
    ),
    lines(st.binary(min_size=2, max_size=150).map(lambda data: f"respond {data.hex()}")),
)


def come_to_rest(codec: Codec) -> None:
    """What any host does that starts anew: take what is left, ABORT to the end, power on."""
    codec.ask("sent")
    # The packet that ends whatever transfer was under way; the codec may have to be read first.
    for _ in range(2):
        while codec.receive():
            pass
        assert codec.packet(b"")
    while codec.receive():
        pass
    assert codec.ask("abort 0 1") == "ok"
    codec.send(frame(ABORT, 1))
    while codec.receive():
        pass
    codec.respond(b"\x6f\x00")
    while codec.receive():
        pass
    codec.take()
    codec.power_on()


def test_random_steps_leave_a_state_in_which_a_good_frame_works(codec_program: Path) -> None:
    with Codec(codec_program) as codec:

        @settings(max_examples=300, deadline=None)
        @given(st.sampled_from([64, 100, 4352]), st.lists(STEPS, max_size=25))
        def check(message_max_bytes: int, steps: list[Step]) -> None:
            codec.start(message_max_bytes)
            for step in steps:
                step(codec)
            come_to_rest(codec)
            codec.check_alive()

        check()


@st.composite
def bad_frames(draw: st.DrawFn) -> bytes:
    """Frames of a sane host's bus (nothing is cut short by the host), but with any header."""
    header = struct.pack("<BI", draw(KINDS), draw(LENGTHS))
    rest = draw(st.binary(min_size=5, max_size=5))
    return header + rest + draw(st.binary(max_size=250))


def test_one_bad_frame_is_answered_and_then_a_good_one(codec_program: Path) -> None:
    with Codec(codec_program) as codec:

        @settings(max_examples=500, deadline=None)
        @given(bad_frames())
        def check(bad: bytes) -> None:
            codec.start()
            codec.power_on()
            for start in range(0, len(bad), 64):
                codec.packet(bad[start : start + 64])
            apdu = codec.take()
            if isinstance(apdu, bytes):
                assert bad[0] == XFR_BLOCK
                codec.respond(b"\x6d\x00")
            answer = codec.receive()
            # A full last packet may belong to a longer message; an ABORT waits for its other half.
            is_open = len(bad) % 64 == 0 or bad[0] == ABORT
            assert answer or is_open
            if answer and len(bad) % 64:
                assert answer.sequence == bad[6] or len(bad) > 64
            if is_open:
                codec.packet(b"")
            while codec.receive():
                pass
            codec.power_on()
            codec.check_alive()

        check()
