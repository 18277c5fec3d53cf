"""Moves originals in parts, all at once: one queue, a bounded number of workers, bounded memory.

A caller's thread asks for one original and waits; the parts of all originals asked for are moved by
the same few workers, each with one buffer. So memory is workers times part size, whatever the size
of an original, and a single large original is moved by all workers at once.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from time import process_time
from types import TracebackType
from typing import Self, TypeVar

from cloud_sync.archive.base import Archive, StoredObject, Upload
from cloud_sync.archive.checksum import Part, to_text, whole
from cloud_sync.clock import Clock
from cloud_sync.errors import (
    ChecksumMismatch,
    CloudSyncError,
    Interrupted,
    NeedsPerson,
    ServiceDown,
    SourceChanged,
    SourceDamaged,
    Transient,
)
from cloud_sync.model.tracking import Checkpoint
from cloud_sync.provider.base import Provider
from cloud_sync.transfer.bandwidth import BandwidthLimit
from cloud_sync.transfer.file_transfer import (
    PROBE,
    FileTransfer,
    Journal,
    Proof,
    TransferHooks,
    TransferRequest,
)
from cloud_sync.transfer.part_mover import PartMover, Surroundings
from cloud_sync.transfer.part_queue import PartQueue
from cloud_sync.transfer.part_size import SMALLEST_PART
from cloud_sync.transfer.resume import trusted_parts
from cloud_sync.transfer.retry import RetryPolicy, with_retries
from cloud_sync.transfer.source_check import check_parts, rule_resumed
from cloud_sync.transfer.stopping import Stop
from cloud_sync.transfer.streams import StreamGauge, Streams

T = TypeVar("T")
_LOG = logging.getLogger(__name__)

VERSIONS = 3
"""How many versions of an original are begun before its changing counts as a failure.

