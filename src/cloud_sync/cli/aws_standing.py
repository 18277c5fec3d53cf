"""Carries out `cloud-sync aws status`: what is deployed, what runs, and what needs a person."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from cloud_sync.aws.executions import Execution, MapCounts
from cloud_sync.aws.schedules import Schedule
from cloud_sync.cli.advice import for_environment
from cloud_sync.cli.aws_execution_end import progress_text
from cloud_sync.cli.status import standing_json, standing_text
from cloud_sync.cli.terminal import result, result_json, set_up_logging
from cloud_sync.clock import to_text
from cloud_sync.config.load import load_config
from cloud_sync.errors import UsageError
from cloud_sync.model.report import RunSummary
from cloud_sync.pipeline.standing import Standing, standing
from cloud_sync.schedule.daily import DailyStart
from cloud_sync.summary.render import count, headline
from cloud_sync.tracker.base import RunAtWork
from cloud_sync.wiring.deployed import Deployed, deploy_command
from cloud_sync.wiring.environment import EnvironmentWiring

SHOWN = 5
"""How many executions are shown, the newest."""

RUNS = 200
"""How many of the newest runs are looked through for those of the executions."""

_DAILY = re.compile(r"cron\((\d{1,2}) (\d{1,2}) \* \* \? \*\)")


@dataclass(frozen=True, slots=True)
class Shown:
    """An execution with its run's summary, if it came to one, and how far it is while it runs."""

    execution: Execution
    summary: RunSummary | None
    counts: MapCounts | None = None


@dataclass(frozen=True, slots=True)
class EnvironmentStanding:
    """How a deployed environment stands. What depends on its workflow is empty without one."""

    deployed: Deployed
    archive: Standing
    at_work: RunAtWork | None
    executions: Sequence[Shown] = ()
    schedule: Schedule | None = None
    next_start: datetime | None = None
    failed_items: int = 0
    missed_starts: int = 0


def run_status(environment: str, *, json: bool, quiet: bool, verbose: bool) -> int:
    """Gather and show it; the exit code."""
    set_up_logging(verbose=verbose)
    wiring = EnvironmentWiring(load_config({}, os.environ), os.environ, environment)
    with closing(wiring):
        found = gathered(wiring)
    if json:
        result_json(environment_json(found))
    else:
        result("\n".join(environment_lines(found, brief=quiet)))
    return 0


def gathered(wiring: EnvironmentWiring) -> EnvironmentStanding:
    """Asks AWS, and neither the camera cloud nor the bucket."""
    now, deployed = wiring.now(), wiring.deployed
    with wiring.existing_tracker() as tracker:
        credential = wiring.credentials().read()
        archive = standing(tracker, wiring.location, credential, now, wiring.login_history())
        at_work = tracker.run_at_work(now=now)
        runs = {run.run_id: run for run in tracker.runs(RUNS)}
    workflow = deployed.workflow
    if workflow is None:
        return EnvironmentStanding(deployed, archive, at_work)
    schedule = wiring.schedules.find(workflow.schedule)
    return EnvironmentStanding(
        deployed,
        archive,
        at_work,
        [_shown(wiring, each, runs.get(each.name)) for each in wiring.executions.last(SHOWN)],
        schedule,
        next_start(schedule, now) if schedule else None,
        wiring.queues.waiting(workflow.failed_items),
        wiring.queues.waiting(workflow.missed_starts),
    )


def _shown(wiring: EnvironmentWiring, execution: Execution, summary: RunSummary | None) -> Shown:
    counts = None if execution.is_over else wiring.executions.map_counts(execution.arn)
    return Shown(execution, summary, counts)


def next_start(schedule: Schedule, now: datetime) -> datetime | None:
    """When a daily schedule starts next; None where it does not, or is of another kind.

    EventBridge Scheduler leaves out a day on which the local time does not exist.
    """
    daily = _DAILY.fullmatch(schedule.expression)
    if daily is None or not schedule.enabled:
        return None
    try:
        start = DailyStart(f"{int(daily[2]):02}:{int(daily[1]):02}", schedule.zone)
    except UsageError:
        # a zone that this machine does not know, or no time of day: somebody has edited it
        return None
    found = start.after(now)
    day = found.astimezone(ZoneInfo(start.zone)).date()
    return start.after(found) if day in start.skipped_on(day.year) else found


