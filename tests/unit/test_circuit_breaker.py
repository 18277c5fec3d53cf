"""The circuit breaker: which failures stand for a service that is down, and when to ask again."""

from __future__ import annotations

from cloud_sync.transfer.circuit_breaker import (
    Breaker,
    OutagePolicy,
    after_answer,
    after_failed_probe,
    after_failure,
    after_reference,
    gives_up,
)

POLICY = OutagePolicy(suspects=3, first_pause=1.0, longest_pause=8.0, patience=60.0)


def failing(
    *sources: str | None, start: Breaker | None = None, verifiable: bool = False
) -> Breaker:
    """The breaker after failures of these media at instant 100."""
    breaker = start or Breaker()
    for source in sources:
        breaker = after_failure(breaker, source, 100.0, POLICY, verifiable=verifiable)
    return breaker


def test_different_media_in_a_row_open_it() -> None:
    assert not failing("a", "b").is_open
    assert failing("a", "b", "c").is_open


def test_one_medium_that_fails_for_ever_never_opens_it() -> None:
    assert not failing(*["a"] * 100).is_open
    assert not failing(*["a", "b"] * 100).is_open


def test_an_answer_in_between_begins_the_count_anew() -> None:
    breaker = after_answer(failing("a", "b"), begun=101.0)
    assert not failing("c", "d", start=breaker).is_open


def test_calls_about_no_medium_have_nobody_else_to_blame() -> None:
    assert not failing(None, None).is_open
    assert failing(None, None, None).is_open


def test_with_a_reference_to_ask_one_medium_is_enough_to_ask_it_at_once() -> None:
    breaker = failing("a", "a", "a", verifiable=True)
    assert breaker.is_open
    assert breaker.probe_at == 100.0


def test_what_failed_while_the_reference_worked_no_longer_counts() -> None:
    breaker = after_reference(failing("a", "b", "c"))
    assert not breaker.is_open
    again = failing("a", "b", "c", "a", start=breaker)
    assert not again.is_open
    assert not failing("d", "e", start=after_answer(again, begun=101.0)).is_open
    assert failing("d", "e", "f", start=again).is_open


def test_pauses_grow_up_to_the_longest() -> None:
    breaker = failing("a", "b", "c")
    assert breaker.probe_at == 101.0
    pauses = []
    for _ in range(6):
        breaker = after_failed_probe(breaker, 200.0, POLICY)
        pauses.append(breaker.probe_at - 200.0)
    assert pauses == [1.0, 2.0, 4.0, 8.0, 8.0, 8.0]


def test_an_answer_closes_it() -> None:
    probed = after_failed_probe(failing("a", "b", "c"), 101.0, POLICY)
    assert not after_answer(probed, begun=102.0).is_open


def test_an_answer_to_a_call_begun_before_the_failures_says_nothing_about_the_service_now() -> None:
    on_its_way = 99.0
    assert after_answer(failing("a", "b", "c"), on_its_way).is_open
    assert failing("c", start=after_answer(failing("a", "b"), on_its_way)).is_open


def test_it_gives_up_when_its_patience_is_over_and_not_before() -> None:
    breaker = after_failed_probe(failing("a", "b", "c"), 150.0, POLICY)
    assert not gives_up(breaker, 159.9, POLICY)
    assert gives_up(breaker, 160.0, POLICY)
    assert not gives_up(Breaker(), 10_000.0, POLICY)


def test_stragglers_do_not_move_the_moment_it_opened() -> None:
    breaker = failing("a", "b", "c")
    later = after_failure(breaker, "d", 130.0, POLICY, verifiable=False)
    assert later == breaker
