"""What `cloud-sync demo --aws` tells while it works, one kind of event for each kind of news."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class StepBegun:
    """A step has begun; `doing` is what a person reads meanwhile."""

    doing: str


@dataclass(frozen=True, slots=True)
class StepDone:
    """A step is over: its name, what came of it, and how many seconds it took."""

    step: str
    told: str
    seconds: float


@dataclass(frozen=True, slots=True)
class ExecutionStarted:
    """An execution of the state machine has started; `purpose` says what it is to show."""

    execution: str
    purpose: str


@dataclass(frozen=True, slots=True)
class StateEntered:
    """An execution has entered a state, so many seconds after its start."""

    execution: str
    state: str
    seconds: float


@dataclass(frozen=True, slots=True)
class MediumArchived:
    """A medium's row is COMPLETED: its first file's key, its files and bytes.

    `done` of `due` media of the execution are archived.
    """

    execution: str
    key: str
    files: int
    bytes: int
    done: int
    due: int


@dataclass(frozen=True, slots=True)
class ExecutionEnded:
    """An execution is over, with its status and what its summary says."""

    execution: str
    status: str
    told: str
    seconds: float


@dataclass(frozen=True, slots=True)
class NoticeReceived:
    """The alerts' topic has told its subscriber something."""

    subject: str
    told: str


DemoEvent = (
    StepBegun
    | StepDone
    | ExecutionStarted
    | StateEntered
    | MediumArchived
    | ExecutionEnded
    | NoticeReceived
)
Observe = Callable[[DemoEvent], None]
