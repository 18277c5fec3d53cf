"""Works through a plan with a bounded number of media at a time."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait

from cloud_sync.errors import AuthRequired, CloudSyncError, Interrupted
from cloud_sync.model.media import MediaItem
from cloud_sync.model.report import Named, Outcome
from cloud_sync.model.tracking import Reason
from cloud_sync.pipeline.archiving import MediumArchiver, MediumReport
from cloud_sync.pipeline.events import MediumSettled, Observer
from cloud_sync.pipeline.rooms import Rooms, RunOptions
from cloud_sync.summary.tally import Tally
from cloud_sync.transfer.bandwidth import BandwidthLimit
from cloud_sync.transfer.engine import TransferEngine
from cloud_sync.transfer.stopping import Stop, StopReason

LEFT = {
    None: Reason("not_started", "the run ended before its turn"),
    StopReason.INTERRUPTED: Reason("interrupted", "the run was interrupted; the next goes on"),
    StopReason.BLOCKED: Reason("run_blocked", "the run could not go on; the next does"),
    StopReason.LOGIN: Reason("run_blocked", "the run stopped for a login; the next goes on"),
    StopReason.OUT_OF_TIME: Reason("out_of_time", "left for the next run by --max-duration"),
}


def engine_of(rooms: Rooms, options: RunOptions, rules: set[str] | None) -> TransferEngine:
    """The engine that moves a run's originals; `rules` as `proven_rules` gives them."""
    return TransferEngine(
        rooms.provider,
        rooms.archive,
        BandwidthLimit(options.bytes_per_second, rooms.clock),
        rooms.clock,
        proven_rules=rules,
        retries=options.retries,
    )


class TransferStage:
    """Archives all due media; `blocker` is the error that stopped it for a person to act.

    What a stop left can be gone on with by another `run`, until `name_left` is called.
    """

    def __init__(
        self, archiver: MediumArchiver, concurrency: int, stop: Stop, observe: Observer
    ) -> None:
        self._archiver = archiver
        self._concurrency = concurrency
        self._stop = stop
        self._observe = observe
        self.blocker: CloudSyncError | None = None
        self.left: list[MediaItem] = []

    def run(self, due: list[MediaItem], tally: Tally) -> None:
        """Archive every medium; `left` are those that a stop left, which are not counted yet."""
        self.blocker, self.left = None, []
        waiting = iter(due)
        running: dict[Future[MediumReport], MediaItem] = {}
        with ThreadPoolExecutor(self._concurrency, thread_name_prefix="transfer") as pool:
            while self._feed(pool, waiting, running):
                finished, _ = wait(running, timeout=0.5, return_when=FIRST_COMPLETED)
                for future in finished:
                    self._fold(running.pop(future), future, tally)
        self.left.extend(waiting)

    def name_left(self, tally: Tally) -> None:
        """Count and name what is left, each medium once."""
        reason = LEFT[self._stop.reason]
        for item in self.left:
            tally.name(Named(item.id, item.filename, Outcome.PENDING, reason.code, reason.message))

    def _feed(
        self,
        pool: ThreadPoolExecutor,
        waiting: Iterator[MediaItem],
        running: dict[Future[MediumReport], MediaItem],
    ) -> bool:
        while len(running) < self._concurrency and self._stop.reason is None:
            item = next(waiting, None)
            if item is None:
                break
            running[pool.submit(self._archiver.archive, item)] = item
        return bool(running)

    def _fold(self, item: MediaItem, future: Future[MediumReport], tally: Tally) -> None:
        try:
            report = future.result()
        except CloudSyncError as error:
            # the tracker itself could not be written: nothing more can be remembered
            report = MediumReport(Outcome.PENDING, stopped_by=error)
        tally.files_archived += report.files_archived
        tally.bytes += report.bytes
        if report.stopped_by is not None:
            self._block(report.stopped_by)
            self.left.append(item)
            return
        if report.named:
            tally.name(report.named)
        else:
            tally.count(report.outcome)
        self._observe(MediumSettled(item.id, item.filename, report.outcome, report.named))

    def _block(self, error: CloudSyncError) -> None:
        if not isinstance(error, Interrupted):
            self.blocker = self.blocker or error
            waits = isinstance(error, AuthRequired)
            self._stop.request(StopReason.LOGIN if waits else StopReason.BLOCKED)
