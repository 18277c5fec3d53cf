"""The demo's library: real, playable videos and photos in a folder, served as a cloud's."""

from __future__ import annotations

import json
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path, PurePosixPath

from cloud_sync.errors import MissingExtra, UsageError
from cloud_sync.simulator.demo_plan import PLAN, DemoFile, DemoMedium
from cloud_sync.simulator.disk import DiskFile
from cloud_sync.simulator.medium import SimMedium
from cloud_sync.simulator.names import stable_id
from cloud_sync.simulator.store import Library

MANIFEST = ".demo-media.json"
"""Written last: names and sizes of files that are complete."""

_LISTED_WITHOUT_FILES = 4_194_304


def demo_library(folder: Path) -> Library:
    """The demo's library with its files in `folder`, made there unless they are there complete.

    Thirty media of 45 files and some 150 MB; making them takes seconds. Raises MissingExtra where
    PyAV is needed and not installed, UsageError where the files cannot be written.
    """
    write_demo_media(folder)
    return Library([_served(folder, medium) for medium in PLAN])


def write_demo_media(folder: Path) -> int:
    """Make those files of the demo that are not in `folder` complete; return how many that were.

    Raises as `demo_library` does.
    """
    numbered = list(enumerate((file for medium in PLAN for file in medium.files), 1))
    known = _manifest(folder)
    missing = [
        (number, file) for number, file in numbered if _size(folder, file) != known.get(file.path)
    ]
    if not missing:
        return 0
    try:
        _write_all(folder, missing)
        sizes = {file.path: _size(folder, file) for _, file in numbered}
        (folder / MANIFEST).write_text(json.dumps(sizes, indent=1), encoding="utf-8")
    except OSError as error:
        raise UsageError(
            f"making the demo's media in '{folder}' failed: they cannot be written there",
            hint="free some 300 MB there, or name another folder",
        ) from error
    return len(missing)


def _write_all(folder: Path, missing: list[tuple[int, DemoFile]]) -> None:
    try:
        from cloud_sync.simulator import demo_pictures
    except ModuleNotFoundError as error:
        if error.name != "av":
            raise
        raise MissingExtra("demo", "making the demo's videos") from error

    def write(numbered: tuple[int, DemoFile]) -> None:
        number, file = numbered
        path = folder / file.path
        path.parent.mkdir(parents=True, exist_ok=True)
        unfinished = path.with_name(f".{path.name}.part")
        if file.frames:
            demo_pictures.write_video(unfinished, number, file.frames, file.captured)
        else:
            demo_pictures.write_photo(unfinished, number, file.captured, file.camera)
        moment = file.captured.timestamp()
        os.utime(unfinished, (moment, moment))
        unfinished.replace(path)

    with ThreadPoolExecutor(min(4, os.cpu_count() or 1)) as workers:
        list(workers.map(write, missing))


def _manifest(folder: Path) -> dict[str, int]:
    """Sizes of complete files; none where the manifest is missing or cannot be read."""
    try:
        found = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _size(folder: Path, file: DemoFile) -> int:
    """The file's size, -1 where there is none."""
    try:
        return (folder / file.path).stat().st_size
    except OSError:
        return -1


def _served(folder: Path, medium: DemoMedium) -> SimMedium:
    originals = tuple(
        DiskFile(
            number,
            folder / file.path,
            medium.filename,
            PurePosixPath(file.path).suffix.lstrip(".").lower(),
            (folder / file.path).stat().st_size,
        )
        for number, file in enumerate(medium.files, 1)
    )
    known = medium.state == "ready" and medium.type != "MultiClipEdit"
    truth = sum(file.size for file in originals) or _LISTED_WITHOUT_FILES
    return SimMedium(
        id=stable_id(medium.key.encode()),
        type=medium.type,
        filename=medium.filename,
        captured_at=medium.captured,
        created_at=medium.uploaded,
        state=medium.state,
        shape=medium.shape,
        originals=originals,
        listed_size=truth if known else None,
        camera=None if medium.camera == "phone" else medium.camera,
    )
