"""Ranges from a delivery network that misbehaves: never a wrong byte, and every fault by name."""

from __future__ import annotations

import traceback

import pytest

from cloud_sync.errors import (
    AuthRequired,
    CloudSyncError,
    GoneAtSource,
    ServiceUnavailable,
    SourceChanged,
    SourceNotUnderstood,
    StreamBroken,
    Throttled,
    UrlExpired,
)
from cloud_sync.model.media import MediaFile
from cloud_sync.secret import Secret
from raw_cdn import (
    BODY,
    ETAG,
    MARK,
    SIGNATURE,
    TOKEN,
    assert_no_secret,
    drained,
    fetched,
    file_at,
    part,
    provider,
)
from raw_server import Keep, Reset, Stall, Step, http, serving

START, LENGTH = 300, 1000
CHUNKED = {"Transfer-Encoding": "chunked"}


def chunked(body: bytes, size: int = 700) -> bytes:
    pieces = [body[at : at + size] for at in range(0, len(body), size)]
    return b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces) + b"0\r\n\r\n"


def test_no_login_is_sent_to_the_delivery_network() -> None:
    with serving(http(200, BODY, {"ETag": MARK})) as cdn, provider(cdn.url) as made:
        assert fetched(made, cdn.url) == BODY
        assert cdn.header(0, "Authorization") is None
        assert cdn.header(0, "Cookie") is None
        assert cdn.header(0, "Accept-Encoding") == "identity"
        assert TOKEN not in cdn.requests[0]


@pytest.mark.parametrize(
    ("start", "length", "asked"),
    [
        (0, None, None),
        (300, None, "bytes=300-"),
        (0, 1000, "bytes=0-999"),
        (300, 1000, "bytes=300-1299"),
        (300, 1, "bytes=300-300"),
        (10_239, 1, "bytes=10239-10239"),
        (10_000, 5000, "bytes=10000-14999"),
    ],
)
def test_exactly_the_range_is_asked_for_and_given(
    start: int, length: int | None, asked: str | None
) -> None:
    whole = http(200, BODY, {"ETag": MARK})
    answer = whole if asked is None else part(start, length)
    with serving(answer) as cdn, provider(cdn.url) as made:
        stream = made.open(file_at(cdn.url), start, length)
        assert (stream.size, stream.etag) == (len(BODY), ETAG)
        assert drained(stream) == BODY[start:][:length]
        assert cdn.header(0, "Range") == asked
        assert cdn.header(0, "If-Match") is None


@pytest.mark.parametrize("start", [0, 300])
def test_a_known_version_is_asked_for_by_its_mark(start: int) -> None:
    with serving(part(start, LENGTH)) as cdn, provider(cdn.url) as made:
        assert fetched(made, cdn.url, start, LENGTH, ETAG) == BODY[start : start + LENGTH]
        assert cdn.header(0, "If-Match") == MARK


def test_a_weak_mark_is_compared_in_the_answer_as_no_server_matches_it() -> None:
    weak = part(START, LENGTH, headers={"ETag": 'W/"abc"'})
    with serving(weak) as cdn, provider(cdn.url) as made:
        fetched(made, cdn.url, START, LENGTH, "W/abc")
        assert cdn.header(0, "If-Match") is None
        with pytest.raises(SourceChanged):
            made.open(file_at(cdn.url), START, LENGTH, "W/other")


