"""What happens in a run, as it happens: each event once, for whoever looks on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from cloud_sync.model.report import Named, RunSummary


@dataclass(frozen=True, slots=True)
class RunStarted:
    """The run has its lease. `archive` is the destination as a person writes it."""

    run_id: str
    archive: str


@dataclass(frozen=True, slots=True)
class PageListed:
    """A page of the listing is in: distinct media so far, and what the provider says in total."""

    found: int
    total_items: int | None


@dataclass(frozen=True, slots=True)
class PlanMade:
    """The plan stands: media due with the sum of their listed sizes, media already archived."""

    due: int
    due_bytes: int
    already_archived: int


@dataclass(frozen=True, slots=True)
class FileStarted:
    """An original is open: its length in bytes, and how many of them an earlier try has stored."""

    media_id: str
    file_number: int
    filename: str
    key: str
    size: int
    resumed: int


@dataclass(frozen=True, slots=True)
class FileProgress:
    """`count` more bytes of an original were read."""

    media_id: str
    file_number: int
    count: int


@dataclass(frozen=True, slots=True)
class FileArchived:
    """An original lies in the archive, whole and proven.

    `bytes_transferred` were read from the source in this run, in `duration_seconds`, those read
    twice included; `first_byte_seconds` passed between the first request and its first byte, None
    where it was not measured.
    """

    media_id: str
    file_number: int
    filename: str
    key: str
    size: int
    checksum_crc64nvme: str
    bytes_transferred: int = 0
    duration_seconds: float = 0.0
    first_byte_seconds: float | None = None


@dataclass(frozen=True, slots=True)
class FilePaused:
    """Work on an original stopped before it was whole, and goes on another time: why, and what was
    read of it in this run as in `FileArchived`.
    """

    media_id: str
    file_number: int
    filename: str
    key: str
    code: str
    bytes_transferred: int
    duration_seconds: float


@dataclass(frozen=True, slots=True)
class FileFailed:
    """A try at an original came to nothing; `retry_in` is the wait in seconds if it goes on."""

    media_id: str
    file_number: int
    filename: str
    code: str
    message: str
    retry_in: float | None


@dataclass(frozen=True, slots=True)
class MediumSettled:
    """A medium that was worked on has its outcome; `named` says why it is not archived."""

    media_id: str
    filename: str
    outcome: str
    named: Named | None


@dataclass(frozen=True, slots=True)
class Warned:
    """Something that a person should read, and that stops nothing."""

    message: str


@dataclass(frozen=True, slots=True)
class LoginChecked:
    """The camera cloud was asked about the login, or there was none to ask about.

    `trouble` is why it does not work (a value of `errors.AuthTrouble`), empty where it does.
    `age_seconds` is how old it is, `life_used` the part of the time for which earlier logins
    lasted; None where that is not known.
    """

    works: bool
    trouble: str
    message: str
    age_seconds: float | None
    life_used: float | None


@dataclass(frozen=True, slots=True)
class LoginAwaited:
    """The run waits for a login that works, `seconds` at most; `hint` is what to type."""

    message: str
    hint: str
    seconds: float


@dataclass(frozen=True, slots=True)
class LoginRenewed:
    """A login works; the run goes on."""


@dataclass(frozen=True, slots=True)
class RunEnded:
    """The run is over."""

    summary: RunSummary


Event = (
    RunStarted
    | PageListed
    | PlanMade
    | FileStarted
    | FileProgress
    | FileArchived
    | FilePaused
    | FileFailed
    | MediumSettled
    | Warned
    | LoginChecked
    | LoginAwaited
    | LoginRenewed
    | RunEnded
)
Observer = Callable[[Event], None]
"""Told every event; called from several threads at once, must return quickly."""
