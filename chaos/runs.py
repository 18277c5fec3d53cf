"""Runs the real command once, and kills it when its moment has come."""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

from chaos.kills import Moment, Seen
from cloud_sync.simulator.answers import Endpoint
from cloud_sync.simulator.server import Simulator
from cloud_sync.transfer.part_size import SMALLEST_PART
from command_line import COMMAND, CommandLine

_LOOK_EVERY = 0.002
_SHOWN = 300


class OutOfTime(Exception):
    """The whole took longer than it may."""


@dataclass(frozen=True, slots=True)
class Deadline:
    """When the whole must be over, in monotonic seconds."""

    at: float

    def check(self) -> None:
        """Raises OutOfTime when it has passed."""
        if time.monotonic() >= self.at:
            raise OutOfTime


@dataclass(frozen=True, slots=True)
class RunEnd:
    """How a run ended: `killed` at its moment, or by itself with a code and its last event.

    `resumed` counts originals that were gone on with, `archived` the bytes of files that it told
    of as archived.
    """

    code: int
    killed: Moment | None
    summary: dict[str, Any] | None
    complaint: str
    resumed: int
    archived: int
    seconds: float

    def __str__(self) -> str:
        done = f"{self.archived:,} bytes archived, {self.resumed} resumed"
        if self.killed:
            return f"killed after {self.killed}; {done}"
        return f"exit {self.code}: {self._why()}; {done}"

    def _why(self) -> str:
        if self.summary is None:
            return self.complaint or "no word"
        told = [str(self.summary["result"])]
        told += [f"{count} {code}" for code, count in self.summary["reasons"].items()]
        if not self.summary["listing_complete"]:
            told.append(f"listing incomplete, short by {self.summary['listing_short_by']}")
        if self.summary["message"]:
            told.append(self.summary["message"][:_SHOWN])
        return ", ".join(told)


@dataclass(slots=True)
class Told:
    """What a run has told on its standard output so far."""

    files: int = 0
    archived: int = 0
    resumed: int = 0
    large: bool = False
    last: dict[str, Any] = field(default_factory=dict)

    def take(self, event: dict[str, Any]) -> None:
        self.last = event
        match event["event"]:
            case "file_archived":
                self.files += 1
                self.archived += event["size"]
            case "file_started":
                self.resumed += event["resumed"] > 0
                self.large = self.large or event["size"] > SMALLEST_PART


class Events:
    """JSON lines of a file that is still written: each time round those that are whole by now."""

    def __init__(self, reader: BinaryIO) -> None:
        self._reader = reader
        self._torn = b""

    def __iter__(self) -> Iterator[dict[str, Any]]:
        *whole, self._torn = (self._torn + self._reader.read()).split(b"\n")
        return (json.loads(line) for line in whole)


def run_until(
    command: CommandLine,
    cloud: Simulator,
    arguments: list[str],
    moment: Moment | None,
    outputs: Path,
    deadline: Deadline,
) -> RunEnd:
    """One run of the command. What it says is kept in `outputs`.out and .err.

    Raises OutOfTime; the process has ended then too.
    """
    began = time.monotonic()
    out, err = outputs.with_suffix(".out"), outputs.with_suffix(".err")
    with out.open("wb") as to_out, err.open("wb") as to_err, out.open("rb") as reader:
        process = subprocess.Popen(
            [COMMAND, *arguments],
            env=command.environment,
            stdin=subprocess.DEVNULL,
            stdout=to_out,
            stderr=to_err,
        )
        told, events = Told(), Events(reader)
        try:
            killed = _watched(process, cloud, moment, events, told, deadline)
        finally:
            process.kill()
            code = process.wait()
        for event in events:
            told.take(event)
    return RunEnd(
        code=code,
        killed=moment if killed else None,
        summary=told.last if told.last.get("event") == "run_summary" else None,
        complaint=err.read_text("utf-8").strip()[:_SHOWN],
        resumed=told.resumed,
        archived=told.archived,
        seconds=time.monotonic() - began,
    )


def _watched(
    process: subprocess.Popen[bytes],
    cloud: Simulator,
    moment: Moment | None,
    events: Events,
    told: Told,
    deadline: Deadline,
) -> bool:
    """Wait until the run ends, False, or its moment comes, True."""
    before = cloud.snapshot()
    large_at: int | None = None
    while process.poll() is None:
        deadline.check()
        for event in events:
            told.take(event)
        now = cloud.snapshot()
        if told.large and large_at is None:
            large_at = now.bytes_sent
        seen = Seen(
            bytes=now.bytes_sent - before.bytes_sent,
            files=told.files,
            pages=now.calls[Endpoint.SEARCH] - before.calls[Endpoint.SEARCH],
            since_large=None if large_at is None else now.bytes_sent - large_at,
        )
        if moment and moment.has_come(seen):
            process.kill()
            # it may have ended by itself a moment before
            return process.wait() < 0
        time.sleep(_LOOK_EVERY)
    return False