def test_no_range_is_asked_for_that_holds_nothing() -> None:
    with provider("http://127.0.0.1:9") as made:
        for start, length in ((-1, 5), (0, 0), (0, -1)):
            with pytest.raises(ValueError, match="no range"):
                made.open(file_at("http://127.0.0.1:9"), start, length)


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (http(401), UrlExpired),
        (http(403, b"<Error/>"), UrlExpired),
        (http(410), UrlExpired),
        (http(404), GoneAtSource),
        (http(412), SourceChanged),
        (http(416, b"", {"Content-Range": "bytes */200"}), StreamBroken),
        (http(416, b"", {"Content-Range": "bytes */200", "ETag": MARK}), StreamBroken),
        (http(416, b"", {"Content-Range": "bytes */200", "ETag": '"other"'}), SourceChanged),
        (http(416), StreamBroken),
        (http(429, b"", {"Retry-After": "1"}), Throttled),
        (http(503, b"", {"Retry-After": "1"}), Throttled),
        (http(500), ServiceUnavailable),
        (http(400), SourceNotUnderstood),
        (http(304), SourceNotUnderstood),
        (http(302, b"", {"Location": "http://[bad"}), SourceNotUnderstood),
        (http(302, b"", {"Location": "http://cdn.example/x"}), SourceNotUnderstood),
        (http(302, b"", {"Location": "file:///etc/passwd"}), SourceNotUnderstood),
        (http(302, b"", {"Location": "/again"}), ServiceUnavailable),
        (http(302), SourceNotUnderstood),
        (http(200, BODY, {"ETag": MARK}), StreamBroken),
        (http(200, BODY), StreamBroken),
        (http(200, BODY, {"ETag": '"other"'}), SourceChanged),
        (part(START, LENGTH, headers={"ETag": '"other"'}), SourceChanged),
        (part(START, LENGTH, headers={"ETag": ""}), SourceChanged),
        (part(START - 1, LENGTH), StreamBroken),
        (part(START - 1, LENGTH + 1), StreamBroken),
        (part(START, LENGTH - 1), StreamBroken),
        (part(START, LENGTH + 1), StreamBroken),
        (part(START), StreamBroken),
        (part(START, LENGTH, headers={"Content-Range": ""}), StreamBroken),
        (part(START, LENGTH, headers={"Content-Range": "bytes 300-1299/*"}), StreamBroken),
        (part(START, LENGTH, headers={"Content-Range": "bytes 300-1299/1000"}), StreamBroken),
        (part(START, LENGTH, headers={"Content-Range": "bytes 300-199/200"}), StreamBroken),
        (
            http(206, BODY, {"ETag": MARK, "Content-Range": "bytes 300-199/200"}, length=False),
            StreamBroken,
        ),
        (part(START, LENGTH, headers={"Content-Range": "items 300-1299/10240"}), StreamBroken),
        (part(START, LENGTH, body=BODY[300:1299]), StreamBroken),
        (part(START, LENGTH, body=BODY[300:1301]), StreamBroken),
        (part(START, LENGTH, headers={"Content-Encoding": "gzip"}), SourceNotUnderstood),
        (part(START, LENGTH, headers={"Transfer-Encoding": "gzip, chunked"}), SourceNotUnderstood),
        (part(START, LENGTH, headers={"Content-Type": "text/html"}), ServiceUnavailable),
        (b"", ServiceUnavailable),
        (b"HTTP/1.1 206 Part", ServiceUnavailable),
        (part(START, LENGTH).partition(b"-1299")[0], ServiceUnavailable),
        (part(START, LENGTH).partition(b"\r\n\r\n")[0] + b"\r\n", ServiceUnavailable),
        (b"what is this\r\n\r\n", ServiceUnavailable),
        (b"HTTP/1.1 206 X\r\n" + b"X-A: b\r\n" * 500 + b"\r\n", ServiceUnavailable),
        (Reset(), ServiceUnavailable),
        (Reset(b"HTTP/1.1 206 Part"), ServiceUnavailable),
        (Stall(), ServiceUnavailable),
        (Stall(b"HTTP/1.1 206 Part"), ServiceUnavailable),
    ],
)
def test_every_other_answer_to_a_range_is_a_typed_error_and_never_a_dead_login(
    answer: Step, kind: type[CloudSyncError]
) -> None:
    """Told when it is opened, before a single wrong byte is handed out, and after one try."""
    with serving(answer) as cdn, provider(cdn.url) as made:
        with pytest.raises(kind) as raised:
            made.open(file_at(cdn.url), START, LENGTH, ETAG)
        redirects = 5 if "/again" in str(answer) else 0
        assert len(cdn.requests) == 1 + redirects, "the provider tried again by itself"
    assert type(raised.value) is kind
    assert not isinstance(raised.value, AuthRequired)
    assert "GX1.MP4" in raised.value.message
    assert_no_secret(raised.value)


