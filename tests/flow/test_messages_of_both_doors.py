"""What a person hears of a row of nights, through each door: the same changes, each once.

The functions run under the state machine's own definition, the command line's run in one process;
both against a cloud simulator, with what they remember in a tracker on disk.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from both_doors import made_archive
from builders import quick_options
from cloud_sync.archive.run_files_memory import MemoryRunFiles
from cloud_sync.clock import SystemClock
from cloud_sync.credentials.memory import MemoryCredentials
from cloud_sync.errors import ServiceUnavailable
from cloud_sync.model.report import Result
from cloud_sync.notify.base import Severity
from cloud_sync.notify.memory import MemoryNotifier
from cloud_sync.pipeline.rooms import Rooms
from cloud_sync.pipeline.run import sync
from cloud_sync.provider.gopro.client import GoProProvider
from cloud_sync.secret import Secret
from cloud_sync.simulator.library import Library, pattern_medium
from cloud_sync.simulator.server import Simulator, SimulatorOptions
from cloud_sync.tracker.sqlite import SqliteTracker
from cloud_sync.transfer.stopping import Stop
from functions_at_work import DOORS, Aws, logged_in
from service_faults import CDN, Faulty

GOOD, BAD, DEAD, OUT = "good", "one medium fails", "login dead", "away"

NIGHTS: list[tuple[str, str, str]] = [
    # night, whether messages can be handed over, what a person hears
    (GOOD, "", ""),
    (BAD, "", "partial"),
    (BAD, "", ""),
    (DEAD, "", "login"),
    (DEAD, "", ""),
    (GOOD, "", "all clear"),
    (GOOD, "", ""),
    (DEAD, OUT, ""),
    (DEAD, "", "login"),
    (GOOD, OUT, ""),
    (GOOD, "", "all clear"),
    (GOOD, "", ""),
    (BAD, OUT, ""),
    (BAD, "", "partial"),
    (GOOD, "", "all clear"),
]


class Post(MemoryNotifier):
    """Takes no message while it is away."""

    away = False

    def send(self, subject: str, body: str, severity: Severity = Severity.TELL) -> None:
        if self.away:
            raise ServiceUnavailable("sending a notification: no answer")
        super().send(subject, body, severity)


@dataclass
class Site:
    """A cloud and an archive; the medium `bad` fails in bad nights, and a new one comes each
    night, so that there is something to do.
    """

    folder: Path
    cloud: Simulator
    bad: set[str]
    spoilt: str = ""
    spells: list[str] = field(default_factory=list)
    credentials: MemoryCredentials = field(init=False)

    def __post_init__(self) -> None:
        self.credentials = logged_in(self.cloud)

    def fall(self, number: int, kind: str) -> None:
        """What the cloud is like in this night."""
        self.cloud.library.add(pattern_medium(f"m{number:02}", 3_000))
        self.bad.clear()
        if kind == BAD:
            if not self.spoilt:
                self.spoilt = "bad" if "bad" not in self.spells else "worse"
                self.spells.append(self.spoilt)
                self.cloud.library.add(pattern_medium(self.spoilt, 3_000))
            self.bad.add(self.spoilt)
        elif kind == GOOD:
            self.spoilt = ""
        if kind == DEAD:
            self.cloud.expire_token()
        else:
            token = f"token-{number}"
            self.cloud.accept_token(token)
            self.credentials.replace(Secret(token), SystemClock().now())


@contextmanager
def site(folder: Path) -> Iterator[Site]:
    bad: set[str] = set()
    faults = Faulty(lambda call: call.endpoint in CDN and call.medium_id in bad)
    with Simulator(Library(), SimulatorOptions(faults=faults, etag_limit=10**7)) as cloud:
        yield Site(folder, cloud, bad)


def heard_of(result: Result | str) -> str:
    return {
        Result.COMPLETED: "all clear",
        Result.COMPLETED_WITH_FAILURES: "partial",
        Result.AUTH_REQUIRED: "login",
    }[Result(result)]


def through_the_command_line(at: Site) -> Iterator[list[str]]:
    post, archive = Post(), made_archive(at.folder / "archive")
    for number, (kind, away, _) in enumerate(NIGHTS):
        at.fall(number, kind)
        post.away, before = away == OUT, len(post.sent)
        with (
            closing(SqliteTracker(at.folder / "tracker.db")) as tracker,
            closing(GoProProvider(at.cloud.api_url, at.credentials)) as provider,
        ):
            rooms = Rooms(provider, tracker, archive, post, SystemClock())
            report = sync(rooms, quick_options(number), Stop(SystemClock()), lambda _: None)
        yield [heard_of(report.summary.result) for _ in post.sent[before:]]


def through_the_functions(at: Site) -> Iterator[list[str]]:
    archive = made_archive(at.folder / "archive")
    aws = Aws(at.cloud, at.folder / "tracker.db", archive, MemoryRunFiles(), at.credentials)
    for number, (kind, away, _) in enumerate(NIGHTS):
        at.fall(number, kind)
        aws.topic_is_away, before = away == OUT, len(aws.told)
        aws.run(f"night-{number}")
        told = aws.told[before:]
        for alert, mail in zip(told, aws.mailed[before:], strict=True):
            assert "docs/how-to/runbook.md" in mail or "All is well again." in mail
            assert_named(alert, mail)
        yield [heard_of(each.get("result", Result.AUTH_REQUIRED)) for each in told]


def assert_named(alert: dict[str, object], mail: str) -> None:
    """The document counts and names what failed, and so does the mail."""
    if alert["Subject"] == "GoPro Sync Partial Failure":
        assert alert["failed"] == 1
        assert alert["failed_ids"] in (["bad"], ["worse"])
        assert "  bad (" in mail or "  worse (" in mail
    if alert["Subject"] == "GoPro Sync Critical Failure":
        assert "Next: cloud-sync aws login --env dev" in mail


@pytest.mark.parametrize("door", [through_the_command_line, through_the_functions])
def test_a_person_hears_of_every_change_once_and_again_where_it_got_lost(
    door: object, tmp_path: Path
) -> None:
    """One message at a trouble's beginning, one all-clear at its end, and none between."""
    assert callable(door)
    with site(tmp_path) as at:
        heard = [", ".join(each) for each in door(at)]
    told = list(zip(NIGHTS, heard, strict=True))
    assert heard == [wanted for _, _, wanted in NIGHTS], told


