"""Calls of one service, shared by all threads of a run: paced, and held while it is down."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

from cloud_sync.clock import Clock
from cloud_sync.errors import CloudSyncError, ServiceDown, ServiceUnavailable, Throttled
from cloud_sync.transfer.circuit_breaker import (
    Breaker,
    OutagePolicy,
    after_answer,
    after_failed_probe,
    after_failure,
    after_reference,
    gives_up,
)
from cloud_sync.transfer.pacing import Pacer
from cloud_sync.transfer.stopping import Stop

T = TypeVar("T")

KEPT = "what is archived stays archived, and the rest stays due; no try was counted"
WORTH_TELLING = 10.0
"""Waits that a service names are told from so many seconds on."""

_NAP = 0.2


@dataclass(frozen=True, slots=True)
class Watch:
    """How a service is watched.

    `service` names it for a person. `reference` is given the media that failed, and gives a call
    that must work if the service does, about a medium that worked before and is none of these;
    None while there is none. `tell` takes sentences for a person. `blames_service` tells whether
    an error may be the service's fault at all.
    """

    service: str
    policy: OutagePolicy
    reference: Callable[[frozenset[str]], Callable[[], object] | None]
    tell: Callable[[str], None]
    blames_service: Callable[[CloudSyncError], bool] = lambda _error: True


class ServiceGuard:
    """One service. Any number of threads may call at once; each waits as long as it must.

    Waiting uses up no try of any medium, and ends with Interrupted when the run stops.
    """

    def __init__(self, watch: Watch, clock: Clock, stop: Stop) -> None:
        self._watch = watch
        self._clock = clock
        self._stop = stop
        self._pacer = Pacer(clock, stop)
        self._lock = threading.Lock()
        self._breaker = Breaker()
        self._probing = False
        self._told_down = False
        self._last: CloudSyncError | None = None

    def call(self, source: str | None, ask: Callable[[], T]) -> T:
        """The result of `ask`, or its error; `source` is the medium that it is about, if any.

        ServiceUnavailable and Throttled are raised only while the service as a whole seems to
        work. Raises ServiceDown when it has been away for longer than the policy's patience, or
        names a wait that is longer than that, or than what is left of the run's own time.
        """
        while True:
            probing = self._wait_for_service()
            try:
                if probing and not self._probe_allows():
                    continue
                return self._asked(source, ask, probing=probing)
            except (Throttled, ServiceUnavailable) as error:
                if self._breaker.is_open:
                    continue
                if isinstance(error, Throttled):
                    # the wait that was named holds all calls, this one's next try among them
                    raise Throttled(error.message) from error
                raise
            finally:
                if probing:
                    self._probing = False

    def paced(self, ask: Callable[[], T]) -> T:
        """The result of `ask`, which waits for its turn but not for a service that is down."""
        begun = self._pacer.await_turn()
        try:
            result = ask()
        except Throttled as error:
            self._check_wait(error)
            self._pacer.refused(begun, error.retry_after)
            raise Throttled(error.message) from error
        self._pacer.answered()
        return result

    def _asked(self, source: str | None, ask: Callable[[], T], *, probing: bool) -> T:
        begun = self._pacer.await_turn()
        try:
            result = ask()
        except Throttled as error:
            self._check_wait(error)
            if self._pacer.refused(begun, error.retry_after):
                self._tell_wait(error)
                self._failed(source, error, begun, probing=probing)
            raise
        except ServiceUnavailable as error:
            self._failed(source, error, begun, probing=probing)
            raise
        except CloudSyncError:
            self._answered(begun)
            raise
        self._answered(begun)
        return result

    def _wait_for_service(self) -> bool:
        """Return when a call may be made; True when it is to be the probe."""
        while True:
            with self._lock:
                breaker, now = self._breaker, self._clock.monotonic()
                if not breaker.is_open:
                    return False
                if gives_up(breaker, now, self._watch.policy):
                    raise self._down()
                if now >= breaker.probe_at and not self._probing:
                    self._probing = True
                    return True
            self._stop.wait(min(_NAP, max(0.01, breaker.probe_at - now)))

    def _probe_allows(self) -> bool:
        """Ask the reference; without one, the call itself is the probe."""
        failed = self._breaker.failed
        ask = self._watch.reference(failed) if self._breaker.is_about_media else None
        if ask is None:
            return True
        try:
            ask()
        except (ServiceUnavailable, Throttled) as error:
            self._still_down(error)
            return False
        except CloudSyncError:
            # this says nothing about the service, so the call itself must
            return True
        self._works_again(after_reference)
        return True

    def _answered(self, begun: float) -> None:
        self._pacer.answered()
        self._works_again(partial(after_answer, begun=begun))

    def _works_again(self, after: Callable[[Breaker], Breaker]) -> None:
        with self._lock:
            self._breaker = after(self._breaker)
            told = self._told_down and not self._breaker.is_open
            self._told_down = self._breaker.is_open and self._told_down
        if told:
            self._watch.tell(f"{self._watch.service} answers again; the run goes on")

    def _failed(
        self, source: str | None, error: CloudSyncError, begun: float, *, probing: bool
    ) -> None:
        if not self._watch.blames_service(error):
            if probing:
                self._works_again(partial(after_answer, begun=begun))
            return
        if probing and self._breaker.is_open:
            self._still_down(error)
            return
        verifiable = (
            source is not None
            and self._watch.reference(self._breaker.failed | {source}) is not None
        )
        now = self._clock.monotonic()
        with self._lock:
            self._last = error
            self._breaker = after_failure(
                self._breaker, source, now, self._watch.policy, verifiable=verifiable
            )

    def _still_down(self, error: CloudSyncError) -> None:
        policy = self._watch.policy
        with self._lock:
            self._last = error
            self._breaker = after_failed_probe(self._breaker, self._clock.monotonic(), policy)
            told, self._told_down = self._told_down, True
        if not told:
            self._watch.tell(
                f"{self._watch.service} seems to be down ({error.message}); the run waits for it, "
                f"{policy.patience:.0f} s at most"
            )

    def _tell_wait(self, error: Throttled) -> None:
        asked = error.retry_after
        if asked is not None and asked >= WORTH_TELLING:
            self._watch.tell(f"{self._watch.service} asks to wait {asked:.0f} s; all calls wait")

    def _check_wait(self, error: Throttled) -> None:
        remaining, longest = self._stop.remaining, self._watch.policy.patience
        if remaining is not None:
            longest = min(longest, remaining)
        asked = error.retry_after
        if asked is not None and asked > longest:
            raise ServiceDown(
                f"{error.message}; this run waits {longest:.0f} s at most",
                kept=KEPT,
                hint=f"run the same command again in {asked / 60:.0f} min",
            ) from error

    def _down(self) -> ServiceDown:
        waited, last = self._watch.policy.patience, self._last
        return ServiceDown(
            f"{self._watch.service} is down, and the run has waited {waited:.0f} s for it"
            + (f"; the last answer: {last.message}" if last else ""),
            kept=KEPT,
            hint=(last.hint if last else "") or "run the same command again later",
        )
