"""Faults in what the listing says, and changes of the library while it is listed."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from threading import Lock
from typing import Any

from cloud_sync.clock import from_text
from cloud_sync.simulator.answers import Answer, Endpoint
from cloud_sync.simulator.fault_occasion import Occasion
from cloud_sync.simulator.generator import pattern_medium
from cloud_sync.simulator.medium import SimFile, SimMedium
from cloud_sync.simulator.pattern import PatternFile
from cloud_sync.simulator.store import Library

Row = dict[str, Any]

_CHANGING = Lock()
"""One change is done before the next one looks at the library."""


def empty_page(occasion: Occasion) -> Answer | None:
    def emptied(content: Row) -> bool:
        rows = _listed(content)
        found = bool(rows)
        rows.clear()
        return found

    return occasion.edited(emptied)


def short_page(occasion: Occasion) -> Answer | None:
    rows = occasion.parameter("rows")
    asked = occasion.request.query.get("per_page", "30")
    if asked.isdecimal() and int(asked) <= rows:
        return occasion.passed()
    return occasion.serve(occasion.request.with_query("per_page", str(rows)))


def repeated_page(occasion: Occasion) -> Answer | None:
    asked = occasion.request.query.get("page", "1")
    if not asked.isdecimal():
        return occasion.passed()
    page = occasion.parameter("page") or int(asked) - 1
    if page in (0, int(asked)):
        return occasion.passed()
    occasion.call = replace(occasion.call, request=occasion.request.with_query("page", str(page)))

    def renumbered(content: Row) -> bool:
        content["_pages"]["current_page"] = int(asked)
        return bool(_listed(content))

    return occasion.edited(renumbered)


def lying_total(occasion: Occasion) -> Answer | None:
    def lied(content: Row) -> bool:
        pages = content["_pages"]
        pages["total_items"] = max(0, pages["total_items"] + occasion.parameter("by"))
        pages["total_pages"] = math.ceil(pages["total_items"] / pages["per_page"])
        return True

    return occasion.edited(lied)


def not_ready(occasion: Occasion) -> Answer | None:
    def unready(row: Row) -> bool:
        listings = occasion.parameter("listings")
        if listings is not None and occasion.listing() > listings:
            return False
        row |= {"ready_to_view": occasion.parameter("state")}
        return True

    return _rows(occasion, unready)


def library_change(occasion: Occasion) -> Answer | None:
    library = occasion.cloud.library
    with _CHANGING:
        if occasion.parameter("change") == "upload":
            changed = _upload(library, occasion)
        else:
            found = [medium for medium in library.media() if occasion.fault.fits(medium.id)]
            changed = [_change(library, medium, occasion) for medium in found]
    answer = occasion.serve(occasion.request)
    return answer if any(changed) else occasion.untouched(answer)


def _upload(library: Library, occasion: Occasion) -> list[bool]:
    medium_id = occasion.fault.medium or ""
    if library.stored(medium_id) is not None:
        return []
    created = max((medium.created_at for medium in library.media()), default=None)
    instant = occasion.parameter("instant")
    base = pattern_medium(
        medium_id,
        occasion.parameter("size"),
        filename=occasion.parameter("filename") or "GX019999.MP4",
    )
    uploaded = created + timedelta(seconds=1) if created else base.created_at
    captured = from_text(instant) if instant else uploaded
    library.add(replace(base, created_at=uploaded, captured_at=captured))
    return [True]


def _change(library: Library, medium: SimMedium, occasion: Occasion) -> bool:
    match occasion.parameter("change"):
        case "delete":
            library.remove(medium.id)
            return True
        case "rename":
            changed = replace(medium, filename=occasion.parameter("filename"))
        case "redate":
            changed = replace(medium, captured_at=from_text(occasion.parameter("instant")))
        case _:
            changed = _reprocessed(medium)
    library.add(changed)
    return changed != medium


def _reprocessed(medium: SimMedium) -> SimMedium:
    changed = (medium.updated_at or medium.created_at) + timedelta(days=1)
    return replace(
        medium,
        updated_at=changed,
        originals=tuple(_other_bytes(medium, file) for file in medium.originals),
    )


def _other_bytes(medium: SimMedium, file: SimFile) -> PatternFile:
    content = file.content if isinstance(file, PatternFile) else "source"
    return PatternFile(
        file.number,
        file.filename,
        file.extension,
        file.size,
        medium_id=medium.id,
        content=f"{content}, reprocessed",
    )


def _rows(occasion: Occasion, change: Callable[[Row], bool]) -> Answer | None:
    """Change the rows of the media that the fault selects, in a listing or of a single medium."""

    def changed(content: Row) -> bool:
        rows = _listed(content) if occasion.call.endpoint is Endpoint.SEARCH else [content]
        done = [change(row) for row in rows if occasion.fault.fits(row.get("id"))]
        return any(done)

    return occasion.edited(changed)


def _listed(content: Row) -> list[Row]:
    """The rows of a page; none where another fault has taken them out."""
    rows: list[Row] = content.get("_embedded", {}).get("media", [])
    return rows


def row(occasion: Occasion) -> Answer | None:
    def edited(row: Row) -> bool:
        before = dict(row)
        row |= occasion.parameter("set") or {}
        for name in occasion.parameter("remove") or ():
            row.pop(name, None)
        for name in occasion.parameter("as_text") or ():
            row |= {name: str(row[name])} if name in row else {}
        return row != before

    return _rows(occasion, edited)


def _without(name: str) -> Callable[[Occasion], Answer | None]:
    return lambda occasion: _rows(occasion, lambda row: row.pop(name, None) is not None)


def _with(name: str, value: object) -> Callable[[Occasion], Answer | None]:
    """Another value of a field, where the row bears the field at all."""
    return lambda occasion: _rows(occasion, lambda row: _set(row, name, value))


def _with_parameter(name: str, parameter: str) -> Callable[[Occasion], Answer | None]:
    return lambda occasion: _rows(
        occasion, lambda row: _set(row, name, occasion.parameter(parameter))
    )


def _set(row: Row, name: str, value: object) -> bool:
    if name not in row or row[name] == value:
        return False
    row[name] = value
    return True


def unknown_fields(occasion: Occasion) -> Answer | None:
    def wider(row: Row) -> bool:
        row |= {"hologram": {"depth": [1, 2.5, None]}, "remix_of": None, "Ünïcode": True}
        return True

    return _rows(occasion, wider)


def numbers_as_strings(occasion: Occasion) -> Answer | None:
    def textual(row: Row) -> bool:
        numbers = {name: str(value) for name, value in row.items() if type(value) in (int, float)}
        row |= numbers
        return bool(numbers)

    return _rows(occasion, textual)


LISTING: dict[str, Callable[[Occasion], Answer | None]] = {
    "empty_page": empty_page,
    "short_page": short_page,
    "repeated_page": repeated_page,
    "lying_total": lying_total,
    "not_ready": not_ready,
    "library_change": library_change,
    "row": row,
    "row_without_id": _without("id"),
    "row_without_type": _without("type"),
    "unknown_type": _with_parameter("type", "type"),
    "unknown_state": _with_parameter("ready_to_view", "state"),
    "unknown_fields": unknown_fields,
    "numbers_as_strings": numbers_as_strings,
    "null_size": _with("file_size", None),
    "zero_size": _with("file_size", 0),
    "null_filename": _with("filename", None),
}
