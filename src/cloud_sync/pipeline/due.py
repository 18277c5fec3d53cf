"""A due medium as one step of a run on AWS hands it to the next: a line of the manifest."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass

from cloud_sync.model.media import MediaItem
from cloud_sync.model.tracking import TrackedMedium
from cloud_sync.tracker.plan import Plan


@dataclass(frozen=True, slots=True)
class DueMedium:
    """What the listing says of a medium and its row does not, and what earlier runs have stored.

    `files_before` and `bytes_before` are of files that were COMPLETED when the plan was made.
    """

    media_id: str
    extension: str
    file_count: int
    files_before: int = 0
    bytes_before: int = 0

    def to_line(self) -> str:
        """One line of JSON in ASCII; what is nought is left out."""
        fields = asdict(self)
        kept = {name: value for name, value in fields.items() if value not in (0, "")}
        return json.dumps(kept, separators=(",", ":"))

    @classmethod
    def from_line(cls, line: str) -> DueMedium:
        """The inverse of `to_line`."""
        fields = {"extension": "", "file_count": 0, **json.loads(line)}
        return cls(**fields)


def due_media(plan: Plan) -> Iterator[DueMedium]:
    """The plan's due media, in its order."""
    for item in plan.due:
        before = plan.stored_before.get(item.id)
        yield DueMedium(
            media_id=item.id,
            extension=item.extension,
            file_count=item.file_count,
            files_before=before.files if before else 0,
            bytes_before=before.bytes if before else 0,
        )


def listed_item(due: DueMedium, row: TrackedMedium) -> MediaItem:
    """The medium as it was listed, from its line and the row that was remembered with it."""
    return MediaItem(
        id=row.media_id,
        type=row.media_type,
        filename=row.filename,
        extension=due.extension,
        state="",
        ready=True,
        size=row.file_size,
        file_count=due.file_count,
        captured_at=row.captured_at,
        uploaded_at=row.upload_date,
        updated_at=row.source_updated_at,
        duration_seconds=row.duration_seconds,
    )
