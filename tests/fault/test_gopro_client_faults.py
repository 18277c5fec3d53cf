"""The GoPro client against servers that misbehave: every fault has its own name."""

from __future__ import annotations

import json
import socket
import struct
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest

from cloud_sync.credentials.memory import MemoryCredentials
from cloud_sync.errors import (
    AuthRequired,
    AuthTrouble,
    CloudSyncError,
    GoneAtSource,
    ServiceUnavailable,
    SourceNotUnderstood,
    StreamBroken,
    Throttled,
    UrlExpired,
    UsageError,
)
from cloud_sync.model.media import MediaFile, MediaItem
from cloud_sync.provider.gopro import client as client_module
from cloud_sync.provider.gopro.api_url import checked_api_url
from cloud_sync.provider.gopro.client import GoProProvider
from cloud_sync.secret import Secret

TOKEN = "eyJTOKEN.a.b.c.d"
SIGNATURE = "SIGNED"
READ_TIMEOUT = 0.3
HTML = b"<!DOCTYPE html><html><body>Request blocked.</body></html>"


class Reset:
    """Sends `first`, then breaks the connection with a TCP reset."""

    def __init__(self, first: bytes = b"") -> None:
        self.first = first


class Stall:
    """Sends `first`, then nothing more while the server lives."""

    def __init__(self, first: bytes = b"") -> None:
        self.first = first


Step = bytes | Reset | Stall


class Server:
    """Answers one request per connection with the next step; the last step is repeated."""

    def __init__(self, steps: Sequence[Step]) -> None:
        self.requests: list[str] = []
        self._steps = list(steps)
        self._stopping = threading.Event()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._listener.settimeout(0.01)
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def stop(self) -> None:
        self._stopping.set()
        self._thread.join(10)
        self._listener.close()

    def header(self, number: int, name: str) -> str | None:
        """A header of the request `number`."""
        for line in self.requests[number].split("\r\n")[1:]:
            key, _, value = line.partition(":")
            if key.lower() == name.lower():
                return value.strip()
        return None

    def _serve(self) -> None:
        held = []
        while not self._stopping.is_set():
            try:
                connection, _ = self._listener.accept()
            except TimeoutError:
                continue
            connection.settimeout(5)
            self.requests.append(_head(connection))
            step = self._steps.pop(0) if len(self._steps) > 1 else self._steps[0]
            if isinstance(step, Stall):
                connection.sendall(step.first)
                held.append(connection)
                continue
            connection.sendall(step.first if isinstance(step, Reset) else step)
            if isinstance(step, Reset):
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            connection.close()
        for connection in held:
            connection.close()


def _head(connection: socket.socket) -> str:
    received = b""
    while b"\r\n\r\n" not in received:
        piece = connection.recv(65536)
        if not piece:
            break
        received += piece
    return received.decode("latin-1")


@contextmanager
def serving(*steps: Step) -> Iterator[Server]:
    server = Server(steps)
    try:
        yield server
    finally:
        server.stop()


def http(
    status: int, body: bytes = b"", headers: dict[str, str] | None = None, *, length: bool = True
) -> bytes:
    lines = {"Content-Type": "application/json", "Connection": "close"}
    if length:
        lines["Content-Length"] = str(len(body))
    lines |= headers or {}
    told = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
    return f"HTTP/1.1 {status} X\r\n{told}\r\n".encode() + body


def as_json(value: Any, status: int = 200, headers: dict[str, str] | None = None) -> bytes:
    return http(status, json.dumps(value).encode(), headers)


USER = as_json({"user_id": "u1"})
REFUSED = as_json({"error": "invalid_request"}, 401)


@contextmanager
def provider(url: str, credentials: MemoryCredentials | None = None) -> Iterator[GoProProvider]:
    login = credentials or MemoryCredentials(Secret(TOKEN), Secret("user-1"))
    made = GoProProvider(url, login, connect_timeout=2, read_timeout=READ_TIMEOUT)
    with made:
        yield made


