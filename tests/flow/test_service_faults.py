"""Whole runs against a cloud that refuses, breaks, goes away, or is slow: nothing is lost."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from cloud_sync.archive.folder import FolderArchive
from cloud_sync.clock import SystemClock
from cloud_sync.credentials.memory import MemoryCredentials
from cloud_sync.errors import ServiceDown
from cloud_sync.model.report import Outcome, Result
from cloud_sync.model.tracking import Status
from cloud_sync.notify.memory import MemoryNotifier
from cloud_sync.pipeline.events import Event, Warned
from cloud_sync.pipeline.rooms import Rooms, RunOptions
from cloud_sync.pipeline.run import RunReport, sync
from cloud_sync.provider.gopro.client import GoProProvider
from cloud_sync.secret import Secret
from cloud_sync.simulator.answers import Endpoint
from cloud_sync.simulator.faults import FaultPlan
from cloud_sync.simulator.library import Library, pattern_medium
from cloud_sync.simulator.server import Simulator, SimulatorOptions
from cloud_sync.tracker.plan import Policy
from cloud_sync.tracker.sqlite import SqliteTracker
from cloud_sync.transfer.circuit_breaker import OutagePolicy
from cloud_sync.transfer.retry import RetryPolicy
from cloud_sync.transfer.stopping import Stop
from service_faults import (
    API,
    CDN,
    AsksToWait,
    BreaksOff,
    Closes,
    Faulty,
    NowAndThen,
    Outage,
    RateLimit,
    StallsOnce,
)

BRISK = RetryPolicy(tries=4, seconds=60.0, first_wait=0.02, longest_wait=0.1)
PATIENT = OutagePolicy(first_pause=0.1, longest_pause=0.2, patience=30.0)
IMPATIENT = OutagePolicy(first_pause=0.05, longest_pause=0.1, patience=0.6)


def library(media: int, size: int = 2_000) -> Library:
    return Library(
        [
            pattern_medium(f"Medium{number:04}", size, seed=number, filename=f"GX01{number:04}.MP4")
            for number in range(media)
        ]
    )


@dataclass
class Site:
    """An archive and its tracker on disk, and what the runs into it told."""

    folder: Path
    notifier: MemoryNotifier = field(default_factory=MemoryNotifier)
    events: list[Event] = field(default_factory=list)
    runs: int = 0

    def run(
        self,
        cloud: Simulator,
        *,
        outage: OutagePolicy = PATIENT,
        retries: RetryPolicy = BRISK,
        concurrency: int = 5,
        policy: Policy | None = None,
        seconds: float | None = None,
        read_timeout: float = 20.0,
        per_page: int = 100,
    ) -> RunReport:
        self.events.clear()
        self.runs += 1
        clock = SystemClock()
        options = RunOptions(
            owner=f"test-{self.runs}",
            new_run_id=lambda: f"run-{self.runs}",
            policy=policy or Policy(),
            concurrency=concurrency,
            retries=retries,
            outage=outage,
        )
        credentials = MemoryCredentials(Secret(cloud.token))
        provider = GoProProvider(
            cloud.api_url, credentials, read_timeout=read_timeout, per_page=per_page
        )
        with provider, self.tracker() as tracker:
            archive = FolderArchive(self.folder / "archive")
            rooms = Rooms(provider, tracker, archive, self.notifier, clock)
            return sync(rooms, options, Stop(clock, seconds), self.events.append)

    @contextmanager
    def tracker(self) -> Iterator[SqliteTracker]:
        tracker = SqliteTracker(self.folder / "tracker.sqlite")
        try:
            yield tracker
        finally:
            tracker.close()

    @property
    def warnings(self) -> list[str]:
        return [event.message for event in self.events if isinstance(event, Warned)]

    def statuses(self) -> dict[Status, int]:
        with self.tracker() as tracker:
            return {status: tally.media for status, tally in tracker.tallies().items()}

    def assert_holds(self, cloud: Simulator) -> None:
        """Each original of the library lies in the archive, byte for byte."""
        with self.tracker() as tracker:
            keys = {medium.media_id: medium.files for medium in tracker.media()}
        for medium in cloud.library.media():
            (file,), (original,) = keys[medium.id], medium.originals
            stored = (self.folder / "archive" / file.key).read_bytes()
            assert stored == original.read(0, original.size), f"{file.key} differs"


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return Site(tmp_path)


def serving(media: Library, faults: FaultPlan, **options: object) -> Simulator:
    return Simulator(media, SimulatorOptions(faults=faults, **options))  # type: ignore[arg-type]


def download_of(*media: str, status: int = 500) -> Faulty:
    """These media's /download always fails."""
    return Faulty(
        lambda call: call.endpoint is Endpoint.DOWNLOAD and call.medium_id in media, status
    )


def counts(report: RunReport) -> dict[Outcome, int]:
    return {outcome: media for outcome, media in report.summary.counts.items() if media}


