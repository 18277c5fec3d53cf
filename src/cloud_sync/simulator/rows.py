"""A medium as a row of the listing, with every field that the real one has been seen to bear.

What the simulator does not care about is derived from the medium's id, so that a row is the same
each time it is asked for and costs no memory while it is not.
"""

from __future__ import annotations

import base64
from datetime import timedelta
from hashlib import blake2b
from typing import TYPE_CHECKING, Any

from cloud_sync.clock import to_text
from cloud_sync.simulator import kinds

if TYPE_CHECKING:
    from cloud_sync.simulator.medium import SimMedium

USER_ID = "5d1f0b9e-6a3c-4c58-9d5e-0c1a7e2b4f60"
"""The account that owns everything here."""

ALWAYS = ("gopro_user_id", "source_gumi", "source_mgumi")
"""What a row bears whatever `fields` asks for."""

ONLY_SINGLE = ("folder_path", "region", "item_durations")
"""What only `/media/{id}` tells."""

_SIZES = ((3840, 2160, "4k"), (5312, 2988, "5.3k"), (2704, 1520, "2.7k"), (1920, 1080, "1080"))


def dice(medium_id: str) -> bytes:
    """Sixteen bytes of the medium's own, for what may be one way or the other."""
    return blake2b(medium_id.encode(), digest_size=16).digest()


def listing_row(medium: SimMedium) -> dict[str, Any]:
    """All fields of a row of `/media/search`."""
    roll = dice(medium.id)
    return _facts(medium, roll) | _picture(medium, roll) | _extras(medium, roll)


def single_row(medium: SimMedium) -> dict[str, Any]:
    """All fields of `/media/{id}`."""
    row = listing_row(medium)
    count = row["item_count"]
    durations = [row["source_duration"]] * count if row["source_duration"] else None
    return row | {"folder_path": None, "region": "us-west-2", "item_durations": durations}


def _facts(medium: SimMedium, roll: bytes) -> dict[str, Any]:
    captured = medium.captured_at
    created = to_text(medium.created_at)
    changed = medium.updated_at or medium.created_at + timedelta(minutes=1 + roll[0] % 50)
    return {
        "id": medium.id,
        "type": medium.type,
        "filename": medium.filename,
        "file_extension": kinds.listed_extension(medium),
        "file_size": medium.listed_size,
        "captured_at": to_text(captured) if captured else None,
        # one item in a thousand bears its time zone
        "captured_at_timezone": "+02:00" if captured and roll[:2] < b"\x00\x40" else None,
        "created_at": created,
        "submitted_at": created,
        "updated_at": to_text(changed),
        "ready_to_view": medium.state,
        "item_count": len(medium.originals) or medium.files_total,
        "play_as": kinds.play_as(medium.type, medium.filename),
        "mce_type": kinds.edit_type(medium.type, roll[1]),
    }


def _picture(medium: SimMedium, roll: bytes) -> dict[str, Any]:
    width, height, resolution = _SIZES[roll[2] % len(_SIZES)]
    moving = kinds.is_moving(medium.type)
    known = medium.ready and roll[3] > 12
    return {
        "width": width if known else None,
        "height": height if known else None,
        "resolution": resolution if moving else "12MP",
        # milliseconds, as text
        "source_duration": str(1000 + int.from_bytes(roll[4:7]) % 900_000) if moving else None,
        "fov": "W" if roll[7] > 128 else None,
        "orientation": 1 if roll[8] < 250 else 6,
        "stabilized": roll[9] > 128 if moving else None,
        "thumbnail_available": medium.ready,
        "ready_to_edit": medium.ready,
        "available_labels": ["source", "edit_proxy"] if medium.offers_original else [],
    }


def _extras(medium: SimMedium, roll: bytes) -> dict[str, Any]:
    gumi = roll.hex()
    return {
        "gopro_user_id": USER_ID,
        "source_gumi": gumi,
        "source_mgumi": gumi if roll[10] > 200 else None,
        "camera_model": medium.camera,
        "content_title": "A day out" if roll[11] > 250 else None,
        "content_type": None,
        "content_description": None,
        "tags": [],
        "moments_count": roll[12] % 4,
        "on_public_profile": False,
        "token": _item_token(gumi),
        "reprocessed_at": to_text(medium.updated_at) if medium.updated_at else None,
        "firmware_version": "H22.01.02.01.00" if medium.camera else None,
        "ai_training_opt_out": True,
    }


def _item_token(gumi: str) -> str:
    """Shaped like the per-item JWT of the real rows; it opens nothing here."""
    claims = base64.urlsafe_b64encode(f'{{"gumi":"{gumi}"}}'.encode()).decode().rstrip("=")
    return f"eyJhbGciOiJIUzI1NiJ9.{claims}.{gumi}"