def item(media_id: str = "M1") -> MediaItem:
    return MediaItem(
        media_id, "Video", "GX1.MP4", "mp4", "ready", True, None, 1, None, None, None, None
    )


def file_at(url: str) -> MediaFile:
    return MediaFile(1, "GX1.MP4", "mp4", Secret(f"{url}/x/1.mp4?Signature={SIGNATURE}"))


def assert_no_secret(error: CloudSyncError) -> None:
    told = f"{error.message} {error.kept} {error.hint}"
    assert TOKEN not in told
    assert SIGNATURE not in told


CALLS: dict[str, Callable[[GoProProvider], object]] = {
    "check_login": lambda made: made.check_login(),
    "list_page": lambda made: made.list_page(2),
    "resolve": lambda made: made.resolve(item()),
}


@pytest.fixture(params=CALLS, ids=str)
def call(request: pytest.FixtureRequest) -> Callable[[GoProProvider], object]:
    return CALLS[request.param]


@pytest.mark.parametrize(
    ("answer", "trouble"),
    [
        (REFUSED, AuthTrouble.EXPIRED),
        (http(401, HTML, {"Content-Type": "text/html"}), AuthTrouble.EXPIRED),
        (as_json({"error": "forbidden"}, 403), AuthTrouble.REFUSED),
        (http(403, HTML, {"Content-Type": "text/html"}), AuthTrouble.BLOCKED),
        (http(200, HTML, {"Content-Type": "text/html"}), AuthTrouble.BLOCKED),
        (http(200, HTML), AuthTrouble.BLOCKED),
        (http(302, b"", {"Location": "http://127.0.0.1:9/login"}), AuthTrouble.NOT_UNDERSTOOD),
    ],
)
def test_what_keeps_us_out_is_told_apart_and_says_what_to_do(
    call: Callable[[GoProProvider], object], answer: bytes, trouble: AuthTrouble
) -> None:
    with (
        serving(answer) as server,
        provider(server.url) as made,
        pytest.raises(AuthRequired) as raised,
    ):
        call(made)
    assert raised.value.trouble is trouble
    assert "cloud-sync login" in raised.value.hint
    assert "stays" in raised.value.kept
    assert_no_secret(raised.value)


def test_without_a_login_nothing_is_sent(call: Callable[[GoProProvider], object]) -> None:
    with serving(USER) as server, provider(server.url, MemoryCredentials()) as made:
        with pytest.raises(AuthRequired) as raised:
            call(made)
        assert server.requests == []
    assert raised.value.trouble is AuthTrouble.MISSING


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (http(500), ServiceUnavailable),
        (http(502, HTML, {"Content-Type": "text/html"}), ServiceUnavailable),
        (http(503), ServiceUnavailable),
        (http(408), ServiceUnavailable),
        (http(503, b"", {"Retry-After": "3"}), Throttled),
        (http(429, HTML), Throttled),
        (http(400), SourceNotUnderstood),
        (http(406), SourceNotUnderstood),
        (http(204), SourceNotUnderstood),
        (http(404, HTML), SourceNotUnderstood),
        (http(200, b"{"), SourceNotUnderstood),
        (http(200, b""), SourceNotUnderstood),
        (b"", ServiceUnavailable),
        (b"what is this\r\n\r\n", ServiceUnavailable),
        (
            b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\nContent-Length: 20\r\n\r\n",
            ServiceUnavailable,
        ),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n{}", ServiceUnavailable),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{", ServiceUnavailable),
        (Reset(), ServiceUnavailable),
        (Reset(b"HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n{"), ServiceUnavailable),
        (Stall(), ServiceUnavailable),
        (Stall(b"HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n{"), ServiceUnavailable),
    ],
)
def test_every_fault_of_the_api_is_a_typed_error_after_one_try(
    call: Callable[[GoProProvider], object], answer: Step, kind: type[CloudSyncError]
) -> None:
    with serving(answer) as server, provider(server.url) as made:
        with pytest.raises(kind) as raised:
            call(made)
        assert len(server.requests) == 1, "the provider tried again by itself"
    assert_no_secret(raised.value)


