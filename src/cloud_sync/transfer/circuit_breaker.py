"""Tells a service that is down from media that fail by themselves, and when to ask it again.

Closed, calls go through. It opens when `suspects` calls in a row failed in a service's way, either
for as many different media, or for fewer where a reference medium can tell whose fault it is. Open,
all calls wait, and one at a time is let through as a probe (half open), after pauses that grow.
A probe that is answered closes it. After `patience` it gives up.

Own code instead of pybreaker or aiobreaker: those count failures of one function whoever asks, so
one broken medium would open them, and they refuse calls where ours must wait without using a try.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

_NO_MEDIUM = "\0"


@dataclass(frozen=True, slots=True)
class OutagePolicy:
    """When a service counts as down, and how long to wait for it; waits are in seconds."""

    suspects: int = 3
    first_pause: float = 1.0
    longest_pause: float = 30.0
    patience: float = 600.0


@dataclass(frozen=True, slots=True)
class Breaker:
    """What was seen since the last call that was answered; instants are monotonic seconds.

    `failed` are the sources of the failures, `streak` is their number. `cleared` are sources that
    failed while the service was proven to work: they fail by themselves and no longer count.
    `failed_at` is when the last of them was seen. `opened_at` is None while it is closed.
    """

    failed: frozenset[str] = frozenset()
    streak: int = 0
    cleared: frozenset[str] = frozenset()
    failed_at: float = float("-inf")
    opened_at: float | None = None
    probe_at: float = 0.0
    pauses: int = 0

    @property
    def is_open(self) -> bool:
        return self.opened_at is not None

    @property
    def is_about_media(self) -> bool:
        """Whether all that failed was about media, so that another medium can tell who is at fault.

        Another kind of call may be down alone.
        """
        return not any(source.startswith(_NO_MEDIUM) for source in self.failed)


def after_answer(breaker: Breaker, begun: float) -> Breaker:
    """The service answered a call that was begun at `begun`: it works.

    A call begun before the last failure was seen may have been answered before the service broke.
    """
    return breaker if begun < breaker.failed_at else Breaker(cleared=breaker.cleared)


def after_reference(breaker: Breaker) -> Breaker:
    """A reference that must work did work: what failed just now fails by itself."""
    return Breaker(cleared=breaker.cleared | breaker.failed)


def after_failure(
    breaker: Breaker, source: str | None, now: float, policy: OutagePolicy, *, verifiable: bool
) -> Breaker:
    """A call about the medium `source` failed, or one about none.

    `verifiable`: a reference can be asked, so the first probe need not wait.
    """
    if breaker.is_open or source in breaker.cleared:
        return breaker
    # a call about no medium has nobody else to blame: it stands for a source of its own
    streak = breaker.streak + 1
    failed = breaker.failed | {source if source is not None else f"{_NO_MEDIUM}{streak}"}
    breaker = replace(breaker, failed=failed, streak=streak, failed_at=now)
    if len(failed) < policy.suspects and not (verifiable and streak >= policy.suspects):
        return breaker
    pause = 0.0 if verifiable else policy.first_pause
    return replace(breaker, opened_at=now, probe_at=now + pause)


def after_failed_probe(breaker: Breaker, now: float, policy: OutagePolicy) -> Breaker:
    """The service is still down: the next probe waits longer."""
    pause = min(policy.longest_pause, policy.first_pause * 2.0 ** min(breaker.pauses, 30))
    return replace(breaker, probe_at=now + pause, pauses=breaker.pauses + 1)


def gives_up(breaker: Breaker, now: float, policy: OutagePolicy) -> bool:
    """Whether the service has been down for longer than the run is willing to wait."""
    return breaker.opened_at is not None and now - breaker.opened_at >= policy.patience