def test_a_range_behind_the_end_is_told_with_both_numbers() -> None:
    outside = http(416, b"", {"Content-Range": "bytes */10240"})
    with (
        serving(outside) as cdn,
        provider(cdn.url) as made,
        pytest.raises(StreamBroken, match=r"from 20000 to 20999, but .* 10240 bytes") as raised,
    ):
        made.open(file_at(cdn.url), 20_000, LENGTH)
    assert (raised.value.got, raised.value.expected) == (20_000, 10_240)


def test_a_version_that_changes_between_two_ranges_is_found_out() -> None:
    """By the mark in the answer, also where the server does not look at If-Match."""
    replaced = part(1000, 1000, headers={"ETag": '"newer"'})
    with serving(part(0, 1000), replaced) as cdn, provider(cdn.url) as made:
        first = made.open(file_at(cdn.url), 0, 1000)
        assert drained(first) == BODY[:1000]
        with pytest.raises(SourceChanged, match="not the version that was begun"):
            made.open(file_at(cdn.url), 1000, 1000, first.etag)


def test_an_address_that_runs_out_in_mid_file_asks_for_another_address() -> None:
    with serving(part(0, 1000), http(403), part(1000, 1000)) as cdn, provider(cdn.url) as made:
        assert fetched(made, cdn.url, 0, 1000) == BODY[:1000]
        with pytest.raises(UrlExpired):
            made.open(file_at(cdn.url), 1000, 1000, ETAG)
        assert fetched(made, cdn.url, 1000, 1000, ETAG) == BODY[1000:2000]


@pytest.mark.parametrize("etag", [None, ETAG])
def test_where_the_range_is_ignored_its_bytes_are_read_and_not_one_more(etag: str | None) -> None:
    whole = http(200, BODY, {"ETag": MARK, "Connection": "keep-alive"})
    with serving(Keep(whole)) as cdn, provider(cdn.url) as made:
        stream = made.open(file_at(cdn.url), 0, LENGTH, etag)
        assert (stream.size, stream.etag) == (len(BODY), ETAG)
        assert drained(stream) == BODY[:LENGTH]
        assert fetched(made, cdn.url, 0, LENGTH, etag) == BODY[:LENGTH]
        assert cdn.connections == 2, "a connection with a rest of a body was used again"


def test_where_the_range_is_ignored_an_original_that_fits_it_is_read_to_its_end() -> None:
    whole = http(200, BODY, {"ETag": MARK, "Connection": "keep-alive"})
    with serving(Keep(whole)) as cdn, provider(cdn.url) as made:
        for length in (len(BODY), len(BODY) + 1):
            assert fetched(made, cdn.url, 0, length) == BODY
        assert cdn.connections == 1


def test_bytes_from_the_start_are_never_skipped_through() -> None:
    with (
        serving(http(200, BODY)) as cdn,
        provider(cdn.url) as made,
        pytest.raises(StreamBroken, match="from 300 to 1299, but they came from the start"),
    ):
        made.open(file_at(cdn.url), START, LENGTH)


@pytest.mark.parametrize("headers", [{"ETag": '"other"'}, {}])
def test_another_version_from_the_start_is_refused(headers: dict[str, str]) -> None:
    with (
        serving(http(200, BODY, headers)) as cdn,
        provider(cdn.url) as made,
        pytest.raises(SourceChanged, match="not the version"),
    ):
        made.open(file_at(cdn.url), 0, LENGTH, ETAG)


