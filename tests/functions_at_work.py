"""The real functions under the real definition of the state machine, on one machine.

An interpreter of the definition plays Step Functions; each call of a function gets an event that
went through JSON, and adapters of its own over stores that all calls share, as processes have.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from asl_interpreter import Ended, Interpreter, TaskFailed
from builders import QUICK
from cloud_sync.archive.base import Archive
from cloud_sync.archive.run_files import RunFiles
from cloud_sync.clock import Clock, SystemClock
from cloud_sync.credentials.history import LoginHistory
from cloud_sync.credentials.history_memory import MemoryLoginHistory
from cloud_sync.credentials.memory import MemoryCredentials
from cloud_sync.credentials.remembered import RememberedCredentials
from cloud_sync.deployment.orchestrator import definition
from cloud_sync.errors import UsageError
from cloud_sync.handlers import (
    failure_marker,
    media_lister,
    run_summary,
    token_validator,
    video_downloader,
)
from cloud_sync.handlers.door import Door
from cloud_sync.handlers.messages import (
    AuthRequiredError,
    PermanentError,
    TransientError,
)
from cloud_sync.logs.record import Level
from cloud_sync.model.tracking import PartRecord
from cloud_sync.notify.silent import SilentNotifier
from cloud_sync.pipeline.heartbeat import LEASE_BETWEEN_CALLS
from cloud_sync.pipeline.rooms import KnownLogin, Rooms, RunOptions
from cloud_sync.provider.gopro.client import GoProProvider
from cloud_sync.secret import Secret
from cloud_sync.simulator.server import Simulator
from cloud_sync.tracker.base import Tracker
from cloud_sync.tracker.sqlite import SqliteTracker
from cloud_sync.transfer.circuit_breaker import OutagePolicy
from orchestrator_functions import CONTEXT, PARTS, published

DOORS: dict[str, Door[Any]] = {
    "token-validator": token_validator.handler,
    "media-lister": media_lister.handler,
    "video-downloader": video_downloader.handler,
    "run-summary": run_summary.handler,
    "failure-marker": failure_marker.handler,
}
SECONDS = {
    "token-validator": 30.0,
    "media-lister": 300.0,
    "video-downloader": 900.0,
    "run-summary": 300.0,
    "failure-marker": 30.0,
}
LEAP = 10_000.0
"""Seconds by which a call's own time is over, whatever its function's limit."""


@dataclass
class LeapingClock:
    """The machine's clock, until a call's time is up all at once."""

    leapt: float = 0.0
    real: Clock = field(default_factory=SystemClock)

    def now(self) -> datetime:
        return self.real.now()

    def monotonic(self) -> float:
        return self.real.monotonic() + self.leapt


class PartCountingTracker(SqliteTracker):
    """Lets the clock leap once so many parts are recorded: the call's time is then up."""

    def __init__(self, path: Path, clock: LeapingClock, after_parts: int) -> None:
        super().__init__(path)
        self._clock = clock
        self._left = after_parts

    def record_part(self, media_id: str, owner: str, file_number: int, part: PartRecord) -> None:
        super().record_part(media_id, owner, file_number, part)
        self._left -= 1
        if self._left == 0:
            self._clock.leapt = LEAP


@dataclass
class CallWiring:
    """`handlers.wiring.Wiring` of one call."""

    bucket: str
    clock: Clock
    tracker: Tracker
    run_files: RunFiles
    archive: Archive
    provider: GoProProvider
    login: KnownLogin
    remembered: RememberedCredentials
    environment: str = "dev"
    log_level: Level = Level.DEBUG

    def rooms(self, provider: str, account: str) -> Rooms:
        if (provider, account) != ("gopro", "default"):
            raise UsageError(f"there is no account {account} of {provider}")
        notifier = SilentNotifier()
        return Rooms(self.provider, self.tracker, self.archive, notifier, self.clock, self.login)

    def options(self, run_id: str, correlation_id: str) -> RunOptions:
        return run_options(run_id, correlation_id)

    def forget_login(self) -> None:
        self.remembered.forget()


def run_options(run_id: str, correlation_id: str = "") -> RunOptions:
    """What a function goes by, with retries that take no time."""
    return RunOptions(
        owner=run_id,
        new_run_id=lambda: run_id,
        retries=QUICK,
        lease=LEASE_BETWEEN_CALLS,
        correlation_id=correlation_id,
        concurrency=1,
        # one medium that fails is not to be taken for an outage, which would be waited out
        outage=OutagePolicy(suspects=10**6),
    )


