"""What the simulator has seen so far, for tests and for the curious."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Lock
from types import MappingProxyType

from cloud_sync.simulator.answers import Endpoint


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The counts at one moment; it does not change afterwards.

    `calls` has every endpoint. `bytes_sent` are body bytes of the CDN, counted as they are handed
    to the socket. `refusals` counts by reason, such as `token`, `expired` and `signature`.
    `credentials_on_cdn` counts CDN requests that bore an Authorization or Cookie header.
    `broken_off` counts answers that did not go out whole, whoever broke them off.
    `faults` counts by kind what a plan of faults has done to calls.
    `crashes` are errors of the simulator's own.
    A request is in service until its last bytes are handed to the socket, so a client that never
    has two requests open never shows a peak above 1.
    """

    calls: Mapping[Endpoint, int]
    cdn_requests: int
    bytes_sent: int
    refusals: Mapping[str, int]
    credentials_on_cdn: int
    broken_off: int
    crashes: int
    api_now: int
    api_peak: int
    cdn_now: int
    cdn_peak: int
    faults: Mapping[str, int]

    @property
    def api_calls(self) -> int:
        """Calls of all API endpoints together."""
        return sum(self.calls.values()) - self.cdn_requests


class Visit:
    """One request in service."""

    def __init__(self, gauge: Gauge) -> None:
        self._gauge: Gauge | None = gauge

    def leave(self) -> None:
        """No longer in service; may be called twice."""
        if self._gauge is not None:
            self._gauge.leave()
            self._gauge = None


class Gauge:
    """How many are inside now, and how many were at most."""

    def __init__(self) -> None:
        self._lock = Lock()
        self.now = 0
        self.peak = 0

    @contextmanager
    def visit(self) -> Iterator[Visit]:
        with self._lock:
            self.now += 1
            self.peak = max(self.peak, self.now)
        visit = Visit(self)
        try:
            yield visit
        finally:
            visit.leave()

    def leave(self) -> None:
        with self._lock:
            self.now -= 1


class Counters:
    """Counts from many threads."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._calls: Counter[Endpoint] = Counter()
        self._cdn_requests = 0
        self._bytes_sent = 0
        self._refusals: Counter[str] = Counter()
        self._credentials_on_cdn = 0
        self._broken_off = 0
        self._crashes = 0
        self._faults: Counter[str] = Counter()
        self.api = Gauge()
        self.cdn = Gauge()

    def call(self, endpoint: Endpoint) -> int:
        """Count a call of an endpoint; return which one it is, from 1."""
        with self._lock:
            self._calls[endpoint] += 1
            return self._calls[endpoint]

    def cdn_request(self, *, with_credentials: bool) -> None:
        with self._lock:
            self._cdn_requests += 1
            self._credentials_on_cdn += with_credentials

    def sent(self, count: int) -> None:
        with self._lock:
            self._bytes_sent += count

    def refused(self, reason: str) -> None:
        with self._lock:
            self._refusals[reason] += 1

    def broke_off(self) -> None:
        with self._lock:
            self._broken_off += 1

    def crashed(self) -> None:
        with self._lock:
            self._crashes += 1

    def fault(self, kind: str) -> None:
        with self._lock:
            self._faults[kind] += 1

    def snapshot(self) -> Snapshot:
        with self._lock:
            return Snapshot(
                calls=MappingProxyType({name: self._calls[name] for name in Endpoint}),
                cdn_requests=self._cdn_requests,
                bytes_sent=self._bytes_sent,
                refusals=MappingProxyType(dict(self._refusals)),
                credentials_on_cdn=self._credentials_on_cdn,
                broken_off=self._broken_off,
                crashes=self._crashes,
                api_now=self.api.now,
                api_peak=self.api.peak,
                cdn_now=self.cdn.now,
                cdn_peak=self.cdn.peak,
                faults=MappingProxyType(dict(sorted(self._faults.items()))),
            )
