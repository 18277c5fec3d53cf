"""Every error the product raises, and what each one means for the caller.

CloudSyncError
├── Transient                 trying again may help
│   ├── ServiceUnavailable    no answer, a broken connection, or a 5xx
│   ├── Throttled             429 or SlowDown; carries the wait that was asked for
│   ├── StreamBroken          the bytes ended early, or came in another number than declared
│   ├── UrlExpired            a signed URL has run out; resolving it again gives a fresh one
│   └── ChecksumMismatch      what is stored is not what was sent
├── Permanent                 trying again gives the same answer
│   ├── GoneAtSource          the medium is no longer in the camera cloud
│   ├── NoOriginal            the camera cloud offers no original for the medium
│   ├── RefusedAtSource       the camera cloud refuses one thing, while the login works
│   ├── SourceNotUnderstood   an answer without the parts that we need
│   ├── SizeMismatch          the original is far from the size that the listing promises
│   └── KeyTaken              something else lies at the key; nothing is ever overwritten
├── SourceChanged             the original is another version than before; it starts anew
├── SourceDamaged             the bytes do not give the source's own checksum; it starts anew
├── InternalError             a fault of cloud-sync itself
├── NotReady                  the camera cloud is not done with the medium; a later run asks again
├── Interrupted               the run was asked to stop; the work goes on next time
├── ServiceDown               a service is down for longer than the run waits; the rest stays due
└── NeedsPerson               parked until somebody acts; nothing is marked FAILED
    ├── UsageError            a wrong option, setting or destination (exit code 2)
    ├── ArchiveUnusable       the destination is missing, full or not writable (exit code 2)
    ├── MissingExtra          an optional part is not installed (exit code 2)
    ├── AuthRequired          camera cloud credentials missing, expired or refused (exit code 4)
    ├── ArchiveRefused        the archive's own credentials are missing or refused (exit code 4)
    └── LeaseHeld             another run is at work (exit code 5)

`code` is the stable name that rows, events and `list --json` carry.
`hint` is what the reader types next; `kept` says what is safe.
No message bears a token, a cookie or a signed URL: adapters build messages from their own words
and never from the text of a foreign exception.
"""

from __future__ import annotations

from enum import IntEnum, StrEnum
from typing import ClassVar


class ExitCode(IntEnum):
    """Exit codes of the command line; scripts rely on them."""

    DONE = 0
    FAILED = 1
    USAGE = 2
    SOME_FAILED = 3
    AUTH_REQUIRED = 4
    LEASE_HELD = 5
    DIFFERENCE_FOUND = 6
    INTERRUPTED = 130