def test_what_one_door_has_told_the_other_does_not_tell_again(tmp_path: Path) -> None:
    """A nightly run on AWS, then one from a laptop with the same archive, and back."""
    with site(tmp_path) as at:
        archive = made_archive(tmp_path / "archive")
        aws = Aws(at.cloud, tmp_path / "tracker.db", archive, MemoryRunFiles(), at.credentials)
        post = Post()
        at.fall(0, DEAD)
        aws.run("night-0")
        for number, kind in ((1, DEAD), (2, GOOD)):
            at.fall(number, kind)
            with (
                closing(SqliteTracker(tmp_path / "tracker.db")) as tracker,
                closing(GoProProvider(at.cloud.api_url, at.credentials)) as provider,
            ):
                rooms = Rooms(provider, tracker, archive, post, SystemClock())
                sync(rooms, quick_options(number), Stop(SystemClock()), lambda _: None)
        aws.run("night-3")
    assert [each["Subject"] for each in aws.told] == ["GoPro Sync Critical Failure"]
    assert [subject for subject, _ in post.sent] == [post.sent[0][0]], post.sent
    assert "done" in post.sent[0][0]


def test_media_that_are_given_up_are_told_once_by_each_door(tmp_path: Path) -> None:
    """The fifth failing run in a row names them, also where the topic was away then."""
    with site(tmp_path) as at:
        archive = made_archive(tmp_path / "archive")
        aws = Aws(at.cloud, tmp_path / "tracker.db", archive, MemoryRunFiles(), at.credentials)
        for number in range(8):
            at.fall(number, BAD)
            aws.topic_is_away = number == 4
            aws.run(f"night-{number}")
    assert [(each["failed_ids"], each["given_up_ids"]) for each in aws.told] == [
        (["bad"], []),
        ([], ["bad"]),
    ]
    assert "No longer tried, after 5 failing runs in a row:\n  bad (" in aws.mailed[1]


def test_a_process_that_kept_an_old_login_goes_on_with_the_one_stored_since(
    tmp_path: Path,
) -> None:
    """Otherwise the first run after a login would end as if there were none, and be told so."""
    with site(tmp_path) as at:
        archive = made_archive(tmp_path / "archive")
        aws = Aws(at.cloud, tmp_path / "tracker.db", archive, MemoryRunFiles(), at.credentials)
        at.fall(0, GOOD)
        at.fall(1, GOOD)
        run = {"correlation_id": "r", "run_id": "r", "provider": "gopro", "account": "default"}
        asked = {**run, "round": 1, "deadline": "2099-01-01T00:00:00Z"}
        with aws.wiring() as warm:
            lister, downloader = DOORS["media-lister"], DOORS["video-downloader"]
            request = {**run, "dry_run": True, "limit": None, "since": None}
            lister.answer(request, warm, 300.0)
            at.fall(2, GOOD)
            begun = lister.answer({**request, "dry_run": False}, warm, 300.0)
            assert begun["new_count"] == 3
            lines = [{"media_id": f"m{number:02}"} for number in range(2)]
            first, second = (
                {**asked, "media_id": each["media_id"], "listed": each} for each in lines
            )
            assert downloader.answer(first, warm, 900.0)["status"] == "DONE"
            at.fall(3, GOOD)
            assert downloader.answer(second, warm, 900.0)["status"] == "DONE"
