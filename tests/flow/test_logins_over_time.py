"""Logins that die, at every point of a run: nothing is lost, nothing is marked FAILED."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from cloud_sync.archive.folder import FolderArchive
from cloud_sync.clock import SystemClock
from cloud_sync.credentials.file import FileCredentials
from cloud_sync.credentials.history import fingerprint
from cloud_sync.credentials.history_file import FileLoginHistory
from cloud_sync.errors import AuthRequired, AuthTrouble, ServiceUnavailable
from cloud_sync.model.report import Outcome, Result
from cloud_sync.model.tracking import Status
from cloud_sync.notify.base import Severity
from cloud_sync.notify.memory import MemoryNotifier
from cloud_sync.pipeline import heartbeat
from cloud_sync.pipeline.events import Event, LoginAwaited, LoginRenewed, PlanMade, Warned
from cloud_sync.pipeline.login import LoginGuard
from cloud_sync.pipeline.rooms import KnownLogin, LoginWait, Rooms, RunOptions
from cloud_sync.pipeline.run import RunReport, sync
from cloud_sync.provider.gopro.client import GoProProvider
from cloud_sync.secret import Secret
from cloud_sync.simulator.answers import Answer, Endpoint
from cloud_sync.simulator.faults import Call, Connection, FaultPlan, NoFaults
from cloud_sync.simulator.library import Library, pattern_medium
from cloud_sync.simulator.server import Simulator, SimulatorOptions
from cloud_sync.tracker.sqlite import SqliteTracker
from cloud_sync.transfer.retry import RetryPolicy
from cloud_sync.transfer.stopping import Stop, StopReason
from dying_logins import (
    BLOCKED,
    DEATHS,
    EXPIRED,
    FAULTY,
    FRESH,
    LOGIN_PAGE,
    REFUSED,
    Death,
    Dying,
    Refusing,
)

BRISK = RetryPolicy(tries=3, seconds=30.0, first_wait=0.01, longest_wait=0.02)
LONG = LoginWait(30.0, every=0.01)
TROUBLES = {
    EXPIRED: AuthTrouble.EXPIRED,
    REFUSED: AuthTrouble.REFUSED,
    FAULTY: AuthTrouble.UNCERTAIN,
    BLOCKED: AuthTrouble.BLOCKED,
    LOGIN_PAGE: AuthTrouble.BLOCKED,
}


class CountingTracker(SqliteTracker):
    """Counts how often the run's lease was renewed."""

    renewals = 0

    def renew_run(self, run_id: str, *, until: datetime) -> None:
        self.renewals += 1
        super().renew_run(run_id, until=until)


class DeafNotifier(MemoryNotifier):
    """Takes no message while it is deaf."""

    deaf = True

    def send(self, subject: str, body: str, severity: Severity = Severity.TELL) -> None:
        if self.deaf:
            raise ServiceUnavailable("sending a notification: no answer")
        super().send(subject, body, severity)