def environment_lines(found: EnvironmentStanding, *, brief: bool) -> list[str]:
    """Some lines for a person; `brief` leaves out what needs no attention."""
    deployed, name = found.deployed, found.deployed.name
    lines = [f"Environment {name} in account {deployed.account}, region {deployed.region}"]
    if not brief:
        lines += _parts(found)
    lines += _running(found)
    if not brief:
        lines += [f"  execution    {_ended_text(each)}" for each in _over(found)]
    if deployed.workflow is None:
        lines.append(f"  warning      nothing works on the archive: {deploy_command(name)}")
    if found.failed_items:
        waiting = count(found.failed_items, "failed medium", "failed media")
        lines.append(f"  needs you    {waiting} in the queue of failed items")
    if found.missed_starts:
        starts = count(found.missed_starts, "start", "starts")
        lines.append(f"  needs you    {starts} of the schedule failed; they wait in its queue")
    lines.append(for_environment(standing_text(found.archive, brief=brief), name))
    return lines


def _parts(found: EnvironmentStanding) -> list[str]:
    storage, workflow = found.deployed.storage, found.deployed.workflow
    lines = [
        f"  bucket       {storage.bucket}, storage plan {storage.storage_plan}",
        f"  tracker      {storage.table}",
        f"  login in     {storage.secret}",
    ]
    if workflow is None:
        return lines
    lines += [f"  machine      {workflow.machine}", f"  console      {workflow.console_url}"]
    schedule = found.schedule
    if schedule is None:
        return [*lines, f"  warning      the schedule {workflow.schedule} was removed"]
    starts = f"{schedule.expression} {schedule.zone}"
    if found.next_start is not None:
        starts += f", next at {to_text(found.next_start)}"
    elif not schedule.enabled:
        starts += ", switched off"
    return [*lines, f"  schedule     {workflow.schedule}: {starts}"]


def _over(found: EnvironmentStanding) -> list[Shown]:
    return [each for each in found.executions if each.execution.is_over]


def _running(found: EnvironmentStanding) -> list[str]:
    """What is at work: executions, and a run from elsewhere."""
    at_work = found.at_work
    lines = []
    for each in found.executions:
        execution = each.execution
        if not execution.is_over:
            begun = at_work is not None and at_work.run_id == execution.name
            since = to_text(execution.started_at.replace(microsecond=0))
            how_far = progress_text(each.counts, begun=begun)
            lines.append(f"  running      {execution.name} since {since}: {how_far}")
    names = {each.execution.name for each in found.executions}
    if at_work is not None and at_work.run_id not in names:
        since = to_text(at_work.since.replace(microsecond=0))
        lines.append(f"  running      {at_work.run_id} of {at_work.owner} since {since}")
    return lines


def _ended_text(shown: Shown) -> str:
    execution = shown.execution
    when = to_text(execution.started_at.replace(microsecond=0))
    how = headline(shown.summary) if shown.summary else execution.status.value.lower()
    return f"{when}  {execution.name}: {how}"


def environment_json(found: EnvironmentStanding) -> dict[str, object]:
    """The object of `aws status --json`."""
    deployed, storage, workflow = found.deployed, found.deployed.storage, found.deployed.workflow
    return {
        "environment": deployed.name,
        "account": deployed.account,
        "region": deployed.region,
        "bucket": storage.bucket,
        "storage_plan": storage.storage_plan,
        "table": storage.table,
        "secret": storage.secret,
        "machine": workflow.machine if workflow else None,
        "console_url": workflow.console_url if workflow else None,
        "schedule": _schedule_json(found),
        "at_work": {
            "run_id": found.at_work.run_id,
            "owner": found.at_work.owner,
            "since": to_text(found.at_work.since),
            "until": to_text(found.at_work.until),
        }
        if found.at_work
        else None,
        "executions": [_shown_json(each) for each in found.executions],
        "failed_items": found.failed_items,
        "missed_starts": found.missed_starts,
        "status": standing_json(found.archive),
    }


def _schedule_json(found: EnvironmentStanding) -> dict[str, object] | None:
    if found.schedule is None or found.deployed.workflow is None:
        return None
    return {
        "name": found.deployed.workflow.schedule,
        "expression": found.schedule.expression,
        "time_zone": found.schedule.zone,
        "enabled": found.schedule.enabled,
        "next_start": to_text(found.next_start) if found.next_start else None,
    }


def _shown_json(shown: Shown) -> dict[str, object]:
    execution, summary, counts = shown.execution, shown.summary, shown.counts
    return {
        "execution": execution.name,
        "execution_arn": execution.arn,
        "status": execution.status.value,
        "started_at": to_text(execution.started_at),
        "ended_at": to_text(execution.ended_at) if execution.ended_at else None,
        "result": summary.result.value if summary else None,
        "media": counts.total if counts else None,
        "done": counts.done if counts else None,
        "in_work": counts.running if counts else None,
    }
