"""What the simulated camera cloud of `cloud-sync demo --aws` holds, and what comes to it later."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from cloud_sync.errors import UsageError
from cloud_sync.simulator.library import FolderLibrary, Library, SimMedium, pattern_medium
from cloud_sync.summary.render import size_text
from cloud_sync.transfer.part_size import SMALLEST_PART

MOST_BYTES = 500_000_000
"""The emulator keeps objects in memory."""

LATE_BYTES = 400_000
CLAIMED_BYTES = 900_000_000
GOOD_ID, BAD_ID = "demoLateGood", "demoLateBad"


@dataclass(frozen=True, slots=True)
class DemoCloud:
    """The library that is served; `left_out` counts media that the emulator cannot take."""

    library: Library
    left_out: int

    @property
    def media(self) -> int:
        return len(self.library)

    @property
    def bytes(self) -> int:
        """Of all originals."""
        return sum(file.size for medium in self.library.media() for file in medium.originals)


def demo_cloud(folder: Path, library_folder: Path | None) -> DemoCloud:
    """The demo's own media, made in `folder`, or those of the user's folder.

    UsageError where the user's are more than an emulator in memory should hold.
    """
    if library_folder is not None:
        cloud = selected(FolderLibrary(library_folder))
    else:
        from cloud_sync.simulator.demo_media import demo_library

        cloud = selected(demo_library(folder))
    if cloud.bytes > MOST_BYTES:
        raise UsageError(
            f"the library '{library_folder}' has {size_text(cloud.bytes)}, and the emulator keeps "
            f"all of it in memory: {size_text(MOST_BYTES)} are the most",
            hint="name a smaller folder, or leave out --library",
        )
    return cloud


def selected(library: Library) -> DemoCloud:
    """The media whose files each go up in one part.

    The emulator keeps no checksum of a whole that came in parts, and an original whose checksum
    cannot be confirmed is never called archived.
    """
    media = library.media()
    small = [
        medium for medium in media if all(file.size <= SMALLEST_PART for file in medium.originals)
    ]
    return DemoCloud(Library(small), len(media) - len(small))


def late_media() -> tuple[SimMedium, SimMedium]:
    """One good medium, and one whose original is far smaller than the listing says."""
    good = pattern_medium(GOOD_ID, LATE_BYTES, filename="GX010777.MP4")
    bad = pattern_medium(BAD_ID, LATE_BYTES, filename="GX010778.MP4", seed=1)
    return good, replace(bad, listed_size=CLAIMED_BYTES)
