"""One run from the login check to the summary: the flow that both doors share."""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace

from cloud_sync.errors import AuthRequired, CloudSyncError, InternalError, Interrupted
from cloud_sync.model.media import MediaItem
from cloud_sync.model.report import Result, RunSummary
from cloud_sync.pipeline.archiving import MediumArchiver
from cloud_sync.pipeline.calls import Caller
from cloud_sync.pipeline.events import Observer, RunEnded, RunStarted
from cloud_sync.pipeline.guarded_provider import guarded
from cloud_sync.pipeline.heartbeat import kept_alive
from cloud_sync.pipeline.login import LoginGuard
from cloud_sync.pipeline.login_wait import LoginWaiter, Telling
from cloud_sync.pipeline.planning import planned_run, settle_vanished
from cloud_sync.pipeline.results import result_of
from cloud_sync.pipeline.rooms import Rooms, RunOptions
from cloud_sync.pipeline.source_doubts import proven_rules, warn_of_suspects
from cloud_sync.pipeline.telling import Messenger
from cloud_sync.pipeline.transferring import TransferStage, engine_of
from cloud_sync.summary.tally import Tally
from cloud_sync.transfer.stopping import Stop, StopReason

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class RunReport:
    """A run's summary, and the error that ended it early, if one did."""

    summary: RunSummary
    blocker: CloudSyncError | None


def sync(rooms: Rooms, options: RunOptions, stop: Stop, observe: Observer) -> RunReport:
    """Make the archive hold what the camera cloud has. Nothing is ever deleted on either side.

    Raises LeaseHeld while another run is at work; any other trouble is in the report.
    """
    run_id = options.new_run_id()
    started_at, started = rooms.clock.now(), rooms.clock.monotonic()
    rooms.tracker.begin_run(run_id, options.owner, now=started_at, until=started_at + options.lease)
    observe(RunStarted(run_id, rooms.archive.location))
    tally = Tally(run_id, rooms.archive.location, started_at)
    caller = Caller(options.retries, stop, observe)
    rooms = replace(rooms, provider=guarded(rooms, options, stop, observe))
    messenger = Messenger(rooms, observe)
    messenger.pulse_started()
    login = LoginWaiter(
        LoginGuard(rooms, caller), caller, rooms.clock, options.login_wait, _telling(messenger)
    )
    with (
        rooms.spans.span("run", run_id=run_id, correlation_id=options.correlation_id or run_id),
        kept_alive(rooms, run_id, stop, observe, options.lease),
    ):
        blocker = _work(rooms, options, run_id, caller, tally, login)
        with rooms.spans.span("summarise"):
            login.guard.note()
            summary = tally.close(
                result_of(blocker, stop.reason, tally),
                rooms.clock.monotonic() - started,
                blocker.message if blocker else "",
            )
        with rooms.spans.span("notify"):
            summary = messenger.tell_end(summary, digest=options.digest)
    rooms.tracker.end_run(summary)
    messenger.pulse_ended(summary.result)
    observe(RunEnded(summary))
    return RunReport(summary, blocker)


def _work(
    rooms: Rooms,
    options: RunOptions,
    run_id: str,
    caller: Caller,
    tally: Tally,
    login: LoginWaiter,
) -> CloudSyncError | None:
    """Validate, list, plan, transfer. Returns the error that ended the run early, if one did."""
    due, rules, blocker = _prepared(rooms, options, run_id, caller, tally, login)
    if blocker is not None:
        caller.stop.request(StopReason.BLOCKED)
    with engine_of(rooms, options, rules) as engine:
        archiver = MediumArchiver(rooms, options, run_id, engine, caller, login.guard)
        stage = TransferStage(archiver, options.concurrency, caller.stop, caller.observe)
        with rooms.spans.span("transfer"):
            _transfer(stage, due, tally, login)
    if tally.files_archived:
        warn_of_suspects(rooms, caller.observe)
    return blocker or stage.blocker


def _prepared(
    rooms: Rooms,
    options: RunOptions,
    run_id: str,
    caller: Caller,
    tally: Tally,
    login: LoginWaiter,
) -> tuple[list[MediaItem], set[str] | None, CloudSyncError | None]:
    """What is due, by `proven_rules`, and what ended the run before a byte could move.

    Media may be due all the same then: they are counted, and must be named as left.
    """
    due: list[MediaItem] = []
    rules: set[str] | None = None
    blocker: CloudSyncError | None = None
    try:
        with rooms.spans.span("validate"):
            login.checked()
        planned = planned_run(rooms, options, caller, login, tally)
        due = planned.plan.due
        settle_vanished(rooms, planned.census, run_id, options.owner, tally)
        if due:
            rules = proven_rules(rooms, options)
            # proving that the archive can be written means writing: only where that is needed
            caller.retried(rooms.archive.check)
    except Interrupted:
        pass
    except CloudSyncError as error:
        blocker = error
    except Exception as error:  # noqa: BLE001 the run must end with a summary all the same
        _LOG.debug("planning the run", exc_info=True)
        blocker = InternalError(error)
    return due, rules, blocker


def _transfer(stage: TransferStage, due: list[MediaItem], tally: Tally, login: LoginWaiter) -> None:
    """Archive what is due, with a wait for a login wherever one dies, and name what is left."""
    stage.run(due, tally)
    while isinstance(stage.blocker, AuthRequired):
        try:
            login.renew(stage.blocker)
        except AuthRequired:
            break
        except Interrupted:
            stage.blocker = None
            break
        stage.run(stage.left, tally)
    stage.name_left(tally)


def _telling(messenger: Messenger) -> Telling:
    """A wait for a login is told when it begins, and its end is the all-clear."""

    def waits(error: AuthRequired) -> None:
        messenger.tell(
            Result.AUTH_REQUIRED,
            "cloud-sync: the camera cloud wants a login; the run waits for it",
            f"{error.message}\nnext: {error.hint}",
        )

    def goes_on() -> None:
        messenger.tell(
            Result.COMPLETED,
            "cloud-sync: the login works again",
            "The run goes on where it stopped.",
        )

    return Telling(waits, goes_on)
