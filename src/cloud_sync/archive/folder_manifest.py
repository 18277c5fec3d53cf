"""What a folder archive notes of its objects: one JSON object a line, only ever added to.

A folder keeps nothing beside a file, so this is where a lost tracker is rebuilt from. A line is
written, and on the disk, before its object becomes visible: a line may be without an object, an
object of ours is never without its line. Which line an object is about shows in its size and its
time of last change, and in the end in its checksum.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from threading import Lock

from cloud_sync.archive.folder_disk import sync_file, sync_folder

_READ_SIZE = 1 << 20


@dataclass(frozen=True, slots=True)
class ManifestLine:
    """One object as it was stored. `changed_ns` is the file's time of last change, which the
    file system keeps with it, in nanoseconds; `checksum` is the CRC64NVME as S3 writes it."""

    key: str
    media_id: str
    file_number: int
    size: int
    checksum: str
    changed_ns: int
    metadata: Mapping[str, str]

    def to_json(self) -> str:
        """One line of ASCII without its end."""
        return json.dumps(
            {
                "key": self.key,
                "media_id": self.media_id,
                "file_number": self.file_number,
                "size": self.size,
                "crc64nvme": self.checksum,
                "changed_ns": self.changed_ns,
                "metadata": dict(self.metadata),
            },
            separators=(",", ":"),
        )


def line_of(text: bytes) -> ManifestLine | None:
    """The inverse of `to_json`; None for a line that is torn or not ours."""
    try:
        fields = json.loads(text)
        metadata = fields["metadata"]
        line = ManifestLine(
            key=fields["key"],
            media_id=fields["media_id"],
            file_number=fields["file_number"],
            size=fields["size"],
            checksum=fields["crc64nvme"],
            changed_ns=fields["changed_ns"],
            metadata=metadata,
        )
    except (ValueError, KeyError, TypeError):
        return None
    texts = (line.key, line.media_id, line.checksum, *metadata, *metadata.values())
    numbers = (line.file_number, line.size, line.changed_ns)
    whole = all(isinstance(text, str) for text in texts)
    return line if whole and all(type(number) is int for number in numbers) else None


class FolderManifest:
    """The file at `path`. Threads may call at once. Raises OSError.

    Looking up keeps the place of each line in memory, not the line.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = Lock()
        self._places: dict[str, tuple[int, ...]] = {}
        self._read_to = 0
        self._read_from: tuple[int, int] | None = None

    def add(self, line: ManifestLine) -> None:
        """Write the line; it is on the disk when this returns."""
        text = line.to_json().encode("ascii") + b"\n"
        with self._lock:
            flags = os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
            first = not self._path.exists()
            descriptor = os.open(self._path, flags, 0o666)
            try:
                _append(descriptor, text)
                sync_file(descriptor)
            finally:
                os.close(descriptor)
            if first:
                sync_folder(self._path.parent)

    def about(self, key: str, size: int, changed_ns: int) -> ManifestLine | None:
        """The line that is most likely about the file at `key` as it is; None where none is there.

        That is the newest of the same size and time of last change, else of the same size, else
        the newest.
        """
        with self._lock:
            lines = list(self._lines(key))
        if not lines:
            return None

        def likeness(line: ManifestLine) -> tuple[bool, bool]:
            same_size = line.size == size
            return same_size, same_size and line.changed_ns == changed_ns

        # of equals the first counts, and the newest stands first
        return max(reversed(lines), key=likeness)

    def _lines(self, key: str) -> Iterator[ManifestLine]:
        try:
            stream = self._path.open("rb")
        except FileNotFoundError:
            return
        with stream:
            self._read_on(stream.fileno())
            for place in self._places.get(key, ()):
                stream.seek(place)
                line = line_of(stream.readline())
                if line is not None and line.key == key:
                    yield line

    def _read_on(self, descriptor: int) -> None:
        """Take in what was added since the last look; everything, where it is another file."""
        status = os.fstat(descriptor)
        identity = (status.st_dev, status.st_ino)
        if identity != self._read_from or status.st_size < self._read_to:
            self._places, self._read_to, self._read_from = {}, 0, identity
        if status.st_size == self._read_to:
            return
        with os.fdopen(os.dup(descriptor), "rb", buffering=_READ_SIZE) as stream:
            stream.seek(self._read_to)
            for text in stream:
                if not text.endswith(b"\n"):
                    # being written, or torn: it is looked at again
                    break
                line = line_of(text)
                if line is not None:
                    known = self._places.get(line.key, ())
                    self._places[line.key] = (*known, self._read_to)
                self._read_to += len(text)


def _append(descriptor: int, text: bytes) -> None:
    size = os.fstat(descriptor).st_size
    if size and os.pread(descriptor, 1, size - 1) != b"\n":
        # the line of a process that died in the middle of it ends here
        text = b"\n" + text
    while text:
        text = text[os.write(descriptor, text) :]
