"""The number of streams: within its bounds whatever happens, and more where more helps."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from cloud_sync.transfer.streams import (
    HOLD_WINDOWS,
    Streams,
    after_complaint,
    after_window,
)

START = Streams(now=4, least=4, most=8)


@given(
    st.lists(
        st.one_of(
            st.none(),
            st.tuples(st.floats(0, 1e10), st.floats(0, 8)),
        ),
        max_size=60,
    )
)
def test_the_number_stays_within_its_bounds(
    windows: list[tuple[float, float] | None],
) -> None:
    streams = START
    for window in windows:
        streams = after_complaint(streams) if window is None else after_window(streams, *window)
        assert 1 <= streams.now <= START.most


def test_where_each_connection_is_capped_the_number_grows_to_the_most() -> None:
    streams = START
    for _ in range(4):
        streams = after_window(streams, throughput=20e6 * streams.now, busy=0.1)
    assert streams.now == START.most


def test_where_the_line_is_full_a_step_up_is_taken_back_and_not_tried_again_at_once() -> None:
    streams = after_window(START, throughput=12e6, busy=0.1)
    assert streams.now == 6
    streams = after_window(streams, throughput=12e6, busy=0.1)
    assert streams.now == 4
    for _ in range(HOLD_WINDOWS):
        streams = after_window(streams, throughput=12e6, busy=0.1)
        assert streams.now == 4
    assert after_window(streams, throughput=12e6, busy=0.1).now == 6


def test_a_busy_processor_gets_no_more_streams() -> None:
    assert after_window(START, throughput=600e6, busy=1.2).now == START.now


def test_a_complaint_halves_the_number_and_holds_it() -> None:
    streams = after_complaint(START)
    assert streams.now == 2
    assert after_window(streams, throughput=80e6, busy=0.1).now == 2
