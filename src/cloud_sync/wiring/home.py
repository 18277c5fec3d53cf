"""CLOUD_SYNC_HOME: one tracker per archive, and which archive was used last."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from cloud_sync.errors import UsageError
from cloud_sync.model.location import BucketDestination, Destination, parse_destination

ARCHIVES = "archives"


@dataclass(frozen=True, slots=True)
class ArchivePlace:
    """An archive's identity and where its tracker lies.

    `location` is absolute; `endpoint` tells apart buckets of the same name at different services.
    """

    location: str
    endpoint: str
    tracker_path: Path

    @property
    def card_path(self) -> Path:
        return self.tracker_path.with_suffix(".json")


class Home:
    """The archives that this machine knows of."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def place_of(self, destination: Destination, endpoint: str) -> ArchivePlace:
        """The place of a destination, whether it was used before or not. Touches nothing."""
        if isinstance(destination, BucketDestination):
            location = str(destination)
        else:
            location, endpoint = str(Path(destination.path).expanduser().resolve()), ""
        return self._place(location, endpoint)

    def _place(self, location: str, endpoint: str) -> ArchivePlace:
        digest = sha256(f"{endpoint}\0{location}".encode("utf-8", "surrogateescape")).hexdigest()
        slug = re.sub(r"[^a-z0-9]+", "-", location.lower())[-40:].strip("-")
        path = self.root / ARCHIVES / f"{slug}-{digest[:12]}.sqlite"
        return ArchivePlace(location, endpoint, path)

    def known(self) -> list[ArchivePlace]:
        """All archives with a tracker, the last used one first."""
        cards = [path for path in (self.root / ARCHIVES).glob("*.json") if path.is_file()]
        cards.sort(key=lambda path: path.stat().st_mtime_ns, reverse=True)
        places = []
        for card in cards:
            try:
                content = json.loads(card.read_text("utf-8"))
                place = self._place(str(content["to"]), str(content["endpoint"]))
            except (ValueError, KeyError, TypeError):
                raise UsageError(
                    f"reading {card}: it is damaged",
                    hint=f"remove it; `cloud-sync sync --to DEST` writes it anew ({ARCHIVES} stay)",
                ) from None
            if place.tracker_path.exists():
                places.append(place)
        return places

    def mark_used(self, place: ArchivePlace) -> None:
        """Make this the last used archive."""
        place.card_path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        card = json.dumps({"to": place.location, "endpoint": place.endpoint}, indent=1)
        written = place.card_path.with_suffix(".json.part")
        written.write_text(card + "\n", "utf-8")
        written.replace(place.card_path)

    def choose(self, destination: Destination | None, endpoint: str) -> ArchivePlace:
        """The configured archive, else the only or last used one; UsageError when there is none."""
        if destination is not None:
            return self.place_of(destination, endpoint)
        known = self.known()
        if not known:
            raise UsageError(
                "no archive is configured, and none was used before",
                hint="cloud-sync sync --to DEST   (a folder, or s3://bucket/prefix)",
            )
        return known[0]


def destination_of(place: ArchivePlace) -> Destination:
    """The destination that a place was made from."""
    return parse_destination(place.location)
