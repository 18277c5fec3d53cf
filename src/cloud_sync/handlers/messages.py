"""What the five functions of `gopro-sync-orchestrator` are asked and what they answer.

The state machine and the functions share nothing but these messages: `to_json` of a request is the
event that a function gets, `to_json` of an answer is what it returns. Instants are ISO 8601 texts
with an offset. No message bears a token, a cookie or a URL, and none grows with the library: they
stay in the execution's history for 90 days and must fit into a state of 256 KiB.

A function answers or raises; it never answers that it failed. The class of the error decides:

* `TransientError` is tried again by the state machine,
* `PermanentError` is not; in DownloadVideo it makes the medium FAILED, elsewhere it ends the run,
* `AuthRequiredError` ends the run with the alert that a login is needed.

Step Functions knows an error by the bare name of its class, so these three are raised themselves
and never a subclass. Their text is our own words: it stays in the execution's history.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from cloud_sync.archive.run_files import MANIFEST, file_key
from cloud_sync.handlers.message import Message
from cloud_sync.model.report import Result

FAILED_IDS_LIMIT = 20
"""The most media ids that a summary names; an alert is a message, not a report."""

TEXT_LIMIT = 1000
"""The longest sentence in a message, in characters; what is longer is cut."""

ALERT_LIMIT = 1500
"""The longest text for a person's mail, in characters; what is longer is cut."""

INVALID_LOGIN = "AuthRequired"
"""What stands for an error's name where the login was tried and found to be no good."""


class TransientError(Exception):
    """Trying again may help: the other side was away, slow or busy."""


class PermanentError(Exception):
    """Trying again gives the same answer."""


class AuthRequiredError(Exception):
    """The camera cloud wants a fresh login; nothing was marked FAILED."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunInput(Message):
    """What an execution is started with; `{}` is enough.

    `provider`: the camera cloud by name. `account`: which of its logins; `default` is the only one
    of a plain installation.
    `dry_run`: plan and count, move nothing. `limit`: at most so many media, newest first.
    `since`: only media captured or uploaded from this date on (`2025-12-31`).
    `scheduled_time`: when the schedule meant the run to start; None for a start by hand.
    `correlation_id`: names the chain of executions that belong together, and every log line and
    object of it; the first execution's name where it is not given.
    `continuation`: how many executions of the chain came before.
    """

    provider: str = "gopro"
    account: str = "default"
    dry_run: bool = False
    limit: int | None = None
    since: str | None = None
    scheduled_time: str | None = None
    correlation_id: str | None = None
    continuation: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class RunContext(Message):
    """Which run a request belongs to.

    `correlation_id` is one for all executions of a chain; it goes into each object's metadata.
    `run_id` is this execution's name: the tracker's run id, and the owner of every lease that
    the run takes. So the next call for a medium may go on where the last one stopped.
    """

    correlation_id: str
    run_id: str
    provider: str
    account: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenValidatorRequest(RunContext):
    """ValidateTokens: is the stored login good? What was seen of it is remembered."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenValidatorAnswer(Message):
    """What one cheap call told about the login.

    `valid`: the camera cloud let us in. `statusCode`: 200 when valid, else 401.
    `cookie_age_days`: days since the login was stored; None where that is not recorded.
    `validation_method`: how it was tried, `api_call` or `none` (there was no login to try).
    `duration_seconds`: how long that took.
    `trouble`: why it is not valid, a value of `errors.AuthTrouble`; empty when valid.
    `message`: the same in a sentence for a person.
    No answer from the camera cloud is not an invalid login: that raises TransientError.
    """

    valid: bool
    statusCode: int  # noqa: N815 the founding documents' spelling
    cookie_age_days: float | None
    validation_method: str
    duration_seconds: float
    trouble: str = ""
    message: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class MediaListerRequest(RunContext):
    """ListMedia: list, plan, remember, and write the manifest.

    `dry_run`, `limit` and `since` as in `RunInput`; what cannot be read raises PermanentError.
    """

    dry_run: bool
    limit: int | None
    since: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest(Message):
    """Where the list of due media lies: JSON Lines, one `ManifestLine` each."""

    bucket: str
    key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ManifestLine(Message):
    """One due medium. Its URL is asked for where it is fetched: it dies within an hour.

    `extension` and `file_count` are what the listing says of it and its row does not;
    `files_before` and `bytes_before` are of its files that earlier runs have stored. The manifest
    leaves out what is nought.
    """

    media_id: str
    extension: str = ""
    file_count: int = 0
    files_before: int = 0
    bytes_before: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class MediaListerAnswer(Message):
    """What the plan holds, in counts of media.

    `total_found`: distinct media in the listing. `new_count`: media that are due, which is the
    number of the manifest's lines. `already_synced`: COMPLETED before. Media that are neither
    (filtered, not ready, gone) are counted by the summary.
    `manifest`: set whenever `new_count` is above 0 and the run is not dry, else None. Its key is
    `runs/{run_id}/manifest.jsonl`: a second call of the same run writes the same object again.

    The run is open in the tracker (`begin_run`) when `manifest` is set. Without it the function
    has ended the run itself; so it has where it raises. `tell`: a person is to hear of how that
    run ended, and GenerateSummary looks at it.
    """

    total_found: int
    new_count: int
    already_synced: int
    manifest: Manifest | None
    tell: bool = False


def manifest_key(run_id: str) -> str:
    """Where in the bucket a run's manifest lies."""
    return file_key(run_id, MANIFEST)