@pytest.mark.parametrize(("start", "length"), [(0, None), (0, 8000), (300, None), (300, 8000)])
def test_a_body_that_ends_early_is_broken_with_both_numbers(start: int, length: int | None) -> None:
    """At the place where it broke, and never with an end that looks clean."""
    end = len(BODY) if length is None else start + length
    headers = {"Content-Length": str(end - start)}
    cut = BODY[start:5000]
    whole = start == 0 and length is None
    answer = http(200, cut, headers) if whole else part(start, length, headers=headers, body=cut)
    buffer = memoryview(bytearray(len(BODY)))
    with serving(answer) as cdn, provider(cdn.url) as made:
        stream = made.open(file_at(cdn.url), start, length)
        assert stream.readinto(buffer) == 5000 - start
        with pytest.raises(StreamBroken, match=rf"ended after 5000 .* {end} were") as raised:
            stream.readinto(buffer)
        with pytest.raises(ValueError, match="closed"):
            stream.readinto(buffer)
    assert (raised.value.got, raised.value.expected) == (5000, end)


@pytest.mark.parametrize("keeps", [False, True])
@pytest.mark.parametrize("length", [1000, 9900])
def test_bytes_behind_the_declared_end_are_broken_and_not_handed_out(
    keeps: bool, length: int
) -> None:
    """Whether they were read along with the head, or still lie in the socket."""
    end = START + length
    told = {"Content-Length": str(length), "Connection": "keep-alive"}
    long = part(START, length, headers=told, body=BODY[START:end] + b"more")
    buffer = memoryview(bytearray(len(BODY)))
    with serving(Keep(long) if keeps else long) as cdn, provider(cdn.url) as made:
        stream = made.open(file_at(cdn.url), START, length)
        with pytest.raises(StreamBroken, match=f"goes on after {end} bytes") as raised:
            stream.readinto(buffer)
    assert (raised.value.got, raised.value.expected) == (end + 1, end)


@pytest.mark.parametrize("surplus", [-1, 0, 1])
def test_a_chunked_range_has_as_many_bytes_as_it_declares(surplus: int) -> None:
    body = BODY[START : START + LENGTH + surplus]
    told = {"ETag": MARK, "Content-Range": f"bytes {START}-{START + LENGTH - 1}/{len(BODY)}"}
    answer = http(206, chunked(body), told | CHUNKED, length=False)
    with serving(answer) as cdn, provider(cdn.url) as made:
        if not surplus:
            assert fetched(made, cdn.url, START, LENGTH) == body
            return
        with pytest.raises(StreamBroken) as raised:
            fetched(made, cdn.url, START, LENGTH)
    assert (raised.value.got, raised.value.expected) == (1300 + surplus, 1300)


def test_a_chunked_original_is_read_to_its_end_and_has_no_size() -> None:
    told = CHUNKED | {"Connection": "keep-alive"}
    whole = http(200, chunked(BODY), told, length=False)
    with serving(Keep(whole)) as cdn, provider(cdn.url) as made:
        for length in (None, len(BODY) + 1):
            stream = made.open(file_at(cdn.url), 0, length)
            assert stream.size is None
            assert drained(stream) == BODY
        assert cdn.connections == 1
        assert fetched(made, cdn.url, 0, LENGTH) == BODY[:LENGTH]


def test_a_chunked_body_that_is_cut_is_no_clean_end() -> None:
    for cut in (chunked(BODY)[:-5], chunked(BODY)[:-2], chunked(BODY)[:5000], b"", b"zz\r\n"):
        answer = http(200, cut, CHUNKED, length=False)
        with serving(answer) as cdn, provider(cdn.url) as made, pytest.raises(ServiceUnavailable):
            fetched(made, cdn.url)


