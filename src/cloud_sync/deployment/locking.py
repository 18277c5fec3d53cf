"""Takes the functions' libraries out of the project's lock: `make lock` runs it."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from cloud_sync.deployment.package import LIBRARIES, LOCKED, SDK, SDK_LOCKED

_HEAD = "# Taken from requirements/run.txt by `make lock`.\n"


def locked_part(lock: str, names: Sequence[str]) -> str:
    """The entries of those names, with versions and hashes as they stand in `lock`."""
    entries: dict[str, str] = {}
    name = ""
    for line in lock.splitlines(keepends=True):
        if line[:1] not in (" ", "#", "\n"):
            name = line.partition("==")[0]
        if name:
            entries[name] = entries.get(name, "") + line
    return _HEAD + "".join(entries[each] for each in names)


def main(lock: Path) -> None:
    """Write both files beside the code that installs from them."""
    text = lock.read_text("ascii")
    LOCKED.write_text(locked_part(text, LIBRARIES), "ascii")
    SDK_LOCKED.write_text(locked_part(text, SDK), "ascii")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