class TestThrottling:
    @pytest.mark.parametrize("retry_after", [None, "0.2"])
    def test_an_api_with_a_rate_limit_refuses_less_than_a_fifth_of_all_calls(
        self, site: Site, retry_after: str | None
    ) -> None:
        limit = RateLimit(20, 5, retry_after)
        with serving(library(30), limit) as cloud:
            report = site.run(cloud)
            site.assert_holds(cloud)
        assert counts(report) == {Outcome.ARCHIVED: 30}
        assert limit.refused > 0, "the limit was never met, so nothing was tested"
        assert limit.refused < 0.2 * (limit.refused + limit.let_in)

    @pytest.mark.parametrize(("seconds", "as_date"), [(1, False), (2, True)])
    def test_a_named_wait_is_kept_by_every_call(
        self, site: Site, seconds: int, as_date: bool
    ) -> None:
        faults = AsksToWait(seconds, as_date=as_date)
        with serving(library(3), faults) as cloud:
            report = site.run(cloud, concurrency=1)
        assert counts(report) == {Outcome.ARCHIVED: 3}
        assert faults.too_early == 0

    @pytest.mark.parametrize("limited_by", ["patience", "max_duration"])
    def test_a_wait_longer_than_the_run_waits_ends_it_and_everything_stays_due(
        self, site: Site, limited_by: str
    ) -> None:
        long = OutagePolicy(patience=300.0 if limited_by == "patience" else 3600.0)
        seconds = 60.0 if limited_by == "max_duration" else None
        with serving(library(20), AsksToWait(600)) as cloud:
            report = site.run(cloud, outage=long, seconds=seconds, concurrency=1)
        assert report.summary.result is Result.FAILED
        assert isinstance(report.blocker, ServiceDown)
        assert "600 s" in report.summary.message
        assert counts(report) == {Outcome.PENDING: 20}
        assert site.statuses()[Status.FAILED] == 0
        with site.tracker() as tracker:
            assert sum(medium.attempts for medium in tracker.media()) == 0


class TestOutages:
    @pytest.mark.parametrize("status", [500, 502, 503, 504])
    def test_5xx_now_and_then_costs_nothing(self, site: Site, status: int) -> None:
        faults = NowAndThen(status)
        with serving(library(30), faults) as cloud:
            report = site.run(cloud)
            site.assert_holds(cloud)
        assert faults.given > 10
        assert counts(report) == {Outcome.ARCHIVED: 30}

    @pytest.mark.parametrize("status", [503, None])
    @pytest.mark.parametrize("endpoints", [API | CDN, API, CDN, frozenset({Endpoint.DOWNLOAD})])
    def test_a_service_that_comes_back_fails_no_medium(
        self, site: Site, endpoints: frozenset[Endpoint], status: int | None
    ) -> None:
        """The retries of one medium are over long before the outage is."""
        faults = Outage(1.0, after=8, endpoints=endpoints, status=status)
        with serving(library(40), faults) as cloud:
            report = site.run(cloud)
            site.assert_holds(cloud)
        assert counts(report) == {Outcome.ARCHIVED: 40}
        assert 3 <= faults.given < 60, "a service that is down is asked now and then, not hammered"
        assert any("seems to be down" in warning for warning in site.warnings)
        assert any("answers again" in warning for warning in site.warnings)

    def test_refused_connections_fail_no_medium(self, site: Site) -> None:
        closing = Closes(1.0, after=8)
        with serving(library(40), closing) as cloud:
            report = site.run(cloud)
            site.assert_holds(cloud)
        assert counts(report) == {Outcome.ARCHIVED: 40}
        assert any("seems to be down" in warning for warning in site.warnings)

    def test_a_listing_that_is_cut_short_by_an_outage_is_read_to_its_end(self, site: Site) -> None:
        faults = Outage(1.0, after=2, endpoints=frozenset({Endpoint.SEARCH}))
        with serving(library(12), faults) as cloud:
            report = site.run(cloud, per_page=4)
        assert counts(report) == {Outcome.ARCHIVED: 12}
        assert report.summary.listing_complete

    @pytest.mark.parametrize("status", [503, None])
    @pytest.mark.parametrize("endpoints", [API | CDN, CDN, frozenset({Endpoint.DOWNLOAD})])
    def test_a_service_that_stays_away_ends_the_run_and_everything_stays_due(
        self, site: Site, endpoints: frozenset[Endpoint], status: int | None
    ) -> None:
        faults = Outage(3600, after=10, endpoints=endpoints, status=status)
        with serving(library(60), faults) as cloud:
            report = site.run(cloud, outage=IMPATIENT)
        assert report.summary.result is Result.FAILED
        assert isinstance(report.blocker, ServiceDown)
        assert report.summary.counts[Outcome.FAILED] == 0
        assert report.summary.counts[Outcome.PENDING] > 40
        assert set(report.summary.reasons) == {"run_blocked"}
        assert faults.given < 60, "a service that is down is asked now and then, not hammered"
        assert site.statuses()[Status.FAILED] == 0
        with site.tracker() as tracker:
            left = [medium for medium in tracker.media() if medium.status is Status.PENDING]
            assert all(medium.attempts == medium.failures == 0 for medium in left)
        with Simulator(cloud.library, SimulatorOptions()) as mended:
            assert site.run(mended).summary.result is Result.COMPLETED
            site.assert_holds(mended)

    def test_one_medium_whose_download_always_fails_is_failed_and_the_others_go_on(
        self, site: Site
    ) -> None:
        with serving(library(20), download_of("Medium0003")) as cloud:
            report = site.run(cloud)
        assert counts(report) == {Outcome.ARCHIVED: 19, Outcome.FAILED: 1}
        assert report.summary.reasons == {"service_unavailable": 1}
        assert not any("down" in warning for warning in site.warnings)

    @pytest.mark.parametrize("status", [500, 503])
    def test_broken_media_that_are_all_that_is_left_are_no_outage(
        self, site: Site, status: int
    ) -> None:
        """Known good media tell that the service works: the broken ones fail by themselves."""
        broken = [f"Medium{number:04}" for number in range(5)]
        media = library(8)  # the broken ones come first, before any other has shown to work
        for run in range(2):
            with serving(media, download_of(*broken, status=status)) as cloud:
                report = site.run(cloud, outage=PATIENT)
            assert report.summary.result is Result.COMPLETED_WITH_FAILURES
            assert report.summary.counts[Outcome.FAILED] == 5
            assert report.summary.counts[Outcome.ALREADY_ARCHIVED] == 3 * run

    def test_one_original_whose_bytes_always_break_off_is_failed_and_the_others_go_on(
        self, site: Site
    ) -> None:
        faults = BreaksOff("Medium0003")
        with serving(library(20, 50_000), faults) as cloud:
            report = site.run(cloud)
        assert counts(report) == {Outcome.ARCHIVED: 19, Outcome.FAILED: 1}
        assert faults.given == BRISK.tries, "the tries of a medium are bounded"


