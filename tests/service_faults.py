"""Plans of what a simulated cloud does wrong as a service, for tests of whole runs."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Self

from cloud_sync.simulator.answers import Answer, Endpoint
from cloud_sync.simulator.faults import Call, Cloud, Connection, NoFaults

API = frozenset({Endpoint.USER, Endpoint.SEARCH, Endpoint.MEDIUM, Endpoint.DOWNLOAD})
CDN = frozenset({Endpoint.OBJECT})


def refusal(status: int, retry_after: str | None = None) -> Answer:
    """An answer without a body that says no."""
    asked = (("Retry-After", retry_after),) if retry_after is not None else ()
    return Answer(status, (("Content-Type", "text/plain"), *asked), b"", str(status))


class Faulty(NoFaults):
    """Answers with `status` where `wrong` says so; counts these in `given`."""

    def __init__(self, wrong: Callable[[Call], bool], status: int = 503) -> None:
        self._wrong = wrong
        self._status = status
        self.given = 0

    def answer(self, call: Call, answer: Answer, connection: Connection) -> Answer | None:
        if not self._wrong(call):
            return answer
        self.given += 1
        return refusal(self._status)


class NowAndThen(NoFaults):
    """Every other call fails with `status`, but none about one medium twice: a retry must do."""

    def __init__(self, status: int) -> None:
        self._status = status
        self._lock = threading.Lock()
        self._spoilt: set[tuple[Endpoint, str]] = set()

    @property
    def given(self) -> int:
        return len(self._spoilt)

    def answer(self, call: Call, answer: Answer, connection: Connection) -> Answer | None:
        about = call.endpoint, call.medium_id
        with self._lock:
            if call.nth % 2 == 0 or about in self._spoilt:
                return answer
            self._spoilt.add(about)
        return refusal(self._status)


class RateLimit(NoFaults):
    """An API that lets `limit` calls a second through, `burst` of them at once; then it is 429."""

    def __init__(self, limit: float, burst: float, retry_after: str | None = None) -> None:
        self._limit = limit
        self._burst = burst
        self._retry_after = retry_after
        self._lock = threading.Lock()
        self._tokens = burst
        self._at = time.monotonic()
        self.let_in = 0
        self.refused = 0

    def answer(self, call: Call, answer: Answer, connection: Connection) -> Answer | None:
        if call.endpoint not in API:
            return answer
        with self._lock:
            now = time.monotonic()
            self._tokens = min(self._burst, self._tokens + (now - self._at) * self._limit)
            self._at = now
            if self._tokens >= 1:
                self._tokens -= 1
                self.let_in += 1
                return answer
            self.refused += 1
        return refusal(429, self._retry_after)


class AsksToWait(NoFaults):
    """Answers one /download with 429 and a wait, as seconds or as a date; counts calls too early.

    Use it with one medium at a time: nothing else is under way then.
    """

    def __init__(self, seconds: int, *, as_date: bool = False) -> None:
        self._seconds = seconds
        self._as_date = as_date
        self._until: float | None = None
        self.too_early = 0

    def answer(self, call: Call, answer: Answer, connection: Connection) -> Answer | None:
        if self._until is not None:
            self.too_early += call.endpoint in API and time.time() < self._until
            return answer
        if call.endpoint is not Endpoint.DOWNLOAD:
            return answer
        moment = datetime.now(UTC) + timedelta(seconds=self._seconds)
        # a date has whole seconds: what is cut off shortens the wait
        self._until = float(int(moment.timestamp())) if self._as_date else moment.timestamp()
        asked = format_datetime(moment, usegmt=True) if self._as_date else str(self._seconds)
        return refusal(429, asked)


class Outage(NoFaults):
    """From the `after`-th call of `endpoints` on, all of these fail for `seconds`."""

    def __init__(
        self,
        seconds: float,
        *,
        after: int = 1,
        endpoints: frozenset[Endpoint] = API | CDN,
        status: int | None = 503,
    ) -> None:
        """`status` None: the connection is reset instead."""
        self._seconds = seconds
        self._after = after
        self._endpoints = endpoints
        self._status = status
        self._lock = threading.Lock()
        self._calls = 0
        self._until: float | None = None
        self.given = 0

    def answer(self, call: Call, answer: Answer, connection: Connection) -> Answer | None:
        if call.endpoint not in self._endpoints:
            return answer
        with self._lock:
            self._calls += 1
            if self._until is None and self._calls >= self._after:
                self._until = time.monotonic() + self._seconds
            if self._until is None or time.monotonic() >= self._until:
                return answer
            self.given += 1
        if self._status is None:
            connection.reset()
            return None
        return refusal(self._status)


class BreaksOff(NoFaults):
    """The CDN resets each answer about one medium in the middle of its body."""

    def __init__(self, medium_id: str) -> None:
        self._medium_id = medium_id
        self.given = 0

    def piece(
        self, call: Call, position: int, piece: bytes, connection: Connection
    ) -> bytes | None:
        if call.endpoint is not Endpoint.OBJECT or call.medium_id != self._medium_id:
            return piece
        self.given += 1
        connection.send(piece[: len(piece) // 2])
        connection.reset()
        return None


class StallsOnce(NoFaults):
    """The CDN goes silent once, after `after` bytes of an answer; keeps the ranges asked for."""

    def __init__(self, after: int) -> None:
        self._after = after
        self._stalled = False
        self.ranges: list[str] = []

    def answer(self, call: Call, answer: Answer, connection: Connection) -> Answer | None:
        if call.endpoint is Endpoint.OBJECT:
            self.ranges.append(call.request.header("Range") or "")
        return answer

    def piece(
        self, call: Call, position: int, piece: bytes, connection: Connection
    ) -> bytes | None:
        if call.endpoint is Endpoint.OBJECT and position >= self._after and not self._stalled:
            self._stalled = True
            connection.wait(30.0)
            return None
        return piece


class Closes(NoFaults):
    """At the `after`-th API call both ports close for `seconds`: connections are refused."""

    def __init__(self, seconds: float, *, after: int) -> None:
        self._seconds = seconds
        self._after = after
        self._lock = threading.Lock()
        self._calls = 0
        self._cloud: Cloud | None = None

    def begin(self, cloud: Cloud) -> Self:
        self._cloud = cloud
        return self

    def answer(self, call: Call, answer: Answer, connection: Connection) -> Answer | None:
        if call.endpoint not in API or self._cloud is None:
            return answer
        with self._lock:
            self._calls += 1
            closes = self._calls == self._after
        if closes:
            self._cloud.refuse_connections(self._seconds)
            return None
        return answer


class Gate(NoFaults):
    """Keeps the bytes of all originals back until it is opened, a minute at most."""

    def __init__(self) -> None:
        self._opened = threading.Event()

    def open(self) -> None:
        self._opened.set()

    def piece(
        self, call: Call, position: int, piece: bytes, connection: Connection
    ) -> bytes | None:
        if call.endpoint is Endpoint.OBJECT:
            self._opened.wait(60)
        return piece