Also how often one is fetched whose bytes do not give the source's own checksum.
"""


@dataclass(frozen=True, slots=True)
class EngineLimits:
    """How many streams to begin with, and the most bytes that all buffers together may take."""

    streams: int = 4
    buffer_bytes: int = 64 * 1024 * 1024

    @property
    def most_streams(self) -> int:
        return max(1, self.buffer_bytes // SMALLEST_PART)


@dataclass(frozen=True, slots=True)
class Transferred:
    """An original that lies in the archive, whole and proven.

    `first_byte_seconds` as in `FileTransfer`, None where all bytes were stored before.
    """

    stored: StoredObject
    proof: Proof
    first_byte_seconds: float | None = None


class TransferEngine:
    """Use it as a context manager; its workers end with the block.

    `proven_rules` are the rules of `source_check` by which ETags of this source were reproduced
    before; rules that reproduce another are added. None: no ETag is to be reproduced.
    """

    def __init__(
        self,
        provider: Provider,
        archive: Archive,
        limit: BandwidthLimit,
        clock: Clock,
        *,
        proven_rules: set[str] | None,
        retries: RetryPolicy | None = None,
        limits: EngineLimits | None = None,
    ) -> None:
        limits = limits or EngineLimits()
        self._archive = archive
        self._clock = clock
        self._proven_rules = proven_rules
        self._retries = retries or RetryPolicy()
        self._queue = PartQueue()
        most = limits.most_streams
        streams = Streams(now=min(limits.streams, most), least=min(limits.streams, most), most=most)
        self._gauge = StreamGauge(streams, clock.monotonic(), process_time())
        self._surroundings = Surroundings(
            provider=provider,
            archive=archive,
            limit=limit,
            clock=clock,
            retries=self._retries,
            laid_out=self._queue.changed,
            moved=self._moved,
            complained=self._complained,
        )
        self._workers: list[threading.Thread] = []
        self._growing = threading.Lock()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._queue.close()
        for worker in self._workers:
            worker.join()

    def transfer(
        self, request: TransferRequest, journal: Journal, stop: Stop, hooks: TransferHooks
    ) -> Transferred:
        """Store the original under its key, going on from the journal's checkpoint.

        Raises Interrupted when the run stops, and what provider and archive raise after the last
        try. After an error nothing lies under the key; what was stored is kept for another try if
        another try can help, and thrown away otherwise.
        """
        doubts = 0
        for version in range(1, VERSIONS + 1):
            file = FileTransfer(
                request,
                journal,
                stop,
                hooks,
                request.file,
                proven_rules=self._proven_rules,
                doubts=doubts,
                last_try=version == VERSIONS,
            )
            try:
                return self._one_version(file)
            except (SourceChanged, SourceDamaged) as error:
                doubts += isinstance(error, SourceDamaged)
                if version == VERSIONS:
                    raise
                hooks.retrying(error, 0.0)
        raise AssertionError("unreachable")

    def _one_version(self, file: FileTransfer) -> Transferred:
        try:
            if not self._resumed(file):
                file.wanted.append(PROBE)
            self._wait_for_parts(file)
            if file.error is not None:
                raise file.error
            return self._commit(file)
        except BaseException as error:
            _let_go(file, error)
            raise

    def _resumed(self, file: FileTransfer) -> bool:
        """Whether an earlier try is gone on with; what can't be trusted is moved again."""
        saved = file.journal.checkpoint()
        if saved is None:
            return False
        upload = self._retried(file, lambda: self._reopened(file, saved))
        if upload is None:
            file.journal.forget()
            return False
        file.upload = upload
        if file.doubts:
            # its bytes were found wrong, and could not be thrown away then
            self._retried(file, upload.abort)
            file.journal.forget()
            file.upload = None
            return False
        file.parts = trusted_parts(saved.parts, self._retried(file, upload.found))
        if sum(part.length for part in file.parts.values()) == saved.size:
            # with nothing left to fetch, a source that has changed since would not be noticed
            del file.parts[max(file.parts)]
        for part in file.parts.values():
            upload.keep(part.number, part.length, part.checksum, part.receipt)
        if file.proven_rules is not None:
            file.rule = rule_resumed(saved.size, saved.etag, saved.part_size)
        file.lay_out(upload, saved.size, saved.etag, saved.part_size)
        file.hooks.opened(saved.size, sum(part.length for part in file.parts.values()))
        return True

    def _reopened(self, file: FileTransfer, saved: Checkpoint) -> Upload | None:
        request = file.request
        return self._archive.resume(
            request.key, request.description, part_size=saved.part_size, token=saved.token
        )

    def _wait_for_parts(self, file: FileTransfer) -> None:
        if not file.wanted:
            return
        self._queue.add(file)
        self._allow()
        try:
            file.ended.wait()
        finally:
            self._queue.remove(file)

    def _commit(self, file: FileTransfer) -> Transferred:
        if file.whole is not None and file.proof is not None:
            return Transferred(file.whole, file.proof, file.first_byte_seconds)
        total = whole({n: Part(part.length, part.checksum) for n, part in file.parts.items()})
        proof = Proof(total.length, to_text(total.checksum), file.etag)
        if file.proven_rules is not None:
            verdict = check_parts(file.rule, [file.parts[n].md5 for n in sorted(file.parts)])
            file.accept(verdict)
            proof = replace(proof, source_check=verdict.check, source_rule=verdict.rule)
        file.journal.proven(proof)
        upload = file.begun_upload
        # a commit that found other bytes has ended the upload: only moving them anew can help
        stored = with_retries(
            lambda: upload.commit(proof.size, proof.checksum),
            self._retries,
            file.stop,
            file.hooks.retrying,
            final=ChecksumMismatch,
        )
        return Transferred(stored, proof, file.first_byte_seconds)

    def _retried(self, file: FileTransfer, call: Callable[[], T]) -> T:
        return with_retries(call, self._retries, file.stop, file.hooks.retrying)

    def _moved(self, count: int) -> None:
        if self._gauge.moved(count, self._clock.monotonic(), process_time()):
            self._allow()

    def _complained(self) -> None:
        self._gauge.complained()
        self._allow()

    def _allow(self) -> None:
        """Let as many workers move parts as there are streams; new ones begin when first needed."""
        with self._growing:
            while len(self._workers) < self._gauge.now:
                index = len(self._workers)
                worker = threading.Thread(
                    target=self._work, args=(index,), name=f"part-{index}", daemon=True
                )
                self._workers.append(worker)
                worker.start()
        self._queue.allow(self._gauge.now)

    def _work(self, index: int) -> None:
        mover = PartMover(self._surroundings)
        while (taken := self._queue.take(index)) is not None:
            file, task = taken
            error: BaseException | None = None
            try:
                mover.move(file, task)
            except BaseException as trouble:  # noqa: BLE001 it is raised by the thread that waits
                error = trouble
            file.leave(error)


def _let_go(file: FileTransfer, error: BaseException) -> None:
    """Keep the upload for another try where one can help, else throw it away and forget it."""
    upload = file.upload
    if upload is None:
        return
    if isinstance(error, _WORTH_KEEPING) and not isinstance(error, ChecksumMismatch):
        upload.suspend()
        return
    try:
        upload.abort()
        file.journal.forget()
    except CloudSyncError:
        # still recorded, so a later run finds it; the error that led here is the one to tell
        _LOG.debug("discarding the upload of %s", file.request.key, exc_info=True)


_WORTH_KEEPING = (Interrupted, NeedsPerson, ServiceDown, Transient)
