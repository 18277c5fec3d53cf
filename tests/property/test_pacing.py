"""The pace learned from refusals keeps below what a service lets through, whatever that is."""

from __future__ import annotations

import heapq
from dataclasses import dataclass

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cloud_sync.transfer.pacing import (
    CUT,
    LEAST,
    Pace,
    after_answer,
    after_refusal,
    is_news,
    reserved,
)

CALLS = 400


@dataclass
class Service:
    """Lets through `limit` calls a second, `burst` of them at once."""

    limit: float
    burst: float
    tokens: float = 0.0
    at: float = 0.0

    def lets_in(self, now: float) -> bool:
        self.tokens = min(self.burst, self.tokens + (now - self.at) * self.limit)
        self.at = now
        if self.tokens < 1:
            return False
        self.tokens -= 1
        return True


def refused_share(
    limit: float, burst: float, workers: int, latency: float, retry_after: float | None
) -> tuple[float, float]:
    """The share of `CALLS` answered calls' tries that were refused, and the seconds it took."""
    service, pace = Service(limit, burst, tokens=burst), Pace()
    done = refused = 0
    now = 0.0
    # instant, order, kind: a worker that wants to call, or the call that it made at `begun`
    agenda: list[tuple[float, int, str, float]] = [(0.0, n, "wants", 0.0) for n in range(workers)]
    order = workers
    while done < CALLS:
        now, _, kind, begun = heapq.heappop(agenda)
        order += 1
        if kind == "wants":
            pace, turn = reserved(pace, now)
            heapq.heappush(agenda, (turn, order, "calls", turn))
        elif kind == "calls":
            answer = "let in" if service.lets_in(now) else "refused"
            heapq.heappush(agenda, (now + latency, order, answer, begun))
        else:
            if kind == "let in":
                pace = after_answer(pace, now)
                done += 1
            else:
                pace = after_refusal(pace, begun, now, retry_after)
                refused += 1
            heapq.heappush(agenda, (now, order, "wants", 0.0))
    return refused / (done + refused), now


@settings(max_examples=60, deadline=None)
@given(
    limit=st.floats(1.0, 50.0),
    burst=st.floats(1.0, 2.0),
    workers=st.integers(1, 8),
    latency=st.floats(0.0, 0.5),
    retry_after=st.sampled_from([None, 0.0, 1.0]),
)
def test_few_calls_are_refused_by_any_limit(
    limit: float, burst: float, workers: int, latency: float, retry_after: float | None
) -> None:
    """Under 20 % over a run, for any number of threads, with and without Retry-After."""
    share, _ = refused_share(limit, burst * limit, workers, latency, retry_after)
    assert share < 0.2


@pytest.mark.parametrize("limit", [2.0, 5.0, 20.0])
def test_what_a_service_lets_through_is_used(limit: float) -> None:
    """Pacing that crawls would be no better than refusals: at least half of the limit is used."""
    _, seconds = refused_share(limit, limit, workers=5, latency=0.05, retry_after=1.0)
    assert CALLS / seconds > limit / 2


def test_a_service_that_refuses_nothing_is_never_held_back() -> None:
    pace = Pace()
    for step in range(100):
        pace, turn = reserved(pace, step / 1000)
        assert turn == step / 1000
        pace = after_answer(pace, turn)


def test_a_named_wait_holds_all_calls() -> None:
    pace = after_refusal(Pace(), 0.5, 1.0, asked=60.0)
    for _ in range(3):
        pace, turn = reserved(pace, 2.0)
        assert turn >= 61.0


def test_calls_on_their_way_when_the_rate_fell_do_not_let_it_fall_again() -> None:
    pace = Pace(rate=10.0)
    pace = after_refusal(pace, 0.9, 1.0, None)
    for begun in (0.8, 0.95, 1.0):
        assert not is_news(pace, begun)
        pace = after_refusal(pace, begun, 1.1, None)
    assert pace.rate == 10.0 * CUT
    pace = after_refusal(pace, 1.2, 1.3, None)
    assert pace.rate == pytest.approx(10.0 * CUT * CUT)


def test_the_rate_never_falls_to_a_standstill() -> None:
    pace = Pace()
    for second in range(100):
        pace = after_refusal(pace, second, second + 0.5, None)
    assert pace.rate == LEAST
