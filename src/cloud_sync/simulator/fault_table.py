"""Every kind of fault once: what it may meet, and its parameters.

The parser, its error messages and the documentation all go by this table.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC
from enum import StrEnum
from math import isfinite

from cloud_sync.clock import from_text

API = ("user", "search", "media", "download")
CDN = ("cdn",)
ALL = API + CDN
ENDPOINTS = ALL
"""The endpoints as plans call them."""

ANY = "any"
"""All endpoints that a kind may meet."""


@dataclass(frozen=True, slots=True)
class Values:
    """What may stand somewhere: in words, and as a test."""

    expected: str
    allows: Callable[[object], bool]


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter of a kind. One that is `required` has no default."""

    values: Values
    default: object = None
    required: bool = False


class Medium(StrEnum):
    """What `medium` selects."""

    CALLS = "calls"
    """Calls that name such a medium."""
    ROWS = "rows"
    """What is told of such media, whichever call tells it."""
    TARGET = "target"
    """The media that something happens to."""


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of fault: the `endpoints` it may meet, and those it meets where none are named.

    `times` is how often it is given where the plan does not say: None for as often as chosen.
    """

    endpoints: tuple[str, ...]
    default: tuple[str, ...] = ()
    medium: Medium = Medium.CALLS
    parameters: Mapping[str, Parameter] = field(default_factory=dict)
    times: int | None = None

    @property
    def usual(self) -> tuple[str, ...]:
        return self.default or self.endpoints


def whole(low: int, high: int | None = None) -> Values:
    upto = f" to {high}" if high is not None else " up"
    return Values(
        f"a whole number from {low}{upto}",
        lambda value: is_whole(value) and low <= value and (high is None or value <= high),  # type: ignore[operator]
    )


def is_whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def is_number(value: object) -> bool:
    return is_whole(value) or (isinstance(value, float) and isfinite(value))


def words(*choices: str) -> Values:
    return Values("one of " + ", ".join(choices), lambda value: value in choices)


def numbers(*choices: int) -> Values:
    told = ", ".join(map(str, choices))
    return Values(f"one of {told}", lambda value: is_whole(value) and value in choices)


def _has_texts(value: object) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(part, str) for part in value)


def _is_instant(value: object) -> bool:
    try:
        return isinstance(value, str) and from_text(value).astimezone(UTC) is not None
    except (ValueError, OverflowError):
        return False


DAY = 86_400
SECONDS = Values(
    f"a number of seconds from 0 to {DAY}",
    lambda value: is_number(value) and 0 <= value <= DAY,  # type: ignore[operator]
)
NONZERO = Values("a whole number other than 0", lambda value: is_whole(value) and value != 0)
TEXT = Values("a text", lambda value: isinstance(value, str))
NAME = Values("a text that is not empty", lambda value: isinstance(value, str) and bool(value))
NAMES = Values("a list of field names", _has_texts)
OBJECT = Values("an object", lambda value: isinstance(value, dict) and bool(value))
INSTANT = Values("an instant such as 2024-05-01T12:00:00Z", _is_instant)

ERROR_STATUS = whole(400, 599)
_AT = Parameter(whole(0))
_ROWS: Mapping[str, Kind] = {
    name: Kind(("search", "media"), ("search",), Medium.ROWS, parameters)
    for name, parameters in {
        "row": {
            "set": Parameter(OBJECT),
            "remove": Parameter(NAMES),
            "as_text": Parameter(NAMES),
        },
        "row_without_id": {},
        "row_without_type": {},
        "unknown_type": {"type": Parameter(NAME, "Hologram")},
        "unknown_state": {"state": Parameter(NAME, "dreaming")},
        "unknown_fields": {},
        "numbers_as_strings": {},
        "null_size": {},
        "zero_size": {},
        "null_filename": {},
    }.items()
}

KINDS: Mapping[str, Kind] = {
    # what the listing says
    "empty_page": Kind(("search",)),
    "short_page": Kind(("search",), parameters={"rows": Parameter(whole(1), required=True)}),
    "repeated_page": Kind(("search",), parameters={"page": Parameter(whole(1))}),
    "lying_total": Kind(("search",), parameters={"by": Parameter(NONZERO, 1)}),
    "not_ready": Kind(
        ("search", "media"),
        medium=Medium.ROWS,
        parameters={
            "state": Parameter(NAME, "transcoding"),
            "listings": Parameter(whole(1)),
        },
    ),
    **_ROWS,
    # what the service says
    "missing_embedded": Kind(("search", "download")),
    "no_original": Kind(("download",)),
    "malformed_json": Kind(API),
    "empty_body": Kind(ALL, API),
    "gone": Kind(
        ("download", "media", "cdn"),
        ("download", "media"),
        parameters={"status": Parameter(numbers(404, 410), 404)},
    ),
    "expired_url": Kind(CDN),
    "status": Kind(
        ALL,
        parameters={
            "status": Parameter(ERROR_STATUS, 503),
            "retry_after": Parameter(SECONDS),
            "retry_after_as": Parameter(words("seconds", "date"), "seconds"),
        },
    ),
    "html": Kind(
        ALL,
        API,
        parameters={
            "page": Parameter(words("login", "cloudfront"), "login"),
            "status": Parameter(whole(200, 599), 200),
        },
    ),
    "blocked": Kind(ALL, API),
    "rate_limit": Kind(
        ALL,
        API,
        parameters={
            "per_second": Parameter(whole(1), required=True),
            "retry_after": Parameter(SECONDS, 1),
        },
    ),
    "down": Kind(
        ALL,
        parameters={
            "seconds": Parameter(SECONDS, required=True),
            "how": Parameter(words("status", "refuse"), "status"),
            "status": Parameter(ERROR_STATUS, 503),
        },
        times=1,
    ),
    # what the bytes are
    "range_ignored": Kind(CDN),
    "wrong_range": Kind(
        CDN,
        parameters={
            "by": Parameter(NONZERO, 1),
            "header": Parameter(words("given", "asked"), "given"),
        },
    ),
    "etag_changes": Kind(
        CDN,
        parameters={
            "version": Parameter(whole(1, 15), 1),
            "content": Parameter(words("same", "changed"), "same"),
        },
    ),
    "flip": Kind(ALL, CDN, parameters={"at_byte": _AT, "bytes": Parameter(whole(1), 1)}),
    # what the connection does
    "too_long": Kind(ALL, CDN, parameters={"by": Parameter(whole(1), 1)}),
    "wrong_length": Kind(ALL, CDN, parameters={"by": Parameter(NONZERO, 1)}),
    "no_length": Kind(
        ALL, CDN, parameters={"framing": Parameter(words("chunked", "close"), "chunked")}
    ),
    "slow": Kind(ALL, CDN, parameters={"bytes_per_second": Parameter(whole(1), required=True)}),
    "truncate": Kind(ALL, CDN, parameters={"at_byte": _AT}),
    "stall": Kind(
        ALL,
        parameters={
            "seconds": Parameter(SECONDS, required=True),
            "at_byte": _AT,
            "then": Parameter(words("go_on", "close", "reset"), "go_on"),
        },
    ),
    "reset": Kind(ALL, parameters={"at_byte": _AT}),
    # what changes for good
    "token_expired": Kind(
        API,
        parameters={
            "status": Parameter(numbers(401, 403, 500), 401),
            "accepts": Parameter(NAME),
        },
        times=1,
    ),
    "library_change": Kind(
        ALL,
        ("search",),
        Medium.TARGET,
        {
            "change": Parameter(
                words("upload", "delete", "rename", "redate", "reprocess"), required=True
            ),
            "filename": Parameter(TEXT),
            "instant": Parameter(INSTANT),
            "size": Parameter(whole(0), 1000),
        },
    ),
}
"""All kinds by name. Where several meet one call, each works on what those before it give."""

NEEDED_BY_CHANGE = {"rename": "filename", "redate": "instant"}
"""The parameter that a change of the library cannot go without."""

CONDITIONS: Mapping[str, Values] = {
    "nth": Values(
        "a whole number from 1 up, or a list of them",
        lambda value: (
            is_positive(value)
            or (isinstance(value, list) and bool(value) and all(map(is_positive, value)))
        ),
    ),
    "every": whole(1),
    "probability": Values(
        "a number from 0 to 1",
        lambda value: is_number(value) and 0 <= value <= 1,  # type: ignore[operator]
    ),
    "first": whole(1),
    "after": whole(0),
    "until": whole(1),
    "times": whole(1),
    "per": words("endpoint", "medium", "file"),
}
"""When a fault is given."""

COMMON: Mapping[str, Values] = {
    "kind": words(*KINDS),
    "endpoint": Values("", lambda _value: True),
    "medium": NAME,
    **CONDITIONS,
}


def is_positive(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 1
