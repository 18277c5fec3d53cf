"""Holds what an archive has against what the simulated cloud has."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from cloud_sync.simulator.library import Library, SimMedium

COUNTED = (
    "already_archived",
    "archived",
    "failed",
    "pending",
    "gone",
    "needs_attention",
    "filtered",
)


def assert_counts_add_up(summary: dict[str, Any]) -> None:
    """Every medium found has exactly one outcome."""
    assert summary["found"] == sum(summary[name] for name in COUNTED), summary


def wanted(library: Library) -> list[SimMedium]:
    """The media whose originals must be archived now."""
    return [medium for medium in library.media() if medium.ready and medium.offers_original]


def assert_everything_archived(
    library: Library, rows: Iterable[dict[str, Any]], read: Callable[[str], bytes]
) -> int:
    """Each original of each ready medium is stored once, byte for byte; how many there are."""
    done = [row for row in rows if row["status"] == "COMPLETED"]
    by_file = {(row["media_id"], row["file_number"]): row for row in done}
    assert len(by_file) == len(done), "a file is listed twice"
    assert len({row["key"] for row in done}) == len(done), "two files share a key"
    originals = {
        (medium.id, original.number): original
        for medium in wanted(library)
        for original in medium.originals
    }
    assert set(by_file) == set(originals), "not just the wanted originals are archived"
    for file, original in originals.items():
        stored = read(by_file[file]["key"])
        assert len(stored) == original.size == by_file[file]["size"]
        assert stored == original.read(0, original.size), f"{by_file[file]['key']} differs"
    return len(originals)


def files_under(folder: Path) -> set[str]:
    """The relative paths of all files that a user would see."""
    return {
        str(path.relative_to(folder))
        for path in folder.rglob("*")
        if path.is_file() and ".cloud-sync" not in path.relative_to(folder).parts
    }
