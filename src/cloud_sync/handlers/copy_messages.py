"""What the functions of `file-copy-workflow` are asked and what they answer.

Requests of copies, outcomes and results travel in the form that `cloud_sync.replicate` gives them;
here they are `object` and are read where they are used. As with the archive's functions, an error
is raised as one of the three classes of `messages`, or, by copy-verdict alone, as SomeCopiesFailed.
A state may hold 256 KiB, so a destination takes at most `MESSAGE_BYTES` and some names in it.
"""

from __future__ import annotations

from dataclasses import dataclass

from cloud_sync.handlers.message import Message

MESSAGE_BYTES = 240
"""The longest sentence about one destination, in bytes of UTF-8; longer ones lose their middle."""


class SomeCopiesFailed(Exception):
    """How an execution ends in which copies failed; a redrive tries those again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CopyValidatorRequest(Message):
    """ValidateInput: `input` is what the execution was started with, whatever that is."""

    input: object


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldProblem(Message):
    """A field that cannot be as it is, and why."""

    field: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CopyValidatorAnswer(Message):
    """Whether the input can be carried out.

    `request`: the copy request in its plain form, empty when it is not valid. `pending`: its
    destinations. `kept`: empty, for nothing was copied yet. `problems`: every bad field.
    `message`: the same in a sentence, empty when valid.
    """

    valid: bool
    request: object
    pending: tuple[str, ...]
    kept: tuple[str, ...] = ()
    problems: tuple[FieldProblem, ...] = ()
    message: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CopyStartRequest(Message):
    """LogWorkflowStart: remember that the execution began at `start_time`."""

    request: object
    execution_id: str
    start_time: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CopyStartAnswer(Message):
    """The execution is remembered."""

    execution_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectCopierRequest(Message):
    """CopyToBucket: `request` has one destination."""

    request: object


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectCopierAnswer(Message):
    """How the destination stands; what may pass is raised as TransientError.

    `outcome`: a copy's outcome as JSON without its key, which the request has.
    """

    outcome: object


@dataclass(frozen=True, slots=True, kw_only=True)
class CopiesRequest(Message):
    """What the workflow knows of its copies.

    `copies`: for each destination that was tried `{bucket, outcome}`, or `{bucket, error}` with the
    error as Step Functions caught it. `kept`: the same of those that an earlier try has made.
    """

    request: object
    execution_id: str
    copies: object
    kept: object


@dataclass(frozen=True, slots=True, kw_only=True)
class CopyResultsAnswer(Message):
    """ProcessResults: the counts, both lists of buckets, and the message to a person.

    `state`: COMPLETED, PARTLY_FAILED or FAILED. `subject` is ASCII, `body` is UTF-8.
    """

    state: str
    totalBuckets: int  # noqa: N815 names of the results' JSON
    successfulCopies: int  # noqa: N815
    failedCopies: int  # noqa: N815
    successfulBuckets: tuple[str, ...]  # noqa: N815
    failedBuckets: tuple[str, ...]  # noqa: N815
    subject: str
    body: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CopyEndAnswer(Message):
    """UpdateDynamoDBFinal: the execution's end is remembered; how it stands."""

    state: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CopyVerdictRequest(CopiesRequest):
    """SomeCopiesFailed: `redrives` is how often the execution was redriven, `redrives_seen` how
    often it had been when the copies began.
    """

    redrives_seen: int
    redrives: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CopyContext(Message):
    """Under which name and from when on a try is remembered; see the definition's `context`."""

    execution_id: str
    start_time: str
    redrives: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CopyVerdictAnswer(Message):
    """The execution was redriven: `pending` are the destinations that failed, `kept` the copies of
    the others.
    """

    context: CopyContext
    pending: tuple[str, ...]
    kept: object