class TestSlowness:
    def test_an_api_that_takes_its_time_is_waited_for(self, site: Site) -> None:
        with serving(library(4), Faulty(lambda _call: False), api_delay=0.4) as cloud:
            report = site.run(cloud, read_timeout=2.0)
        assert counts(report) == {Outcome.ARCHIVED: 4}
        assert not site.warnings

    def test_a_transfer_that_moves_is_not_cut_however_long_it_takes(self, site: Site) -> None:
        seen = StallsOnce(after=10**9)
        with serving(library(1, 300_000), seen, bytes_per_second=250_000) as cloud:
            report = site.run(cloud, read_timeout=0.5)
            site.assert_holds(cloud)
        assert counts(report) == {Outcome.ARCHIVED: 1}
        assert len(seen.ranges) == 1, "the transfer was cut although it moved"

    def test_a_transfer_that_stalls_is_cut_and_goes_on_where_it_was(self, site: Site) -> None:
        faults = StallsOnce(after=1_000_000)
        with serving(library(1, 10_000_000), faults) as cloud:
            report = site.run(cloud, read_timeout=0.4)
            site.assert_holds(cloud)
            sent = cloud.snapshot().bytes_sent
        assert counts(report) == {Outcome.ARCHIVED: 1}
        assert len(faults.ranges) == 3, "two parts, and the rest of one that stalled"
        assert sent < 10_800_000, "what had come before the stall was fetched again"


class TestAcrossRuns:
    def test_what_failed_in_passing_is_archived_by_the_next_run(self, site: Site) -> None:
        media = library(6)
        with serving(media, download_of("Medium0002")) as cloud:
            assert site.run(cloud).summary.counts[Outcome.FAILED] == 1
        with Simulator(media, SimulatorOptions()) as cloud:
            assert site.run(cloud).summary.counts[Outcome.ARCHIVED] == 1
            site.assert_holds(cloud)

    def test_a_medium_gone_at_the_source_is_not_asked_for_again(self, site: Site) -> None:
        media = library(6)
        gone = download_of("Medium0002", status=404)
        for _ in range(2):
            with serving(media, gone) as cloud:
                assert site.run(cloud).summary.reasons == {"gone_at_source": 1}
        assert gone.given == 1

    def test_five_failing_runs_quarantine_a_medium_with_one_alert_until_it_is_asked_for(
        self, site: Site
    ) -> None:
        media = library(3)
        broken = download_of("Medium0002")
        alerts = []
        for _ in range(5):
            with serving(media, broken) as cloud:
                assert site.run(cloud).summary.counts[Outcome.FAILED] == 1
            alerts.append([body for subject, body in site.notifier.sent if "no longer" in subject])
        assert [len(told) for told in alerts] == [0, 0, 0, 0, 1]
        assert "GX010002.MP4" in alerts[-1][0]
        assert "--retry-failed" in alerts[-1][0]
        tried, told = broken.given, len(site.notifier.sent)
        with serving(media, broken) as cloud:
            report = site.run(cloud)
        assert len(site.notifier.sent) == told, "one alert is enough"
        assert report.summary.reasons == {"quarantined": 1}
        assert broken.given == tried, "a quarantined medium was tried"
        with Simulator(media, SimulatorOptions()) as cloud:
            report = site.run(cloud, policy=Policy(retry_failed=True))
            assert counts(report) == {Outcome.ARCHIVED: 1, Outcome.ALREADY_ARCHIVED: 2}
            site.assert_holds(cloud)
