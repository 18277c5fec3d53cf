"""What each function promises the state machine, against a real cloud simulator and real stores."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from asl_interpreter import TaskFailed
from cloud_sync.archive.folder import FolderArchive
from cloud_sync.archive.run_files_memory import MemoryRunFiles
from cloud_sync.clock import from_text
from cloud_sync.credentials.memory import MemoryCredentials
from cloud_sync.handlers.messages import (
    AuthRequiredError,
    PermanentError,
    TransientError,
    manifest_key,
)
from cloud_sync.model.report import Result
from cloud_sync.model.tracking import Reason, Status, TrackedMedium
from cloud_sync.secret import Secret
from cloud_sync.simulator.faults import FaultPlan, NoFaults
from cloud_sync.simulator.library import Library, pattern_medium
from cloud_sync.simulator.server import Simulator, SimulatorOptions
from cloud_sync.tracker.sqlite import SqliteTracker
from functions_at_work import DOORS, Aws
from service_faults import API, CDN, Faulty

MIB = 2**20
RUN = {"correlation_id": "chain", "run_id": "run", "provider": "gopro", "account": "default"}
LIST = {**RUN, "dry_run": False, "limit": None, "since": None}

Make = Callable[..., Aws]


@pytest.fixture
def make(tmp_path: Path) -> Iterator[Make]:
    """Makes the services around the functions, over a library of so many media."""
    opened: list[Simulator] = []

    def made(media: int = 2, size: int = 20_000, faults: FaultPlan | None = None) -> Aws:
        library = Library(
            pattern_medium(f"m{number}", size, filename=f"GX01000{number}.MP4")
            for number in range(media)
        )
        cloud = Simulator(library, SimulatorOptions(faults=faults or NoFaults(), etag_limit=10**7))
        cloud.start()
        opened.append(cloud)
        folder = tmp_path / "archive"
        folder.mkdir()
        archive = FolderArchive(folder)
        archive.check()
        login = MemoryCredentials()
        login.replace(Secret(cloud.token), datetime.now(UTC) - timedelta(days=3))
        return Aws(cloud, tmp_path / "tracker.db", archive, MemoryRunFiles(), login)

    yield made
    for cloud in opened:
        cloud.stop()


def video(aws: Aws, media_id: str, **changes: Any) -> dict[str, Any]:
    """The event for a medium of the manifest."""
    lines = [json.loads(line) for line in aws.run_files.read("run", "manifest.jsonl")]
    (line,) = [line for line in lines if line["media_id"] == media_id]
    deadline = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
    event = {"media_id": media_id, "listed": line, "round": 1, "deadline": deadline}
    return {**RUN, **event, **changes}


def summary_event(**counts: int) -> dict[str, Any]:
    started = (datetime.now(UTC) - timedelta(seconds=100)).isoformat()
    counted = {"total_found": 0, "new_count": 0, "already_synced": 0} | counts
    return {**RUN, "execution_id": "arn:…", "start_time": started, **counted}


def row(aws: Aws, media_id: str) -> TrackedMedium:
    with closing(SqliteTracker(aws.database)) as tracker:
        return tracker.known([media_id])[media_id]


def test_a_working_login_is_valid_and_its_age_is_told(make: Make) -> None:
    aws = make()
    answer = aws.call("token-validator", RUN)
    assert (answer["valid"], answer["statusCode"], answer["trouble"]) == (True, 200, "")
    assert (answer["cookie_age_days"], answer["validation_method"]) == (3.0, "api_call")
    assert len(aws.history.records()) == 1, "what was seen of the login is not remembered"
    assert aws.cloud.snapshot().api_calls == 1


def test_a_dead_login_is_told_and_its_end_remembered(make: Make) -> None:
    aws = make()
    aws.call("token-validator", RUN)
    aws.cloud.expire_token()
    answer = aws.call("token-validator", RUN)
    assert (answer["valid"], answer["statusCode"], answer["trouble"]) == (False, 401, "expired")
    assert "cloud-sync login" in answer["message"]
    assert aws.history.records()[0].refused_at is not None


def test_without_a_login_nobody_is_asked(make: Make) -> None:
    aws = make()
    aws.credentials = MemoryCredentials()
    answer = aws.call("token-validator", RUN)
    assert (answer["trouble"], answer["validation_method"]) == ("missing", "none")
    assert answer["cookie_age_days"] is None
    assert aws.cloud.snapshot().api_calls == 0


def test_no_answer_is_no_invalid_login(make: Make) -> None:
    """A cloud that is down must not send anybody to fetch a new token."""
    aws = make(faults=Faulty(lambda call: call.endpoint in API))
    with pytest.raises(TransientError):
        aws.call("token-validator", RUN)


def test_the_lister_leaves_a_manifest_of_small_lines_and_an_open_run(make: Make) -> None:
    aws = make(media=3)
    answer = aws.call("media-lister", LIST)
    assert (answer["total_found"], answer["new_count"], answer["already_synced"]) == (3, 3, 0)
    assert answer["manifest"]["key"] == manifest_key("run")
    lines = list(aws.run_files.read("run", "manifest.jsonl"))
    assert [json.loads(line)["media_id"] for line in lines] == ["m0", "m1", "m2"]
    assert all(len(line) < 100 and "http" not in line for line in lines)
    with pytest.raises(PermanentError, match="another run is at work"):
        # the lock of a dead process does not help here: the run lives on between calls
        _as_another_machine(aws)


def _as_another_machine(aws: Aws) -> None:
    """Begin another run where nobody can tell whether a process still lives."""
    with closing(SqliteTracker(aws.database)) as holder:
        holder.renew_run("run", until=datetime.now(UTC) + timedelta(minutes=50))
        aws.call("media-lister", {**LIST, "run_id": "other"})


def test_a_second_call_of_the_lister_gives_the_same(make: Make) -> None:
    """Its answer may get lost, and it is called again then."""
    aws = make(media=3)
    first = aws.call("media-lister", LIST)
    lines = list(aws.run_files.read("run", "manifest.jsonl"))
    assert aws.call("media-lister", LIST) == first
    assert list(aws.run_files.read("run", "manifest.jsonl")) == lines


def test_a_dry_run_writes_nothing(make: Make) -> None:
    aws = make()
    answer = aws.call("media-lister", {**LIST, "dry_run": True})
    assert (answer["new_count"], answer["manifest"]) == (2, None)
    with closing(SqliteTracker(aws.database)) as tracker:
        assert list(tracker.media()) == []
        assert list(tracker.runs()) == []


def test_a_listing_that_fails_ends_its_run(make: Make) -> None:
    """Otherwise the next run would find the lease taken."""
    aws = make()
    aws.cloud.expire_token()
    with pytest.raises(AuthRequiredError):
        aws.call("media-lister", LIST)
    with closing(SqliteTracker(aws.database)) as tracker:
        assert [run.result for run in tracker.runs()] == [Result.AUTH_REQUIRED]
    aws.cloud.accept_token(aws.cloud.token)
    assert aws.call("media-lister", {**LIST, "run_id": "other"})["new_count"] == 2


@pytest.mark.parametrize("wrong", [{"since": "yesterday"}, {"account": "x"}, {"limit": "3"}])
def test_what_cannot_be_read_is_not_tried_again(make: Make, wrong: dict[str, Any]) -> None:
    aws = make()
    with pytest.raises(PermanentError):
        aws.call("media-lister", {**LIST, **wrong})


def test_a_large_file_takes_calls_until_it_is_whole(make: Make) -> None:
    """Each call stops itself with a checkpoint, and the next goes on at the part."""
    size = 128 * MIB + 5
    aws = make(media=1, size=size)
    aws.after_parts = 1
    ended = aws.run("run")
    assert ended.status == "SUCCEEDED"
    answers = aws.calls("video-downloader")
    statuses = [answer["status"] for answer in answers]
    assert len(statuses) >= 4, "three calls that stop themselves were to be seen"
    assert statuses == ["CONTINUE"] * (len(statuses) - 1) + ["DONE"]
    assert sum(answer["bytes_transferred"] for answer in answers) == size
    assert ended.children[0].output["bytes_transferred"] == size
    medium = row(aws, "m0")
    assert (medium.status, medium.attempts) == (Status.COMPLETED, 1)
    with aws.archive.open(medium.files[0].key) as body:
        stored = body.read()
    assert stored == aws.cloud.library.media()[0].originals[0].read(0, size)


def test_a_call_that_stores_nothing_does_not_ask_to_be_called_again(make: Make) -> None:
    """The loop of calls always comes to an end."""
    aws = make(media=1)
    aws.call("media-lister", LIST)
    with pytest.raises(TransientError, match="nothing could be stored"):
        aws.call("video-downloader", video(aws, "m0"), seconds=60.0)
    medium = row(aws, "m0")
    assert (medium.status, medium.attempts) == (Status.PENDING, 0)


def test_after_the_deadline_nothing_is_begun(make: Make) -> None:
    aws = make(media=1)
    aws.call("media-lister", LIST)
    past = (datetime.now(UTC) - timedelta(seconds=1)).isoformat()
    answer = aws.call("video-downloader", video(aws, "m0", deadline=past))
    assert (answer["status"], answer["reason_code"]) == ("POSTPONED", "out_of_time")
    assert row(aws, "m0").attempts == 0
    assert aws.cloud.snapshot().cdn_requests == 0
    told = aws.call("run-summary", summary_event(total_found=1, new_count=1))
    assert (told["pending"], told["postponed"], told["progressed"]) == (1, 1, False)


def test_a_run_whose_time_is_up_goes_on_in_a_continuation(make: Make) -> None:
    """What was stored counts as progress, and what is left is for the next execution."""
    aws = make(media=3)
    late = (datetime.now(UTC) - timedelta(seconds=1)).isoformat()

    def time_is_up(name: str, event: Any) -> None:
        if name == "video-downloader" and event["media_id"] != "m0":
            event["deadline"] = late

    aws.before_call = time_is_up
    ended = aws.run("first")
    assert ended.names[-2:] == ["ContinueSync", "SyncComplete"]
    assert ended.output["summary"]["postponed"] == 2
    (continued,) = aws.continued
    assert (continued["Name"], continued["Input"]["correlation_id"]) == ("first-1", "first")
    aws.before_call = lambda _name, _event: None
    again = aws.run("first-1", continued["Input"])
    assert again.output["summary"]["archived"] == 2


def test_a_medium_whose_bytes_never_come_counts_as_one_failure(make: Make) -> None:
    """Four calls of one run are one try of the medium, as four tries of one process are."""
    broken = Faulty(lambda call: call.endpoint in CDN and call.medium_id == "m0")
    aws = make(faults=broken)
    ended = aws.run("run")
    assert broken.given > 0
    tries = [answer for answer in aws.calls("video-downloader") if isinstance(answer, Exception)]
    assert len(tries) == 4, "the state machine was to try it again three times"
    medium = row(aws, "m0")
    assert (medium.status, medium.attempts, medium.failures) == (Status.FAILED, 1, 1)
    assert medium.reason is not None
    assert medium.reason.code == "service_unavailable"
    assert ended.output["summary"]["failed_ids"] == ["m0"]
    assert [queued["reason_code"] for queued in aws.queued] == ["service_unavailable"]


def test_a_function_that_dies_leaves_a_failed_row_that_says_so(make: Make) -> None:
    aws = make()
    aws.killed = lambda event: event["media_id"] == "m0"
    ended = aws.run("run")
    medium = row(aws, "m0")
    assert (medium.status, medium.lease_owner) == (Status.FAILED, None)
    assert medium.reason is not None
    assert medium.reason.code == "function_timed_out"
    assert medium.attempts == 4, "each of four deaths was a try, and to write it down is none"
    assert row(aws, "m1").status is Status.COMPLETED
    assert (ended.output["summary"]["archived"], ended.output["summary"]["failed"]) == (1, 1)
    assert aws.queued[0]["reason_code"] == "function_timed_out"


def test_an_answer_that_got_lost_does_not_undo_what_was_stored(make: Make) -> None:
    aws = make(media=1)
    aws.call("media-lister", LIST)
    aws.call("video-downloader", video(aws, "m0"))
    before = aws.cloud.snapshot()
    again = aws.call("video-downloader", video(aws, "m0"))
    assert (again["status"], again["bytes_transferred"]) == ("DONE", 0)
    assert aws.cloud.snapshot().cdn_requests == before.cdn_requests
    marked = aws.call(
        "failure-marker", {**RUN, "media_id": "m0", "error": "Sandbox.Timedout", "cause": ""}
    )
    assert marked["status"] == "COMPLETED"
    assert row(aws, "m0").status is Status.COMPLETED


def test_a_second_mark_changes_nothing(make: Make) -> None:
    aws = make(media=1)
    aws.call("media-lister", LIST)
    event = {**RUN, "media_id": "m0", "error": "TooManyRounds", "cause": ""}
    first = aws.call("failure-marker", event)
    assert (first["status"], first["reason_code"]) == ("FAILED", "too_many_rounds")
    before = row(aws, "m0")
    assert aws.call("failure-marker", event) == first
    assert row(aws, "m0") == before


def test_a_run_that_lost_its_lease_touches_nothing_more(make: Make) -> None:
    aws = make(media=1)
    aws.call("media-lister", LIST)
    event = video(aws, "m0")
    aws.call("media-lister", {**LIST, "run_id": "other"})
    before = row(aws, "m0")
    with pytest.raises(PermanentError, match="no longer holds the lease"):
        aws.call("video-downloader", event)
    mark = {**RUN, "media_id": "m0", "error": "PermanentError", "cause": ""}
    with pytest.raises(PermanentError, match="no longer holds the lease"):
        aws.call("failure-marker", mark)
    assert row(aws, "m0") == before
    assert aws.cloud.snapshot().cdn_requests == 0


def test_the_summary_settles_what_nobody_did(make: Make) -> None:
    """Of every medium found exactly one outcome is told, whatever died on the way."""
    aws = make()
    aws.call("media-lister", LIST)
    aws.call("video-downloader", video(aws, "m1"))
    with pytest.raises(TaskFailed, match="Sandbox"):
        aws._die(video(aws, "m0"))
    event = summary_event(total_found=2, new_count=2)
    told = aws.call("run-summary", event)
    assert (told["archived"], told["failed"], told["failed_ids"]) == (1, 1, ("m0",))
    assert told["result"] == "completed_with_failures"
    assert row(aws, "m0").status is Status.FAILED
    again = aws.call("run-summary", event)
    unlike = {"duration_seconds", "throughput_mbps"}
    assert {name: again[name] for name in again.keys() - unlike} == {
        name: told[name] for name in told.keys() - unlike
    }
    with closing(SqliteTracker(aws.database)) as tracker:
        assert len(tracker.runs()) == 1


def test_failed_ids_are_capped_and_the_rest_counted(make: Make) -> None:
    aws = make(media=0)
    for number in range(25):
        aws.cloud.library.add(pattern_medium(f"x{number:02}", 900, filename=f"GX02{number:04}.MP4"))
    aws.call("media-lister", LIST)
    for number in range(25):
        event = {**RUN, "media_id": f"x{number:02}", "error": "Runtime.ExitError", "cause": ""}
        aws.call("failure-marker", event)
    told = aws.call("run-summary", summary_event(total_found=25, new_count=25))
    assert (told["failed"], len(told["failed_ids"]), told["failed_ids_omitted"]) == (25, 20, 5)


def test_bytes_of_earlier_runs_are_not_counted_again(make: Make) -> None:
    """A medium of which some files were stored before counts with the rest."""
    aws = make(media=0)
    aws.cloud.library.add(pattern_medium("c", 1_000, 2_000, 4_000))
    aws.call("media-lister", LIST)
    aws.call("video-downloader", video(aws, "c"))
    told = aws.call("run-summary", summary_event(total_found=1, new_count=1))
    assert (told["files_archived"], told["bytes"]) == (3, 7_000)
    with closing(SqliteTracker(aws.database)) as tracker:
        now = datetime.now(UTC)
        tracker.begin_run("repair", "repair", now=now, until=now + timedelta(hours=1))
        tracker.reopen("c", "repair", [2], Reason("missing", "lost"), now=now)
        tracker.release_run("repair", now=now)
    Path(aws.archive.location, row(aws, "c").files[1].key).unlink()
    aws.call("media-lister", {**LIST, "run_id": "second"})
    line = json.loads(next(aws.run_files.read("second", "manifest.jsonl")))
    assert (line["files_before"], line["bytes_before"]) == (2, 5_000)
    deadline = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
    second = {**RUN, "run_id": "second"}
    aws.call(
        "video-downloader",
        {**second, "media_id": "c", "listed": line, "round": 1, "deadline": deadline},
    )
    told = aws.call(
        "run-summary", {**summary_event(total_found=1, new_count=1), "run_id": "second"}
    )
    assert (told["files_archived"], told["bytes"], told["archived"]) == (1, 2_000, 1)


def test_the_chains_name_goes_into_the_objects_metadata(make: Make) -> None:
    aws = make(media=1)
    aws.run("run-7", {"correlation_id": "chain-1"})
    record = aws.archive.describe(row(aws, "m0").files[0].key)
    assert record is not None
    assert (record.metadata["correlation-id"], record.metadata["run-id"]) == ("chain-1", "run-7")


def test_no_token_and_no_address_leaves_a_function(
    make: Make, capsys: pytest.CaptureFixture[str]
) -> None:
    """Neither in states and answers, which stay in the history, nor in a log line."""
    broken = Faulty(lambda call: call.endpoint in CDN and call.medium_id == "m0")
    aws = make(faults=broken)
    ended = aws.run("run")
    aws.cloud.expire_token()
    aws.run("run-2")
    printed = capsys.readouterr()
    told = json.dumps(
        [ended.trace, [child.trace for child in ended.children], aws.told, aws.queued]
    )
    told += repr(aws.answers) + printed.out + printed.err + repr(aws.run_files)
    assert "video_download_failed" in printed.out, "nothing was logged"
    for secret in (aws.cloud.token, aws.cloud.cdn_url, aws.cloud.api_url, "Signature="):
        assert secret not in told
    for line in printed.out.splitlines():
        assert {"timestamp", "level", "correlation_id", "function_name"} <= set(json.loads(line))


def test_every_state_stays_small(make: Make) -> None:
    """The list of media is in no state, so none grows with the library."""
    aws = make(media=9)
    ended = aws.run("run")
    for child in (ended, *ended.children):
        for name, given, result in child.trace:
            assert len(json.dumps([given, result])) < 2 * 10_000, name


def test_a_login_that_was_stored_meanwhile_is_taken_up_by_a_warm_process(make: Make) -> None:
    """A process lives for hours; it must not go on refusing what a person has just mended."""
    aws = make()
    aws.cloud.accept_token("eyJfresh.a.b.c.d")
    with aws.wiring() as warm:
        assert not DOORS["token-validator"].answer(RUN, warm, 30.0)["valid"]
        aws.credentials.replace(Secret("eyJfresh.a.b.c.d"), datetime.now(UTC))
        assert DOORS["token-validator"].answer(RUN, warm, 30.0)["valid"]


def test_a_download_that_met_a_dead_login_reads_it_anew(make: Make) -> None:
    aws = make(media=1)
    aws.call("media-lister", LIST)
    aws.cloud.accept_token("eyJfresh.a.b.c.d")
    with aws.wiring() as warm:
        refused = DOORS["video-downloader"].answer(video(aws, "m0"), warm, 900.0)
        assert (refused["status"], refused["reason_code"]) == ("BLOCKED", "auth_required")
        aws.credentials.replace(Secret("eyJfresh.a.b.c.d"), datetime.now(UTC))
        done = DOORS["video-downloader"].answer(video(aws, "m0"), warm, 900.0)
    assert done["status"] == "DONE"
    assert row(aws, "m0").attempts == 1


def test_each_call_keeps_other_runs_out_for_as_long_as_waits_between_calls_may_be(
    make: Make,
) -> None:
    aws = make(media=1)
    aws.call("media-lister", LIST)
    now = datetime.now(UTC)
    with closing(SqliteTracker(aws.database)) as tracker:
        tracker.renew_run("run", until=now + timedelta(seconds=5))
    aws.call("video-downloader", video(aws, "m0"))
    with closing(sqlite3.connect(aws.database)) as database:
        ((until,),) = database.execute("SELECT lease_until FROM runs WHERE run_id = 'run'")
    assert from_text(until) > now + timedelta(minutes=50)
