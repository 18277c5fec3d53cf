"""The GoPro client against servers that misbehave: every fault has its own name."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from cloud_sync.credentials.memory import MemoryCredentials
from cloud_sync.errors import (
    AuthRequired,
    AuthTrouble,
    CloudSyncError,
    GoneAtSource,
    ServiceUnavailable,
    SourceNotUnderstood,
    Throttled,
    UsageError,
)
from cloud_sync.model.media import MediaItem
from cloud_sync.provider.gopro import client as client_module
from cloud_sync.provider.gopro.api_url import checked_api_url
from cloud_sync.provider.gopro.client import GoProProvider
from cloud_sync.secret import Secret
from raw_cdn import TOKEN, assert_no_secret, provider
from raw_server import HTML, Keep, Reset, Stall, Step, as_json, http, serving

USER = as_json({"user_id": "u1"})
REFUSED = as_json({"error": "invalid_request"}, 401)


def item(media_id: str = "M1") -> MediaItem:
    return MediaItem(
        media_id, "Video", "GX1.MP4", "mp4", "ready", True, None, 1, None, None, None, None
    )


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


def test_connections_are_used_again() -> None:
    """One connection serves a listing after a listing; a new one each would cost seconds."""
    page = as_json({"_embedded": {"media": []}}, headers={"Connection": "keep-alive"})
    with serving(Keep(page)) as server, provider(server.url) as made:
        for number in (1, 2, 3):
            made.list_page(number)
        assert (server.connections, len(server.requests)) == (1, 3)


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