def test_a_500_says_that_the_token_may_have_died() -> None:
    with (
        serving(http(500)) as server,
        provider(server.url) as made,
        pytest.raises(ServiceUnavailable) as raised,
    ):
        made.check_login()
    assert "cloud-sync login" in raised.value.hint


def test_no_server_at_all_is_service_unavailable(call: Callable[[GoProProvider], object]) -> None:
    with serving(USER) as server:
        url = server.url
    with provider(url) as made, pytest.raises(ServiceUnavailable, match="is this machine online"):
        call(made)


def test_a_404_means_gone_for_a_medium_and_a_wrong_address_otherwise() -> None:
    with serving(as_json({}, 404)) as server, provider(server.url) as made:
        with pytest.raises(GoneAtSource, match="M1"):
            made.resolve(item())
        with pytest.raises(SourceNotUnderstood, match="no such address"):
            made.list_page(1)
        with pytest.raises(SourceNotUnderstood, match="no such address"):
            made.check_login()


@pytest.mark.parametrize("wait", ["7", "7.0"])
def test_a_wait_in_seconds_is_passed_on(wait: str) -> None:
    with (
        serving(http(429, b"", {"Retry-After": wait})) as server,
        provider(server.url) as made,
        pytest.raises(Throttled) as raised,
    ):
        made.list_page(1)
    assert raised.value.retry_after == 7


def test_a_wait_until_a_date_is_passed_on() -> None:
    until = format_datetime(datetime.now(UTC) + timedelta(hours=1), usegmt=True)
    with (
        serving(http(429, b"", {"Retry-After": until})) as server,
        provider(server.url) as made,
        pytest.raises(Throttled) as raised,
    ):
        made.list_page(1)
    assert raised.value.retry_after is not None
    assert 3000 < raised.value.retry_after <= 3600


@pytest.mark.parametrize("wait", ["soon", "nan", "inf", "Thu, 99 Foo 2024", ""])
def test_a_wait_that_cannot_be_read_is_none(wait: str) -> None:
    with (
        serving(http(429, b"", {"Retry-After": wait})) as server,
        provider(server.url) as made,
        pytest.raises(Throttled) as raised,
    ):
        made.list_page(1)
    assert raised.value.retry_after is None


def test_bearer_comes_first_and_the_cookie_only_after_a_refusal_and_is_remembered() -> None:
    with serving(REFUSED, USER, USER) as server, provider(server.url) as made:
        assert made.check_login().id == "u1"
        assert made.check_login().id == "u1"
        assert server.header(0, "Authorization") == f"Bearer {TOKEN}"
        assert server.header(0, "Cookie") is None
        for number in (1, 2):
            assert server.header(number, "Authorization") is None
            assert server.header(number, "Cookie") == f"gp_access_token={TOKEN}; gp_user_id=user-1"
        assert len(server.requests) == 3


def test_bearer_is_remembered_so_that_its_death_costs_one_call() -> None:
    with serving(USER, REFUSED) as server, provider(server.url) as made:
        made.check_login()
        with pytest.raises(AuthRequired):
            made.check_login()
        assert len(server.requests) == 2


def test_a_new_login_is_taken_up_in_the_middle_and_tried_as_bearer_first() -> None:
    login = MemoryCredentials(Secret(TOKEN))
    with serving(REFUSED, USER, USER) as server, provider(server.url, login) as made:
        made.check_login()
        login.replace(Secret("fresh"), datetime.now(UTC))
        made.check_login()
        assert server.header(2, "Authorization") == "Bearer fresh"