@dataclass
class Site:
    """One machine: an archive, its tracker, a stored login, and what the runs told."""

    folder: Path
    notifier: MemoryNotifier = field(default_factory=MemoryNotifier)
    events: list[Event] = field(default_factory=list)
    on_event: Callable[[Event], None] = lambda _event: None
    runs: int = 0
    renewals: int = 0

    @property
    def credentials(self) -> FileCredentials:
        return FileCredentials(self.folder / "home" / "credentials")

    @property
    def history(self) -> FileLoginHistory:
        return FileLoginHistory(self.folder / "home" / "logins.json")

    def log_in(self, token: str) -> None:
        self.credentials.replace(Secret(token), datetime.now(UTC))

    def observe(self, event: Event) -> None:
        self.events.append(event)
        self.on_event(event)

    def run(
        self,
        cloud: Simulator,
        *,
        wait: LoginWait | None = None,
        stop: Stop | None = None,
        concurrency: int = 1,
    ) -> RunReport:
        self.events.clear()
        self.runs += 1
        clock = SystemClock()
        options = RunOptions(
            owner=f"test-{self.runs}",
            new_run_id=lambda: f"run-{self.runs}",
            concurrency=concurrency,
            retries=BRISK,
            login_wait=wait,
        )
        tracker = CountingTracker(self.folder / "tracker.sqlite")
        try:
            with GoProProvider(cloud.api_url, self.credentials) as provider:
                archive = FolderArchive(self.folder / "archive")
                login = KnownLogin(self.credentials, self.history)
                rooms = Rooms(provider, tracker, archive, self.notifier, clock, login)
                return sync(rooms, options, stop or Stop(clock), self.observe)
        finally:
            self.renewals = tracker.renewals
            tracker.close()

    def told(self, kind: type[object]) -> list[Event]:
        return [event for event in self.events if isinstance(event, kind)]

    @property
    def warnings(self) -> list[str]:
        return [event.message for event in self.events if isinstance(event, Warned)]

    def assert_nothing_is_failed(self) -> None:
        tracker = SqliteTracker(self.folder / "tracker.sqlite")
        try:
            for medium in tracker.media():
                assert medium.status in (Status.COMPLETED, Status.PENDING), medium
                assert medium.attempts == (medium.status is Status.COMPLETED), (
                    "a try was used up by a dead login"
                )
        finally:
            tracker.close()

    def assert_holds(self, media: Library) -> None:
        """Each original of the library lies in the archive, byte for byte, and nothing else."""
        found = sorted(
            path.read_bytes()
            for path in (self.folder / "archive").rglob("*.MP4")
            if ".cloud-sync" not in path.parts
        )
        originals = [medium.originals[0] for medium in media.media()]
        assert found == sorted(each.read(0, each.size) for each in originals)


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return Site(tmp_path)


def library(count: int = 6) -> Library:
    return Library(
        [
            pattern_medium(
                f"Medium{number:04}", 3_000, seed=number, filename=f"GX01{number:04}.MP4"
            )
            for number in range(count)
        ]
    )


def serving(media: Library, faults: FaultPlan) -> Simulator:
    return Simulator(media, SimulatorOptions(faults=faults))


@pytest.mark.parametrize("death", DEATHS.values(), ids=DEATHS)
def test_a_login_that_dies_while_media_are_fetched_parks_the_run(site: Site, death: Death) -> None:
    """What was finished stays finished; the rest stays due, no try is counted; told once."""
    media = library()
    with serving(media, Dying(death, Endpoint.DOWNLOAD, 4)) as cloud:
        site.log_in(cloud.token)
        first = site.run(cloud)
        assert first.summary.result is Result.AUTH_REQUIRED
        assert isinstance(first.blocker, AuthRequired)
        assert first.blocker.trouble is TROUBLES[death]
        assert "cloud-sync login" in first.blocker.hint
        assert first.summary.counts[Outcome.ARCHIVED] == 3
        assert first.summary.counts[Outcome.PENDING] == 3
        site.assert_nothing_is_failed()

        again = site.run(cloud)
        assert again.summary.result is Result.AUTH_REQUIRED
        assert len(site.notifier.sent) == 1, "a person hears once that the login is dead"

        site.log_in(FRESH)
        last = site.run(cloud)
    assert last.summary.result is Result.COMPLETED
    assert last.summary.counts[Outcome.ALREADY_ARCHIVED] == 3
    assert [subject for subject, _ in site.notifier.sent] == [
        "cloud-sync: the camera cloud wants a login: 3 media archived (9.0 kB)",
        "cloud-sync: done: 3 media archived (9.0 kB)",
    ]
    site.assert_holds(media)


@pytest.mark.parametrize("death", DEATHS.values(), ids=DEATHS)
def test_a_login_that_dies_under_five_transfers_parks_all_of_them(site: Site, death: Death) -> None:
    with serving(library(12), Dying(death, Endpoint.DOWNLOAD, 3)) as cloud:
        site.log_in(cloud.token)
        report = site.run(cloud, concurrency=5)
    counts = report.summary.counts
    assert report.summary.result is Result.AUTH_REQUIRED
    assert counts[Outcome.FAILED] == 0
    assert counts[Outcome.ARCHIVED] + counts[Outcome.PENDING] == 12
    assert len(site.notifier.sent) == 1
    site.assert_nothing_is_failed()


