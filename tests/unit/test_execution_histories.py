"""What a history says: states in order with their times, documents, what a state handed on."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from cloud_sync.aws.histories import Entered, documents, output_of, seconds_of, states_entered

START = datetime(2026, 11, 21, tzinfo=UTC)


def event(seconds: float, **details: Any) -> dict[str, Any]:
    return {"timestamp": START + timedelta(seconds=seconds), "type": "x", **details}


def entered(seconds: float, name: str, document: str = "{}") -> dict[str, Any]:
    return event(seconds, stateEnteredEventDetails={"name": name, "input": document})


def left(seconds: float, name: str, document: str) -> dict[str, Any]:
    return event(seconds, stateExitedEventDetails={"name": name, "output": document})


HISTORY = [
    event(0, executionStartedEventDetails={"input": "{}"}),
    entered(0.5, "ListMedia"),
    left(2, "ListMedia", '{"media": {"new_count": 3}}'),
    entered(2, "CheckNewVideos"),
]


def test_states_are_told_in_order_with_the_seconds_since_the_start() -> None:
    assert states_entered(HISTORY) == (Entered("ListMedia", 0.5), Entered("CheckNewVideos", 2.0))
    assert states_entered([]) == ()
    assert seconds_of(HISTORY) == 2.0
    assert seconds_of([]) == 0.0


def test_what_a_state_handed_on_last_is_found_and_nothing_before_it_did() -> None:
    assert output_of("ListMedia", HISTORY) == {"media": {"new_count": 3}}
    assert output_of("ListMedia", [*HISTORY, left(3, "ListMedia", '{"b": 1}')]) == {"b": 1}
    assert output_of("CheckNewVideos", HISTORY) is None


def test_every_document_of_an_event_is_looked_at() -> None:
    both = event(
        0, taskSucceededEventDetails={"output": "ü", "resource": "r"}, taskX={"input": "i"}
    )
    assert list(documents(both)) == ["ü", "i"]
    assert list(documents(event(0))) == []
