"""No history comes near the 25,000 events at which the service ends an execution by force."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.session import Session

from asl_interpreter import Ended, Step
from cloud_sync.deployment.download import ROUNDS_LIMIT
from cloud_sync.deployment.orchestrator import definition
from cloud_sync.handlers.messages import TransientError, VideoDownloaderRequest, VideoStatus
from execution_history import MOST_EVENTS, documented_events, most_events_of
from orchestrator_functions import PARTS, Script, downloaded, marked

CHILD = definition(PARTS)["States"]["DownloadVideos"]["ItemProcessor"]["States"]


def always_failing_first() -> Any:
    """A downloader that fails three times in every round, and then wants another round."""
    calls = 0

    def react(request: VideoDownloaderRequest) -> Any:
        nonlocal calls
        calls += 1
        if calls % 4:
            return TransientError("not yet")
        return downloaded(request.media_id, VideoStatus.CONTINUE)

    return react


def test_every_event_that_is_counted_is_one_that_the_service_documents() -> None:
    kinds = ("Pass", "Choice", "Succeed", "Fail")
    steps = [Step("Task", ("TransientError", "States.Timeout", "")), Step("Map"), *map(Step, kinds)]
    counted = {
        event
        for status in ("SUCCEEDED", "FAILED")
        for event in documented_events(Ended(status, steps=steps))
    }
    documented = Session().get_service_model("stepfunctions").shape_for("HistoryEventType")
    assert counted <= set(documented.metadata["enum"])


def test_a_medium_that_is_archived_at_once_has_a_history_of_eleven_events() -> None:
    """The count itself, written out for the commonest child."""
    ended = Script(media=("m1",)).run()
    assert documented_events(ended.children[0]) == [
        "ExecutionStarted",
        "TaskStateEntered",
        "TaskScheduled",
        "TaskStarted",
        "TaskSucceeded",
        "TaskStateExited",
        "ChoiceStateEntered",
        "ChoiceStateExited",
        "PassStateEntered",
        "PassStateExited",
        "ExecutionSucceeded",
    ]


@pytest.mark.parametrize("media", [1, 200])
def test_the_runs_own_history_does_not_grow_with_the_library(media: int) -> None:
    """So the figure for one medium is the figure for 10,000 as well."""
    ended = Script(media=tuple(f"medium-{number}" for number in range(media))).run()
    assert len(ended.children) == media
    assert len(documented_events(ended)) == 35


def test_the_runs_own_history_stays_small_when_every_call_needs_all_its_tries() -> None:
    states = definition(PARTS)["States"]
    tasks = [state for state in states.values() if state["Type"] == "Task"]
    assert len(tasks) == 10
    # no state is entered twice, so this is more than any way through can have
    assert sum(map(most_events_of, tasks)) + 6 * len(states) + 2 < 350


def test_the_longest_history_that_a_medium_can_have_is_far_below_the_limit() -> None:
    """All rounds there can be, each with all its retries, and then a row that is hard to write.

    A round that goes on has lasted for 14 minutes at least, so the 24 hours after which a run is
    ended by force hold about a hundred; the definition itself ends the loop at twice as many.
    """
    script = Script(media=("m1",))
    script.on_video = always_failing_first()
    refusals = [TransientError("not yet") for _ in range(3)]
    script.on_failure = lambda request: refusals.pop() if refusals else marked(request)
    (child,) = script.run().children
    assert child.names[-3:] == ["TooManyRounds", "MarkVideoFailed", "QueueFailedVideo"]
    events = documented_events(child)
    a_round = most_events_of(CHILD["DownloadVideo"]) + 2
    marking = most_events_of(CHILD["MarkVideoFailed"])
    queueing = most_events_of(CHILD["QueueFailedVideo"])
    bound = 2 + ROUNDS_LIMIT * a_round + 2 + marking + queueing
    # one try of the queue was enough
    assert len(events) == bound - 3 * 3
    assert bound < MOST_EVENTS / 5
    assert ROUNDS_LIMIT > 24 * 60 / 14
