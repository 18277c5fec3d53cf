"""The environments on AWS, and the names of the stacks that each of them is made of."""

from __future__ import annotations

from cloud_sync.errors import UsageError

ENVIRONMENTS = ("dev", "staging", "prod")


def known_environment(name: str) -> str:
    """The name; UsageError where there is no such environment."""
    if name not in ENVIRONMENTS:
        raise UsageError(
            f"there is no environment {name!r}", hint="one of: " + ", ".join(ENVIRONMENTS)
        )
    return name


def storage_stack(environment: str) -> str:
    """The stack that keeps what must never be lost."""
    return f"CloudSync-{environment}-storage"


def copies_stack(environment: str) -> str:
    """The stack of the file-copy workflow, which needs neither of the archive's."""
    return f"CloudSync-{environment}-copies"


def workflow_stack(environment: str) -> str:
    """The stack that works on it, and may be deleted and made again at any time."""
    return f"CloudSync-{environment}"
