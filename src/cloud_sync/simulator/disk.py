"""Originals that lie as files on the disk."""

from __future__ import annotations

from pathlib import Path

from cloud_sync.simulator.medium import OriginalUnreadable, SimFile


class DiskFile(SimFile):
    """A file on the disk; `size` is what it was when the library was read.

    `filename` and `extension` may differ from the path's: the cloud calls things as it likes.
    """

    __slots__ = ("path",)

    def __init__(self, number: int, path: Path, filename: str, extension: str, size: int) -> None:
        super().__init__(number, filename, extension, size)
        self.path = path

    @property
    def fingerprint(self) -> str:
        try:
            facts = self.path.stat()
        except OSError as error:
            raise OriginalUnreadable(f"{self.path.name} cannot be looked at") from error
        if facts.st_size != self.size:
            raise OriginalUnreadable(
                f"{self.path.name} has {facts.st_size} bytes now and had {self.size}"
            )
        return f"{self.path}/{facts.st_mtime_ns}/{facts.st_size}"

    def read(self, offset: int, length: int) -> bytes:
        wanted = min(length, self.size - offset)
        if wanted <= 0:
            return b""
        try:
            with self.path.open("rb", buffering=0) as stream:
                stream.seek(offset)
                found = stream.read(wanted)
        except OSError as error:
            raise OriginalUnreadable(f"{self.path.name} cannot be read") from error
        if found is None or len(found) != wanted:
            raise OriginalUnreadable(f"{self.path.name} ends before its {self.size} bytes")
        return found