def test_a_body_without_any_length_is_refused_as_its_end_proves_nothing() -> None:
    with (
        serving(http(200, BODY, length=False)) as cdn,
        provider(cdn.url) as made,
        pytest.raises(ServiceUnavailable, match="does not say how long"),
    ):
        made.open(file_at(cdn.url))


@pytest.mark.parametrize(
    "nothing", [http(200), http(200, b"0\r\n\r\n", CHUNKED, length=False)], ids=["0", "chunked"]
)
def test_an_original_of_no_bytes_is_refused(nothing: bytes) -> None:
    with (
        serving(nothing) as cdn,
        provider(cdn.url) as made,
        pytest.raises(StreamBroken, match=r"\b0 bytes"),
    ):
        fetched(made, cdn.url)


@pytest.mark.parametrize("break_off", [Reset, Stall])
@pytest.mark.parametrize("start", [0, 300])
def test_a_connection_that_dies_in_the_body_is_told_with_its_place(
    break_off: type[Reset | Stall], start: int
) -> None:
    half = part(start, headers={"Content-Length": str(len(BODY) - start)}, body=BODY[start:5000])
    with (
        serving(break_off(half)) as cdn,
        provider(cdn.url) as made,
        pytest.raises(ServiceUnavailable, match="at byte") as raised,
    ):
        fetched(made, cdn.url, start)
    assert_no_secret(raised.value)


def test_the_delivery_network_may_send_on_elsewhere_and_still_gets_no_login() -> None:
    with serving(part(START, LENGTH)) as elsewhere:
        moved = http(302, b"", {"Location": f"{elsewhere.url}/y?Signature=OTHER"})
        with serving(moved) as cdn, provider(cdn.url) as made:
            assert fetched(made, cdn.url, START, LENGTH, ETAG) == BODY[START : START + LENGTH]
        assert TOKEN not in elsewhere.requests[0]
        assert elsewhere.header(0, "Range") == "bytes=300-1299"
        assert elsewhere.header(0, "If-Match") == MARK


@pytest.mark.parametrize("url", ["http://cdn.example", "ftp://127.0.0.1", "http://127.0.0.1"])
def test_an_original_is_never_fetched_unencrypted_over_the_network(url: str) -> None:
    """Loopback is let through only where the API itself is on loopback."""
    with (
        provider("https://api.example") as made,
        pytest.raises(SourceNotUnderstood, match="not https"),
    ):
        made.open(file_at(url))


@pytest.mark.parametrize(
    "address",
    [
        "{url}/a b\r\nX: y?Signature=SIGNED",
        "{url}/ü\x00?Signature=SIGNED",
        "{url}?Signature=SIGNED",
    ],
)
def test_an_odd_address_is_asked_for_in_characters_that_http_allows(address: str) -> None:
    with serving(http(200, BODY)) as cdn, provider(cdn.url) as made:
        file = MediaFile(1, "GX1.MP4", "mp4", Secret(address.format(url=cdn.url)))
        assert drained(made.open(file)) == BODY
        line = cdn.requests[0].split("\r\n")[0]
        assert line.startswith("GET /")
        assert len(line.split(" ")) == 3
        assert cdn.header(0, "X") is None


@pytest.mark.parametrize(
    "address",
    [
        "https://[bad/x?Signature=SIGNED",
        "https://127.0.0.1:99999/x?Signature=SIGNED",
        "https://a..b/x?Signature=SIGNED",
        "https://127.0.0.1:{closed}/x?Signature=SIGNED",
        "Signature=SIGNED",
    ],
)
def test_no_part_of_a_failing_address_shows_not_even_in_a_traceback(address: str) -> None:
    with serving(b"") as server:
        closed = server.url.rpartition(":")[2]
    file = MediaFile(1, "GX1.MP4", "mp4", Secret(address.format(closed=closed)))
    with provider("https://api.example") as made, pytest.raises(CloudSyncError) as raised:
        made.open(file)
    assert SIGNATURE not in "".join(traceback.format_exception(raised.value))
