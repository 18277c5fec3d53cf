"""The contract of the files that the steps of a run on AWS hand to each other, beside the archive.

They are small notes about a run and no part of the archive: they may be written again, and they
are cleared away after a while.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Protocol

RUNS_PREFIX = "runs/"
"""Where in the bucket manifests and the Map's results lie; a lifecycle rule clears them away."""

MANIFEST = "manifest.jsonl"
"""The name of the file with a run's due media."""

PLAN = "plan.json"
"""The name of the file with what the plan has counted."""


class RunFiles(Protocol):
    """Files by run and name; lines of text without line breaks.

    Every call raises ArchiveRefused, ArchiveUnusable, Throttled and ServiceUnavailable as
    `Archive` does.
    """

    def write(self, run_id: str, name: str, lines: Iterable[str]) -> None:
        """Put the file there, in place of an earlier one; whole or not at all."""
        ...

    def read(self, run_id: str, name: str) -> Iterator[str]:
        """The file's lines; memory stays flat. SourceNotUnderstood when there is no such file."""
        ...


def file_key(run_id: str, name: str) -> str:
    """Where in the bucket a run's file lies."""
    return f"{RUNS_PREFIX}{run_id}/{name}"