def test_the_token_follows_no_redirect() -> None:
    with serving(USER) as elsewhere:
        moved = http(307, b"", {"Location": f"{elsewhere.url}/media/user"})
        with (
            serving(moved) as server,
            provider(server.url) as made,
            pytest.raises(AuthRequired, match="not sent there"),
        ):
            made.check_login()
        assert elsewhere.requests == []


def test_the_listing_asks_for_its_fields_and_hides_no_type_or_state() -> None:
    empty = as_json({"_embedded": {"media": []}})
    with serving(empty) as server, provider(server.url) as made:
        assert made.list_page(3).last
        line = server.requests[0].split("\r\n")[0]
    assert line.startswith("GET /media/search?page=3&per_page=100&order_by=created_at&fields=id,")
    assert "ready_to_view" in line
    assert "token" not in line
    assert "processing_states" not in line
    assert "&type=" not in line


def test_an_odd_id_stays_one_segment_of_the_path() -> None:
    with serving(as_json({}, 404)) as server, provider(server.url) as made:
        with pytest.raises(GoneAtSource):
            made.resolve(item("a/../b?c=ü"))
        assert server.requests[0].startswith("GET /media/a%2F..%2Fb%3Fc%3D%C3%BC/download HTTP")


def test_an_endless_answer_is_not_read_to_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client_module, "BODY_LIMIT", 1000)
    with (
        serving(http(200, b" " * 1001)) as server,
        provider(server.url) as made,
        pytest.raises(SourceNotUnderstood, match="longer than 1000 bytes"),
    ):
        made.list_page(1)


def test_the_servers_clock_is_told() -> None:
    answer = as_json({}, headers={"Date": "Thu, 02 May 2024 10:00:00 GMT"})
    with serving(answer) as server, provider(server.url) as made:
        assert made.check_login().server_time == datetime(2024, 5, 2, 10, tzinfo=UTC)


BODY = bytes(range(256)) * 40
MARK = '"abc-2"'


def part(offset: int, *, headers: dict[str, str] | None = None, body: bytes | None = None) -> bytes:
    told = {
        "ETag": MARK,
        "Content-Range": f"bytes {offset}-{len(BODY) - 1}/{len(BODY)}",
    }
    return http(206, BODY[offset:] if body is None else body, told | (headers or {}))


def read_all(made: GoProProvider, url: str, offset: int = 0, etag: str | None = None) -> bytes:
    buffer = memoryview(bytearray(1000))
    parts = []
    with closing(made.open(file_at(url), offset, etag)) as stream:
        while count := stream.readinto(buffer):
            parts.append(bytes(buffer[:count]))
    return b"".join(parts)


def test_no_login_is_sent_to_the_delivery_network() -> None:
    with serving(http(200, BODY, {"ETag": MARK})) as cdn, provider(cdn.url) as made:
        assert read_all(made, cdn.url) == BODY
        assert cdn.header(0, "Authorization") is None
        assert cdn.header(0, "Cookie") is None
        assert cdn.header(0, "Accept-Encoding") == "identity"
        assert TOKEN not in cdn.requests[0]


