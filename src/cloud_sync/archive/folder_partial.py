"""Temporary files of a folder archive: made so that leftovers of dead processes can be told."""

from __future__ import annotations

import os
import re
import secrets
from contextlib import suppress
from pathlib import Path

from cloud_sync.archive.folder_disk import create_file, hold_file, lock_file

ABANDONED_AFTER_SECONDS = 30 * 24 * 3600.0
"""The age from which parts that no process holds are thrown away; until then an upload may go on
with them."""

PARTS = ".part"
WHOLE = ".whole"
"""How names end: of files that come in parts, which another process may go on with, and of files
that are written in one go, which none can."""

TOKEN = re.compile(r"[0-9a-f]{32}\.part")
"""The name of a temporary file that may be gone on with."""


def create_partial(folder: Path, ending: str) -> tuple[Path, int]:
    """A new temporary file and its descriptor, held where the file system knows locks."""
    while True:
        path = folder / f"{secrets.token_hex(16)}{ending}"
        descriptor = create_file(path)
        try:
            hold_file(descriptor)
            if os.path.lexists(path):
                return path, descriptor
        except BaseException:
            os.close(descriptor)
            raise
        # between the two steps another process took it for a leftover
        os.close(descriptor)


def sweep(folder: Path, present: float) -> None:
    """Throw away what dead processes left; `present` is the file system's own idea of now.

    Parts that an upload can go on with stay for 30 days. All else goes at once: a file that was
    written in one go, that bears no bytes yet, or that has its real name already.
    """
    for ending in (PARTS, WHOLE):
        for leftover in folder.glob(f"*{ending}"):
            # another process may finish with its own in the meantime
            with suppress(FileNotFoundError):
                _sweep_one(leftover, present)


def _sweep_one(leftover: Path, present: float) -> None:
    descriptor = os.open(leftover, os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC)

    def is_leftover() -> bool:
        status = os.fstat(descriptor)
        useless = leftover.suffix == WHOLE or not status.st_size or status.st_nlink > 1
        return useless or present - status.st_mtime > ABANDONED_AFTER_SECONDS

    try:
        # locked only then, so that nobody who goes on with one finds it held; and asked again under
        # the lock, for its holder may have written to it until then
        if is_leftover() and lock_file(descriptor) and is_leftover():
            leftover.unlink()
    finally:
        os.close(descriptor)