@pytest.mark.parametrize("death", DEATHS.values(), ids=DEATHS)
def test_a_login_that_dies_while_the_library_is_listed_parks_the_run(
    site: Site, death: Death
) -> None:
    with serving(library(), Dying(death, Endpoint.SEARCH)) as cloud:
        site.log_in(cloud.token)
        report = site.run(cloud)
    assert report.summary.result is Result.AUTH_REQUIRED
    assert isinstance(report.blocker, AuthRequired)
    assert report.blocker.trouble is TROUBLES[death]
    assert report.summary.found == 0


@pytest.mark.parametrize("answer", [EXPIRED, REFUSED, BLOCKED, LOGIN_PAGE], ids=str)
def test_a_refusal_of_one_medium_fails_it_alone_while_the_login_works(
    site: Site, answer: Death
) -> None:
    media = library()
    with serving(media, Refusing("Medium0002", answer.answer)) as cloud:
        site.log_in(cloud.token)
        report = site.run(cloud, concurrency=3)
    assert report.blocker is None
    assert report.summary.result is Result.COMPLETED_WITH_FAILURES
    assert report.summary.counts[Outcome.ARCHIVED] == 5
    (named,) = report.summary.named
    assert (named.media_id, named.code) == ("Medium0002", "refused_at_source")
    assert "the login as such works" in named.message