class CloudSyncError(Exception):
    """Base of all errors that are told to a person.

    `message` says what was being done, to what, and what happened.
    """

    code: ClassVar[str] = "failed"
    exit_code: ClassVar[ExitCode] = ExitCode.FAILED

    def __init__(self, message: str, *, kept: str = "", hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.kept = kept
        self.hint = hint


class Transient(CloudSyncError):
    """Trying again may help."""

    code = "transient"


class ServiceUnavailable(Transient):
    """The other side did not answer, broke the connection, or answered 5xx.

    `api_status` is the 5xx that the camera cloud's API answered with; None for all other services,
    and where no answer came. A dead login is at times answered with 500 (observed).
    """

    code = "service_unavailable"

    def __init__(
        self, message: str, *, kept: str = "", hint: str = "", api_status: int | None = None
    ) -> None:
        super().__init__(message, kept=kept, hint=hint)
        self.api_status = api_status


class Throttled(Transient):
    """The other side asks for fewer calls; `retry_after` is the wait in seconds that it named."""

    code = "throttled"

    def __init__(self, message: str, *, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class StreamBroken(Transient):
    """The body ended early or late: `got` and `expected` are byte counts."""

    code = "stream_broken"

    def __init__(self, message: str, *, got: int, expected: int | None) -> None:
        super().__init__(message)
        self.got = got
        self.expected = expected


class SourceChanged(CloudSyncError):
    """The original behind the link is another version than the one that was begun."""

    code = "source_changed"


class SourceDamaged(CloudSyncError):
    """The bytes came in the right number, but are not those that the source's ETag was made of."""

    code = "source_damaged"


class UrlExpired(Transient):
    """The CDN refused a signed URL. This never means that the login is dead."""

    code = "url_expired"


class ChecksumMismatch(Transient):
    """The stored bytes differ from the bytes that were sent."""

    code = "checksum_mismatch"


class Permanent(CloudSyncError):
    """Trying again gives the same answer."""

    code = "permanent"


class GoneAtSource(Permanent):
    """The camera cloud answers 404 for the medium."""

    code = "gone_at_source"


class NoOriginal(Permanent):
    """The camera cloud offers no original; a proxy is never taken instead."""

    code = "no_original"


class RefusedAtSource(Permanent):
    """The camera cloud refuses what was asked for, and says at the same time that the login works.

    The login is not what is wrong, so the other media go on.
    """

    code = "refused_at_source"


class SourceNotUnderstood(Permanent):
    """The camera cloud answered something that cannot be read as what was asked for."""

    code = "source_not_understood"


class SizeMismatch(Permanent):
    """The original's size is far from the listing's; both are in the message."""

    code = "size_mismatch"


class KeyTaken(Permanent):
    """Something else already lies at the key."""

    code = "key_taken"


class InternalError(CloudSyncError):
    """A fault of cloud-sync itself; only the kind of the exception is told."""

    code = "internal_error"

    def __init__(self, fault: Exception) -> None:
        super().__init__(
            f"a fault in cloud-sync itself ({type(fault).__name__})",
            kept="everything that was archived before",
            hint="run the same command with --verbose and report what it prints",
        )


class NotReady(CloudSyncError):
    """The camera cloud is still at work on the medium, which stays due; no attempt is used up."""

    code = "not_ready"


class Interrupted(CloudSyncError):
    """The run was asked to stop in the middle of the work, which stays due."""

    code = "interrupted"
    exit_code = ExitCode.INTERRUPTED


class ServiceDown(CloudSyncError):
    """A service as a whole is down, or wants to be left alone, for longer than the run waits.

    It ends the run. Everything that is left stays due, and no attempt is used up.
    """

    code = "service_down"


class NeedsPerson(CloudSyncError):
    """Only a person can help; the work stays due and no attempt is used up."""

    code = "needs_person"


class UsageError(NeedsPerson):
    """A wrong option, setting or destination."""

    code = "usage"
    exit_code = ExitCode.USAGE


class ArchiveUnusable(NeedsPerson):
    """The destination is missing, full or not writable."""

    code = "archive_unusable"
    exit_code = ExitCode.USAGE


class MissingExtra(NeedsPerson):
    """An optional part of the distribution is not installed."""

    code = "missing_extra"
    exit_code = ExitCode.USAGE

    def __init__(self, extra: str, purpose: str) -> None:
        super().__init__(
            f"{purpose} needs the optional part '{extra}', which is not installed",
            hint=f"pip install 'cloud-sync[{extra}]'",
        )


class AuthTrouble(StrEnum):
    """Why the camera cloud does not let us in."""

    MISSING = "missing"
    EXPIRED = "expired"
    REFUSED = "refused"
    BLOCKED = "blocked"
    NOT_UNDERSTOOD = "not_understood"
    UNCERTAIN = "uncertain"
    """Every call is answered 500: so is a dead login at times, and so is an outage."""


class AuthRequired(NeedsPerson):
    """The camera cloud wants a (fresh) login."""

    code = "auth_required"
    exit_code = ExitCode.AUTH_REQUIRED

    def __init__(
        self, message: str, *, trouble: AuthTrouble, kept: str = "", hint: str = ""
    ) -> None:
        super().__init__(message, kept=kept, hint=hint)
        self.trouble = trouble


class ArchiveRefused(NeedsPerson):
    """The archive does not accept its credentials, or there are none."""

    code = "archive_refused"
    exit_code = ExitCode.AUTH_REQUIRED


class LeaseHeld(NeedsPerson):
    """Another run is at work on the same archive."""

    code = "lease_held"
    exit_code = ExitCode.LEASE_HELD
