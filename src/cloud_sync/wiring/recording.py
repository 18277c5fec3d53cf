"""What a run of this machine leaves for later: lines in the log, and metrics where they are asked
for. Neither ever ends a run: their trouble is a warning.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from cloud_sync.clock import Clock
from cloud_sync.config.load import Config
from cloud_sync.errors import CloudSyncError, UsageError
from cloud_sync.logs.events import LogContext
from cloud_sync.logs.file import FILE_NAME as LOG_NAME
from cloud_sync.logs.file import LogFile
from cloud_sync.logs.record import Level
from cloud_sync.logs.writing import EventLog
from cloud_sync.metrics import definitions as known
from cloud_sync.metrics.definitions import Measurement
from cloud_sync.metrics.measuring import Measuring
from cloud_sync.metrics.totals import FILE_NAME as METRICS_NAME
from cloud_sync.metrics.totals import Totals, added, joined, keep, kept, write_whole
from cloud_sync.pipeline.events import Event, Observer, RunEnded, Warned
from cloud_sync.pipeline.rooms import Rooms
from cloud_sync.wiring.rehearsal import RehearsalTracker

FUNCTION_NAME = "cloud-sync"


def log_path(config: Config) -> Path | None:
    """Where the log lies, None where there is to be none."""
    text = config.text("log_file")
    if text is None:
        return config.home / "logs" / LOG_NAME
    return None if text.strip().lower() == "off" else Path(text).expanduser().absolute()


@contextmanager
def recorded(config: Config, rooms: Rooms, observe: Observer) -> Iterator[Observer]:
    """An observer that records each event and hands it on to `observe`, while the block lasts.

    MissingExtra where metrics are asked for and cannot be told. A first run that
    cannot begin leaves nothing behind, not even a log.
    """
    with ExitStack() as stack:
        observers = [observe]
        if (path := log_path(config)) and not isinstance(rooms.tracker, RehearsalTracker):
            log = LogFile(path, lambda trouble: observe(Warned(trouble)))
            stack.callback(log.close)
            context = LogContext(FUNCTION_NAME, rooms.archive.location)
            level = Level(config.log_level)
            observers.append(EventLog(context, level, rooms.clock, log.write).observe)
        if config.text("metrics_textfile") or config.metrics_listen:
            observers.append(stack.enter_context(_metrics(config, rooms, observe)).observe)

        def each(event: Event) -> None:
            for one in observers:
                one(event)

        yield each


@contextmanager
def _metrics(config: Config, rooms: Rooms, observe: Observer) -> Iterator[RunMetrics]:
    from cloud_sync.metrics.exposition import check_installed

    check_installed()
    metrics = RunMetrics(rooms.archive.location, rooms.clock)
    with listening(config, lambda trouble: observe(Warned(trouble))):
        _AT_WORK.append(metrics)
        try:
            yield metrics
        finally:
            with _KEEPING:
                _warned(observe, lambda: _written(config, metrics.totals))
                _AT_WORK.remove(metrics)


@contextmanager
def listening(config: Config, tell: Callable[[str], None]) -> Iterator[None]:
    """Answer scrapes while the block lasts, where the settings ask for that and this process does
    not do so already. An address that cannot be had is told. MissingExtra as in `recorded`.
    """
    address = config.metrics_listen
    if address is None or _LISTENING:
        yield
        return
    from cloud_sync.metrics.exposition import check_installed, served

    check_installed()
    with ExitStack() as stack:
        try:
            stack.enter_context(served(*address, lambda: _exposed(config.home / METRICS_NAME)))
        except UsageError as error:
            tell(f"{error.message}; the run itself is not affected")
        _LISTENING.append(address)
        stack.callback(_LISTENING.clear)
        yield


_AT_WORK: list[RunMetrics] = []
_LISTENING: list[tuple[str, int]] = []
_KEEPING = threading.Lock()
"""Held while a run's numbers go over into those of all runs, so that no scrape sees them twice."""


def _exposed(path: Path) -> Totals:
    with _KEEPING:
        try:
            totals = kept(path)
        except CloudSyncError:
            # each run that cannot add to it says so
            totals = {}
        for metrics in _AT_WORK:
            totals = joined(totals, metrics.totals)
        return totals


def _written(config: Config, later: Totals) -> None:
    """Keep the totals, and write them where node_exporter looks."""
    from cloud_sync.metrics.exposition import text_of

    totals = keep(config.home / METRICS_NAME, later)
    if text := config.text("metrics_textfile"):
        write_whole(Path(text).expanduser().absolute(), text_of(totals))


def _warned(observe: Observer, work: Callable[[], None]) -> None:
    try:
        work()
    except CloudSyncError as error:
        observe(Warned(f"{error.message}; the run itself is not affected"))
    except OSError as error:
        observe(Warned(f"writing the metrics {error.filename}: {error.strerror}"))


class RunMetrics:
    """What one run comes to. Events may come from several threads."""

    def __init__(self, archive: str, clock: Clock) -> None:
        self._archive = archive
        self._clock = clock
        self._measuring = Measuring()
        self._lock = threading.Lock()
        self._totals: Totals = {}

    def observe(self, event: Event) -> None:
        """Count the event."""
        with self._lock:
            found = self._measuring.of(event)
            if isinstance(event, RunEnded) and _succeeded(found):
                now = self._clock.now().timestamp()
                found.append(Measurement(known.LAST_SUCCESS, now))
            if found:
                self._totals = added(self._totals, self._archive, found)

    @property
    def totals(self) -> Totals:
        """The run's own."""
        with self._lock:
            return self._totals


def _succeeded(found: list[Measurement]) -> bool:
    return any(each.metric is known.RUNS_SUCCEEDED and each.value for each in found)
