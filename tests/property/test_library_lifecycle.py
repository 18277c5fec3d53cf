"""A library, its archive and its tracker, through anything that may happen to them in any order.

The model is what a person knows: which media are in the cloud, and every version of their bytes
that was ever there. Runs are whole runs. A crash is a process that dies at some call: from then on
nothing that it does has any effect, and what it held in the operating system is let go of.
"""

from __future__ import annotations

import re
import shutil
import tempfile
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from builders import NOON, LeapingStop, ManualClock, item, quick_options
from cloud_sync.archive.checksum import part_checksum, to_text
from cloud_sync.archive.memory import MemoryArchive
from cloud_sync.errors import (
    AuthRequired,
    AuthTrouble,
    CloudSyncError,
    LeaseHeld,
    NotReady,
    ServiceUnavailable,
    SourceNotUnderstood,
    StreamBroken,
    Throttled,
)
from cloud_sync.model.media import MediaItem
from cloud_sync.model.report import Outcome, Result
from cloud_sync.model.tracking import Status, TrackedMedium
from cloud_sync.notify.memory import MemoryNotifier
from cloud_sync.pipeline.events import Event, PlanMade
from cloud_sync.pipeline.rooms import Rooms
from cloud_sync.pipeline.run import RunReport, sync
from cloud_sync.provider.memory import MemoryProvider, Original
from cloud_sync.tracker.plan import QUARANTINED, Policy
from crashes import Crash, Fate, mortal_rooms
from tracker_stores import STORES

PART = 8 * 1024 * 1024
SIZES = st.sampled_from([1, 700, 5000, PART + 1])
CALLS = st.sampled_from(["check_login", "list_page", "resolve", "resolve", "open", "open"])
ORIGINALS = st.lists(SIZES, min_size=0, max_size=3)
MOMENTS = (
    *("begin_run", "check_login", "list_page", "remember", "claim", "resolve", "give_keys"),
    *("open", "readinto", "begin", "begin_transfer", "put_part", "record_part", "commit"),
    *("put", "put", "record_file", "record_file", "settle", "end_transfer", "abort", "end_run"),
)
CUT = st.none() | st.tuples(
    st.sampled_from(["stream_ends_after", "stream_breaks_after"]), st.integers(1, 6000)
)
ADDRESS = re.compile(r"memory:\d+:\d+:")

TROUBLES: dict[str, Callable[[], CloudSyncError]] = {
    "down": lambda: ServiceUnavailable("the service is down"),
    "throttled": lambda: Throttled("too many calls", retry_after=0.0),
    "cut": lambda: StreamBroken("cut off", got=1, expected=2),
    "odd": lambda: SourceNotUnderstood("an odd answer"),
    "login": lambda: AuthRequired("the login is dead", trouble=AuthTrouble.EXPIRED),
    "early": lambda: NotReady("its originals are not available yet"),
}


def contents(version: int, number: int, size: int) -> bytes:
    """Bytes that no other original and no other version has; longer than asked for if need be."""
    head = f"{version}/{number}/".encode()
    return head + bytes([65 + version % 26]) * (size - len(head))


