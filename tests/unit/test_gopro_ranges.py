"""Whether an answer of the delivery network carries the bytes that were asked for."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from urllib3 import HTTPHeaderDict

from cloud_sync.errors import (
    CloudSyncError,
    GoneAtSource,
    ServiceUnavailable,
    SourceChanged,
    SourceNotUnderstood,
    StreamBroken,
    Throttled,
    UrlExpired,
)
from cloud_sync.provider.gopro.ranges import Asked, Opened, mark, opened, refusal

NOW = datetime(2026, 6, 1, tzinfo=UTC)
MIDDLE = Asked(100, 50, "v1")
ALL = Asked()
REST = Asked(100, None, "v1")


def head(**facts: str) -> HTTPHeaderDict:
    return HTTPHeaderDict({name.replace("_", "-"): value for name, value in facts.items()})


def test_what_is_no_range_cannot_be_asked_for() -> None:
    for start, length in ((-1, None), (0, 0), (5, -1)):
        with pytest.raises(ValueError, match="no range"):
            Asked(start, length)


@pytest.mark.parametrize(
    ("asked", "sent"),
    [
        (ALL, {}),
        (Asked(0, 10), {"Range": "bytes=0-9"}),
        (REST, {"Range": "bytes=100-", "If-Match": '"v1"'}),
        (MIDDLE, {"Range": "bytes=100-149", "If-Match": '"v1"'}),
        (Asked(0, 10, "W/v1"), {"Range": "bytes=0-9"}),
    ],
)
def test_the_range_and_the_version_are_asked_for(asked: Asked, sent: dict[str, str]) -> None:
    """A weak mark proves no bytes, and a server must refuse it in `If-Match`."""
    assert asked.headers() == {"Accept-Encoding": "identity"} | sent


@pytest.mark.parametrize(
    ("status", "headers", "asked", "declared"),
    [
        (
            206,
            head(ETag='"v1"', Content_Range="bytes 100-149/1000", Content_Length="50"),
            MIDDLE,
            Opened(1000, "v1", 150),
        ),
        (
            206,
            head(ETag='"v1"', Content_Range="bytes 100-149/1000"),
            MIDDLE,
            Opened(1000, "v1", 150),
        ),
        (206, head(ETag='"v1"', Content_Range="bytes 100-119/120"), MIDDLE, Opened(120, "v1", 120)),
        (
            206,
            head(ETag='"v1"', Content_Range="bytes 100-999/1000"),
            REST,
            Opened(1000, "v1", 1000),
        ),
        (200, head(Content_Length="70"), ALL, Opened(70, None, 70)),
        (200, head(Content_Length="70"), Asked(0, 70), Opened(70, None, 70)),
        (200, head(Content_Length="70"), Asked(0, 90), Opened(70, None, 70)),
        (200, head(Content_Length="70"), Asked(0, 9), Opened(70, None, 9, runs_on=True)),
        (200, head(Transfer_Encoding="chunked"), ALL, Opened(None, None, None)),
        (
            200,
            head(Transfer_Encoding="chunked", Content_Length="70"),
            Asked(0, 9),
            Opened(None, None, 9, runs_on=True),
        ),
        (200, head(Content_Length="70", Content_Encoding="identity"), ALL, Opened(70, None, 70)),
        (200, head(Content_Length="70", Content_Encoding="aws-chunked"), ALL, Opened(70, None, 70)),
    ],
)
def test_just_the_bytes_that_were_asked_for_are_opened(
    status: int, headers: HTTPHeaderDict, asked: Asked, declared: Opened
) -> None:
    assert opened(status, headers, asked, "fetching") == declared


@pytest.mark.parametrize(
    ("status", "headers", "asked", "error"),
    [
        (206, head(ETag='"v2"', Content_Range="bytes 100-149/1000"), MIDDLE, SourceChanged),
        (206, head(Content_Range="bytes 100-149/1000"), MIDDLE, SourceChanged),
        (206, head(ETag='"v1"'), MIDDLE, StreamBroken),
        (206, head(ETag='"v1"', Content_Range="bytes 100-149/*"), MIDDLE, StreamBroken),
        (206, head(ETag='"v1"', Content_Range="bytes 0-49/1000"), MIDDLE, StreamBroken),
        (206, head(ETag='"v1"', Content_Range="bytes 101-150/1000"), MIDDLE, StreamBroken),
        (206, head(ETag='"v1"', Content_Range="bytes 100-148/1000"), MIDDLE, StreamBroken),
        (206, head(ETag='"v1"', Content_Range="bytes 100-150/1000"), MIDDLE, StreamBroken),
        (206, head(ETag='"v1"', Content_Range="bytes 149-100/1000"), MIDDLE, StreamBroken),
        (206, head(ETag='"v1"', Content_Range="bytes 100-149/120"), MIDDLE, StreamBroken),
        (
            206,
            head(ETag='"v1"', Content_Range="bytes 100-149/1000", Content_Length="49"),
            MIDDLE,
            StreamBroken,
        ),
        (200, head(ETag='"v1"', Content_Length="1000"), MIDDLE, StreamBroken),
        (200, head(Content_Length="0"), ALL, StreamBroken),
        (200, head(), ALL, ServiceUnavailable),
        (200, head(Content_Length="-5"), ALL, ServiceUnavailable),
        (200, head(Content_Length="5", Content_Encoding="gzip"), ALL, SourceNotUnderstood),
        (200, head(Content_Length="5", Transfer_Encoding="gzip"), ALL, SourceNotUnderstood),
        (200, head(Content_Length="5", Content_Type="text/HTML"), ALL, ServiceUnavailable),
    ],
)
def test_other_bytes_than_those_asked_for_are_refused(
    status: int, headers: HTTPHeaderDict, asked: Asked, error: type[CloudSyncError]
) -> None:
    with pytest.raises(error, match=r"^fetching: "):
        opened(status, headers, asked, "fetching")


@pytest.mark.parametrize(
    ("status", "headers", "asked", "error"),
    [
        (401, head(), MIDDLE, UrlExpired),
        (403, head(), MIDDLE, UrlExpired),
        (410, head(), MIDDLE, UrlExpired),
        (404, head(), MIDDLE, GoneAtSource),
        (412, head(), MIDDLE, SourceChanged),
        (412, head(), ALL, SourceNotUnderstood),
        (416, head(ETag='"v2"'), MIDDLE, SourceChanged),
        (416, head(ETag='"v1"', Content_Range="bytes */80"), MIDDLE, StreamBroken),
        (416, head(), MIDDLE, StreamBroken),
        (429, head(Retry_After="7"), MIDDLE, Throttled),
        (503, head(Retry_After="7"), MIDDLE, Throttled),
        (503, head(), MIDDLE, ServiceUnavailable),
        (408, head(), MIDDLE, ServiceUnavailable),
        (500, head(), MIDDLE, ServiceUnavailable),
        (418, head(), MIDDLE, SourceNotUnderstood),
        (204, head(), MIDDLE, SourceNotUnderstood),
    ],
)
def test_each_refusal_has_one_meaning_and_none_is_a_dead_login(
    status: int, headers: HTTPHeaderDict, asked: Asked, error: type[CloudSyncError]
) -> None:
    assert type(refusal(status, headers, asked, "fetching", NOW)) is error


def test_a_range_behind_the_end_says_how_long_the_original_is() -> None:
    error = refusal(416, head(Content_Range="bytes */80"), MIDDLE, "fetching", NOW)
    assert isinstance(error, StreamBroken)
    assert (error.got, error.expected) == (100, 80)
    assert "80 bytes" in error.message


@pytest.mark.parametrize(
    ("etag", "text"),
    [(None, None), ('"v1"', "v1"), ('W/"v1"', "W/v1"), (" v1 ", "v1"), ('""', None), ("", None)],
)
def test_a_mark_is_told_without_its_quotes(etag: str | None, text: str | None) -> None:
    assert mark(etag) == text


numbers = st.integers(0, 300)


@given(
    st.sampled_from([200, 206]),
    st.tuples(numbers, numbers, numbers),
    st.none() | numbers,
    st.integers(0, 200),
    st.none() | st.integers(1, 200),
)
def test_what_is_opened_is_never_another_range_than_was_asked_for(
    status: int,
    declared: tuple[int, int, int],
    length: int | None,
    start: int,
    asked_length: int | None,
) -> None:
    headers = HTTPHeaderDict({"Content-Range": "bytes {}-{}/{}".format(*declared)})
    if length is not None:
        headers["Content-Length"] = str(length)
    asked = Asked(start, asked_length)
    try:
        found = opened(status, headers, asked, "fetching")
    except CloudSyncError:
        return
    assert found.end is not None
    assert found.end > start, "nothing was opened"
    if status == 206:
        first, last, size = declared
        assert (first, last + 1) == (start, found.end)
        assert found.end <= size == found.size
        assert found.end == size if asked.end is None else found.end == min(size, asked.end)
    else:
        assert (start, found.size) == (0, length)
        assert found.runs_on == (found.end != length)
