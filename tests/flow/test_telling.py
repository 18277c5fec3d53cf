"""What the functions log and measure in whole runs, held against the tracker and the cloud."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, fields
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from cloud_sync.archive.folder import FolderArchive
from cloud_sync.archive.run_files_memory import MemoryRunFiles
from cloud_sync.credentials.memory import MemoryCredentials
from cloud_sync.handlers.messages import TransientError
from cloud_sync.logs.insights import answer
from cloud_sync.logs.queries import FAILED, SLOW, THROUGHPUT
from cloud_sync.logs.record import ALWAYS, LogRecord
from cloud_sync.metrics import definitions as known
from cloud_sync.metrics.definitions import BY_NAME, ENVIRONMENT, METRICS
from cloud_sync.model.tracking import Status, TrackedMedium
from cloud_sync.secret import Secret
from cloud_sync.simulator.answers import Endpoint
from cloud_sync.simulator.faults import Call, FaultPlan, NoFaults
from cloud_sync.simulator.library import Library, pattern_medium
from cloud_sync.simulator.server import Simulator, SimulatorOptions
from cloud_sync.tracker.sqlite import SqliteTracker
from dying_logins import DEATHS, Dying
from functions_at_work import Aws, CallWiring, LeapingClock
from service_faults import CDN, Faulty
from told_on_stdout import Told, learn_lives, told

MIB = 2**20
Printed = Callable[[], Told]


@dataclass
class Timed(Aws):
    """Keeps the clock of the call at work, so that a fault may let it leap."""

    clock: LeapingClock = field(default_factory=LeapingClock)

    @contextmanager
    def wiring(self, name: str = "") -> Iterator[CallWiring]:
        with super().wiring(name) as wiring:
            assert isinstance(wiring.clock, LeapingClock)
            self.clock = wiring.clock
            yield wiring


@dataclass
class Scene:
    """A cloud and the services around the functions; `wrong` says of a call whether it fails."""

    folder: Path
    media: int = 3
    size: int = 20_000
    wrong: Callable[[Call], bool] = lambda _: False
    aws: Timed = field(init=False)

    @contextmanager
    def set(self, faults: FaultPlan | None = None) -> Iterator[Timed]:
        library = Library(
            pattern_medium(f"m{number}", self.size + number, filename=f"GX01000{number}.MP4")
            for number in range(self.media)
        )
        plan = faults or Faulty(self.wrong)
        with Simulator(library, SimulatorOptions(faults=plan, etag_limit=10**7)) as cloud:
            (self.folder / "archive").mkdir(parents=True)
            archive = FolderArchive(self.folder / "archive")
            archive.check()
            login = MemoryCredentials()
            login.replace(Secret(cloud.token), datetime.now(UTC) - timedelta(days=3))
            database = self.folder / "tracker.db"
            self.aws = Timed(cloud, database, archive, MemoryRunFiles(), login)
            yield self.aws

    def rows(self, status: Status) -> list[TrackedMedium]:
        with closing(SqliteTracker(self.folder / "tracker.db")) as tracker:
            return list(tracker.media(status=status))


@pytest.fixture
def printed(capsys: pytest.CaptureFixture[str]) -> Printed:
    """What was printed since the last call."""
    return lambda: told(capsys.readouterr().out)


def bad_and_slow(scene: Scene) -> Callable[[Call], bool]:
    """The bytes of m0 never come, those of m1 only after 200 seconds."""

    def wrong(call: Call) -> bool:
        if call.endpoint in CDN and call.medium_id == "m1":
            scene.aws.clock.leapt = 200.0
        return call.endpoint in CDN and call.medium_id == "m0"

    return wrong


def test_the_queries_on_the_logs_give_what_tracker_and_cloud_say(
    tmp_path: Path, printed: Printed
) -> None:
    scene = Scene(tmp_path)
    scene.wrong = bad_and_slow(scene)
    with scene.set() as aws:
        aws.run("run")
        sent = aws.cloud.snapshot().bytes_sent
    records = printed().records

    failed = answer(FAILED.text, records)
    (row,) = scene.rows(Status.FAILED)
    assert row.reason is not None
    assert [(each["media_id"], each["error_code"]) for each in failed] == [("m0", row.reason.code)]
    assert failed[0]["error_message"] == row.reason.message

    files = [file for row in scene.rows(Status.COMPLETED) for file in row.files]
    (throughput,) = answer(THROUGHPUT.text, records)
    assert throughput["transfers"] == len(files) == 2
    assert throughput["bytes"] == sum(file.size or 0 for file in files) == sent
    # 200 seconds of a clock that leapt, and what it really took
    slowest = 20_001 * 8 / 1e6 / 200
    assert throughput["min_throughput"] == pytest.approx(slowest, rel=0.2)
    assert throughput["max_throughput"] > throughput["avg_throughput"] > slowest

    (slow,) = answer(SLOW.text, records)
    assert (slow["media_id"], slow["filename"], slow["file_size_bytes"]) == (
        "m1",
        "GX010001.MP4",
        20_001,
    )
    assert 200 <= slow["transfer_duration_seconds"] < 300


def test_the_metrics_of_a_run_are_what_tracker_and_cloud_say(
    tmp_path: Path, printed: Printed
) -> None:
    scene = Scene(tmp_path)
    scene.wrong = bad_and_slow(scene)
    with scene.set() as aws:
        aws.run("run")
        sent = aws.cloud.snapshot().bytes_sent
    found = printed()
    archived, failed = scene.rows(Status.COMPLETED), scene.rows(Status.FAILED)
    assert sum(found.values(known.VIDEOS_SYNCED)) == len(archived) == 2
    assert sum(found.values(known.BYTES_TRANSFERRED)) == sent
    assert sum(found.values(known.SYNC_FAILURES)) == len(failed) == 1
    reasons = Counter(row.reason.code for row in failed if row.reason)
    assert found.by_error_type(known.SYNC_FAILURES) == dict(reasons)
    assert max(found.values(known.TRANSFER_DURATION)) == pytest.approx(200, rel=0.2)
    assert found.values(known.RUN_OUTCOME) == [1]
    assert found.values(known.RUNS_SUCCEEDED) == [1]
    assert found.values(known.RUNS_FAILED) == [0]
    assert found.values(known.COOKIE_AGE) == [pytest.approx(3, rel=0.01)]
    assert found.values(known.AUTHENTICATION_SUCCESS) == [1]
    assert found.values(known.AUTHENTICATION_FAILURE) == [0]
    first_bytes = found.values(known.TIME_TO_FIRST_BYTE)
    assert len(first_bytes) == 2
    assert max(first_bytes) >= 200, "the wait for the first byte of m1 is not seen"


def test_a_medium_that_takes_several_calls_counts_once_with_all_their_bytes(
    tmp_path: Path, printed: Printed
) -> None:
    scene = Scene(tmp_path, media=1, size=128 * MIB + 5)
    with scene.set() as aws:
        aws.after_parts = 1
        aws.run("run")
    found = printed()
    paused = found.of("video_download_paused")
    (whole,) = found.of("video_download_complete")
    assert paused, "the medium was to take several calls"
    assert whole["bytes_transferred"] >= whole["file_size_bytes"] == 128 * MIB + 5
    # each call's clock leaps when its time is up, and that belongs to the transfer
    parts = [each["transfer_duration_seconds"] for each in paused]
    assert parts == sorted(parts)
    assert parts[0] >= 10_000
    assert whole["transfer_duration_seconds"] >= 10_000 * len(paused)
    assert found.values(known.VIDEOS_SYNCED) == [1]
    assert found.values(known.BYTES_TRANSFERRED) == [128 * MIB + 5]
    assert found.values(known.TRANSFER_DURATION) == [
        pytest.approx(whole["transfer_duration_seconds"], rel=0.001)
    ]


def test_a_summary_that_is_asked_for_twice_counts_the_run_once(
    tmp_path: Path, printed: Printed
) -> None:
    """An answer may get lost, and the function is called again."""
    scene = Scene(tmp_path)
    with scene.set() as aws:
        asked = []
        aws.before_call = lambda name, event: asked.append((name, event))
        aws.run("run")
        before = aws.calls("run-summary")
        (event,) = [event for name, event in asked if name == "run-summary"]
        again = aws.call("run-summary", event)
    found = printed()
    assert again["archived"] == before[0]["archived"] == 3
    assert found.values(known.RUN_OUTCOME) == [0]
    assert found.values(known.RUNS_SUCCEEDED) == [1]
    assert found.values(known.SYNC_FAILURES) == [0]


def test_a_call_that_is_made_again_tells_no_end_of_the_run(
    tmp_path: Path, printed: Printed
) -> None:
    scene = Scene(tmp_path)
    given = 0

    def wrong(call: Call) -> bool:
        nonlocal given
        given += call.endpoint is Endpoint.SEARCH
        return call.endpoint is Endpoint.SEARCH and given <= 6

    scene.wrong = wrong
    with scene.set() as aws:
        aws.run("run")
        assert any(isinstance(each, TransientError) for each in aws.calls("media-lister"))
    found = printed()
    assert found.values(known.RUNS_FAILED) == [0]
    assert found.values(known.RUNS_SUCCEEDED) == [1]


@pytest.mark.parametrize("when", ["before the run", "in mid-run"])
def test_a_dead_login_is_one_failure_and_one_failed_run(
    tmp_path: Path, printed: Printed, when: str
) -> None:
    scene = Scene(tmp_path)
    dying = Dying(DEATHS["401"], Endpoint.DOWNLOAD, 2) if when == "in mid-run" else NoFaults()
    with scene.set(dying) as aws:
        if when == "before the run":
            aws.cloud.expire_token()
        aws.run("run")
    found = printed()
    # a login that dies in mid-run was checked before, and was well
    assert found.values(known.AUTHENTICATION_FAILURE) == [0, 1][when == "before the run" :]
    assert found.values(known.RUN_OUTCOME) == [2]
    assert found.values(known.RUNS_FAILED) == [1]
    assert found.values(known.RUNS_SUCCEEDED) == [0]


def test_every_metric_is_written_by_its_functions_and_no_other_is(
    tmp_path: Path, printed: Printed
) -> None:
    """What alarms and dashboards read is what the functions write."""
    scene = Scene(tmp_path / "one")
    scene.wrong = bad_and_slow(scene)
    with scene.set() as aws:
        learn_lives(aws.history, datetime.now(UTC), days=4)
        aws.run("run")
        aws.cloud.expire_token()
        aws.run("run-2")
    found = printed()
    written = {
        name: {each["function_name"] for each in found.documents if name in each}
        for document in found.documents
        for name in document
        if name in BY_NAME
    }
    assert set(written) == {metric.name for metric in METRICS if metric.functions}
    for name, functions in written.items():
        assert functions <= set(BY_NAME[name].functions), name
    for document in found.documents:
        (directive,) = document["_aws"]["CloudWatchMetrics"]
        for each in directive["Metrics"]:
            assert each["Unit"] == BY_NAME[each["Name"]].unit
            assert [ENVIRONMENT] in directive["Dimensions"]
        assert document[ENVIRONMENT] == "dev"
    (used,) = set(found.values(known.COOKIE_LIFE_USED)[:1])
    assert used == pytest.approx(75, rel=0.05)


def test_every_line_has_the_agreed_fields_and_names_bucket_and_key(
    tmp_path: Path, printed: Printed
) -> None:
    scene = Scene(tmp_path)
    scene.wrong = bad_and_slow(scene)
    with scene.set() as aws:
        aws.run("run", {"correlation_id": "chain"})
    found = printed()
    names = {each.name for each in fields(LogRecord)}
    for record in found.records:
        assert set(ALWAYS) <= set(record) <= names
        assert (record["correlation_id"], record["run_id"]) == ("chain", "run")
    whole = found.of("video_download_complete")
    keys = {file.key for row in scene.rows(Status.COMPLETED) for file in row.files}
    assert {each["s3_key"] for each in whole} == keys
    assert {each["function_name"] for each in whole} == {"video-downloader"}
    assert all(each["s3_bucket"] and each["checksum_crc64nvme"] for each in whole)
    levels = {each["event_type"]: each["level"] for each in found.records}
    assert levels["video_download_failed"] == "ERROR"
    assert levels["file_failed"] == "WARN"
    assert levels["page_listed"] == "DEBUG"
