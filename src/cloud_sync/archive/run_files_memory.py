"""A run's files in a dictionary, for tests and trials."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from cloud_sync.archive.run_files import file_key
from cloud_sync.errors import SourceNotUnderstood


@dataclass(slots=True)
class MemoryRunFiles:
    """`RunFiles` that keeps each file as a tuple of lines, by its key."""

    files: dict[str, tuple[str, ...]] = field(default_factory=dict)

    def write(self, run_id: str, name: str, lines: Iterable[str]) -> None:
        self.files[file_key(run_id, name)] = tuple(lines)

    def read(self, run_id: str, name: str) -> Iterator[str]:
        key = file_key(run_id, name)
        if key not in self.files:
            raise SourceNotUnderstood(f"reading {key}: it is not there")
        yield from self.files[key]
