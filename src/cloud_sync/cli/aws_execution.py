"""Carries out `cloud-sync aws run`: starts an execution, and follows it where asked to."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial
from typing import Any, TypeVar

from cloud_sync.aws.executions import Execution, Executions
from cloud_sync.cli.advice import for_environment
from cloud_sync.cli.aws_execution_display import (
    count_json,
    count_text,
    end_json,
    execution_url,
    progress_json,
)
from cloud_sync.cli.aws_execution_end import (
    end_of,
    is_dry,
    next_of_chain,
    progress_text,
)
from cloud_sync.cli.interrupts import stopped_by_signals
from cloud_sync.cli.terminal import result, result_json, say, set_up_logging, tell_error
from cloud_sync.clock import SystemClock
from cloud_sync.config.load import load_config
from cloud_sync.config.quantities import parse_count, parse_date
from cloud_sync.deployment.orchestrator import continuation_name
from cloud_sync.errors import CloudSyncError, ExitCode, Interrupted, Transient
from cloud_sync.handlers.messages import RunInput
from cloud_sync.model.report import NAMED_LIMIT, Named, Outcome, RunSummary
from cloud_sync.summary.render import summary_json, summary_text
from cloud_sync.tracker import transitions
from cloud_sync.tracker.base import Tracker
from cloud_sync.tracker.plan import Policy
from cloud_sync.transfer.stopping import Stop
from cloud_sync.wiring.environment import EnvironmentWiring

FIRST_LOOK, LONGEST_LOOK = 1.0, 15.0
"""Seconds between two looks at an execution: short ones at first, then ever longer."""

LONGER = 1.2
ENDS_WITHIN = timedelta(hours=25)
"""An execution is ended by force after 24 hours; one that runs for longer is not ours to follow."""

TRANSIENT_LOOKS = 20
"""So many looks in a row may fail with an error that passes."""

RUNS = 50
"""How many of the newest runs are looked through for an execution's own."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class RunRequest:
    """The command line as given; texts are checked by `run_execution`."""

    environment: str
    wait: bool = False
    dry_run: bool = False
    limit: str | None = None
    since: str | None = None
    json: bool = False
    quiet: bool = False
    verbose: bool = False

    def document(self, name: str) -> dict[str, object]:
        """The execution's input; UsageError for texts that cannot be read."""
        return RunInput(
            dry_run=self.dry_run,
            limit=parse_count(self.limit) if self.limit else None,
            since=parse_date(self.since).isoformat() if self.since else None,
            correlation_id=name,
        ).to_json()


def run_execution(request: RunRequest) -> int:
    """Start it, and follow it where asked to; the exit code."""
    set_up_logging(verbose=request.verbose)
    wiring = EnvironmentWiring(load_config({}, os.environ), os.environ, request.environment)
    with closing(wiring):
        name = wiring.run_options(Policy(), None).new_run_id()
        document = request.document(name)
        if not request.dry_run:
            _refuse_beside_another(wiring)
        arn = wiring.executions.start(name, document)
        _tell_started(wiring, request, name, arn)
        if not request.wait:
            return int(ExitCode.DONE)
        stop = Stop(SystemClock(), work="the wait for the run")
        with stopped_by_signals(stop, _going_on(request.environment)):
            try:
                return int(_Follower(wiring, request, stop).follow(arn, name))
            except Interrupted:
                return int(ExitCode.INTERRUPTED)


def _refuse_beside_another(wiring: EnvironmentWiring) -> None:
    """LeaseHeld where a run is at work: an execution would only end with an alert about it."""
    with wiring.existing_tracker() as tracker:
        at_work = tracker.run_at_work(now=wiring.now())
    if at_work is not None:
        raise transitions.run_lease_held(
            at_work.run_id, at_work.owner, at_work.since, at_work.until
        )


def _tell_started(wiring: EnvironmentWiring, request: RunRequest, name: str, arn: str) -> None:
    url = execution_url(wiring.deployed.region, arn)
    if request.json:
        result_json(
            {
                "event": "execution_started",
                "environment": request.environment,
                "execution": name,
                "execution_arn": arn,
                "console_url": url,
                "correlation_id": name,
            }
        )
        return
    result(f"Started {name}.")
    result(f"  execution  {arn}")
    result(f"  console    {url}")
    if not request.wait and not request.quiet:
        say(f"Next: cloud-sync aws status --env {request.environment}")


def _going_on(environment: str) -> str:
    return (
        "No longer watching. The run goes on in the cloud; to see how far it is: "
        f"cloud-sync aws status --env {environment}"
    )


