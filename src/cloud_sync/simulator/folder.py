"""The user's own folder of media, served as if it lay in the cloud."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import groupby
from pathlib import Path

from cloud_sync.errors import UsageError
from cloud_sync.simulator.capture_date import creation_time
from cloud_sync.simulator.disk import DiskFile
from cloud_sync.simulator.medium import SimMedium
from cloud_sync.simulator.names import stable_id
from cloud_sync.simulator.store import Library

_QUICKTIME = frozenset({"mp4", "mov", "m4v", "360"})
_VIDEOS = _QUICKTIME | {"avi", "mkv", "mts", "m2ts"}
_PHOTOS = frozenset({"jpg", "jpeg", "png", "heic", "heif", "gpr", "dng", "tif", "tiff", "webp"})

# chapter in two digits before the number: GX, GH, GS (360), GL of HERO6 and later;
# GOPR is the first chapter of older cameras, and GP01 their second
_CHAPTERED = re.compile(r"(?P<kind>G[XHSL])(?P<chapter>\d\d)(?P<number>\d{4})")
_OLD_FIRST = re.compile(r"GOPR(?P<number>\d{4})")
_OLD_NEXT = re.compile(r"GP(?P<chapter>\d\d)(?P<number>\d{4})")


class FolderLibrary(Library):
    """Videos and photos under a folder, found when it is made and read while they are served.

    Ids come from the path within the folder, so they stay the same from run to run. Chapters of
    one recording that lie in one folder make one medium. Nothing in the folder is ever changed.

    `left_out` counts what is not served: other kinds of files, hidden ones, unreadable ones, and
    hidden folders as one each.
    """

    def __init__(self, folder: Path) -> None:
        """Raises UsageError where `folder` is no readable folder."""
        if not folder.is_dir():
            raise UsageError(
                f"cannot serve the library '{folder}': there is no such folder",
                hint="name a folder that holds videos and photos",
            )
        walk = _Walk(folder)
        found = sorted(walk.files(), key=lambda file: (file.recording, file.chapter, file.path))
        super().__init__(
            _medium(folder, list(files)) for _, files in groupby(found, lambda f: f.recording)
        )
        self.left_out = walk.left_out


@dataclass(frozen=True, slots=True)
class _Found:
    """A media file. Files with the same `recording` are chapters of one another."""

    path: Path
    size: int
    captured: datetime
    modified: datetime
    recording: tuple[str, ...]
    chapter: int


class _Walk:
    """A walk through a folder that counts what it passes by."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.left_out = 0

    def files(self) -> Iterator[_Found]:
        for directory, folders, names in os.walk(self._folder, onerror=self._refused):
            shown = sorted(name for name in folders if not name.startswith("."))
            self.left_out += len(folders) - len(shown)
            folders[:] = shown
            for name in names:
                found = self._look(Path(directory, name))
                if found is None:
                    self.left_out += 1
                else:
                    yield found

    def _refused(self, _error: OSError) -> None:
        self.left_out += 1

    def _look(self, path: Path) -> _Found | None:
        extension = _extension(path)
        media = extension in _VIDEOS or extension in _PHOTOS
        if path.name.startswith(".") or not media or not path.is_file():
            return None
        try:
            with path.open("rb") as stream:
                facts = os.fstat(stream.fileno())
                written = creation_time(stream) if extension in _QUICKTIME else None
        except OSError:
            return None
        modified = datetime.fromtimestamp(int(facts.st_mtime), UTC)
        recording, chapter = _chapter(path.relative_to(self._folder))
        return _Found(path, facts.st_size, written or modified, modified, recording, chapter)


def _medium(folder: Path, files: list[_Found]) -> SimMedium:
    first = files[0]
    name = os.fsencode(first.path.name).decode("utf-8", "replace")
    photo = _extension(first.path) in _PHOTOS
    return SimMedium(
        id=stable_id(os.fsencode(first.path.relative_to(folder).as_posix())),
        type="Photo" if photo else "Video",
        filename=name,
        captured_at=first.captured,
        created_at=max(first.captured, *(file.modified for file in files)),
        originals=tuple(
            DiskFile(number, file.path, name, _extension(file.path), file.size)
            for number, file in enumerate(files, 1)
        ),
        listed_size=sum(file.size for file in files),
    )


def _extension(path: Path) -> str:
    return path.suffix.lstrip(".").lower()


def _chapter(path: Path) -> tuple[tuple[str, ...], int]:
    """What recording a file belongs to, and as which chapter; a recording of its own if alone."""
    place, extension = path.parent.as_posix(), path.suffix
    if _extension(path) in _VIDEOS:
        if match := _CHAPTERED.fullmatch(path.stem):
            return (place, match["kind"], match["number"], extension), int(match["chapter"])
        if match := _OLD_FIRST.fullmatch(path.stem):
            return (place, "GOPR", match["number"], extension), 0
        if match := _OLD_NEXT.fullmatch(path.stem):
            return (place, "GOPR", match["number"], extension), int(match["chapter"])
    return (place, path.name), 0