def test_going_on_asks_for_the_rest_of_the_same_version() -> None:
    with serving(part(300)) as cdn, provider(cdn.url) as made:
        assert read_all(made, cdn.url, 300, "abc-2") == BODY[300:]
        assert cdn.header(0, "Range") == "bytes=300-"
        assert cdn.header(0, "If-Range") == MARK


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (http(401), UrlExpired),
        (http(403, b"<Error/>"), UrlExpired),
        (http(410), UrlExpired),
        (http(404), GoneAtSource),
        (http(412), StreamBroken),
        (http(416, b"", {"Content-Range": "bytes */200"}), StreamBroken),
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
        (http(200, BODY, {"ETag": '"other"'}), StreamBroken),
        (part(300, headers={"ETag": '"other"'}), StreamBroken),
        (part(300, headers={"ETag": ""}), StreamBroken),
        (part(299), StreamBroken),
        (part(300, headers={"Content-Range": ""}), StreamBroken),
        (part(300, headers={"Content-Range": "bytes 300-400/10240"}), StreamBroken),
        (part(300, headers={"Content-Range": "bytes 300-10239/*"}), StreamBroken),
        (part(300, body=BODY[300:-1]), StreamBroken),
        (part(300, headers={"Content-Encoding": "gzip"}), SourceNotUnderstood),
        (part(300, headers={"Content-Type": "text/html"}), ServiceUnavailable),
        (b"", ServiceUnavailable),
        (Reset(), ServiceUnavailable),
        (Stall(), ServiceUnavailable),
    ],
)
def test_every_refusal_to_go_on_is_a_typed_error_and_never_a_dead_login(
    answer: Step, kind: type[CloudSyncError]
) -> None:
    """Told when it is opened, before a single wrong byte is handed out."""
    with serving(answer) as cdn, provider(cdn.url) as made, pytest.raises(kind) as raised:
        made.open(file_at(cdn.url), 300, "abc-2")
    assert not isinstance(raised.value, AuthRequired)
    assert "GX1.MP4" in raised.value.message
    assert_no_secret(raised.value)


def test_bytes_from_the_start_are_never_skipped_through_to_go_on() -> None:
    with (
        serving(http(200, BODY)) as cdn,
        provider(cdn.url) as made,
        pytest.raises(StreamBroken, match="from 300, but they came from the start"),
    ):
        made.open(file_at(cdn.url), 300)


def test_another_version_from_the_start_is_refused() -> None:
    with (
        serving(http(200, BODY, {"ETag": '"other"'})) as cdn,
        provider(cdn.url) as made,
        pytest.raises(StreamBroken, match="not the version"),
    ):
        made.open(file_at(cdn.url), 0, "abc-2")


@pytest.mark.parametrize("offset", [0, 300])
def test_a_body_that_ends_early_is_broken_with_both_numbers(offset: int) -> None:
    headers = {"Content-Length": str(len(BODY) - offset)}
    cut = BODY[offset:5000]
    answer = part(offset, headers=headers, body=cut) if offset else http(200, cut, headers)
    with serving(answer) as cdn, provider(cdn.url) as made, pytest.raises(StreamBroken) as raised:
        read_all(made, cdn.url, offset)
    assert (raised.value.got, raised.value.expected) == (5000, len(BODY))
    assert "5000" in raised.value.message
    assert str(len(BODY)) in raised.value.message


@pytest.mark.parametrize("break_off", [Reset, Stall])
def test_a_connection_that_dies_in_the_body_is_told_with_its_place(
    break_off: type[Reset | Stall],
) -> None:
    half = http(200, BODY[:5000], {"Content-Length": str(len(BODY))})
    with (
        serving(break_off(half)) as cdn,
        provider(cdn.url) as made,
        pytest.raises(ServiceUnavailable, match="at byte") as raised,
    ):
        read_all(made, cdn.url)
    assert_no_secret(raised.value)


def test_a_chunked_body_that_is_cut_is_no_clean_end() -> None:
    cut = http(200, b"5\r\nhello\r\n", {"Transfer-Encoding": "chunked"}, length=False)
    with serving(cut) as cdn, provider(cdn.url) as made, pytest.raises(ServiceUnavailable):
        read_all(made, cdn.url)


def test_a_chunked_body_with_its_end_is_whole() -> None:
    whole = http(200, b"5\r\nhello\r\n0\r\n\r\n", {"Transfer-Encoding": "chunked"}, length=False)
    with serving(whole) as cdn, provider(cdn.url) as made:
        assert made.open(file_at(cdn.url)).size is None
        assert read_all(made, cdn.url) == b"hello"