class LibraryLifecycle(RuleBasedStateMachine):
    """Everything that may happen; `kind` is the tracker's."""

    kind = "memory"

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        self.store = STORES[self.kind](self.folder)
        self.cloud = MemoryProvider(per_page=3)
        self.archive = MemoryArchive()
        self.clock = ManualClock()
        self.runs = 0
        self.quiet_from = 6
        self.media: dict[str, MediaItem] = {}
        self.originals: dict[str, list[Original]] = {}
        self.ever: set[bytes] = set()
        self.uploads = self.versions = self.deaths = 0
        self.said: list[str] = []
        self.finished: dict[str, TrackedMedium] = {}

    def teardown(self) -> None:
        try:
            self.quiet_runs_find_everything()
        finally:
            self.close()

    def close(self) -> None:
        for tracker in self.store.opened:
            tracker.close()
        shutil.rmtree(self.folder)

    # what happens in the cloud

    @rule(sizes=ORIGINALS, ready=st.booleans())
    def upload(self, sizes: list[int], *, ready: bool) -> None:
        name = f"m{self.uploads}"
        self.uploads += 1
        day = NOON - timedelta(days=self.uploads)
        self.media[name] = item(
            name,
            filename="GX010001.MP4",
            ready=ready,
            state="ready" if ready else "transcoding",
            file_count=len(sizes),
            size=None,
            uploaded_at=day,
        )
        self.process(name, sizes)

    @precondition(lambda self: self.media)
    @rule(data=st.data(), sizes=ORIGINALS)
    def process_again(self, data: st.DataObject, sizes: list[int]) -> None:
        """The cloud makes other bytes of a medium, and perhaps more files."""
        name = data.draw(st.sampled_from(sorted(self.media)))
        # files that the cloud offered once and then withholds are a lasting failure, and named
        missing = len(self.originals[name]) - len(sizes)
        self.process(name, sizes + [700] * missing)

    def process(self, name: str, sizes: list[int]) -> None:
        self.versions += 1
        self.originals[name] = [
            Original(contents(self.versions, number, size))
            for number, size in enumerate(sizes, start=1)
        ]
        self.ever.update(original.content for original in self.originals[name])
        self.media[name] = replace(self.media[name], updated_at=self.clock.now())
        self.cloud.add(self.media[name], *self.originals[name])

    @precondition(lambda self: self.media)
    @rule(data=st.data())
    def get_ready(self, data: st.DataObject) -> None:
        self.change(data, ready=True, state="ready")

    @precondition(lambda self: self.media)
    @rule(data=st.data(), name=st.sampled_from(["", "renamed.mp4", "GX010001.MP4"]))
    def rename(self, data: st.DataObject, name: str) -> None:
        self.change(data, filename=name)

    @precondition(lambda self: self.media)
    @rule(data=st.data(), days=st.integers(0, 4000))
    def date_again(self, data: st.DataObject, days: int) -> None:
        self.change(data, captured_at=NOON - timedelta(days=days))

    def change(self, data: st.DataObject, **facts: object) -> None:
        name = data.draw(st.sampled_from(sorted(self.media)))
        facts["updated_at"] = self.clock.now()
        self.media[name] = replace(self.media[name], **facts)  # type: ignore[arg-type]
        self.cloud.add(self.media[name], *self.originals[name])

    @precondition(lambda self: self.media)
    @rule(data=st.data())
    def delete(self, data: st.DataObject) -> None:
        name = data.draw(st.sampled_from(sorted(self.media)))
        del self.media[name], self.originals[name]
        self.cloud.remove(name)

    @rule()
    def expire_addresses(self) -> None:
        self.cloud.expire_urls()

    def behave(self) -> None:
        self.cloud.faults.pending.clear()
        self.cloud.faults.stream_ends_after = None
        self.cloud.faults.stream_breaks_after = None

    # what happens here

    @rule(troubles=st.lists(st.tuples(CALLS, st.sampled_from(sorted(TROUBLES)))), cut=CUT)
    def run(self, troubles: list[tuple[str, str]], cut: tuple[str, int] | None) -> None:
        """A run, and what troubles are left over meet the next one."""
        self.misbehave(troubles, cut)
        self.check_report(self.one_run(Fate()))

    @rule(
        name=st.sampled_from(MOMENTS),
        at=st.integers(1, 3),
        afterwards=st.booleans(),
        troubles=st.lists(st.tuples(CALLS, st.sampled_from(sorted(TROUBLES))), max_size=3),
        cut=CUT,
        sizes=ORIGINALS,
    )
    def crash(
        self,
        *,
        name: str,
        at: int,
        afterwards: bool,
        troubles: list[tuple[str, str]],
        cut: tuple[str, int] | None,
        sizes: list[int],
    ) -> None:
        self.upload(sizes, ready=True)
        self.misbehave(troubles, cut)
        fate = Fate(at, afterwards, only=name)
        try:
            self.check_report(self.one_run(fate))
        except Crash:
            self.deaths += 1
            self.bury(fate)

    def misbehave(self, troubles: list[tuple[str, str]], cut: tuple[str, int] | None) -> None:
        self.behave()
        for call, name in troubles:
            if name != "early" or call == "resolve":
                self.cloud.faults.on(call, TROUBLES[name]())
        if cut is not None:
            setattr(self.cloud.faults, *cut)

    @rule()
    def run_twice_at_once(self) -> None:
        """The second run begins in the middle of the first, and must leave everything alone."""
        refused: list[bool] = []

        def intrude(event: Event) -> None:
            if isinstance(event, PlanMade):
                with pytest.raises(LeaseHeld):
                    self.one_run(Fate())
                refused.append(True)

        report = self.one_run(Fate(), intrude)
        self.check_report(report)
        planned = report.blocker is None
        assert bool(refused) or not planned, "two runs were at work at once"

    def one_run(self, fate: Fate, look: Callable[[Event], None] | None = None) -> RunReport:
        """A run of a process of its own."""
        self.runs += 1
        number = self.runs
        options = quick_options(number, Policy(retry_failed=True))
        tracker = self.store.open()
        adapters = mortal_rooms(self.cloud, tracker, self.archive, fate)
        rooms = Rooms(*adapters, MemoryNotifier(), self.clock)

        def observe(event: Event) -> None:
            self.said.append(repr(event))
            if look is not None:
                look(event)

        try:
            return sync(rooms, options, LeapingStop(self.clock), observe)
        finally:
            self.clock.advance(60)
            tracker.close()

    def bury(self, fate: Fate) -> None:
        """The system lets go of what the dead process held."""
        fate.bury()
        if not self.store.knows_dead_owners:
            self.clock.advance(3600)

    # what must hold

    def check_report(self, report: RunReport) -> None:
        summary = report.summary
        assert summary.found == sum(summary.counts.values()), "a medium has no outcome"
        self.said.append(repr(summary))
        if summary.result is not Result.COMPLETED:
            return
        named = {each.media_id for each in summary.named}
        rows = self.rows()
        for name in self.media:
            done = name in rows and rows[name].status is Status.COMPLETED
            assert done or name in named, f"{name} is missing, and exit 0 did not name it"
        assert not summary.counts[Outcome.FAILED]
        assert QUARANTINED not in summary.reasons

    @precondition(lambda self: self.runs >= self.quiet_from)
    @rule()
    def quiet_runs_find_everything(self) -> None:
        """Nothing ready stays unarchived, and a further run has nothing to do."""
        self.quiet_from = self.runs + 6
        self.behave()
        report = self.one_run(Fate())
        self.check_report(report)
        assert report.summary.result is Result.COMPLETED, report.summary.named
        rows = self.rows()
        for name, medium in self.media.items():
            if medium.ready and self.originals[name]:
                assert rows[name].status is Status.COMPLETED, f"{name} stayed unarchived"
        left = list(self.archive.unfinished)
        with closing(self.store.open()) as tracker:
            assert not tracker.recorded_uploads(left), "an upload was left behind"
        # one that could not be written down before a death is for `reconcile` to discard
        assert self.deaths or not left, "an upload was left behind unrecorded"
        before = self.cloud.calls["open"], self.cloud.calls["resolve"]
        self.one_run(Fate())
        assert (self.cloud.calls["open"], self.cloud.calls["resolve"]) == before, "fetched again"

    @invariant()
    def whatever_lies_under_a_key_is_whole(self) -> None:
        for key, stored in self.archive.objects.items():
            assert stored.content in self.ever, f"{key} is short, mixed or something else"

    @invariant()
    def completed_means_stored_and_proven(self) -> None:
        for row in self.rows().values():
            if row.status is not Status.COMPLETED:
                continue
            assert row.files, f"{row.media_id} is complete without a file"
            for file in row.files:
                stored = self.archive.objects[file.key]
                assert file.size == len(stored.content)
                assert file.checksum == to_text(part_checksum(stored.content))
            before = self.finished.setdefault(row.media_id, row)
            assert [file.key for file in before.files] == [file.key for file in row.files]

    @invariant()
    def no_address_is_told(self) -> None:
        for sentence in self.said:
            assert not ADDRESS.search(sentence), "a signed address was told"
        self.said.clear()

    def rows(self) -> dict[str, TrackedMedium]:
        with closing(self.store.open()) as tracker:
            return {row.media_id: row for row in tracker.media()}


class SqliteLifecycle(LibraryLifecycle):
    kind = "sqlite"


BOUNDED = settings(
    max_examples=60,
    stateful_step_count=25,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)

TestLibraryLifecycle = LibraryLifecycle.TestCase
TestLibraryLifecycle.settings = BOUNDED
TestSqliteLifecycle = SqliteLifecycle.TestCase
TestSqliteLifecycle.settings = settings(BOUNDED, max_examples=25)
