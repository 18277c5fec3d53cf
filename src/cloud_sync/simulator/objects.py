"""What lies on the CDN: originals, and what the cloud derives from them, each at its path."""

from __future__ import annotations

from urllib.parse import unquote

from cloud_sync.simulator.medium import Shape, SimFile, SimMedium
from cloud_sync.simulator.pattern import PatternFile
from cloud_sync.simulator.rows import USER_ID, dice

SOURCE = "source"
BAKED = "baked_source"
RAW = "raw_photo"

DERIVED = {
    "edit_proxy": "mp4",
    "high_res_proxy_mp4": "mp4",
    "concat": "mp4",
    "proxy": "mp4",
    "sprite": "jpg",
    "gpmf": "mp4",
    "mediainfo": "json",
    "edl_mce": "json",
    "zip": "zip",
}
"""Labels that are no originals, with their file types. Their bytes are made up and small."""


def path_of(medium: SimMedium, label: str, number: int, extension: str) -> str:
    """Where an object lies. Ids need no quoting: they are letters and digits."""
    return f"/{USER_ID}/{medium.id}/{label}/default/{number}.{extension}"


def medium_id_in(path: str) -> str:
    """The id that a CDN path names; empty where it names none."""
    parts = path.split("/")
    return unquote(parts[2]) if len(parts) == 6 else ""


def object_at(medium: SimMedium, path: str) -> SimFile | None:
    """The object of `medium` at `path`, None where there is none."""
    label, position, name = path.split("/")[3:6]
    number = name.partition(".")[0]
    if position != "default" or not (number.isascii() and number.isdigit()):
        return None
    found = _find(medium, label, int(number))
    return found if found and path == path_of(medium, label, int(number), found.extension) else None


def _find(medium: SimMedium, label: str, number: int) -> SimFile | None:
    if label in DERIVED:
        return derived(medium, label, number)
    offered = {SOURCE: sources(medium), BAKED: baked(medium), RAW: raws(medium)}.get(label, ())
    return offered[number - 1] if 1 <= number <= len(offered) else None


def sources(medium: SimMedium) -> tuple[SimFile, ...]:
    """The files that are called `source`."""
    if medium.shape is Shape.BAKED:
        return ()
    return medium.originals[:1] if _is_raw(medium) else medium.originals


def baked(medium: SimMedium) -> tuple[SimFile, ...]:
    """The file that is called `baked_source`."""
    return medium.originals if medium.shape is Shape.BAKED else ()


def raws(medium: SimMedium) -> tuple[SimFile, ...]:
    """The file that is called `raw_photo`."""
    return medium.originals[1:] if _is_raw(medium) else ()


def derived(medium: SimMedium, label: str, number: int = 1) -> SimFile:
    """A proxy, sprite or sidecar: bytes of its own, never those of an original."""
    size = 4_000 + 37 * dice(medium.id)[0]
    return PatternFile(
        number, medium.filename or "", DERIVED[label], size, medium_id=medium.id, content=label
    )


def _is_raw(medium: SimMedium) -> bool:
    return medium.shape in {Shape.RAW_SIDECAR, Shape.RAW_VARIATION}
