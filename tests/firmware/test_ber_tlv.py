# SPDX-License-Identifier: GPL-2.0-or-later
"""BER-TLV: what is written is read; nothing but the shortest form is read."""

import pytest
from device import tlv
from hsm.encoding import ber_tlv
from hsm.encoding.ber_tlv import TlvError
from hypothesis import given
from hypothesis import strategies as st

TAGS = st.sampled_from([0x02, 0x04, 0x30, 0x42, 0x80, 0x9E, 0x5F20, 0x5F37, 0x7F21, 0x7F49])


@given(st.lists(st.tuples(TAGS, st.binary(max_size=700)), max_size=6))
def test_round_trip(objects: list[tuple[int, bytes]]) -> None:
    encoded = b"".join(ber_tlv.encode(tag, value) for tag, value in objects)
    assert encoded == b"".join(tlv(tag, value) for tag, value in objects)
    assert [(t, bytes(v)) for t, v in ber_tlv.objects(memoryview(encoded))] == objects
    for tag, value in objects:
        first = next(v for t, v in objects if t == tag)
        assert ber_tlv.find(encoded, tag) == first
        assert value is not None


@given(st.binary(max_size=80))
def test_any_bytes_parse_to_themselves_or_not_at_all(data: bytes) -> None:
    try:
        objects = [(t, bytes(v)) for t, v in ber_tlv.objects(memoryview(data))]
    except TlvError:
        return
    assert b"".join(tlv(tag, value) for tag, value in objects) == data


@pytest.mark.parametrize(
    "data",
    ["80", "8001", "800201", "808100", "80817F", "8082007F", "80820000", "8080", "8083000001FF"]
    + ["7F", "7F21", "7F8121", "7F1E00", "5F2003AABB", "8084"],
)
def test_refused(data: str) -> None:
    with pytest.raises(TlvError):
        list(ber_tlv.objects(bytes.fromhex(data)))


def test_find_wants_all_of_the_data_to_parse() -> None:
    with pytest.raises(TlvError):
        ber_tlv.find(bytes.fromhex("800101FF"), 0x80)


def test_unique_takes_no_tag_twice() -> None:
    assert ber_tlv.unique(bytes.fromhex("800101810102")) == {0x80: b"\1", 0x81: b"\2"}
    for data in ("800101800101", "8001018101028001FF", "800101FF"):
        with pytest.raises(TlvError):
            ber_tlv.unique(bytes.fromhex(data))