@dataclass
class Aws:
    """Stores that all calls share, and the services around the functions.

    `after_parts`: a call of video-downloader is over when it has stored so many parts. `killed`
    says of an event of video-downloader whether its process dies of it, after the claim.
    `told`, `queued` and `continued` are what topic, queue and further executions got, `mailed` what
    mail gets of the first; `topic_is_away`: it takes no message.
    """

    cloud: Simulator
    database: Path
    archive: Archive
    run_files: RunFiles
    credentials: MemoryCredentials
    history: LoginHistory = field(default_factory=MemoryLoginHistory)
    after_parts: int | None = None
    killed: Callable[[Any], bool] = lambda _: False
    before_call: Callable[[str, Any], None] = lambda _name, _event: None
    answers: list[tuple[str, Any]] = field(default_factory=list)
    told: list[Any] = field(default_factory=list)
    mailed: list[str] = field(default_factory=list)
    topic_is_away: bool = False
    queued: list[Any] = field(default_factory=list)
    continued: list[Any] = field(default_factory=list)

    def run(self, name: str, document: Any = None, *, hours: int = 12) -> Ended:
        """One execution of that name."""
        started = datetime.now(UTC) - timedelta(hours=12 - hours)
        context: dict[str, Any] = json.loads(json.dumps(CONTEXT))
        context["Execution"]["Name"] = name
        context["Execution"]["StartTime"] = started.isoformat(timespec="milliseconds")[:23] + "Z"
        machine = definition(PARTS)
        return Interpreter(machine, self._task, self._items, context).run(document or {})

    def calls(self, name: str) -> list[Any]:
        """What a function answered, call by call."""
        return [answer for called, answer in self.answers if called == name]

    def call(self, name: str, event: Any, seconds: float | None = None) -> Any:
        """One call in a process of its own; raises as the function does."""
        with self.wiring(name) as wiring:
            return DOORS[name].answer(
                json.loads(json.dumps(event)), wiring, seconds or SECONDS[name]
            )

    @contextmanager
    def wiring(self, name: str = "") -> Iterator[CallWiring]:
        clock = LeapingClock()
        tracker: SqliteTracker = SqliteTracker(self.database)
        if name == "video-downloader" and self.after_parts is not None:
            tracker.close()
            tracker = PartCountingTracker(self.database, clock, self.after_parts)
        remembered = RememberedCredentials(self.credentials)
        provider = GoProProvider(self.cloud.api_url, remembered)
        try:
            yield CallWiring(
                PARTS.bucket,
                clock,
                tracker,
                self.run_files,
                self.archive,
                provider,
                KnownLogin(remembered, self.history),
                remembered,
            )
        finally:
            provider.close()
            tracker.close()

    def _task(self, resource: str, arguments: Any) -> Any:
        service = resource.removeprefix("arn:aws:states:::")
        if service == "lambda:invoke":
            return {"Payload": self._invoke(arguments), "StatusCode": 200}
        if service == "sns:publish":
            if self.topic_is_away:
                raise TaskFailed("SNS.InternalErrorException", "the topic is away")
            told, mailed = published(arguments)
            self.told.append(told)
            self.mailed.append(mailed)
        elif service == "sqs:sendMessage":
            self.queued.append(json.loads(arguments["MessageBody"]))
        else:
            self.continued.append(arguments)
        return {}

    def _invoke(self, arguments: Any) -> Any:
        name = arguments["FunctionName"].rsplit(":", 1)[1]
        event = arguments["Payload"]
        self.before_call(name, event)
        if name == "video-downloader" and self.killed(event):
            self._die(event)
        try:
            answer = self.call(name, event)
        except (TransientError, PermanentError, AuthRequiredError) as error:
            self.answers.append((name, error))
            cause = json.dumps({"errorMessage": str(error), "errorType": type(error).__name__})
            raise TaskFailed(type(error).__name__, cause) from error
        self.answers.append((name, answer))
        return json.loads(json.dumps(answer))

    def _die(self, event: Any) -> None:
        """The process had claimed the medium when its time was up."""
        now = datetime.now(UTC)
        with self.wiring() as wiring:
            wiring.tracker.claim(
                event["media_id"],
                event["run_id"],
                event["run_id"],
                now=now,
                until=now + timedelta(hours=24),
            )
        raise TaskFailed("Sandbox.Timedout", '{"errorMessage": "Task timed out after 900 s"}')

    def _items(self, source: Any) -> list[Any]:
        assert source["Bucket"] == PARTS.bucket
        run_id = source["Key"].split("/")[1]
        return [json.loads(line) for line in self.run_files.read(run_id, "manifest.jsonl")]


def logged_in(cloud: Simulator) -> MemoryCredentials:
    """A store with the token that opens the simulator."""
    return MemoryCredentials(Secret(cloud.token))