def test_a_body_without_any_length_is_refused_as_its_end_proves_nothing() -> None:
    with (
        serving(http(200, BODY, length=False)) as cdn,
        provider(cdn.url) as made,
        pytest.raises(ServiceUnavailable, match="does not say how long"),
    ):
        made.open(file_at(cdn.url))


def test_an_original_of_no_bytes_is_refused() -> None:
    with (
        serving(http(200)) as cdn,
        provider(cdn.url) as made,
        pytest.raises(StreamBroken, match="0 bytes"),
    ):
        made.open(file_at(cdn.url))


def test_the_delivery_network_may_send_on_elsewhere_and_still_gets_no_login() -> None:
    with serving(http(200, BODY)) as elsewhere:
        moved = http(302, b"", {"Location": f"{elsewhere.url}/y?Signature=OTHER"})
        with serving(moved) as cdn, provider(cdn.url) as made:
            assert read_all(made, cdn.url) == BODY
        assert TOKEN not in elsewhere.requests[0]


@pytest.mark.parametrize("url", ["http://cdn.example", "ftp://127.0.0.1", "http://127.0.0.1"])
def test_an_original_is_never_fetched_unencrypted_over_the_network(url: str) -> None:
    """Loopback is let through only where the API itself is on loopback."""
    with (
        provider("https://api.example") as made,
        pytest.raises(SourceNotUnderstood, match="not https"),
    ):
        made.open(file_at(url))


def test_connections_are_used_again() -> None:
    """One connection serves a listing after a listing; a new one each would cost seconds."""
    listener = socket.create_server(("127.0.0.1", 0))
    body = as_json({"_embedded": {"media": []}}, headers={"Connection": "keep-alive"})
    served = []

    def serve() -> None:
        connection, _ = listener.accept()
        connection.settimeout(5)
        with connection:
            for _ in range(3):
                served.append(_head(connection))
                connection.sendall(body)

    thread = threading.Thread(target=serve)
    thread.start()
    with provider(f"http://127.0.0.1:{listener.getsockname()[1]}") as made:
        for number in (1, 2, 3):
            made.list_page(number)
    thread.join(10)
    listener.close()
    assert len(served) == 3


@pytest.mark.parametrize(
    ("text", "checked"),
    [
        ("https://api.gopro.com", "https://api.gopro.com"),
        (" https://api.gopro.com/ ", "https://api.gopro.com"),
        ("https://host:8443/base/", "https://host:8443/base"),
        ("http://127.0.0.1:8080", "http://127.0.0.1:8080"),
        ("http://localhost:80", "http://localhost:80"),
        ("http://[::1]:80", "http://[::1]:80"),
    ],
)
def test_an_api_address_that_nobody_reads_along_is_taken(text: str, checked: str) -> None:
    assert checked_api_url(text) == checked


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "not a web address"),
        ("api.gopro.com", "not a web address"),
        ("ftp://SECRET", "not a web address"),
        ("https://", "not a web address"),
        ("https://host:99999", "not a web address"),
        ("https://[SECRET", "not a web address"),
        ("https://ho st/SECRET", "not a web address"),
        ("https://host\x00/SECRET", "not a web address"),
        ("http://api.gopro.com/SECRET", "readable over the network"),
        ("http://127.0.0.1.SECRET.org", "readable over the network"),
        ("http://192.168.1.5", "readable over the network"),
        ("https://SECRET:SECRET@api.gopro.com", "user name or password"),
        ("https://SECRET@api.gopro.com", "user name or password"),
        ("https://api.gopro.com/?token=SECRET", "query or a fragment"),
        ("https://api.gopro.com/#SECRET", "query or a fragment"),
    ],
)
def test_an_api_address_that_would_leak_the_token_is_refused_unshown(
    text: str, reason: str
) -> None:
    with pytest.raises(UsageError) as raised:
        checked_api_url(text)
    assert reason in raised.value.message
    assert "SECRET" not in f"{raised.value.message} {raised.value.hint}"
