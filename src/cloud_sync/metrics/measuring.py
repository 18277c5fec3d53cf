"""What the events of a run come to in numbers. Purely."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from cloud_sync.metrics import definitions as known
from cloud_sync.metrics.definitions import Measurement
from cloud_sync.model.report import Outcome, Result, RunSummary
from cloud_sync.pipeline.events import (
    Event,
    FileArchived,
    LoginAwaited,
    LoginChecked,
    LoginRenewed,
    MediumSettled,
    RunEnded,
)

DAY = 86_400.0

_OUTCOMES = {
    Result.FAILED: 2,
    Result.AUTH_REQUIRED: 2,
    Result.COMPLETED_WITH_FAILURES: 1,
}
_TO_ITS_END = (Result.COMPLETED, Result.COMPLETED_WITH_FAILURES)


@dataclass(slots=True)
class Measuring:
    """Turns events into measurements; one for each run of a process, or call of a function.

    It remembers whether the login is known to be dead, so that one death counts once. Not safe for
    several threads.
    """

    refused: bool = False

    def of(self, event: Event) -> list[Measurement]:
        """What the event says in numbers, which may be nothing."""
        match event:
            case FileArchived():
                return _transfer(event)
            case MediumSettled(outcome=Outcome.ARCHIVED):
                return [Measurement(known.VIDEOS_SYNCED, 1)]
            case LoginChecked():
                return self._login(event)
            case LoginAwaited():
                return self._refusal()
            case LoginRenewed():
                self.refused = False
                return []
            case RunEnded():
                return self._run(event.summary)
            case _:
                return []

    def _login(self, event: LoginChecked) -> list[Measurement]:
        found = []
        if event.works:
            self.refused = False
            found.append(Measurement(known.AUTHENTICATION_SUCCESS, 1))
            # the nought is what tells an alarm that the login works again
            found.append(Measurement(known.AUTHENTICATION_FAILURE, 0))
        else:
            found += self._refusal()
        if event.age_seconds is not None:
            found.append(Measurement(known.COOKIE_AGE, event.age_seconds / DAY))
        if event.life_used is not None:
            found.append(Measurement(known.COOKIE_LIFE_USED, event.life_used * 100))
        return found

    def _refusal(self) -> list[Measurement]:
        counted, self.refused = self.refused, True
        return [] if counted else [Measurement(known.AUTHENTICATION_FAILURE, 1)]

    def _run(self, summary: RunSummary) -> list[Measurement]:
        refusal = self._refusal() if summary.result is Result.AUTH_REQUIRED else []
        return [*refusal, *outcome_of_run(summary.result, summary), *_failures(summary)]


def outcome_of_run(result: Result, summary: RunSummary | None = None) -> list[Measurement]:
    """How a run ended; without a summary for a run that could not begin."""
    outcome = _OUTCOMES.get(result, 0)
    if summary is not None and summary.counts[Outcome.FAILED]:
        outcome = max(1, outcome)
    return [
        Measurement(known.RUN_OUTCOME, outcome),
        Measurement(known.RUNS_SUCCEEDED, int(result in _TO_ITS_END)),
        Measurement(known.RUNS_FAILED, int(_OUTCOMES.get(result) == 2)),
    ]


def _transfer(event: FileArchived) -> list[Measurement]:
    found = [Measurement(known.BYTES_TRANSFERRED, event.size)]
    if event.duration_seconds > 0:
        throughput = event.bytes_transferred * 8 / 1e6 / event.duration_seconds
        found.append(Measurement(known.TRANSFER_DURATION, event.duration_seconds))
        found.append(Measurement(known.TRANSFER_THROUGHPUT, throughput))
    if event.first_byte_seconds is not None:
        found.append(Measurement(known.TIME_TO_FIRST_BYTE, event.first_byte_seconds))
    return found


def _failures(summary: RunSummary) -> list[Measurement]:
    codes = Counter(each.code for each in summary.named if each.outcome is Outcome.FAILED)
    codes[known.OTHER_ERRORS] += summary.counts[Outcome.FAILED] - codes.total()
    found = [
        Measurement(known.SYNC_FAILURES, number, code) for code, number in codes.items() if number
    ]
    return found or [Measurement(known.SYNC_FAILURES, 0)]


def refused_run() -> Sequence[Measurement]:
    """What ends before it begins, for want of a login."""
    return outcome_of_run(Result.AUTH_REQUIRED)
