"""What `cloud-sync aws` can deploy: the archive, and the file-copy workflow beside it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cloud_sync.deployment.choices import Known, choices_of
from cloud_sync.deployment.copy_environment import CopiesEnvironment
from cloud_sync.deployment.environments import Environment
from cloud_sync.model.environments import copies_stack, storage_stack, workflow_stack


@dataclass(frozen=True, slots=True)
class Deployable:
    """`known` are its choices, which `kind` checks. `stacks` names those that hold them, the one
    deployed last first; `command` is what is typed before `deploy`.
    """

    kind: Callable[..., Any]
    known: Known
    command: str
    stacks: Callable[[str], tuple[str, ...]]
    synthesise: Callable[[Any, Path], object]


def _archive(environment: Any, output: Path) -> object:
    from cloud_sync.deployment.app import synthesise

    return synthesise(environment, output)


def _copies(choices: Any, output: Path) -> object:
    from cloud_sync.deployment.copies_app import synthesise

    return synthesise(choices, output)


ARCHIVE = Deployable(
    Environment,
    choices_of(Environment),
    "cloud-sync aws",
    lambda env: (workflow_stack(env), storage_stack(env)),
    _archive,
)
COPIES = Deployable(
    CopiesEnvironment,
    choices_of(CopiesEnvironment),
    "cloud-sync aws copies",
    lambda env: (copies_stack(env),),
    _copies,
)
