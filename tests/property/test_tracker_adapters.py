"""Whatever is asked, in whatever order: all trackers answer alike, and keys are for ever."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from datetime import timedelta, timezone
from functools import partial
from pathlib import Path
from typing import ClassVar

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from cloud_sync.archive.layout import collision_form
from cloud_sync.errors import CloudSyncError
from cloud_sync.model.tracking import (
    Checkpoint,
    IllegalMove,
    PartRecord,
    Reason,
    Status,
    TrackedFile,
)
from cloud_sync.tracker.base import Entry, FileEntry, Tracker
from tracker_stores import NOW, STORES, listed, store_of, summary

MEDIA = st.sampled_from(["a", "B", "b", "ß"])
OWNERS = st.sampled_from(["worker-1", "worker-2"])
RUNS = st.sampled_from(["run-1", "run-1", "run-2"])
INSTANCES = st.integers(0, 1)
# several of these are one key on a disk that folds letter case or Unicode forms
KEYS = st.lists(
    st.sampled_from(["k/é", "k/É", "k/e\u0301", "K/é", "x", "X", "straße", "STRASSE", "y", "z"]),
    min_size=1,
    max_size=3,
).map(tuple)
NAMES = st.text(st.characters(), max_size=5)
REASONS = st.none() | st.builds(Reason, st.sampled_from(["gone", "broken"]), NAMES)
ZONES = st.integers(-12 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
ENTRIES = st.builds(
    Entry,
    item=st.builds(
        listed,
        MEDIA,
        NAMES,
        size=st.none() | st.integers(0, 2**50),
        captured_at=st.none() | st.datetimes(timezones=ZONES),
    ),
    status=st.sampled_from([Status.PENDING, Status.PENDING, Status.SKIPPED]),
    reason=REASONS,
    key_candidates=st.just(()) | KEYS,
)
FILES = st.builds(FileEntry, number=st.integers(1, 3), filename=NAMES, key_candidates=KEYS)
NUMBERS = st.integers(1, 3)
PARTS = st.builds(
    PartRecord,
    number=st.integers(1, 12),
    length=st.integers(0, 2**50),
    checksum=st.binary(min_size=8, max_size=8),
    receipt=NAMES,
)
CHECKPOINTS = st.builds(
    Checkpoint,
    token=NAMES,
    part_size=st.integers(1, 2**40),
    size=st.integers(0, 2**50),
    etag=st.none() | NAMES,
    parts=st.just(()) | st.lists(PARTS, max_size=3).map(tuple),
)
SECONDS = st.integers(-5, 30)

Answer = tuple[str, object]


def _asked(question: Callable[[Tracker], object], tracker: Tracker) -> Answer:
    """What came of it: an answer, or an error that belongs to the contract."""
    try:
        return "answer", question(tracker)
    except (CloudSyncError, IllegalMove, ValueError, KeyError) as error:
        return type(error).__name__, str(error)


def _record(media_id: str, owner: str, file: TrackedFile, tracker: Tracker) -> None:
    tracker.record_file(media_id, owner, file)


def _record_part(
    media_id: str, owner: str, number: int, part: PartRecord, tracker: Tracker
) -> None:
    tracker.record_part(media_id, owner, number, part)


def _checkpoints(tracker: Tracker) -> dict[tuple[str, int], Checkpoint]:
    """Every checkpoint, by medium and file number."""
    found = {
        (medium.media_id, number): tracker.checkpoint(medium.media_id, number)
        for medium in tracker.media()
        for number in range(1, 4)
    }
    return {place: checkpoint for place, checkpoint in found.items() if checkpoint is not None}


class AllTrackersAgree(RuleBasedStateMachine):
    """Two instances over each kind of store are asked the same; clocks only go forward."""

    kinds: ClassVar[Sequence[str]] = [kind for kind in STORES if kind != "dynamodb"]

    def __init__(self) -> None:
        super().__init__()
        self.resources = ExitStack()
        folder = Path(self.resources.enter_context(tempfile.TemporaryDirectory()))
        self.trackers: list[list[Tracker]] = []
        for kind in self.kinds:
            store = self.resources.enter_context(store_of(kind, folder))
            self.trackers.append([store.open(), store.open()])
        self.now = NOW
        self.keys: dict[tuple[str, int], str] = {}

    def teardown(self) -> None:
        self.resources.close()

    def ask(self, instance: int, question: Callable[[Tracker], object]) -> Answer:
        answers = [_asked(question, instances[instance]) for instances in self.trackers]
        for answer in answers[1:]:
            assert answer == answers[0], "trackers of two kinds answered differently"
        return answers[0]

    @initialize(entries=st.lists(ENTRIES, min_size=3, max_size=6))
    def a_run_has_begun(self, entries: Sequence[Entry]) -> None:
        self.begin_run(0, "run-1", "worker-1", 60)
        self.remember(0, entries)

    @rule(seconds=st.integers(1, 20))
    def time_passes(self, seconds: int) -> None:
        self.now += timedelta(seconds=seconds)

    @rule(instance=INSTANCES, run_id=RUNS, owner=OWNERS, seconds=SECONDS)
    def begin_run(self, instance: int, run_id: str, owner: str, seconds: int) -> None:
        until = self.now + timedelta(seconds=seconds)
        self.ask(instance, lambda t: t.begin_run(run_id, owner, now=self.now, until=until))

    @rule(instance=INSTANCES, run_id=RUNS, seconds=SECONDS)
    def renew_run(self, instance: int, run_id: str, seconds: int) -> None:
        until = self.now + timedelta(seconds=seconds)
        self.ask(instance, lambda t: t.renew_run(run_id, until=until))

    @rule(instance=INSTANCES, run_id=RUNS)
    def end_run(self, instance: int, run_id: str) -> None:
        self.ask(instance, lambda t: t.end_run(summary(run_id, self.now)))

    @rule(instance=INSTANCES, entries=st.lists(ENTRIES, max_size=4))
    def remember(self, instance: int, entries: Sequence[Entry]) -> None:
        self.ask(instance, lambda t: t.remember(entries, now=self.now))

    @rule(instance=INSTANCES, media_id=MEDIA, run_id=RUNS, owner=OWNERS, seconds=SECONDS)
    def claim(self, instance: int, media_id: str, run_id: str, owner: str, seconds: int) -> None:
        until = self.now + timedelta(seconds=seconds)
        self.ask(instance, lambda t: t.claim(media_id, run_id, owner, now=self.now, until=until))

    @rule(instance=INSTANCES, media_id=MEDIA, owner=OWNERS, seconds=SECONDS)
    def renew(self, instance: int, media_id: str, owner: str, seconds: int) -> None:
        until = self.now + timedelta(seconds=seconds)
        self.ask(instance, lambda t: t.renew(media_id, owner, until=until))

    @rule(instance=INSTANCES, media_id=MEDIA, owner=OWNERS, files=st.lists(FILES, max_size=3))
    def give_keys(
        self, instance: int, media_id: str, owner: str, files: Sequence[FileEntry]
    ) -> None:
        self.ask(instance, lambda t: t.give_keys(media_id, owner, files))

    @rule(
        instance=INSTANCES,
        media_id=MEDIA,
        owner=OWNERS,
        number=st.integers(1, 3),
        status=st.sampled_from(Status),
        size=st.none() | st.integers(0, 2**50),
    )
    def record_file(
        self,
        instance: int,
        media_id: str,
        owner: str,
        number: int,
        status: Status,
        size: int | None,
    ) -> None:
        key = self.keys.get((media_id, number), "a key that nobody gave")
        file = TrackedFile(number, key, "ignored", status, size, "c" * 12)
        self.ask(instance, lambda t: t.record_file(media_id, owner, file))

    @rule(
        instance=INSTANCES,
        media_id=MEDIA,
        owner=OWNERS,
        number=NUMBERS,
        checkpoint=CHECKPOINTS,
        parts=st.lists(PARTS, max_size=4),
    )
    def transfer(
        self,
        instance: int,
        media_id: str,
        owner: str,
        number: int,
        checkpoint: Checkpoint,
        parts: Sequence[PartRecord],
    ) -> None:
        self.ask(instance, lambda t: t.begin_transfer(media_id, owner, number, checkpoint))
        self.record_parts(instance, media_id, owner, number, parts)

    @rule(
        instance=INSTANCES,
        media_id=MEDIA,
        owner=OWNERS,
        number=NUMBERS,
        parts=st.lists(PARTS, min_size=1, max_size=4),
    )
    def record_parts(
        self,
        instance: int,
        media_id: str,
        owner: str,
        number: int,
        parts: Sequence[PartRecord],
    ) -> None:
        for part in parts:
            self.ask(instance, partial(_record_part, media_id, owner, number, part))

    @rule(instance=INSTANCES, media_id=MEDIA, owner=OWNERS, number=NUMBERS)
    def end_transfer(self, instance: int, media_id: str, owner: str, number: int) -> None:
        self.ask(instance, lambda t: t.end_transfer(media_id, owner, number))

    @rule(instance=INSTANCES, media_id=MEDIA, owner=OWNERS)
    def complete(self, instance: int, media_id: str, owner: str) -> None:
        for (medium, number), key in self.keys.items():
            if medium == media_id:
                file = TrackedFile(number, key, "ignored", Status.COMPLETED, 5)
                self.ask(instance, partial(_record, media_id, owner, file))
        self.ask(instance, lambda t: t.settle(media_id, owner, Status.COMPLETED, now=self.now))

    @rule(
        instance=INSTANCES,
        media_id=MEDIA,
        owner=OWNERS,
        files=st.lists(FILES, min_size=1, max_size=3),
        checkpoint=CHECKPOINTS,
        reason=REASONS,
        status=st.sampled_from([Status.COMPLETED, Status.FAILED, Status.SKIPPED]),
    )
    def work(
        self,
        instance: int,
        media_id: str,
        owner: str,
        files: Sequence[FileEntry],
        checkpoint: Checkpoint,
        reason: Reason | None,
        status: Status,
    ) -> None:
        """The usual course of a medium, which loose steps seldom make up."""
        self.claim(instance, media_id, "run-1", owner, 60)
        self.give_keys(instance, media_id, owner, files)
        self.keys_never_change_and_never_collide()
        self.transfer(instance, media_id, owner, files[0].number, checkpoint, checkpoint.parts)
        if status is Status.COMPLETED:
            self.complete(instance, media_id, owner)
        else:
            self.settle(instance, media_id, owner, status, reason, counts=True)

    @rule(
        instance=INSTANCES,
        media_id=MEDIA,
        owner=OWNERS,
        status=st.sampled_from(Status),
        reason=REASONS,
        counts=st.booleans(),
    )
    def settle(
        self,
        instance: int,
        media_id: str,
        owner: str,
        status: Status,
        reason: Reason | None,
        counts: bool,
    ) -> None:
        self.ask(
            instance,
            lambda t: t.settle(
                media_id, owner, status, now=self.now, reason=reason, counts_as_attempt=counts
            ),
        )

    @invariant()
    def the_visible_state_is_the_same(self) -> None:
        _, media = self.ask(1, lambda t: list(t.media()))
        assert isinstance(media, list)
        self.ask(0, lambda t: t.known([medium.media_id for medium in media]))
        self.ask(0, lambda t: [list(t.attempts(medium.media_id)) for medium in media])
        self.ask(0, _checkpoints)
        self.ask(0, lambda t: (t.tallies(), list(t.recent_failures()), list(t.runs())))

    @invariant()
    def keys_never_change_and_never_collide(self) -> None:
        now_given = {
            (medium.media_id, file.number): file.key
            for medium in self.trackers[0][0].media()
            for file in medium.files
        }
        assert {**now_given, **self.keys} == now_given, "a key changed or went"
        forms = [collision_form(key) for key in now_given.values()]
        assert len(set(forms)) == len(forms), "two files have one key"
        self.keys = now_given

    @invariant()
    def checkpoints_belong_to_files_that_have_a_key_and_are_not_done_with(self) -> None:
        tracker = self.trackers[0][0]
        media = {medium.media_id: medium for medium in tracker.media()}
        for (media_id, number), checkpoint in _checkpoints(tracker).items():
            assert (media_id, number) in self.keys
            assert media[media_id].status is not Status.COMPLETED
            numbers = [part.number for part in checkpoint.parts]
            assert numbers == sorted(set(numbers))

    @invariant()
    def leases_belong_to_media_in_progress(self) -> None:
        for medium in self.trackers[0][0].media():
            assert (medium.lease_owner is None) == (medium.lease_until is None)
            assert medium.lease_owner is None or medium.status is Status.IN_PROGRESS
            assert medium.attempts >= 0
            assert medium.failures >= 0
            assert medium.failures or medium.status is not Status.FAILED
            if medium.status is Status.COMPLETED:
                assert medium.failures == 0
                assert {file.status for file in medium.files} == {Status.COMPLETED}


TestAllTrackersAgree = AllTrackersAgree.TestCase
TestAllTrackersAgree.settings = settings(
    max_examples=40,
    stateful_step_count=40,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)


class DynamoAgreesWithMemory(AllTrackersAgree):
    """The same against an emulator, where every question takes a hundred times as long."""

    kinds = ("memory", "dynamodb")


TestDynamoAgreesWithMemory = pytest.mark.xdist_group("ministack")(DynamoAgreesWithMemory.TestCase)
TestDynamoAgreesWithMemory.settings = settings(
    max_examples=5,
    stateful_step_count=15,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
