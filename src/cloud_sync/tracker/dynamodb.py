"""The tracker of the archive on AWS: one DynamoDB table."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from cloud_sync.aws.clients import client_of
from cloud_sync.model.report import RunSummary
from cloud_sync.model.tracking import (
    Attempt,
    Checkpoint,
    PartRecord,
    Reason,
    Status,
    TrackedFile,
    TrackedMedium,
)
from cloud_sync.tracker import transitions
from cloud_sync.tracker.base import Entry, FileEntry, RunAtWork, Tally
from cloud_sync.tracker.dynamodb_actions import int_in, loaded, update
from cloud_sync.tracker.dynamodb_items import form_key, media_id_of
from cloud_sync.tracker.dynamodb_keys import Keyring, taken_among
from cloud_sync.tracker.dynamodb_marks import (
    SHARDS,
    doubted_files,
    failed_key,
    marks_key,
    proven_rules,
    shard_of,
)
from cloud_sync.tracker.dynamodb_media import Change, close_attempt, open_attempt
from cloud_sync.tracker.dynamodb_remember import remember
from cloud_sync.tracker.dynamodb_repairs import DynamoRepairs
from cloud_sync.tracker.dynamodb_table import Table, persistently, table_resource
from cloud_sync.tracker.dynamodb_transfers import without


class DynamoTracker(DynamoRepairs):
    """`Tracker` in the DynamoDB table of that name, which must be there.

    For any number of machines. Endpoint, region, profile and credentials are the AWS SDK's own, or
    `client_options` (as botocore's `create_client` takes them). Nobody can know whether an owner
    elsewhere is dead, so a lease ends when its time is up, or when its run ends.

    Every read by id, and `media` without a status, is strongly consistent. What goes by status
    (`media` of one, `tallies`, `recent_failures`) is found by the table's index, which follows the
    table by a moment; media found there are then read as they are now.

    Any call may raise Throttled, ServiceUnavailable (no answer, or others keep changing the same
    medium), ArchiveRefused (credentials, or an action that is not allowed), UsageError (the table
    is not there, or the SDK's settings cannot be used), Permanent (a medium with so many files,
    some 1,500, that an item cannot hold it), and ValueError once the tracker is closed.
    """

    def __init__(self, table: str, *, client_options: Mapping[str, Any] | None = None) -> None:
        client = client_of("dynamodb", table_resource(table), options=client_options)
        super().__init__(Table(client, table))

    def begin_run(self, run_id: str, owner: str, *, now: datetime, until: datetime) -> None:
        self._runs.begin(run_id, owner, now=now, until=until)

    def renew_run(self, run_id: str, *, until: datetime) -> None:
        self._runs.renew(run_id, until=until)

    def end_run(self, summary: RunSummary) -> None:
        self._runs.end(summary)

    def run_at_work(self, *, now: datetime) -> RunAtWork | None:
        return self._runs.at_work(now)

    def runs(self, limit: int = 10) -> Sequence[RunSummary]:
        return self._runs.ended(limit)

    def known(self, media_ids: Sequence[str]) -> Mapping[str, TrackedMedium]:
        return {media_id: row.medium for media_id, row in self._rows(media_ids).items()}

    def remember(self, entries: Sequence[Entry], *, now: datetime) -> None:
        """As promised by `Tracker`: what is refused is refused before anything is written.

        A call that the service cuts off may leave the first media remembered, each whole with its
        key; the same call made again completes it.
        """
        persistently(lambda: remember(self._table, self._media, entries, now))

    def claim(
        self, media_id: str, run_id: str, owner: str, *, now: datetime, until: datetime
    ) -> TrackedMedium | None:
        """As promised by `Tracker`; LeaseHeld when `run_id` does not hold the run lease."""

        def once() -> TrackedMedium | None:
            lease, row = self._media.one(media_id)
            lease.check_open(run_id)
            taken = row and transitions.claimed(row.medium, owner, now=now, until=until)
            if not row or not taken:
                return None
            after = replace(
                row,
                medium=taken,
                tries=row.tries + 1,
                open_epoch=lease.epoch,
                lease_epoch=lease.epoch,
            )
            opened = open_attempt(taken, after.tries, lease, now)
            actions = (*close_attempt(row, lease, now), opened)
            self._media.commit([Change(row, after, actions=actions)], lease.guard())
            return taken

        return persistently(once)

    def renew(self, media_id: str, owner: str, *, until: datetime) -> None:
        def once() -> None:
            _, row = self._media.held(media_id, owner)
            renewed = replace(row.medium, lease_until=until)
            self._media.commit([Change(row, replace(row, medium=renewed))])

        persistently(once)

    def give_keys(
        self, media_id: str, owner: str, files: Sequence[FileEntry]
    ) -> tuple[TrackedFile, ...]:
        def once() -> tuple[TrackedFile, ...]:
            _, row = self._media.held(media_id, owner)
            keyed = {file.number for file in row.medium.files}
            wanted = [
                form_key(key)
                for file in files
                if file.number not in keyed
                for key in file.key_candidates
            ]
            keyring = Keyring(taken_among(self._table.get(wanted).values()))
            medium = row.medium
            for file in files:
                take = keyring.taker(media_id, file.number)
                medium = transitions.with_file(medium, file, take)
            if medium != row.medium:
                after = replace(row, medium=medium)
                self._media.commit([Change(row, after, keyring.given(media_id))])
            return medium.files

        return persistently(once)

    def record_file(self, media_id: str, owner: str, file: TrackedFile) -> None:
        def once() -> None:
            _, row = self._media.held(media_id, owner)
            known = {each.number: each for each in row.medium.files}
            own = known.get(file.number)
            transitions.check_own_key(own, media_id, file)
            known[file.number] = replace(file, filename=own.filename if own else file.filename)
            medium = replace(row.medium, files=tuple(known.values()))
            over = [file.number] if file.status is Status.COMPLETED else []
            after = replace(row, medium=medium, transfers=without(row.transfers, *over))
            self._media.commit([Change(row, after)])

        persistently(once)

    def begin_transfer(
        self, media_id: str, owner: str, file_number: int, checkpoint: Checkpoint
    ) -> None:
        self._transfers.begin(media_id, owner, file_number, checkpoint)

    def record_part(self, media_id: str, owner: str, file_number: int, part: PartRecord) -> None:
        self._transfers.record(media_id, owner, file_number, part)

    def checkpoint(self, media_id: str, file_number: int) -> Checkpoint | None:
        return self._transfers.load(media_id, file_number)

    def end_transfer(self, media_id: str, owner: str, file_number: int) -> None:
        self._transfers.end(media_id, owner, file_number)

    def settle(
        self,
        media_id: str,
        owner: str,
        status: Status,
        *,
        now: datetime,
        reason: Reason | None = None,
        counts_as_attempt: bool = True,
    ) -> None:
        def once() -> None:
            lease, row = self._media.held(media_id, owner)
            medium = transitions.settled(
                row.medium, status, now=now, reason=reason, counts_as_attempt=counts_as_attempt
            )
            keeps = status in transitions.KEEPS_CHECKPOINTS
            after = replace(
                row,
                medium=medium,
                open_epoch=None,
                lease_epoch=None,
                transfers=row.transfers if keeps else {},
            )
            message = reason.message if reason else ""
            actions = close_attempt(row, lease, now, status.value, message)
            if status is Status.FAILED:
                failed = failed_key(lease.run_id, shard_of(media_id))
                actions.append(update(failed, add={"media": {"SS": [media_id]}}))
            self._media.commit([Change(row, after, actions=tuple(actions))])

        persistently(once)

    def media(
        self, *, status: Status | None = None, media_id: str | None = None
    ) -> Iterator[TrackedMedium]:
        """As promised by `Tracker`, but that the ids alone, sorted, are held in memory."""
        ids = self._media.ids(status) if media_id is None else [media_id]
        for _, rows in self._media.load(ids):
            yield from (row.medium for row in rows if status in (None, row.medium.status))

    def tallies(self) -> Mapping[Status, Tally]:
        return {status: self._tally(status) for status in Status}

    def _tally(self, status: Status) -> Tally:
        media = files = stored = 0
        for page in self._table.by_status(status, "file_count, stored_bytes"):
            media += len(page)
            files += sum(int_in(item, "file_count") or 0 for item in page)
            stored += sum(int_in(item, "stored_bytes") or 0 for item in page)
        return Tally(media, files, stored)

    def recent_failures(self, limit: int = 20) -> Sequence[TrackedMedium]:
        found = [
            medium
            for medium in self.known(self._last_failed(limit)).values()
            if medium.status is Status.FAILED
        ]
        found.sort(key=lambda medium: medium.media_id)
        found.sort(key=_last_change, reverse=True)
        return found[:limit]

    def _last_failed(self, limit: int) -> list[str]:
        """The newest failures by the index, and all that are as old as the last of them."""
        found: list[tuple[str, str]] = []
        pages = self._table.by_status(Status.FAILED, "media_id, sync_timestamp", newest_first=True)
        for page in pages:
            found += [
                (loaded(item["sync_timestamp"]), media_id_of(item["media_id"]["S"]))
                for item in page
            ]
            if len(found) > limit and found[-1][0] != found[limit - 1][0]:
                break
        if len(found) <= limit:
            return [media_id for _, media_id in found]
        oldest = found[limit - 1][0] if limit else "~"
        return [media_id for failed_at, media_id in found if failed_at >= oldest]

    def source_rules_matched(self) -> frozenset[str]:
        return proven_rules(self._marks().values())

    def source_suspects(self, limit: int = 20) -> Sequence[tuple[str, TrackedFile]]:
        marks = self._marks().values()
        places = doubted_files(marks, proven_rules(marks))[:limit]
        rows = self._rows([media_id for media_id, _ in places])
        return [
            (media_id, file)
            for media_id, file_number in places
            if media_id in rows
            for file in rows[media_id].medium.files
            if file.number == file_number
        ]

    def _marks(self) -> Mapping[str, Any]:
        return self._table.get([marks_key(shard) for shard in range(SHARDS)])

    def attempts(self, media_id: str) -> Sequence[Attempt]:
        return self._media.attempts(media_id)

    def close(self) -> None:
        self._table.close()


def _last_change(medium: TrackedMedium) -> datetime:
    if medium.sync_timestamp is None:
        raise AssertionError(f"medium {medium.media_id} has failed at no time")
    return medium.sync_timestamp