def test_two_workers_may_note_at_once_that_the_login_worked(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    in_use = LoginGuard._in_use

    def overtaken(guard: LoginGuard, use: Any) -> bool:
        found = in_use(guard, use)
        use.worked_at = None
        return found

    monkeypatch.setattr(LoginGuard, "_in_use", overtaken)
    with serving(library(), NoFaults()) as cloud:
        site.log_in(cloud.token)
        assert site.run(cloud).summary.result is Result.COMPLETED


class RefusingWithAStumble(Refusing):
    """Also answers the check that is made because of the refusal with 503, once."""

    def answer(self, call: Call, answer: Answer, connection: Connection) -> Answer | None:
        if call.endpoint is Endpoint.USER and call.nth == 2:
            return FAULTY.answer
        return super().answer(call, answer, connection)


def test_a_refusal_of_one_medium_and_a_check_that_stumbles_do_not_park_the_run(site: Site) -> None:
    with serving(library(), RefusingWithAStumble("Medium0002", LOGIN_PAGE.answer)) as cloud:
        site.log_in(cloud.token)
        report = site.run(cloud)
        assert cloud.snapshot().calls[Endpoint.USER] == 3, "the check was not tried again"
    assert report.summary.result is Result.COMPLETED_WITH_FAILURES
    assert report.summary.reasons == {"refused_at_source": 1}
    assert report.summary.counts[Outcome.ARCHIVED] == 5


def test_a_fault_for_one_medium_is_not_taken_for_a_dead_login(site: Site) -> None:
    with serving(library(), Refusing("Medium0002", FAULTY.answer)) as cloud:
        site.log_in(cloud.token)
        report = site.run(cloud)
    assert report.summary.result is Result.COMPLETED_WITH_FAILURES
    assert report.summary.reasons == {"service_unavailable": 1}
    assert report.summary.counts[Outcome.ARCHIVED] == 5


def test_refused_addresses_of_the_delivery_network_never_count_as_a_dead_login(site: Site) -> None:
    with Simulator(library(2), SimulatorOptions(url_life=-1)) as cloud:
        site.log_in(cloud.token)
        report = site.run(cloud)
        assert cloud.snapshot().calls[Endpoint.USER] == 1, "the login was put in doubt"
    assert report.summary.reasons == {"url_expired": 2}


@pytest.mark.parametrize("death", [EXPIRED, FAULTY, LOGIN_PAGE], ids=str)
@pytest.mark.parametrize("endpoint", [Endpoint.USER, Endpoint.SEARCH, Endpoint.DOWNLOAD])
def test_a_run_that_waits_goes_on_with_a_login_that_is_stored_meanwhile(
    site: Site, endpoint: Endpoint, death: Death
) -> None:
    media = library()

    def answer_the_call(event: Event) -> None:
        if isinstance(event, LoginAwaited):
            assert "cloud-sync login" in event.hint
            site.log_in(FRESH)

    site.on_event = answer_the_call
    with serving(media, Dying(death, endpoint, 1)) as cloud:
        site.log_in(cloud.token)
        report = site.run(cloud, wait=LONG, concurrency=2)
    assert report.summary.result is Result.COMPLETED
    assert report.summary.counts[Outcome.ARCHIVED] == report.summary.found == 6
    assert len(site.told(LoginAwaited)) == len(site.told(LoginRenewed)) == 1
    assert [subject for subject, _ in site.notifier.sent] == [
        "cloud-sync: the camera cloud wants a login; the run waits for it",
        "cloud-sync: the login works again",
    ]
    site.assert_holds(media)
    site.assert_nothing_is_failed()


def test_a_login_that_does_not_work_either_is_named_and_the_run_waits_on(site: Site) -> None:
    def answer_the_call(event: Event) -> None:
        if isinstance(event, LoginAwaited):
            site.log_in("eyJwrong.a.b.c.d")
        elif isinstance(event, Warned) and "does not work" in event.message:
            assert "wrong" not in event.message
            site.log_in(FRESH)

    site.on_event = answer_the_call
    with serving(library(), Dying(EXPIRED, Endpoint.DOWNLOAD, 2)) as cloud:
        site.log_in(cloud.token)
        report = site.run(cloud, wait=LONG)
    assert report.summary.result is Result.COMPLETED
    assert len(site.told(LoginAwaited)) == 1


def test_a_wait_for_a_login_ends_with_its_time_and_parks_the_run(site: Site) -> None:
    with serving(library(), Dying(EXPIRED, Endpoint.DOWNLOAD, 4)) as cloud:
        site.log_in(cloud.token)
        report = site.run(cloud, wait=LoginWait(0.05, every=0.01))
    assert report.summary.result is Result.AUTH_REQUIRED
    assert report.summary.counts[Outcome.ARCHIVED] == 3
    assert report.summary.reasons == {"run_blocked": 3}
    assert len(site.told(LoginAwaited)) == 1
    assert len(site.notifier.sent) == 1


@pytest.mark.parametrize("endpoint", [Endpoint.USER, Endpoint.DOWNLOAD])
def test_an_interrupt_ends_the_wait_for_a_login(site: Site, endpoint: Endpoint) -> None:
    stop = Stop(SystemClock())

    def interrupt(event: Event) -> None:
        if isinstance(event, LoginAwaited):
            stop.request(StopReason.INTERRUPTED)

    site.on_event = interrupt
    with serving(library(), Dying(EXPIRED, endpoint, 1)) as cloud:
        site.log_in(cloud.token)
        report = site.run(cloud, wait=LONG, stop=stop)
    assert report.summary.result is Result.INTERRUPTED
    assert report.summary.counts[Outcome.FAILED] == 0


def test_the_run_s_own_time_ends_the_wait_for_a_login(site: Site) -> None:
    with serving(library(), Dying(EXPIRED, Endpoint.USER, 1)) as cloud:
        site.log_in(cloud.token)
        report = site.run(cloud, wait=LONG, stop=Stop(SystemClock(), 0.3))
    assert report.summary.result is Result.AUTH_REQUIRED


def test_the_run_keeps_its_lease_while_it_waits_for_a_login(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(heartbeat, "BEAT_SECONDS", 0.01)
    with serving(library(), Dying(EXPIRED, Endpoint.USER, 1)) as cloud:
        site.log_in(cloud.token)
        site.run(cloud, wait=LoginWait(0.5, every=0.01))
    assert site.renewals > 0


def test_a_block_that_passes_ends_the_wait_with_the_same_login(site: Site) -> None:
    """The network in front may let the old login in again: it is tried now and then."""

    class PassingBlock(NoFaults):
        def answer(self, call: Call, answer: Answer, connection: Connection) -> Answer | None:
            return BLOCKED.answer if call.endpoint is Endpoint.USER and call.nth < 4 else answer

    with serving(library(), PassingBlock()) as cloud:
        site.log_in(cloud.token)
        report = site.run(cloud, wait=LoginWait(30.0, every=0.01, retry_old=0.02))
    assert report.summary.result is Result.COMPLETED


def test_a_message_that_did_not_get_through_is_sent_by_the_next_run(site: Site) -> None:
    site.notifier = notifier = DeafNotifier()
    with serving(library(), Dying(EXPIRED, Endpoint.USER, 1)) as cloud:
        site.log_in(cloud.token)
        site.run(cloud)
        assert any("sending a notification" in warning for warning in site.warnings)
        notifier.deaf = False
        site.run(cloud)
        assert len(notifier.sent) == 1, "what was not delivered was taken for told"
        site.run(cloud)
        assert len(notifier.sent) == 1

        notifier.deaf = True
        site.log_in(FRESH)
        site.run(cloud)
        notifier.deaf = False
        site.run(cloud)
        site.run(cloud)
    assert [subject.split(":")[1].strip() for subject, _ in notifier.sent] == [
        "the camera cloud wants a login",
        "done",
    ]


def test_a_run_notes_when_a_login_worked_and_when_it_was_refused(site: Site) -> None:
    with serving(library(), Dying(EXPIRED, Endpoint.DOWNLOAD, 4)) as cloud:
        site.log_in(cloud.token)
        old = fingerprint(Secret(cloud.token))
        site.run(cloud)
        (record,) = site.history.records()
        assert record.fingerprint == old
        assert record.refused_at is not None
        assert record.first_seen < record.last_worked <= record.refused_at
        site.log_in(FRESH)
        site.run(cloud)
    assert [
        (each.fingerprint == old, each.refused_at is None) for each in site.history.records()
    ] == [
        (True, False),
        (False, True),
    ]


def test_a_block_or_a_fault_is_no_end_of_a_login_s_life(site: Site) -> None:
    for death in (BLOCKED, FAULTY, LOGIN_PAGE):
        with serving(library(), Dying(death, Endpoint.DOWNLOAD, 2)) as cloud:
            site.log_in(cloud.token)
            assert site.run(cloud).summary.result is Result.AUTH_REQUIRED
    assert [record.refused_at for record in site.history.records()] == [None]


def test_a_run_warns_of_a_login_that_is_as_old_as_logins_come(site: Site) -> None:
    now = datetime.now(UTC)
    for number in range(2):
        site.log_in(f"earlier-{number}")
        stored = site.credentials.read()
        assert stored is not None
        begun = now - timedelta(days=10 * (number + 1))
        site.history.worked(stored, begun)
        site.history.worked(stored, begun + timedelta(hours=10))
        site.history.refused(stored, begun + timedelta(hours=10))
    with Simulator(library(1)) as cloud:
        site.credentials.replace(Secret(cloud.token), now - timedelta(hours=9))
        site.run(cloud)
        (warning,) = [each for each in site.warnings if "cloud-sync login" in each]
        assert warning.startswith(
            "the login is 9 hours old, and earlier ones lasted about 10 hours"
        )


def test_a_login_that_was_replaced_in_time_is_not_taken_for_the_one_that_died(site: Site) -> None:
    """Somebody logs in anew while the run works; the later death is the new login's, if any."""

    def log_in_anew(event: Event) -> None:
        if isinstance(event, PlanMade):
            site.log_in(FRESH)

    site.on_event = log_in_anew
    with Simulator(library()) as cloud:
        site.log_in(cloud.token)
        assert site.run(cloud).summary.result is Result.AUTH_REQUIRED, "FRESH opens nothing here"
        old = fingerprint(Secret(cloud.token))
    assert [(each.fingerprint, each.refused_at) for each in site.history.records()] == [(old, None)]
