"""What became of the logins so far: how old each grew, and how long the next one may last.

The real service does not say how long a token lives, and the token itself cannot be read. So what
was seen is kept: when a login came, when it last worked, when it was refused. A login is told by a
fingerprint from which nobody gets back to the token.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from statistics import median
from typing import Protocol

from cloud_sync.credentials.base import StoredCredential
from cloud_sync.secret import Secret

KEPT_LOGINS = 20
"""How many logins are remembered, the newest."""

LEARNED_FROM = 9
"""How many ended logins an estimate rests on, the newest."""

FEWEST = 2
"""With fewer ended logins than this nothing is claimed."""

LONGEST_LIFE = timedelta(days=90)
"""Longer spans say that nobody looked, not that a login lasted."""

NEARLY_OVER = 0.8
"""The part of the learned life after which a login counts as near its end."""


@dataclass(frozen=True, slots=True)
class LoginRecord:
    """One login. Instants are aware; None: not seen to happen.

    `first_seen` is when it was stored, or first used where that is not known.
    """

    fingerprint: str
    first_seen: datetime
    last_worked: datetime
    refused_at: datetime | None = None


class LoginHistory(Protocol):
    """Remembers logins, oldest first. Calls may come from several threads at once.

    It is a help and no condition: trouble of its own is never raised but told by `trouble`. Two
    processes that note at the same moment may lose one of the notes; the next one makes up for it.
    """

    def records(self) -> Sequence[LoginRecord]:
        """What is remembered, the login that was first seen longest ago first."""
        ...

    def worked(self, credential: StoredCredential, now: datetime) -> None:
        """The camera cloud let this login in; durable before it returns."""
        ...

    def refused(self, credential: StoredCredential, now: datetime) -> None:
        """The camera cloud refused this login; durable before it returns.

        The first refusal counts. One that never worked is not remembered: it ended no life.
        """
        ...

    @property
    def trouble(self) -> str:
        """What kept the history from being read or written, in a sentence; empty: nothing did."""
        ...


def fingerprint(token: Secret) -> str:
    """Tells logins apart and gives nothing away: 64 bits of a SHA-256 over the token."""
    return hashlib.sha256(b"cloud-sync login\0" + token.reveal().encode()).hexdigest()[:16]


def after_success(
    records: Sequence[LoginRecord], credential: StoredCredential, now: datetime
) -> tuple[LoginRecord, ...]:
    """The records once the login worked at `now`; a refusal before that was none."""
    mark = fingerprint(credential.token)
    seen = next((record for record in records if record.fingerprint == mark), None)
    if seen is None:
        seen = LoginRecord(mark, min(credential.stored_at or now, now), now)
    seen = replace(seen, last_worked=max(seen.last_worked, now), refused_at=None)
    others = [record for record in records if record.fingerprint != mark]
    ordered = sorted([*others, seen], key=lambda record: record.first_seen)
    return tuple(ordered[-KEPT_LOGINS:])


def after_refusal(
    records: Sequence[LoginRecord], credential: StoredCredential, now: datetime
) -> tuple[LoginRecord, ...]:
    """The records once the login was refused at `now`."""
    mark = fingerprint(credential.token)
    return tuple(
        replace(record, refused_at=max(now, record.last_worked))
        if record.fingerprint == mark and record.refused_at is None
        else record
        for record in records
    )


def learned_life(records: Sequence[LoginRecord]) -> timedelta | None:
    """How long logins lasted: the median of the newest that ended, None with fewer than two.

    A login died at some time between its last use and its refusal; the middle is taken.
    """
    ended = [
        record.last_worked + (record.refused_at - record.last_worked) / 2 - record.first_seen
        for record in sorted(records, key=lambda record: record.first_seen)
        if record.refused_at is not None
    ]
    lives = [min(life, LONGEST_LIFE) for life in ended[-LEARNED_FROM:] if life > timedelta(0)]
    if len(lives) < FEWEST:
        return None
    return timedelta(seconds=median(life.total_seconds() for life in lives))


@dataclass(frozen=True, slots=True)
class LoginOutlook:
    """How a login stands: `since` is when it was stored or first used, None where unknown."""

    origin: str
    stored_at: datetime | None
    since: datetime | None
    last_worked: datetime | None
    refused_at: datetime | None
    learned_life: timedelta | None

    def age(self, now: datetime) -> timedelta | None:
        """How old it is, None where that is not known; never negative."""
        return None if self.since is None else max(timedelta(0), now - self.since)

    def life_used(self, now: datetime) -> float | None:
        """Its age as a part of the learned life, None where either is not known."""
        age = self.age(now)
        return None if age is None or not self.learned_life else age / self.learned_life

    def nearly_over(self, now: datetime) -> bool:
        """Whether it is as old as logins come, nearly or already. A refused one is over."""
        used = self.life_used(now)
        return used is not None and self.refused_at is None and used >= NEARLY_OVER


def outlook(credential: StoredCredential, records: Sequence[LoginRecord]) -> LoginOutlook:
    """What the records say of this login."""
    mark = fingerprint(credential.token)
    seen = next((record for record in records if record.fingerprint == mark), None)
    return LoginOutlook(
        origin=credential.origin,
        stored_at=credential.stored_at,
        since=seen.first_seen if seen else credential.stored_at,
        last_worked=seen.last_worked if seen else None,
        refused_at=seen.refused_at if seen else None,
        learned_life=learned_life(records),
    )
