"""Joining part checksums gives the checksum of the whole, however the whole was cut."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from cloud_sync.archive.checksum import (
    Part,
    combine,
    from_text,
    of_stream,
    part_checksum,
    to_text,
    whole,
)


def part(data: bytes) -> Part:
    return Part(len(data), part_checksum(data))


@given(st.lists(st.binary(max_size=300), max_size=12))
def test_parts_combine_to_the_checksum_of_all_bytes(pieces: list[bytes]) -> None:
    assert combine(part(piece) for piece in pieces) == part_checksum(b"".join(pieces))


@given(st.dictionaries(st.integers(1, 10_000), st.binary(max_size=50)), st.randoms())
def test_numbers_decide_and_not_the_order_of_arrival(
    pieces: dict[int, bytes], random: st.DataObject
) -> None:
    arrived = list(pieces.items())
    random.shuffle(arrived)  # type: ignore[attr-defined]
    content = b"".join(pieces[number] for number in sorted(pieces))
    assert whole({number: part(piece) for number, piece in arrived}) == part(content)


@given(st.binary(min_size=1, max_size=2000), st.integers(0, 7), st.data())
def test_one_flipped_bit_is_always_seen(content: bytes, bit: int, data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(content) - 1))
    changed = bytearray(content)
    changed[at] ^= 1 << bit
    assert part_checksum(changed) != part_checksum(content)


@given(st.binary(min_size=8, max_size=8))
def test_the_text_form_gives_the_bytes_back(checksum: bytes) -> None:
    assert from_text(to_text(checksum)) == checksum
    assert len(to_text(checksum)) == 12


@given(st.binary(max_size=5000), st.integers(1, 700))
def test_a_stream_that_gives_little_at_a_time_is_still_read_whole(
    content: bytes, step: int
) -> None:
    from io import BytesIO

    class Slow(BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            return super().read(step)

    assert of_stream(Slow(content)) == (len(content), to_text(part_checksum(content)))