@dataclass(frozen=True, slots=True, kw_only=True)
class Unfinished(Message):
    """What this run has read of the original that the last call left unfinished: its number (0 for
    none), bytes and seconds. So a log line and a metric can tell of the whole transfer.
    """

    file: int = 0
    bytes: int = 0
    seconds: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class VideoDownloaderRequest(RunContext):
    """DownloadVideo: archive one medium, or go on with it.

    `media_id`: the medium, `listed`: its line of the manifest.
    `round`: 1 for the first call, one more after each CONTINUE.
    `deadline`: when the run stops taking work; a call after it answers POSTPONED at once, and one
    that reaches it stops there with a checkpoint.
    `unfinished`: as the last call answered it.
    """

    media_id: str
    round: int
    deadline: str
    listed: ManifestLine
    unfinished: Unfinished = Unfinished()


class VideoStatus(StrEnum):
    """How a call of video-downloader ended; failing is raised, not answered."""

    DONE = "DONE"
    """Every file is stored and verified, and the row is COMPLETED."""

    CONTINUE = "CONTINUE"
    """The function stopped before its own time limit; a checkpoint is kept. At least one part was
    stored since the last call, otherwise it raises TransientError: the loop always ends."""

    SKIPPED = "SKIPPED"
    """There is nothing to fetch (gone at the source, no original); the row says why."""

    POSTPONED = "POSTPONED"
    """Still due: not ready at the source, or the run's deadline came. No attempt is used up."""

    BLOCKED = "BLOCKED"
    """Still due, and only a person can help (the login died in mid-run, the archive refuses).
    The summary then says `auth_required` or `failed`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VideoDownloaderAnswer(Message):
    """What became of one medium in this call.

    `bytes_transferred` and `transfer_duration_seconds` are of this call alone, `throughput_mbps`
    (10^6 bits a second) is made of the two. `s3_key`: the first file's key, None before it is
    given. `reason_code`: empty unless SKIPPED, POSTPONED or BLOCKED; a code of the tracker.
    `unfinished` is for the next call, and of note with CONTINUE only.
    """

    media_id: str
    status: VideoStatus
    s3_key: str | None
    bytes_transferred: int
    transfer_duration_seconds: float
    throughput_mbps: float
    reason_code: str = ""
    unfinished: Unfinished = Unfinished()


@dataclass(frozen=True, slots=True, kw_only=True)
class FailureMarkerRequest(RunContext):
    """MarkVideoFailed: write the FAILED row of a medium whose download has failed for good.

    `error`: the error's name as Step Functions gives it (`PermanentError`, `Sandbox.Timedout`, …).
    `cause`: its cause, cut; for an error of a function a JSON document with `errorMessage`.
    """

    media_id: str
    error: str
    cause: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FailureMarkerAnswer(Message):
    """What the row says now.

    `status`: FAILED; or COMPLETED or SKIPPED where the row has been settled so before: an answer
    that got lost must not undo it. A second call for the same run changes nothing.
    `reason_code`, `message`: why, in our own words. `attempts`: tries so far, over all runs.
    """

    media_id: str
    status: str
    reason_code: str
    message: str
    attempts: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RunSummaryRequest(RunContext):
    """GenerateSummary: fold the run's rows, end the run in the tracker.

    `execution_id`: the execution's ARN. `start_time`: when it started.
    `total_found`, `new_count`, `already_synced`: what the lister counted, 0 where it did not.

    RecordTrouble: something else ended the run; `ended` is how, `auth_required` or `failed`, and
    `error` and `cause` say why, as Step Functions tells them. A run that is not known yet becomes
    so. With `dry_run` nothing is written.

    RememberTold: a message about the run was handed over (`told`).
    """

    execution_id: str
    start_time: str
    total_found: int
    new_count: int
    already_synced: int
    ended: str = ""
    error: str = ""
    cause: str = ""
    dry_run: bool = False
    told: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class RunSummaryAnswer(Message):
    """The run as the tracker knows it; names and meaning are those of `sync --json`.

    Invariant: found = already_archived + archived + failed + pending + gone + needs_attention +
    filtered. A medium of the manifest that nobody settled is settled here first, so that none is
    left without an outcome.
    `result`: `completed`, `completed_with_failures`, `auth_required` or `failed`.
    `bytes`: bytes stored in this run. `throughput_mbps`: over the whole run.
    `failed_ids`: ids of failed media, at most FAILED_IDS_LIMIT; `failed_ids_omitted`: how many
    more there are. `message`: the headline that the console prints.
    `postponed`: media that are still due only because the deadline came; `progressed`: whether
    the run stored anything at all. Both together decide on a continuation.
    `tell`: a person is to hear of this run, because its result is another than the one that they
    know of, or because of `given_up`: media that are no longer tried by themselves, of which
    `given_up_ids` are the first. `suspects`: stored files that are most likely damaged at the
    source. `text`: all of that for a person to read, at most ALERT_LIMIT characters.
    """

    run_id: str
    result: Result
    found: int
    new: int
    already_archived: int
    archived: int
    failed: int
    pending: int
    gone: int
    needs_attention: int
    filtered: int
    files_archived: int
    bytes: int
    duration_seconds: float
    throughput_mbps: float
    failed_ids: tuple[str, ...]
    failed_ids_omitted: int
    postponed: int
    progressed: bool
    message: str
    tell: bool = False
    given_up: int = 0
    given_up_ids: tuple[str, ...] = ()
    suspects: int = 0
    text: str = ""