class _Follower:
    """Looks at an execution now and then, and at those that go on with what it left."""

    def __init__(self, wiring: EnvironmentWiring, request: RunRequest, stop: Stop) -> None:
        self._wiring = wiring
        self._request = request
        self._stop = stop
        self._failed_looks = 0
        self._told = ""

    def follow(self, arn: str, correlation_id: str) -> ExitCode:
        """The exit code of the chain's last execution; Interrupted where the wait was ended."""
        while True:
            execution = self._until_over(arn)
            document = self._look(partial(self._executions.document, execution.arn))
            code = self._tell_end(execution, document)
            following = self._following(document, correlation_id)
            if following is None:
                return code
            if not self._request.json:
                say(f"Its time was up; {following.name} goes on with what it left.")
            arn = following.arn

    def _following(self, document: Mapping[str, Any], correlation_id: str) -> Execution | None:
        number = next_of_chain(document)
        if number is None:
            return None
        arn = self._executions.arn_of(continuation_name(correlation_id, number))
        return self._look(lambda: self._executions.describe(arn))

    @property
    def _executions(self) -> Executions:
        return self._wiring.executions

    def _until_over(self, arn: str) -> Execution:
        seconds = FIRST_LOOK
        while True:
            execution = self._look(lambda: self._executions.describe(arn))
            if execution is not None and execution.is_over:
                return execution
            if execution is not None:
                self._require_recent(execution)
                self._tell_progress(execution)
            self._stop.wait(seconds)
            seconds = min(LONGEST_LOOK, seconds * LONGER)

    def _look(self, look: Callable[[], T]) -> T:
        """What a look shows; errors that pass are looked away from, so many in a row."""
        while True:
            try:
                seen = look()
            except Transient as error:
                self._failed_looks += 1
                if self._failed_looks >= TRANSIENT_LOOKS:
                    error.kept = "the run goes on in the cloud"
                    error.hint = f"cloud-sync aws status --env {self._request.environment}"
                    raise
                self._stop.wait(LONGEST_LOOK)
            else:
                self._failed_looks = 0
                return seen

    def _require_recent(self, execution: Execution) -> None:
        if self._wiring.now() - execution.started_at > ENDS_WITHIN:
            raise CloudSyncError(
                f"waiting for {execution.name}: it has not ended within its 24 hours",
                kept="what it has archived",
                hint=f"cloud-sync aws status --env {self._request.environment}",
            )

    def _tell_progress(self, execution: Execution) -> None:
        counts = self._look(lambda: self._executions.map_counts(execution.arn))
        told = progress_text(counts, begun=counts is None and self._begun(execution.name))
        if told == self._told:
            return
        self._told = told
        if self._request.json:
            result_json(progress_json(execution, counts, told))
        elif not self._request.quiet:
            say(f"{execution.name}: {told}")

    def _begun(self, run_id: str) -> bool:
        def look() -> bool:
            with self._wiring.existing_tracker() as tracker:
                at_work = tracker.run_at_work(now=self._wiring.now())
            return at_work is not None and at_work.run_id == run_id

        return self._look(look)

    def _tell_end(self, execution: Execution, document: Mapping[str, Any]) -> ExitCode:
        with self._wiring.existing_tracker() as tracker:
            summary = self._look(lambda: summary_of(tracker, execution.name))
        end = end_of(execution, document, summary, self._request.environment)
        hint = for_environment(end.hint, self._request.environment)
        if self._request.json:
            result_json(end_json(execution, end))
            if is_dry(document):
                result_json(count_json(document))
            if summary is not None:
                result_json(summary_json(summary))
            return end.exit_code
        if is_dry(document):
            result(count_text(document))
        if summary is not None and not (self._request.quiet and end.exit_code == ExitCode.DONE):
            result(summary_text(summary))
        if end.message:
            ended = CloudSyncError(f"{execution.name}: {end.message}", hint=hint)
            tell_error(ended, verbose=False)
        return end.exit_code


def summary_of(tracker: Tracker, run_id: str) -> RunSummary | None:
    """The run's summary with the media that failed in it by name, None where there is none yet."""
    found = next((each for each in tracker.runs(RUNS) if each.run_id == run_id), None)
    if found is None:
        return None
    failed = (tracker.failed_in(run_id) or ())[:NAMED_LIMIT]
    rows = tracker.known(failed)
    named = tuple(
        Named(row.media_id, row.filename, Outcome.FAILED, row.reason.code, row.reason.message)
        for row in rows.values()
        if row.reason and row.reason.code in found.reasons
    )
    return replace(found, named=named)
