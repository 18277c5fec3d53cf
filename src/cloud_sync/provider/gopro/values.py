"""Reading JSON that nobody promised: lenient where a value may be missing, exact in complaint.

Complaints name the place and the kind of value that was found there, never the value: it may be
a token or a signed URL.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from math import isfinite
from typing import Any, NoReturn

from cloud_sync.clock import from_text
from cloud_sync.errors import SourceNotUnderstood

LARGEST = 2**63 - 1
"""What a tracker's integer column holds; no size or count comes near."""


def decoded_object(body: object, doing: str) -> dict[str, Any]:
    """The JSON object in `body`, which is bytes or already decoded."""
    value = _decoded(bytes(body), doing) if isinstance(body, bytes | bytearray) else body
    if not isinstance(value, dict):
        raise not_understood(doing, f"the answer is {kind_of(value)} where an object was expected")
    return value


def _decoded(body: bytes, doing: str) -> object:
    try:
        return json.loads(body, parse_constant=_no_constant, object_pairs_hook=_members)
    except _NamedTwice as error:
        raise not_understood(doing, "an object in it names one of its members twice") from error
    except (ValueError, RecursionError) as error:
        kind = "an HTML page" if looks_like_html(body) else "not JSON"
        raise not_understood(doing, f"the answer is {kind} ({len(body)} bytes)") from error


def _no_constant(name: str) -> NoReturn:
    raise ValueError(name)


class _NamedTwice(ValueError):
    pass


def _members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object's members. A name that stands twice is refused: a list of media could hide so."""
    members = dict(pairs)
    if len(members) != len(pairs):
        raise _NamedTwice
    return members


def looks_like_html(body: bytes) -> bool:
    """Whether a body is markup, as login pages and the delivery network's own pages are."""
    return body[:64].removeprefix(b"\xef\xbb\xbf").lstrip().startswith(b"<")


def member_object(parent: dict[str, Any], name: str, path: str, doing: str) -> dict[str, Any]:
    value = parent.get(name)
    if not isinstance(value, dict):
        raise _unlike(parent, name, path, "an object", doing)
    return value


def member_list(parent: dict[str, Any], name: str, path: str, doing: str) -> list[Any]:
    value = parent.get(name)
    if not isinstance(value, list):
        raise _unlike(parent, name, path, "a list", doing)
    return value


def optional_list(parent: dict[str, Any], name: str, path: str, doing: str) -> list[Any]:
    """As `member_list`, but a missing or null member is an empty list."""
    return [] if parent.get(name) is None else member_list(parent, name, path, doing)


def _unlike(
    parent: dict[str, Any], name: str, path: str, wanted: str, doing: str
) -> SourceNotUnderstood:
    found = f"is {kind_of(parent[name])}" if name in parent else "is missing"
    return not_understood(doing, f"`{path}` {found} where {wanted} was expected")


def not_understood(doing: str, what: str) -> SourceNotUnderstood:
    return SourceNotUnderstood(f"{doing}: {what}")


def kind_of(value: object) -> str:
    """A value's kind in words."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true or false"
    kinds = {str: "text", int: "a number", float: "a number", list: "a list", dict: "an object"}
    return kinds.get(type(value), "something else")


def text(value: object) -> str:
    """Text, or a number as text; empty for anything else.

    Half surrogate pairs, which JSON can spell but no file name or database can hold, become `?`.
    """
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) <= LARGEST:
        return str(value)
    return value.encode("utf-8", "replace").decode() if isinstance(value, str) else ""


def shown(value: object, limit: int = 80) -> str:
    """Text from outside made fit for a message: printable, and short."""
    clean = "".join(char if char.isprintable() else "?" for char in text(value))
    return clean if len(clean) <= limit else clean[: limit - 1] + "…"


def whole(value: object) -> int | None:
    """A whole number from 0 to `LARGEST`, also as text; None for anything else."""
    if isinstance(value, str):
        digits = value.strip()
        value = int(digits) if digits.isascii() and digits.isdigit() and len(digits) < 20 else None
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int):
        return None
    return value if 0 <= value <= LARGEST else None


def seconds(value: object) -> float | None:
    """Milliseconds, mostly written as text, as seconds; None for anything else."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    try:
        milliseconds = float(value)
    except (ValueError, OverflowError):
        return None
    return milliseconds / 1000 if isfinite(milliseconds) and milliseconds >= 0 else None


def instant(value: object) -> datetime | None:
    """An ISO 8601 instant with the offset it was written with; None for anything else."""
    if not isinstance(value, str):
        return None
    try:
        moment = from_text(value.strip())
        # the calendar's edge years cannot be compared with other instants
        moment.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    return moment


def extension(value: object) -> str:
    """A file name extension in lower case without its dot; empty when it is none."""
    name = text(value).strip().removeprefix(".").lower()
    return name if name.isascii() and name.isalnum() and len(name) <= 10 else ""
